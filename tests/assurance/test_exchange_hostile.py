"""Workbooks of colleagues and of attackers: nothing is dropped silently, and work is bounded."""

import io
import re
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font

from voltward.assurance.tara.exchange.workbook_export import workbook
from voltward.assurance.tara.exchange.workbook_import import import_workbook
from voltward.core.errors import ConfigurationError

MODELS = runpy.run_path(str(Path(__file__).with_name("exchange_models.py")))
small = MODELS["small"]
CONTENT = workbook(small())
ROWS = {sheet.title: sheet.max_row for sheet in load_workbook(io.BytesIO(CONTENT))}


def edited(path: Path, edit: object) -> Path:
    book = load_workbook(io.BytesIO(CONTENT))
    edit(book)
    book.save(path)
    return path


def blank_rows(book: object) -> None:
    sheet = book["Components"]
    sheet.append([" "] * 10)
    sheet.append(["\u00a0", "\t", ""])
    sheet.cell(400, 3).font = Font(bold=True)


TRACES = {
    "a row of blanks": lambda book: book["Components"].append([" "] * 10),
    "blanks of several kinds": blank_rows,
    "formatted rows far below": lambda book: setattr(
        book["Goals"].cell(90_000, 2), "font", Font(bold=True)
    ),
    "an empty sheet": lambda book: book.create_sheet("Sheet1"),
}


@pytest.mark.parametrize("trace", TRACES)
def test_traces_of_an_office_program_are_no_content(trace: str, tmp_path: Path) -> None:
    imported = import_workbook(edited(tmp_path / "book.xlsx", TRACES[trace]))
    assert imported.tables == small()
    assert imported.notes == ()


def own_column(book: object) -> None:
    sheet = book["Components"]
    column = sheet.max_column + 1
    sheet.cell(1, column).value = "Owner"
    sheet.cell(2, column).value = "Team 7"


def test_a_column_that_the_model_has_already_is_not_read_over_it(tmp_path: Path) -> None:
    def edit(book: object) -> None:
        book["Goals"].cell(1, 50).value = "Owner"
        book["Goals"].cell(2, 50).value = "Team 7"

    with pytest.raises(ConfigurationError, match="'owner' appears twice") as caught:
        import_workbook(edited(tmp_path / "book.xlsx", edit))
    assert "AX" in caught.value.why


def own_sheet(book: object) -> None:
    for text in ("Topic", "first", "second"):
        book.create_sheet("Minutes") if "Minutes" not in book.sheetnames else None
        book["Minutes"].append([text])


def own_row(book: object) -> None:
    book["Project Info"].append(["approved by", "the board"])


def set_cell(sheet: str, row: int, column: int, value: object) -> object:
    return lambda book: setattr(book[sheet].cell(row, column), "value", value)


