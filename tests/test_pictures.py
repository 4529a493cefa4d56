"""Pictures and lines of the README: of the demo as it is, and an old one is noticed."""

import json
import runpy
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[1] / "tools" / "make_pictures.py"


@pytest.fixture
def pictures(monkeypatch, tmp_path):
    """Return the tool's names, with a manifest that may be spoilt."""
    names = runpy.run_path(str(TOOL))
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(names["MANIFEST"].read_bytes())
    check = names["check"]
    monkeypatch.setitem(check.__globals__, "MANIFEST", manifest)

    def spoilt(**changes):
        document = json.loads(manifest.read_text("utf-8"))
        manifest.write_text(json.dumps(document | changes), encoding="utf-8")
        return check()

    return spoilt


def test_pictures_are_of_the_demo_as_it_is(pictures):
    assert pictures() == []


def test_what_is_old_or_edited_is_noticed(pictures):
    assert "demo is" in pictures(config_sha256="0" * 64)[0]
    assert any("README.md lacks" in line for line in pictures(readme=["risk    0 0 0"]))
    assert any("is not in the manifest" in line for line in pictures(pictures={}))
