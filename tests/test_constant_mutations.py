"""The table of changes to constants is up to date, and the script that tries them can fail."""

import importlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tool():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        yield importlib.import_module("mutate_constants")


def test_every_text_appears_once_and_is_changed(tool):
    rows = tool.load_mutations()
    assert len(rows) >= 30
    assert len({row.what for row in rows}) == len(rows)
    for row in rows:
        assert row.old != row.new
        assert tool.file_of(row).is_file()


def test_every_named_test_exists(tool):
    for row in tool.load_mutations():
        file, _, name = row.tests.partition("::")
        text = (ROOT / file).read_text("utf-8")
        assert not name or re.search(rf"^def {name}\(", text, re.MULTILINE), row.tests


def test_a_text_that_is_gone_or_appears_twice_is_refused(tool):
    row = tool.load_mutations()[0]
    for old, times in (("no such text", 0), ("import", None)):
        with pytest.raises(LookupError, match=f"appears {times if times is not None else ''}"):
            tool.file_of(replace(row, old=old))


@pytest.mark.parametrize(
    ("unchanged", "changed", "code"), [(0, 1, 0), (0, 0, 3), (0, 2, 3), (1, 1, 2)]
)
def test_what_the_tests_say_decides(tool, unchanged, changed, code, monkeypatch, capsys):
    """Noticed, survived, tests that cannot run, and tests that fail without a change."""
    (row,) = (row for row in tool.load_mutations() if "PLATED_LOST_SHARE" in row.old)

    def answer(source, tests):
        text = tool.file_of(replace(row, old=row.old.partition("=")[0] + "= "), source).read_text()
        return (changed if row.new in text else unchanged), "what pytest wrote"

    monkeypatch.setattr(tool, "run_tests", answer)
    monkeypatch.setattr("sys.argv", ["mutate_constants", "--only", row.what, "--workers", "1"])
    assert tool.main() == code
    assert ("SURVIVED" in capsys.readouterr().out) is (changed == 0)


def test_a_stale_table_runs_nothing(tool, monkeypatch, capsys):
    row = replace(tool.load_mutations()[0], old="no such text")
    monkeypatch.setattr(tool, "load_mutations", lambda: [row])
    monkeypatch.setattr(tool, "run_tests", lambda *_: pytest.fail("was run"))
    monkeypatch.setattr("sys.argv", ["mutate_constants"])
    assert tool.main() == 2
    assert "appears 0 times" in capsys.readouterr().err