WRITTEN = {
    "a column": (own_column, "sheet 'Components': columns left out: Owner (1 cell)"),
    "a sheet": (own_sheet, "sheet 'Minutes': left out, 2 rows"),
    "a sheet of one cell": (
        lambda book: book.create_sheet("Note").append(["see me"]),
        "sheet 'Note': left out, 1 row",
    ),
    "a cell without a title": (
        set_cell("Goals", 2, 60, "x"),
        "sheet 'Goals': 1 cell without a title left out",
    ),
    "a derived cell": (
        set_cell("Components", 2, 2, "Nice name"),
        "sheet 'Components': column 'name' follows from the model: 1 edited cell left out",
    ),
    "a row of a sheet that follows": (
        lambda book: book["Requirements"].append(["R", "R", "Mine", "shall"]),
        "sheet 'Requirements': column 'id' follows from the model: 1 edited cell left out",
    ),
    "a fact of the project": (
        own_row,
        "sheet 'Project Info': column 'name' follows from the model: 1 edited cell left out",
    ),
    "a comment": (
        lambda book: setattr(book["Data"]["A1"], "comment", Comment("why?", "me")),
        "comments on cells, of 1 sheet: left out",
    ),
    "a row above the head": (
        lambda book: (book["Data"].insert_rows(1), setattr(book["Data"]["A1"], "value", "Draft")),
        "sheet 'Data': 1 row above the head left out",
    ),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_what_a_colleague_wrote_and_has_no_place_is_named(case: str, tmp_path: Path) -> None:
    edit, said = WRITTEN[case]
    imported = import_workbook(edited(tmp_path / "book.xlsx", edit))
    assert imported.tables == small()
    assert said in imported.notes


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sheet=st.sampled_from(["Components", "Data", "Goals", "Controls", "Risks", "Concepts"]),
    column=st.integers(50, 200),
    cells=st.lists(st.integers(2, 60), min_size=1, max_size=5, unique=True),
    title=st.sampled_from(["Owner", "Status", "=x", "1", "Due date"]),
)
def test_a_column_of_any_place_is_named_with_its_count(
    sheet: str, column: int, cells: list[int], title: str, tmp_path: Path
) -> None:
    def edit(book: object) -> None:
        for row, text in [(1, title), *((row, "mine") for row in cells)]:
            book[sheet].cell(row, column).value = text
            book[sheet].cell(row, column).data_type = "s"

    # Rows beyond the records have a cell in no column of the model.
    beyond = [row for row in cells if row > ROWS[sheet]]
    path = edited(tmp_path / "book.xlsx", edit)
    if sheet == "Goals" and title == "Owner":
        with pytest.raises(ConfigurationError, match="'owner' appears twice"):
            import_workbook(path)
        return
    if beyond and sheet not in {"Risks", "Concepts"}:
        with pytest.raises(ConfigurationError, match=f"sheet '{sheet}', row {min(beyond)}"):
            import_workbook(path)
        return
    plural = "" if len(cells) == 1 else "s"
    said = f"sheet '{sheet}': columns left out: {title} ({len(cells)} cell{plural})"
    assert import_workbook(path).notes == (said,)


