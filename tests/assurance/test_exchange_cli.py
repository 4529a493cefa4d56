"""`voltward tara export` and `import` as a user runs them."""

import json
from pathlib import Path

import pytest

from voltward.interfaces.cli.main import run


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_workbook_goes_out_and_comes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tara", "export", "cbms", "--format", "xlsx"]) == 0
    assert (tmp_path / "cbms.xlsx").is_file()
    capsys.readouterr()
    assert run(["tara", "import", "cbms.xlsx", "copy", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["errors"] == 0
    assert document["notes"] == []
    assert "model.toml" in document["files"]
    assert run(["tara", "export", "cbms", "--format", "json"]) == 0
    before = json.loads(capsys.readouterr().out)["model"]
    assert run(["tara", "export", "copy", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == before


@pytest.mark.parametrize("name", ["json", "tmbom", "sarif"])
def test_texts_go_to_standard_output_or_a_file(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tara", "export", "headlamp", "--format", name]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert run(["tara", "export", "headlamp", "--format", name, "--out", "new/file"]) == 0
    assert json.loads((tmp_path / "new" / "file").read_text()) == printed


def test_one_threat_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["tara", "export", "headlamp", "--format", "mermaid", "--threat", "TS.1"]
    assert run(command) == 0
    assert capsys.readouterr().out.startswith("flowchart TD\n")
    assert run([*command, "--threat", "TS.9"]) == 2
    assert "did you mean 'TS.1'?" in capsys.readouterr().err


def test_mistakes_end_with_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    assert run(["tara", "export", "headlamp", "--format", "xlsx", "--out", "full"]) == 2
    assert run(["tara", "export", "headlamp", "--format", "xlsx"]) == 0
    assert run(["tara", "import", "headlamp.xlsx", "full"]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert run(["tara", "import", "absent.xlsx", "new"]) == 2
    assert not (tmp_path / "new").exists()
