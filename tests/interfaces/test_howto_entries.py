"""The complete examples of the how-to pages work as a package of somebody else.

Each page's Python block is written into a package beside an entry point, as an installer would
leave it, and its interactive lines run as a doctest.
"""

import doctest
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from voltward.attacks.catalogue import ATTACKS
from voltward.attacks.row import COLUMN, rows_of
from voltward.controls.catalogue import CONTROLS
from voltward.core.capabilities import POSITIONS
from voltward.core.taps import TAP_INDEX, tap_named
from voltward.interfaces.cli.main import cli
from voltward.ranges.configuration.duty import load_duty
from voltward.results.consequences import CONSEQUENCE_INDEX

PAGES = Path(__file__).parents[2] / "docs" / "howto"


def block(text, language):
    """Return the one code block of a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return found


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return a function that installs the example of a page and returns the page's text."""

    def install(page):
        text = (PAGES / page).read_text("utf-8")
        source, declared = block(text, "python"), block(text, "toml")
        group, entry = re.fullmatch(r'\[project\.entry-points\."(.+)"\]\n(.+)\n', declared).groups()
        package, file = re.match(r"# (\w+)/(\w+\.py)\n", source).groups()
        (tmp_path / package).mkdir()
        (tmp_path / package / file).write_text(source)
        metadata = tmp_path / f"{package}-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        name, _, where = entry.partition(" = ")
        points = f"[{group}]\n{name} = {where.strip(chr(34))}\n"
        (metadata / "entry_points.txt").write_text(points)
        monkeypatch.syspath_prepend(tmp_path)
        return text

    yield install
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_package"]:
        del sys.modules[name]


def doctest_of(text):
    """Run the interactive lines of a page; return how many there were and how many failed."""
    page = doctest.DocTestParser().get_doctest(block(text, "pycon"), {}, "page", None, 0)
    result = doctest.DocTestRunner().run(page)
    return result.attempted, result.failed


def shown(*words):
    """Return what a command prints."""
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_attack_of_the_page_joins_the_catalogue(installed):
    attempted, failed = doctest_of(installed("write-an-attack.md"))
    assert attempted > 0
    assert failed == 0
    attack = ATTACKS.load("intermittent-link")
    assert ATTACKS.names()[-1] == attack.id
    assert attack.title in shown("attacks", "show", attack.id)
    (step,) = attack.steps(attack.defaults())
    rows = rows_of(attack, attack.defaults(), attack.start_s, 96, 1.0)
    assert rows[TAP_INDEX[step.tap], 0, COLUMN["drop"]] == 0.3
    assert tap_named(step.tap).layer is attack.layer
    assert not step.needs & POSITIONS & ~attack.holds
    assert attack.goal.consequence in CONSEQUENCE_INDEX
    assert load_duty(attack.duty).duration_s > attack.start_s


def test_the_control_of_the_page_joins_the_catalogue(installed):
    attempted, failed = doctest_of(installed("write-a-control.md"))
    assert attempted > 0
    assert failed == 0
    control = CONTROLS.load("voltage-range")
    assert CONTROLS.names()[-1] == control.id
    assert control.title in shown("defences", "show", control.id)
    assert control.strength.low == 0.0
