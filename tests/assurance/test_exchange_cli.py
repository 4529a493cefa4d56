"""`voltward tara export` and `import` as a user runs them."""

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

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


def test_a_file_is_replaced_only_with_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.md").write_text("mine")
    command = ["tara", "export", "headlamp", "--format", "md", "--out", "mine.md"]
    assert run(command) == 2
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "mine.md").read_text() == "mine"
    assert run([*command, "--force"]) == 0
    assert (tmp_path / "mine.md").read_text().startswith("# ")
    workbook = ["tara", "export", "headlamp", "--format", "xlsx"]
    assert [run(workbook), run(workbook), run([*workbook, "--force"])] == [0, 2, 0]


@pytest.mark.parametrize(
    ("name", "option", "value", "takers"),
    [
        ("md", "--threat", "TS.1", "mermaid"),
        ("xlsx", "--controls", "none", "sarif"),
        ("mermaid", "--method", "cvss", "xlsx, json, tmbom, sarif, md"),
    ],
)
def test_a_format_refuses_options_that_it_does_not_look_at(
    name: str, option: str, value: str, takers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tara", "export", "headlamp", "--format", name, option, value]) == 2
    said = capsys.readouterr().err
    assert f"{option}: the format {name} does not take it" in said
    assert f"it concerns: {takers}" in said


def test_a_workbook_with_errors_is_written_only_with_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tara", "export", "headlamp", "--format", "xlsx"]) == 0
    book = load_workbook("headlamp.xlsx")
    sheet = book["Damage Scenarios"]
    sheet.title = "Damage"
    book.create_sheet("Damage Scenarios").append([cell.value for cell in sheet[1]])
    book.save("bad.xlsx")
    capsys.readouterr()
    assert run(["tara", "import", "bad.xlsx", "new"]) == 2
    said = capsys.readouterr().err
    assert "bad.xlsx: threats.toml" in said
    assert "there is no 'DS" in said
    assert "nothing is written" in said
    assert "voltward tara import bad.xlsx new --force, then voltward tara check new" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.xlsx", "headlamp.xlsx"]
    assert run(["tara", "import", "bad.xlsx", "new", "--force"]) == 0
    assert "first   threats.toml" in capsys.readouterr().out
    assert run(["tara", "check", "new"]) == 2


def test_a_folder_is_no_workbook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tara", "import", str(tmp_path), "new"]) == 2
    assert "is a folder" in capsys.readouterr().err


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