def changed(path: Path, part: str, change: object, compress: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a workbook of which one part is something else."""
    with zipfile.ZipFile(io.BytesIO(CONTENT)) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == part:
                data = change(data)
            target.writestr(name, data, compress)
    return path


SHEET, STRINGS, STYLES = "xl/worksheets/sheet2.xml", "xl/sharedStrings.xml", "xl/styles.xml"
BOOK = "xl/workbook.xml"


def rows(text: str) -> object:
    return lambda data: data.replace(b"</sheetData>", text.encode() + b"</sheetData>")


def within(tag: str, text: str) -> object:
    return lambda data: re.sub(
        rb"(<" + tag.encode() + rb"(?:\s[^>]*)?>)", lambda m: m[1] + text.encode(), data, count=1
    )


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 50}">' for a, b in zip("abcdef", "bcdefg", strict=True))
    + "]>"
)


def laughs(data: bytes) -> bytes:
    head, _, rest = data.partition(b"?>") if data.startswith(b"<?xml") else (b"", b"", data)
    start = head + b"?>" if head else b""
    return (
        start
        + LAUGHS.encode()
        + rest.replace(b"</sheetData>", rb"<row><c t='str'><v>&g;</v></c></row></sheetData>")
    )


FAR = "".join(f'<row r="{n}"><c r="XFD{n}" t="str"><v>x</v></c></row>' for n in range(100, 20_100))
# What is refused, by a word of the message.
REFUSED = {
    "row of 2e9": (
        SHEET,
        rows('<row r="2000000000"><c r="A2000000000"><v>1</v></c></row>'),
        "cell",
    ),
    "a row beyond the last": (
        SHEET,
        rows('<row r="1048577"><c r="A1048577"><v>1</v></c></row>'),
        "cell",
    ),
    "a column beyond the last": (SHEET, rows('<row r="99"><c r="ZZZ99"><v>1</v></c></row>'), ""),
    "a row of a million cells": (SHEET, rows(f"<row>{'<c/>' * 1_000_000}</row>"), "in one row"),
    "four million elements": (SHEET, rows("<row><c/><c/></row>" * 1_400_000), "elements"),
    "900,000 rows": (SHEET, rows("<row><c><v>1</v></c></row>" * 900_000), "more than 200,000"),
    "rows of texts": (
        SHEET,
        rows("<row><c t='inlineStr'><is><t>a</t></is></c></row>" * 201_000),
        "more than 200,000",
    ),
    "a million cells": (
        SHEET,
        rows(f"<row>{'<c><v>1</v></c>' * 50}</row>" * 20_001),
        "more than 1,000,000",
    ),
    "entities": (SHEET, laughs, "document type"),
    "nested deeply": (SHEET, rows("<row>" * 5000 + "</row>" * 5000), "nested"),
    "a tag that does not end": (SHEET, rows("<row " + "a" * 3_000_000), "does not end"),
    "many attributes": (
        SHEET,
        rows("<row " + " ".join(f'a{n}="1"' for n in range(400_000)) + "/>"),
        "does not end",
    ),
    "a bomb": (SHEET, rows(" " * 200_000_000), "unpacks to"),
    "a number of many digits": (SHEET, rows(f"<row><c><v>{'9' * 5000}</v></c></row>"), "workbook"),
    "a string that is not there": (
        SHEET,
        rows('<row><c t="s"><v>999999</v></c></row>'),
        "workbook",
    ),
    "many styles": (STYLES, within("cellXfs", '<xf numFmtId="0"/>' * 200_000), "in one row"),
    "many names": (BOOK, within("sheets", '<sheet name="a" sheetId="1"/>' * 200_000), "in one row"),
    "not UTF-8": (SHEET, lambda data: data.replace(b"id", b"i\xff", 1), "workbook"),
    "cut": (SHEET, lambda data: data[: len(data) // 2], "workbook"),
    "empty": (SHEET, lambda _: b"", "workbook"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_hostile_workbooks_are_refused(case: str, tmp_path: Path) -> None:
    part, change, words = REFUSED[case]
    path = changed(tmp_path / "book.xlsx", part, change)
    with pytest.raises(ConfigurationError) as caught:
        import_workbook(path)
    assert str(path) in caught.value.what
    assert words in str(caught.value)


READ = {
    "20,000 rows with one far cell": (SHEET, rows(FAR)),
    "a last cell": (
        SHEET,
        rows('<row r="1048576"><c r="XFD1048576" t="str"><v>x</v></c></row>'),
    ),
    "210,000 rows without content": (SHEET, rows("<row/>" * 210_000)),
    "all cells merged": (
        SHEET,
        lambda data: data.replace(
            b"</sheetData>",
            b'</sheetData><mergeCells count="1"><mergeCell ref="A100:XFD1048576"/></mergeCells>',
        ),
    ),
    "a wrong extent": (
        SHEET,
        lambda data: re.sub(rb'ref="[^"]*"', b'ref="A1:XFD1048576"', data, count=1),
    ),
}


@pytest.mark.parametrize("case", READ)
def test_a_cell_far_away_costs_as_much_as_any_other(case: str, tmp_path: Path) -> None:
    imported = import_workbook(changed(tmp_path / "book.xlsx", *READ[case]))
    assert imported.tables == small()
    assert len(imported.notes) == ("cell" in case and "all" not in case)


# In a process of its own, whose memory is measured and bounded by the system.
MEASURED = """
import resource, sys
from pathlib import Path
from voltward.assurance.tara.exchange.workbook_import import import_workbook
from voltward.core.errors import ConfigurationError
def peak():
    # The system's own figure for this program; that of getrusage counts its parent's, too.
    (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1])
resource.setrlimit(resource.RLIMIT_AS, (2 * 2**30, 2 * 2**30))
before = peak()
for name in sys.argv[1:]:
    try:
        import_workbook(Path(name))
    except ConfigurationError:
        pass
print((peak() - before) // 1024)
"""


def test_the_memory_for_hostile_workbooks_is_bounded(tmp_path: Path) -> None:
    cases = {**{name: case[:2] for name, case in REFUSED.items()}, **READ}
    paths = [
        changed(tmp_path / f"{number}.xlsx", *case) for number, case in enumerate(cases.values())
    ]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 300


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    part=st.sampled_from([SHEET, STRINGS, STYLES, BOOK, "[Content_Types].xml"]),
    place=st.floats(0, 1),
    piece=st.binary(max_size=40) | st.sampled_from([b"<c/>", b'r="A0"', b"</row>", b"&#0;"]),
    cut=st.integers(0, 40),
)
def test_any_change_ends_in_a_model_or_in_a_message(
    part: str, place: float, piece: bytes, cut: int, tmp_path: Path
) -> None:
    def change(data: bytes) -> bytes:
        at = int(place * len(data))
        return data[:at] + piece + data[at + cut :]

    path = changed(tmp_path / "book.xlsx", part, change)
    refused = ""
    try:
        import_workbook(path)
    except ConfigurationError as error:
        refused = error.what
    assert refused == "" or str(path) in refused
