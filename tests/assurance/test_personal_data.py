"""Vehicle numbers, positions and people are found, and nothing that is shipped looks like one."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from voltward.assurance.evidence.personal_data import LONGEST_BYTES, LONGEST_ROWS, is_vin, search
from voltward.documents.toml_document import data_folder

REPOSITORY = Path(__file__).parents[2]
SHIPPED = sorted(
    path
    for root in (data_folder(), REPOSITORY / "examples")
    for path in root.rglob("*")
    if path.is_file()
)


def found(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [finding.text() for finding in search(f"run/{name}", path)]


def test_the_check_digit_is_the_one_of_the_law():
    # The worked example of 49 CFR 565 as it is commonly cited, and the string of ones.
    assert is_vin("1M8GDM9AXKP042788")
    assert is_vin("1" * 3 + "A" + "1" * 13) is False
    assert not any(is_vin(f"1M8GDM9A{digit}KP042788") for digit in "0123456789")


@given(st.text("0123456789", min_size=17, max_size=17) | st.text("0123456789abcdef", min_size=17))
def test_numbers_and_digests_are_no_vehicle(text):
    assert not is_vin(text)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("duty.toml", 'source = "drive of WVWZZZ1JZXW000001"', "line 1: looks like a vehicle"),
        ("duty.csv", "time_s,current_A\n1,WVWZZZ1JZXW000001\n", "line 2: looks like a vehicle"),
        ("duty-1.csv", "time_s;Latitude;current_A\n", "column 'Latitude': names a position"),
        ("duty-1.csv", "time_s,gps_speed\n", "column 'gps_speed': names a position"),
        ("system.toml", "lon_deg = 11.5\n", "key 'lon_deg': names a position"),
        ("cases.json", '{"a": {"longitude": 11.5}}', "key 'longitude': names a position"),
        ("bus.dbc", ' SG_ Latitude : 0|32@1+ (1,0) [0|1] "deg" X', "names a position"),
        ("system.toml", 'vin = "unknown"', "names a vehicle identification number"),
        ("m.toml", 'owner = "Erika Mustermann"', "looks like a person's name, Eri..."),
        ("m.toml", 'reviewer = "Dr. Max van der Berg"', "looks like a person's name"),
        ("m.toml", "# ask erika@firma.de", "an e-mail address"),
        ("duty.csv", "time_s,driver_name\n", "names a person"),
        ("duty.csv", "time_s,y_lat\n", "column 'y_lat': names a position"),
        ("duty.csv", "time_s,gpsx\n", "column 'gpsx': names a position"),
        ("duty.csv", "Breitengrad;laengengrad_deg\n", "column 'laengengrad_deg': names a position"),
        ("duty.csv", "Breitengrad;Längengrad\n", "column 'Längengrad': names a position"),
        ("duty.csv", "time_s,Fahrer\n", "column 'Fahrer': names a person"),
        ("duty.csv", "driver,owner\n", "column 'owner': names a person"),
        ("duty.toml", "# car wvwzzz1jzxw000001, white", "looks like a vehicle"),
        ("duty.toml", "# VIN WVW ZZZ 1JZ XW000001", "looks like a vehicle"),
        ("notes.txt", "CAR WVWZ ZZ1J ZXW0 0000 1", "looks like a vehicle"),
        ("duty.toml", "a = 1  # driver: Erika Mustermann", "looks like a person's name"),
        ("duty.toml", "# recorded by Erika Mustermann", "looks like a person's name"),
        ("duty.toml", "# latitude: 48.1", "key 'latitude': names a position"),
    ],
)  # fmt: skip
def test_personal_data_is_found_with_its_place(tmp_path, name, content, words):
    assert any(words in line for line in found(tmp_path, name, content)), words


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.toml", 'owner = "Product Security"\nreviewer = "Head of Safety"\nowner = "fleet"'),
        ("m.toml", 'source = "P. Kollmeyer, McMaster University 2020"'),
        ("m.toml", "flat = 1\nlatency_s = 0.1\nlongest_s = 3\nplatform = 2\n"),
        ("m.toml", 'mail = "nobody@example.org"'),
        ("m.toml", "# in the year of the fleet 2021, owner: Product Security"),
        ("m.toml", "# A TEST OF THE CELL 2021 AND THE NEXT OF 2022"),
        ("m.toml", "# sha 0123456789abc1234"),
        ("m.toml", 'driver = "fast"'),
        ("run.json", '{"sha256": "%s", "relation": 1, "lateral": 2}' % ("0123456789abcdef" * 4)),
        ("cases.csv", "case_id,latency_s,delay_s\nc00000,12345678901234567,1\n"),
        ("figure.svg", "<svg>WVWZZZ1JZXW000001</svg>"),
    ],
)
def test_what_is_not_personal_is_left_alone(tmp_path, name, content):
    assert found(tmp_path, name, content) == []


def test_columns_of_parquet_are_read_and_damaged_files_are_not_our_matter(tmp_path):
    table = pa.table({"time_s": [0.0], "latitude_deg": [48.0]})
    parquet.write_table(table, tmp_path / "duty-1.parquet")
    (line,) = [f.text() for f in search("run/inputs/duty-1.parquet", tmp_path / "duty-1.parquet")]
    assert "column 'latitude_deg'" in line
    assert found(tmp_path, "other.parquet", b"no parquet") == []


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["", None, "car WVWZZZ1JZXW000001"]),
        pa.array(["", None, "WVWZZZ1JZXW000001"]).dictionary_encode(),
        pa.array([b"", None, b"\xff wvwzzz1jzxw000001"]),
        pa.array(["", None, "ask erika@firma.de"], pa.large_string()),
    ],
)
def test_texts_in_parquet_are_read(tmp_path, column):
    path = tmp_path / "duty-1.parquet"
    parquet.write_table(pa.table({"time_s": [0.0, 1.0, 2.0], "note": column}), path)
    (line,) = [finding.text() for finding in search(path.name, path)]
    assert "column 'note', row 3" in line


def test_only_the_first_rows_of_parquet_are_read(tmp_path):
    path = tmp_path / "duty-1.parquet"
    parquet.write_table(pa.table({"note": ["a"] * LONGEST_ROWS + ["WVWZZZ1JZXW000001"]}), path)
    assert list(search(path.name, path)) == []


@pytest.mark.parametrize("of_field", [True, False])
def test_metadata_of_parquet_is_read(tmp_path, *, of_field):
    notes = {"driver": "unit 7", "vehicle": "WVWZZZ1JZXW000001"}
    field = pa.field("time_s", pa.float64(), metadata=notes if of_field else None)
    schema = pa.schema([field], metadata=None if of_field else notes)
    path = tmp_path / "duty-1.parquet"
    parquet.write_table(pa.table({"time_s": [0.0]}, schema=schema), path)
    assert any("metadata: looks like a vehicle" in f.text() for f in search(path.name, path))


def test_only_the_beginning_of_a_file_is_read(tmp_path):
    content = b"time_s\n" + b"0\n" * (LONGEST_BYTES // 2) + b"WVWZZZ1JZXW000001\n"
    assert found(tmp_path, "duty-1.csv", content) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_nothing_that_is_shipped_looks_personal(path):
    assert [finding.text() for finding in search(path.name, path)] == []
