"""Times that state no unit, dates apart from clocks, steps that start again, and units twice."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.column_map import ColumnEntry
from voltward.real_cells.recordings.reading import read_recording
from voltward.real_cells.recordings.time_unit import counted_since, judged_unit

START = datetime(2026, 12, 11, 23, 40)  # noqa: DTZ001


def table(bench, **options):
    columns = bench.columns(**options)
    return [columns[n] for n in ("time_s", "voltage_V", "current_A", "temperature_degC")]


def text(names, times, columns, below=""):
    rows = [
        ",".join([time, *(f"{value:.6g}" for value in row)])
        for time, row in zip(times, zip(*columns[1:], strict=True), strict=True)
    ]
    return "\n".join([names, *([below] if below else []), *rows]) + "\n"


NAMES = "{},Voltage(V),Current(A),Temp(C)"


@pytest.mark.parametrize("name", ["time", "t", "timestamp", "Test Time", "Time", "Elapsed Time"])
@pytest.mark.parametrize(
    ("per_s", "step_s"),
    [(1000, 0.1), (1000, 1.0), (1.0 / 60.0, 1.0), (1.0 / 3600.0, 1.0), (1.0 / 86400.0, 1.0)],
    ids=["ms", "ms at 1 Hz", "minutes", "hours", "days"],
)
def test_a_time_that_is_hardly_in_seconds_is_asked(bench, name, per_s, step_s):
    columns = table(bench, step_s=step_s)
    path = bench.text(text(NAMES.format(name), [f"{t * per_s:.9f}" for t in columns[0]], columns))
    if name == "t":
        # A letter alone names nothing without its unit.
        with pytest.raises(ConfigurationError, match="'time_s' is missing"):
            read_recording(path)
        return
    with pytest.raises(ConfigurationError, match="a time without a unit") as error:
        read_recording(path)
    assert "scale = " in error.value.hint


@given(rate=st.sampled_from([0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0]), start=st.floats(0.0, 1e4))
def test_a_usual_step_is_taken_for_seconds_with_a_note(rate, start):
    (note,) = judged_unit(
        Path("file.csv"), start + np.arange(50) * rate, ColumnEntry(column="time")
    )
    assert "taken for seconds" in note


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-6, 1e-9])
def test_the_size_of_a_count_since_1970_says_its_unit(scale):
    values = (1.79e9 + np.arange(20.0)) / scale
    entry, notes = counted_since(ColumnEntry(column="timestamp"), values)
    assert entry.scale == scale
    assert "since 1970" in notes[0]


@pytest.mark.parametrize("name", ["Date_Time", "timestamp"])
def test_days_of_a_workbook_are_days(bench, name):
    columns = table(bench)
    times = [f"{46000.5 + t / 86400.0:.9f}" for t in columns[0]]
    read = read_recording(bench.text(text(NAMES.format(name), times, columns)))
    assert np.allclose(read.time_s, columns[0], atol=0.01)


def stamps(columns, form, start=START):
    return [(start + timedelta(seconds=float(t))).strftime(form) for t in columns[0]]


@pytest.mark.parametrize("gap_days", [0, 1, 3, 40])
@pytest.mark.parametrize("form", ["%Y-%m-%d,%H:%M:%S", "%d.%m.%Y,%H:%M:%S", "%Y/%m/%d,%I:%M:%S %p"])
def test_a_date_and_a_clock_are_put_together(bench, gap_days, form):
    columns = table(bench)
    columns[0] = columns[0] + np.where(columns[0] > 1800.0, 86400.0 * gap_days, 0.0)
    names = NAMES.format("Date,Time")
    read = read_recording(bench.text(text(names, stamps(columns, form), columns)))
    assert np.array_equal(read.time_s, columns[0])


def test_a_time_of_the_test_beside_a_date_is_not_a_clock(bench):
    columns = table(bench)
    elapsed = [str(timedelta(seconds=float(t))) for t in columns[0]]
    both = [f"{d},{t}" for d, t in zip(stamps(columns, "%Y-%m-%d"), elapsed, strict=True)]
    read = read_recording(bench.text(text(NAMES.format("Date,Time"), both, columns)))
    assert np.array_equal(read.time_s, columns[0])


@pytest.mark.parametrize("length_h", [0.7, 23.2, 23.95])
def test_a_step_that_starts_again_is_not_midnight(bench, length_h):
    first = np.arange(0.0, length_h * 3600.0, 120.0)
    time_s = np.concatenate([first, np.arange(0.0, 900.0, 120.0)])
    clock = [f"{int(t // 3600):02d}:{int(t // 60) % 60:02d}:{int(t % 60):02d}" for t in time_s]
    columns = [time_s, np.linspace(4.0, 3.0, time_s.size), np.full(time_s.size, -0.1), time_s * 0.0]
    if length_h > 23.9:
        clock = [value.replace("23:", "22:") for value in clock]
    with pytest.raises(ConfigurationError, match="runs backwards") as error:
        read_recording(bench.text(text(NAMES.format("Time"), clock, columns)))
    assert "restarts = true" in error.value.hint


@pytest.mark.parametrize(
    ("name", "below"),
    [("time_s", "ms,V,A,degC"), ("time_s", "s,mV,A,degC"), ("Time (s)", "min,V,A,C")],
)
def test_a_unit_below_that_contradicts_the_name_is_refused(bench, name, below):
    columns = table(bench)
    names = f"{name},voltage_V,current_A,temperature_degC"
    with pytest.raises(ConfigurationError, match="states the unit"):
        read_recording(bench.text(text(names, [f"{t:g}" for t in columns[0]], columns, below)))


def test_a_unit_below_that_agrees_is_fine(bench):
    columns = table(bench)
    names = "time_s,voltage_V,current_A,temperature_degC"
    path = bench.text(text(names, [f"{t:g}" for t in columns[0]], columns, "s,V,A,degC"))
    assert np.array_equal(read_recording(path).time_s, columns[0])


TICKS = {
    "zone": lambda ns: pa.array(
        1_790_000_000_000_000_000 + ns, pa.timestamp("ns", "Europe/Berlin")
    ),
    "date": lambda ns: pa.array(1_790_000_000_000_000_123 + ns, pa.timestamp("ns")),
    "count": lambda ns: pa.array(1_790_000_000_000_000_123 + ns),
    "duration": lambda ns: pa.array(ns, pa.duration("ns")),
    "clock": lambda ns: pa.array(ns, pa.time64("ns")),
}


@pytest.mark.parametrize("kind", TICKS)
@pytest.mark.parametrize("words", [False, True])
def test_times_and_categories_of_parquet_are_read(bench, kind, words):
    time_s, voltage_V, current_A, temperature_degC = table(bench)
    current_A = np.where(current_A == 0.0, 0.1, current_A)
    found = {
        "Time": TICKS[kind]((time_s * 1e9).astype(np.int64)),
        "Voltage(V)": voltage_V,
        "Current(A)": abs(current_A) if words else current_A,
        "Temp(C)": temperature_degC,
    }
    if words:
        states = ["Charge" if i > 0.0 else "Discharge" for i in current_A]
        found["Status"] = pa.array(states).dictionary_encode()
    path = bench.folder / "file.parquet"
    parquet.write_table(pa.table(found), path)
    read = read_recording(path)
    assert np.allclose(read.time_s, time_s, atol=1e-6)
    assert np.array_equal(read.current_A, current_A)


def test_milliseconds_under_the_name_of_seconds_are_refused(bench):
    columns = bench.columns(step_s=0.1, length_s=300.0)
    columns["current_A"] = np.random.default_rng(1).normal(-2.0, 3.0, columns["time_s"].size)
    columns["voltage_V"] = 3.7 + 0.02 * columns["current_A"]
    columns["time_s"] = np.round(columns["time_s"] * 1000.0)
    with pytest.raises(ConfigurationError, match="steps by 100 s") as error:
        read_recording(bench.write(columns))
    assert "scale = 0.001" in error.value.hint
