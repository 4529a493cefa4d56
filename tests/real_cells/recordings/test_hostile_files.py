"""Files that are damaged or made to do harm end in a message, with bounded work."""

import gzip
import io
import zipfile
from contextlib import suppress

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.real_cells.recordings.dialects import record

from voltward.core.errors import ConfigurationError, VoltwardError
from voltward.ranges.configuration.duty_recording import read_profile, read_speed
from voltward.real_cells.recordings import file_content, workbook_table
from voltward.real_cells.recordings.reading import read_recording

RECORD = record(60)
SHEET = "xl/worksheets/sheet1.xml"


def _message(path, **options):
    with pytest.raises(ConfigurationError) as caught:
        read_recording(path, **options)
    assert str(path) in caught.value.what
    return str(caught.value)


def _workbook(path, change=lambda xml: xml):
    """Write the record as a workbook, and change the text of its sheet."""
    book = openpyxl.Workbook()
    book.active.append(list(RECORD))
    for row in zip(*RECORD.values(), strict=True):
        book.active.append([float(value) for value in row])
    whole = io.BytesIO()
    book.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, change(data.decode()) if name == SHEET else data)
    return path


def _with_row(xml, row):
    return xml.replace("</sheetData>", f"{row}</sheetData>")


def _same(recording):
    np.testing.assert_allclose(recording.current_A, RECORD["current_A"])


FAR = {
    "nothing": lambda xml: xml,
    "a far cell": lambda xml: _with_row(xml, '<row r="62"><c r="XFD62"><v>1</v></c></row>'),
    "a row far away": lambda xml: _with_row(
        xml, '<row r="2000000000"><c r="A2000000000"><v>1</v></c></row>'
    ),
    "blank rows below": lambda xml: _with_row(
        xml, "".join(f'<row r="{row}"></row>' for row in range(62, 400))
    ),
}


@pytest.mark.parametrize("case", FAR, ids=str)
def test_a_far_cell_costs_nothing(bench, monkeypatch, case):
    # A sheet of Excel has 1,048,576 rows; fewer are enough to see that the reader stops.
    monkeypatch.setattr(workbook_table, "_MOST_ROWS", 5_000)
    _same(read_recording(_workbook(bench.folder / "drive.xlsx", FAR[case])))


def test_the_largest_workbook_is_bounded(bench, monkeypatch):
    path = _workbook(bench.folder / "drive.xlsx")
    monkeypatch.setattr(workbook_table, "_MOST_CELLS", 100)
    assert "the workbook is too large" in _message(path)
    monkeypatch.setattr(workbook_table, "_MOST_CELLS", 5_000_000)
    monkeypatch.setattr(workbook_table, "_LARGEST_SHEET", 1_000)
    assert "the workbook is too large" in _message(path)


@given(at=st.floats(0.0, 1.0), length=st.integers(1, 200), byte=st.integers(0, 255))
def test_a_damaged_workbook_ends_in_a_message(tmp_path_factory, at, length, byte):
    path = _workbook(tmp_path_factory.mktemp("damaged") / "drive.xlsx")
    data = bytearray(path.read_bytes())
    start = int(at * (len(data) - 1))
    data[start : start + length] = bytes([byte]) * length
    path.write_bytes(bytes(data))
    with suppress(VoltwardError):
        read_recording(path)


def test_other_archives_are_refused(bench):
    with zipfile.ZipFile(bench.folder / "drive.xlsx", "w") as archive:
        archive.writestr("drive.csv", "time_s,voltage_V\n0,1\n")
    assert "is an archive and no workbook" in _message(bench.folder / "drive.xlsx")


def test_the_largest_text_is_bounded(bench, monkeypatch):
    text = "time_s,voltage_V,current_A,temperature_degC\n" + "1,3.7,0,25\n" * 100
    path = bench.text(text)
    monkeypatch.setattr(file_content, "LARGEST_CELLS", 300)
    assert "has 100 rows of 4 columns" in _message(path)
    monkeypatch.setattr(file_content, "LARGEST_BYTES", 1_000)
    assert "is larger than" in _message(path)


def test_a_packed_bomb_is_bounded(bench, monkeypatch):
    path = bench.folder / "drive.csv.gz"
    path.write_bytes(gzip.compress(b"0" * 100_000))
    monkeypatch.setattr(file_content, "LARGEST_BYTES", 10_000)
    assert "is larger than" in _message(path)
    path.write_bytes(path.read_bytes()[:20])
    assert "cannot be unpacked" in _message(path)


NO_TABLES = {
    "words": "lorem ipsum, dolor sit amet\n" * 50,
    "one line": "1," * 60_000,
    "quotes": 'time_s,voltage_V,current_A\n"' + '"' * 5_001 + "\n",
    "numbers without names": "1,2,3,4\n5,6,7,8\n",
    "zero bytes in text": "time_s,volt\0age_V\n1,2\n",
    "escape sequences": "\x1b[31mred\x1b[0m\x01\x02\x03\n",
    "markup": "<html><table><tr><td>1</td><td>2</td></tr></table></html>\n",
    "json": '{"time_s": [1, 2, 3], "voltage_V": [3.7, 3.7, 3.7]}\n',
}


@pytest.mark.parametrize("case", NO_TABLES, ids=str)
def test_what_is_no_table_is_refused(bench, case):
    assert _message(bench.text(NO_TABLES[case]))


@pytest.mark.parametrize("part", [" ", "(", "/ ", "1 ", "1:", '"', "1,", "[ "], ids=repr)
def test_long_fields_are_no_slower_than_they_are_long(bench, part):
    # A pattern that tries every way to part such a field would not end.
    field = f'"{part * 20_000}"'
    rows = "".join(f"{second},3.7,{second % 3},25\n" for second in range(60))
    head = "time_s,voltage_V,current_A,temperature_degC\n"
    for text in (f"{field}\n{head}{rows}", head.replace("voltage_V", field) + rows):
        with suppress(VoltwardError):
            read_recording(bench.text(text))


TOKENS = st.sampled_from(
    [*",;\t\n\0\r\"'-:/CD .5", "nan", "inf", "1e999", "2024-13-40", "99:99", "1,234", "time_s"]
)


@given(
    places=st.lists(st.tuples(st.floats(0.0, 1.0), TOKENS, st.integers(0, 20)), max_size=30),
    head=st.sampled_from(
        [
            "time_s,voltage_V,current_A,temperature_degC",
            "Test Time (s);Voltage (V);Current (A);T1 (C)",
            "Date\tVoltage(V)\tCurrent(mA)\tState",
            "time_s,power_W,speed_mps,x",
        ]
    ),
)
def test_no_text_breaks_the_reader(tmp_path_factory, places, head):
    mark = next(mark for mark in (";", "\t", ",") if mark in head)
    rows = [mark.join(f"{value:g}" for value in row) for row in zip(*RECORD.values(), strict=True)]
    text = "\n".join([head, *rows])
    for at, token, cut in places:
        start = int(at * len(text))
        text = text[:start] + token + text[start + cut :]
    path = tmp_path_factory.mktemp("odd") / "odd.csv"
    path.write_text(text, encoding="utf-8", newline="")
    for read in (
        lambda: read_recording(path, temperature_degC=25.0),
        lambda: read_profile(path, level="pack", positive="charging"),
        lambda: read_speed(path),
    ):
        with suppress(VoltwardError):
            read()
