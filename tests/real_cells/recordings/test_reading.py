"""Reading: what is accepted and noted, what is refused, and in which words."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.column_map import load_column_map
from voltward.real_cells.recordings.reading import read_recording

FIELDS = ("time_s", "voltage_V", "current_A", "temperature_degC", "soc")


def _notes(recording):
    return "\n".join(recording.notes)


def _refused(path, **options):
    with pytest.raises(ConfigurationError) as caught:
        read_recording(path, **options)
    assert caught.value.exit_code == 2
    assert str(path) in caught.value.what
    return str(caught.value)


def test_csv_and_parquet_give_the_same(bench):
    columns = bench.columns(600.0)
    from_csv = read_recording(bench.write(columns, "drive.csv"))
    from_parquet = read_recording(bench.write(columns, "drive.parquet"))
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(from_csv, name), getattr(from_parquet, name))
    np.testing.assert_array_equal(from_csv.voltage_V[:, 0], columns["voltage_V"])
    assert from_csv.name == "drive"
    assert from_csv.notes == ()


def test_time_starts_at_zero_and_other_columns_are_left_alone(bench):
    columns = bench.columns(600.0)
    columns["time_s"] += 1234.5
    columns["cycle"] = np.arange(600)
    recording = read_recording(bench.write(columns))
    np.testing.assert_allclose(recording.time_s, np.arange(600.0), atol=1e-9)


def test_names_in_other_letters_are_taken_and_noted(bench):
    columns = bench.columns(600.0)
    columns["Voltage_v"] = columns.pop("voltage_V")
    columns["CURRENT_A"] = columns.pop("current_A")
    recording = read_recording(bench.write(columns))
    assert "column 'Voltage_v' taken for voltage_V" in _notes(recording)
    assert recording.cells == 1


def test_a_string_of_cells_with_its_meter(bench):
    columns = bench.columns(600.0)
    voltage_V = columns.pop("voltage_V")
    for cell in range(1, 12):
        columns[f"voltage_{cell}_V"] = voltage_V + 0.001 * cell
    columns["pack_voltage_V"] = 11.0 * voltage_V
    recording = read_recording(bench.write(columns, "string.parquet"))
    assert recording.cells == 11
    # In the order of the numbers, not of the letters.
    np.testing.assert_allclose(recording.voltage_V[:, 9] - recording.voltage_V[:, 1], 0.008)
    assert recording.pack_voltage_V is not None


def test_percent_and_dates_are_recognised(bench):
    columns = bench.columns(600.0)
    soc = columns["soc"].copy()
    columns["soc"] = 100.0 * soc
    stamps = columns["time_s"].astype("int64") + 1_700_000_000
    table = {"time_s": pa.array(stamps * 1000, pa.timestamp("ms"))} | {
        name: values for name, values in columns.items() if name != "time_s"
    }
    recording = read_recording(bench.write(table, "dates.parquet"))
    np.testing.assert_allclose(recording.time_s, np.arange(600.0))
    assert recording.soc == pytest.approx(soc)
    assert "soc is in percent" in _notes(recording)


def test_a_missing_temperature_can_be_assumed_and_is_said(bench):
    columns = bench.columns(600.0)
    del columns["temperature_degC"]
    path = bench.write(columns)
    message = _refused(path)
    assert "'temperature_degC' is missing" in message
    assert "--temperature 25" in message
    recording = read_recording(path, temperature_degC=25.0)
    assert np.all(recording.temperature_degC == 25.0)
    assert "temperature assumed: a constant 25 degC" in _notes(recording)


def _integers(columns):
    """Return the columns as the shared records have them, with a pause and a recharge."""
    charge_Ah = 3.0 * (columns["soc"] - columns["soc"][0])
    return {
        "t_ms": np.round(1000.0 * columns["time_s"]).astype(np.int32),
        "v_10uV": np.round(1e5 * columns["voltage_V"]).astype(np.int32),
        "i_10uA": np.round(1e5 * columns["current_A"]).astype(np.int32),
        "temp_mC": np.round(1e3 * columns["temperature_degC"]).astype(np.int32),
        "q_10uAh": np.round(1e5 * charge_Ah).astype(np.int32),
    }


def test_the_layout_of_the_shared_records_is_recognised(bench):
    columns = bench.columns()
    path = bench.write(_integers(columns), "shared.parquet")
    recording = read_recording(path)
    assert "column map 'kollmeyer'" in recording.notes[0]
    np.testing.assert_allclose(recording.voltage_V[:, 0], columns["voltage_V"], atol=6e-6)
    np.testing.assert_allclose(recording.current_A, columns["current_A"], atol=6e-6)
    assert recording.soc is None
    assert "no state of charge without capacity_Ah" in _notes(recording)
    recording = read_recording(path, capacity_Ah=3.0, initial_soc=1.0)
    assert recording.soc is not None
    np.testing.assert_allclose(recording.soc - 1.0, columns["soc"] - columns["soc"][0], atol=1e-5)
    recording = read_recording(path, capacity_Ah=3.0, initial_soc=0.2)
    assert recording.soc is None
    assert "the charge counter is not used" in _notes(recording)


def test_what_follows_the_lowest_charge_is_cut_when_asked(bench):
    columns = bench.columns()
    columns["current_A"] = np.where(columns["time_s"] < 2400.0, columns["current_A"], 2.0)
    columns["soc"] = 1.0 + np.cumsum(columns["current_A"]) / 3600.0 / 3.0
    columns["voltage_V"] = 3.2 + 0.9 * columns["soc"] + 0.02 * columns["current_A"]
    path = bench.write(_integers(columns), "recharged.parquet")
    whole, ended = read_recording(path), read_recording(path, cut="lowest charge")
    assert whole.time_s[-1] == 3599.0
    assert 2300.0 < ended.time_s[-1] <= 2400.0
    assert "rows after the lowest charge left out" in _notes(ended)


def test_a_recharge_is_cut_by_counter_or_soc_and_left_where_neither_is(bench):
    columns = bench.columns()
    columns["current_A"] = np.where(columns["time_s"] < 2400.0, columns["current_A"], 2.0)
    columns["soc"] = 1.0 + np.cumsum(columns["current_A"]) / 3600.0 / 3.0
    columns["voltage_V"] = 3.2 + 0.9 * columns["soc"] + 0.02 * columns["current_A"]
    paths = [
        bench.write(_integers(columns), "counted.parquet"),
        bench.write(columns, "known.csv"),
    ]
    ends = {read_recording(path, cut="recharge").time_s[-1] for path in paths}
    assert len(ends) == 1
    assert 2300.0 < ends.pop() <= 2400.0
    del columns["soc"]
    bare = bench.write(columns, "bare.csv")
    assert read_recording(bare, cut="recharge").time_s[-1] == 3599.0


def test_a_counter_that_runs_the_other_way_is_refused(bench):
    columns = _integers(bench.columns())
    columns["q_10uAh"] = -columns["q_10uAh"]
    message = _refused(bench.write(columns, "counter.parquet"))
    assert "charge_Ah falls where current_A charges" in message
    assert "sign = -1" in message


def test_a_map_of_the_users_own(bench):
    columns = bench.columns(600.0)
    foreign = {
        "Zeit/min": columns["time_s"] / 60.0,
        "U/mV": 1000.0 * columns["voltage_V"],
        "I discharge/A": -columns["current_A"],
        "T/K": columns["temperature_degC"] + 273.15,
    }
    path = bench.write(foreign)
    text = """name = "own"
    [columns]
    time_s = { column = "Zeit/min", scale = 60.0 }
    voltage_V = { column = "U/mV", scale = 0.001 }
    current_A = { column = "I discharge/A", sign = -1 }
    temperature_degC = { column = "T/K", offset = -273.15 }
    soc = { column = "SoC" }
    """
    own = load_column_map(str(bench.text(text, "own.toml")))
    recording = read_recording(path, column_map=own)
    for name in ("time_s", "current_A", "temperature_degC"):
        np.testing.assert_allclose(getattr(recording, name), columns[name], atol=1e-9)
    assert "no column 'SoC': read without soc" in _notes(recording)
    wrong = bench.text(text.replace("U/mV", "U/mv "), "wrong.toml")
    message = _refused(path, column_map=load_column_map(str(wrong)))
    assert "column 'U/mv ' is missing" in message
    assert "did you mean 'U/mV'" in message


def test_repeated_stamps_are_merged_and_a_frozen_recorder_is_named(bench):
    columns = bench.columns(600.0)
    again = np.concatenate((np.arange(301), np.full(50, 300), np.arange(350, 600)))
    path = bench.write({name: values[again] for name, values in columns.items()})
    recording = read_recording(path)
    assert np.all(np.diff(recording.time_s) > 0.0)
    assert "50 of 601 rows repeat the time stamp" in _notes(recording)
    assert "the recorder froze for 50 rows" in _notes(recording)
    assert "holes in time: 50 s from 300 s on" in _notes(recording)


def test_stamps_in_whole_seconds_keep_the_mean_of_their_rows(bench):
    columns = bench.columns(600.0, step_s=0.1)
    columns["time_s"] = np.floor(columns["time_s"] + 1e-6)
    recording = read_recording(bench.write(columns))
    assert recording.time_s.size == 600
    assert np.mean(recording.current_A) == pytest.approx(np.mean(columns["current_A"]))


def test_a_few_empty_fields_are_left_out_and_many_are_refused(bench):
    columns = bench.columns(600.0)
    columns["voltage_V"][[5, 6]] = np.nan
    recording = read_recording(bench.write(columns, "few.parquet"))
    assert recording.time_s.size == 598
    assert "2 rows with an empty field or NaN left out, first row 6" in _notes(recording)
    columns["voltage_V"][100:200] = np.inf
    message = _refused(bench.write(columns, "many.parquet"))
    assert "column 'voltage_V' is not a number in 102 of 600 rows, first in row 6" in message


HEAD = "time_s,voltage_V,current_A,temperature_degC\n"
ROWS = "".join(f"{t},3.7,{t % 3},25\n" for t in range(60))
BAD_TEXT = {
    "empty": ("", ["is empty", "header and rows"]),
    "header only": (HEAD, ["has a header and no rows"]),
    "text": (
        HEAD + ROWS.replace("7,3.7,1,25", "7,n/k,1,25", 1),
        ["row 8, column 'voltage_V': got 'n/k'", "a number, such as 0.5 or -1"],
    ),
    "column twice": (
        HEAD.replace("temperature_degC", "voltage_V") + ROWS,
        ["column 'voltage_V' appears twice"],
    ),
    "no unit": (
        HEAD.replace("current_A", "current") + ROWS,
        ["'current' looks like current_A and has no unit", "A or mA", "scale = 0.001"],
    ),
    "near name": (
        HEAD.replace("voltage_V", "voltge") + ROWS,
        ["'voltage_V' is missing", "did you mean voltage_V by 'voltge'", 'column = "voltge"'],
    ),
    "nothing known": ("a,b\n1,2\n3,4\n", ["'time_s' is missing", "got a, b", "--columns"]),
    "too short": (HEAD + "0,3.7,1,25\n1,3.7,0,25\n", ["too short: 2 samples", "10 samples"]),
    "cell left out": (
        HEAD.replace("voltage_V", "voltage_2_V") + ROWS,
        ["'voltage_1_V' is missing"],
    ),
}


@pytest.mark.parametrize("case", BAD_TEXT, ids=str)
def test_a_bad_text_says_where_and_what(bench, case):
    text, words = BAD_TEXT[case]
    message = _refused(bench.text(text))
    for word in words:
        assert word in message


def test_units_and_sign_are_refused_through_the_file_too(bench):
    columns = bench.columns(600.0)
    wrong = columns | {"current_A": -1000.0 * columns["current_A"]}
    message = _refused(bench.write(wrong))
    assert "looks like mA" in message
    assert "also: current_A has its sign reversed" in message
    assert "hint: in a column map: current_A = {" in message


def test_soc_beyond_any_battery_is_refused(bench):
    columns = bench.columns(600.0)
    columns["soc"] = 3.0 * columns["soc"] * 100.0
    assert "soc goes from" in _refused(bench.write(columns))


ODD = st.one_of(
    st.floats(),
    st.sampled_from([0.0, 3.7, 25.0, -273.15, 1e300]),
)


@given(
    rows=st.lists(st.tuples(ODD, ODD, ODD, ODD), min_size=1, max_size=40),
    rising=st.booleans(),
    likely=st.booleans(),
)
def test_no_numbers_break_the_reader(tmp_path_factory, rows, rising, likely):
    values = np.array(rows).T
    time_s = np.arange(values.shape[1]) * 5.0 if rising else values[0]
    voltage_V = np.clip(np.nan_to_num(values[1]), 2.0, 4.0) if likely else values[1]
    columns = dict(zip(FIELDS, (time_s, voltage_V, values[2], values[3]), strict=False))
    path = tmp_path_factory.mktemp("odd") / "odd.parquet"
    parquet.write_table(pa.table(columns), path)
    try:
        recording = read_recording(path)
    except ConfigurationError:
        return
    for name in FIELDS[:4]:
        assert np.all(np.isfinite(getattr(recording, name)))
    assert np.all(np.diff(recording.time_s) > 0.0)


def test_files_that_are_none(bench):
    assert "there is no such file" in _refused(bench.folder / "absent.csv")
    assert "is a folder" in _refused(bench.folder)
    assert "cannot be read as a workbook" in _refused(bench.text("x", "drive.xlsx"))
    assert "Export as Text" in _refused(bench.text("x", "drive.mpr"))
    assert "cannot be read as Parquet" in _refused(bench.text(HEAD + ROWS, "drive.parquet"))
    binary = bench.folder / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01\n\x00")
    assert "no table is found" in _refused(binary)
    listed = bench.folder / "lists.parquet"
    table = {name: [[1.0]] * 60 for name in FIELDS[:4]}
    parquet.write_table(pa.table(table), listed)
    assert "holds list" in _refused(listed)
