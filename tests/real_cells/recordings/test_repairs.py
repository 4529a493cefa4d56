"""What the reader repairs with a note, what it asks, and what it refuses: of each kind, several."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.real_cells.recordings.dialects import record

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.charge_counter import checked_counter
from voltward.real_cells.recordings.clock import LARGEST_JITTER_S
from voltward.real_cells.recordings.column_map import ColumnEntry, load_column_map
from voltward.real_cells.recordings.column_name import column_name
from voltward.real_cells.recordings.reading import read_recording

RECORD = record()
NAMES = ("time_s", "voltage_V", "current_A", "temperature_degC")


def _text(columns=RECORD, head="time_s,voltage_V,current_A,temperature_degC", extra=()):
    fields = [*(columns[name] for name in NAMES), *extra]
    rows = [",".join(str(field) for field in row) for row in zip(*fields, strict=True)]
    return "\n".join([head, *rows]) + "\n"


def _notes(recording):
    return "\n".join(recording.notes)


def _refused(path, **options):
    with pytest.raises(ConfigurationError) as caught:
        read_recording(path, **options)
    assert str(path) in caught.value.what
    return str(caught.value)


# --- Rows --------------------------------------------------------------------------------------

STRAY = {
    "total and blank": ("\n,,,\nTotal,,,\n", "2 rows at the end"),
    "end": ("END OF DATA,,,\n", "1 row at the end"),
    "mean": ("Mean,3.7,0.1,25\n", "1 row at the end"),
    "cut line": ("1200,3.8\n", "1 row at the end"),
    "signature": ("exported by,channel 7,,\n,,,\n", "1 row at the end"),
}


@pytest.mark.parametrize("case", STRAY, ids=str)
def test_what_stands_below_the_samples_is_left_out_with_a_note(bench, case):
    more, note = STRAY[case]
    recording = read_recording(bench.text(_text() + more))
    np.testing.assert_array_equal(recording.current_A, RECORD["current_A"])
    assert note in _notes(recording)


@pytest.mark.parametrize("units", ["[s],[V],[A],[C]", "s,V,A,degC", "(s),(V),(A),(°C)", ",,,"])
@pytest.mark.parametrize("above", ["", "# cycler 3\n# exported\n", "a,b\n1,2\n\n"])
def test_lines_above_the_header_and_units_below_it_are_passed_over(bench, units, above):
    head, rows = _text().split("\n", 1)
    recording = read_recording(bench.text(f"{above}{head}\n{units}\n{rows}"))
    np.testing.assert_array_equal(recording.current_A, RECORD["current_A"])
    np.testing.assert_array_equal(recording.voltage_V[:, 0], RECORD["voltage_V"])


def test_a_stray_word_is_left_out_and_many_are_refused(bench):
    lines = _text().splitlines()
    lines[100] = lines[100].replace(",", ",Ovr", 1)
    recording = read_recording(bench.text("\n".join(lines)))
    assert recording.time_s.size == RECORD["time_s"].size - 1
    assert "1 rows with an empty field or NaN left out, first row 100" in _notes(recording)
    for at in range(50, 90):
        lines[at] = lines[at].replace(",", ",Ovr", 1)
    assert "row 50, column 'voltage_V': got 'Ovr" in _refused(bench.text("\n".join(lines)))


def test_fields_too_many_are_left_out_or_refused(bench):
    lines = _text().splitlines()
    lines[7] += ",and more"
    assert "left out: they have more fields" in _notes(read_recording(bench.text("\n".join(lines))))
    for at in range(20, 40):
        lines[at] += ",and more"
    message = _refused(bench.text("\n".join(lines)))
    assert "21 of 240 rows have more fields than the header, first row 7" in message


# --- Clocks ------------------------------------------------------------------------------------


@given(
    rows=st.sets(st.integers(2, 230), min_size=1, max_size=5),
    back_s=st.floats(5.01, 5.0 + LARGEST_JITTER_S - 0.01),
)
def test_a_clock_that_jitters_gives_the_sorted_recording(tmp_path_factory, rows, back_s):
    time_s = RECORD["time_s"].copy()
    rows = {row for row in rows if row - 1 not in rows and row + 1 not in rows}
    for row in rows:
        time_s[row] -= back_s
    path = tmp_path_factory.mktemp("jitter") / "drive.csv"
    path.write_text(_text(RECORD | {"time_s": time_s}))
    recording = read_recording(path)
    order = np.argsort(time_s, kind="stable")
    np.testing.assert_allclose(recording.time_s, time_s[order] - time_s[order][0])
    np.testing.assert_array_equal(recording.current_A, RECORD["current_A"][order])
    assert not rows or "goes back a little" in _notes(recording)


@given(back_s=st.floats(5.0 + LARGEST_JITTER_S + 0.01, 600.0), row=st.integers(130, 230))
def test_a_larger_step_back_is_refused(tmp_path_factory, back_s, row):
    time_s = np.where(np.arange(240) < row, RECORD["time_s"], RECORD["time_s"] - back_s)
    path = tmp_path_factory.mktemp("back") / "drive.csv"
    path.write_text(_text(RECORD | {"time_s": time_s}))
    assert "runs backwards at one place" in _refused(path)


def test_the_time_of_steps_is_used_only_when_that_is_stated(bench):
    steps = RECORD | {"time_s": RECORD["time_s"] % 60.0 + 5.0}
    head = "Step Time (s),voltage_V,current_A,temperature_degC"
    path = bench.text(_text(steps, head))
    message = _refused(path)
    assert "a time of the step, 'Step Time (s)', and no time of the whole test" in message
    assert 'time_s = { column = "Step Time (s)", restarts = true }' in message
    own = bench.text(
        'name = "own"\n[columns]\ntime_s = { column = "Step Time (s)", restarts = true }\n'
        + "".join(f'{name} = {{ column = "{name}" }}\n' for name in NAMES[1:]),
        "own.toml",
    )
    recording = read_recording(path, column_map=load_column_map(str(own)))
    np.testing.assert_allclose(recording.time_s, RECORD["time_s"])
    # The total time, where there is one, is taken of itself.
    both = bench.text(_text(steps, head + ",Total Time (min)", [RECORD["time_s"] / 60.0]))
    np.testing.assert_allclose(read_recording(both).time_s, RECORD["time_s"])


@pytest.mark.parametrize("style", ["iso", "us", "german"])
def test_a_clock_set_back_an_hour_goes_on(bench, style):
    form = {
        "iso": "2024-10-27 {}:{:02d}:{:02d}",
        "us": "10/27/2024 {}:{:02d}:{:02d}",
        "german": "27.10.2024 {}:{:02d}:{:02d}",
    }[style]
    stamps = []
    for second in RECORD["time_s"].astype(int):
        of_day = 2 * 3600 + 50 * 60 + second
        of_day -= 3600 if of_day >= 3 * 3600 else 0
        stamps.append(form.format(of_day // 3600, of_day % 3600 // 60, of_day % 60))
    text = _text(RECORD | {"time_s": stamps}, "Date,voltage_V,current_A,temperature_degC")
    recording = read_recording(bench.text(text))
    np.testing.assert_allclose(recording.time_s, RECORD["time_s"])
    assert "set back an hour in 1 places" in _notes(recording)


def test_dates_of_either_order_are_asked_and_obvious_ones_are_not(bench):
    def dates(form):
        # Samples across midnight, from the third to the fourth of May.
        stamps = [
            form.format(3 + int(second >= 600), (23 * 3600 + 50 * 60 + int(second)) % 86400)
            for second in RECORD["time_s"]
        ]
        stamps = [
            stamp[: stamp.index("@")]
            + f"{int(stamp[stamp.index('@') + 1 :]) // 3600}:"
            + f"{int(stamp[stamp.index('@') + 1 :]) % 3600 // 60:02d}:"
            + f"{int(stamp[stamp.index('@') + 1 :]) % 60:02d}"
            for stamp in stamps
        ]
        text = _text(RECORD | {"time_s": stamps}, "Date,voltage_V,current_A,temperature_degC")
        return bench.text(text)

    for form in ("5/{}/2024 @{}", "{}/5/2024 @{}", "{}.5.2024 @{}", "2024-05-0{} @{}"):
        np.testing.assert_allclose(read_recording(dates(form)).time_s, RECORD["time_s"])


def test_slow_samples_of_a_steady_current_are_a_slow_test(bench):
    time_s = 600.0 * np.arange(100)
    slow = {
        "time_s": time_s,
        "voltage_V": 4.1 - 0.8 * time_s / time_s[-1],
        "current_A": np.full(100, -0.15),
        "temperature_degC": 25.0 + time_s / 1e6,
    }
    recording = read_recording(bench.text(_text(slow)))
    assert recording.time_s[-1] == 59_400.0
    assert "taken for a slow test" in _notes(recording)
    assert "hole" not in _notes(recording)
    # Milliseconds of a drive are another thing.
    drive = RECORD | {"time_s": 1000.0 * RECORD["time_s"]}
    assert "milliseconds" in _refused(bench.text(_text(drive)))


# --- Sensors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [6, 20, 60])
def test_a_temperature_with_gaps_is_bridged(bench, every):
    weak = ["" if n % every == 0 else value for n, value in enumerate(RECORD["temperature_degC"])]
    recording = read_recording(bench.text(_text(RECORD | {"temperature_degC": weak})))
    assert recording.time_s.size == RECORD["time_s"].size
    assert "bridged by lines" in _notes(recording)
    np.testing.assert_allclose(recording.temperature_degC, RECORD["temperature_degC"], atol=0.01)


@pytest.mark.parametrize("value", ["", -2501.7, 0])
def test_a_sensor_that_is_not_there_gives_way_to_the_assumed_temperature(bench, value):
    path = bench.text(_text(RECORD | {"temperature_degC": [value] * 240}))
    recording = read_recording(path, temperature_degC=25.0)
    assert np.all(recording.temperature_degC == 25.0)
    assert "no usable temperature: a constant 25 degC is assumed" in _notes(recording)


def test_a_half_cell_is_called_so(bench):
    low = RECORD | {"voltage_V": RECORD["voltage_V"] - 3.6}
    assert "looks like that of a half cell" in _refused(bench.text(_text(low)))


# --- Signs -------------------------------------------------------------------------------------

WORDS = {
    "neware": ("CC Chg", "CC DChg", "Rest"),
    "maccor": ("C", "D", "R"),
    "digatron": ("CHA", "DCH", "PAU"),
    "landt": ("C_CC", "D_CC", "R"),
    "pec": ("Charge", "Discharge", "Idle"),
    "german": ("Laden", "Entladen", "Pause"),
    "chinese": ("恒流充电", "恒流放电", "搁置"),
}


def _words(triple):
    charge, discharge, rest = triple
    return [charge if i > 0 else discharge if i < 0 else rest for i in RECORD["current_A"]]


@pytest.mark.parametrize("maker", WORDS, ids=str)
@pytest.mark.parametrize("sign", ["signed", "opposite", "magnitude"])
def test_words_say_the_direction(bench, maker, sign):
    factor = {"signed": RECORD["current_A"], "opposite": -RECORD["current_A"]}.get(
        sign, np.abs(RECORD["current_A"])
    )
    text = _text(
        RECORD | {"current_A": factor},
        "time_s,voltage_V,current_A,temperature_degC,state",
        [_words(WORDS[maker])],
    )
    np.testing.assert_array_equal(
        read_recording(bench.text(text)).current_A + 0.0, RECORD["current_A"] + 0.0
    )


def test_a_magnitude_without_words_is_asked_and_can_be_stated(bench):
    magnitude = RECORD | {"current_A": np.abs(RECORD["current_A"])}
    message = _refused(bench.text(_text(magnitude)))
    assert "never negative, and the voltage rises under it in some stretches and falls" in message
    assert "direction = {" in message
    assert "sign = -1" not in message
    # Words of the user's own, in a column that no list knows.
    path = bench.text(
        _text(
            magnitude,
            "time_s,voltage_V,current_A,temperature_degC,program",
            [_words(("up", "down", "-"))],
        )
    )
    _refused(path)
    own = bench.text(
        'name = "own"\ncurrent_sign = "magnitude"\n'
        '[direction]\ncolumn = "program"\ncharge = ["up"]\ndischarge = ["down"]\nrest = ["-"]\n'
        "[columns]\n" + "".join(f'{name} = {{ column = "{name}" }}\n' for name in NAMES),
        "own.toml",
    )
    recording = read_recording(path, column_map=load_column_map(str(own)))
    np.testing.assert_array_equal(recording.current_A, RECORD["current_A"])


@pytest.mark.parametrize("one_way", ["charge", "discharge"])
def test_a_recording_of_one_direction_is_not_asked(bench, one_way):
    time_s = 5.0 * np.arange(240)
    load_A = np.array([0.0, 1.0, 2.0, 0.5])[(time_s / 60.0).astype(int) % 4]
    current_A = load_A if one_way == "charge" else -load_A
    soc = 0.5 + np.cumsum(current_A) * 5.0 / 3600.0
    text = _text(
        {
            "time_s": time_s,
            "voltage_V": 3.2 + 0.9 * soc + 0.05 * current_A,
            "current_A": current_A,
            "temperature_degC": 25.0 + time_s / 1e4,
        }
    )
    np.testing.assert_array_equal(read_recording(bench.text(text)).current_A, current_A)


def test_words_against_numbers_are_refused_with_the_three_ways_out(bench):
    words = _words(WORDS["neware"])
    words[12:36] = ["CC Chg"] * 24
    message = _refused(
        bench.text(_text(RECORD, "time_s,voltage_V,current_A,temperature_degC,state", [words]))
    )
    for choice in ("charging", "discharging", "magnitude"):
        assert f'"{choice}"' in message


@pytest.mark.parametrize("kind", ["signed", "rising", "of steps"])
def test_a_counter_of_any_kind_gives_the_charge(kind):
    time_s, current_A = RECORD["time_s"], RECORD["current_A"]
    counted = np.concatenate(
        ([0.0], np.cumsum((current_A[1:] + current_A[:-1]) / 2.0 * np.diff(time_s)) / 3600.0)
    )
    size = np.concatenate(([0.0], np.abs(np.diff(counted))))
    step = np.cumsum(np.concatenate(([0], np.diff(current_A) != 0.0)))
    start = np.maximum.accumulate(np.where(np.diff(step, prepend=-1) > 0, np.arange(240), 0))
    total = np.cumsum(size)
    counter = {
        "signed": counted,
        "rising": total,
        "of steps": total - total[start] + size[start],
    }[kind]
    found = checked_counter(time_s, current_A, counter, ColumnEntry(column="q"))
    assert found.charge_Ah is not None
    np.testing.assert_allclose(found.charge_Ah - found.charge_Ah[0], counted, atol=0.005)
    assert (kind == "signed") == (not found.findings)


# --- Text --------------------------------------------------------------------------------------


def test_a_comma_that_may_be_either_mark_is_asked_and_can_be_stated(bench):
    columns = {name: np.round(values, 3) for name, values in RECORD.items()}
    columns["time_s"] = RECORD["time_s"].astype(int)
    rows = [
        ";".join(
            [str(t % 100)]
            + [f"{value:.3f}".replace(".", ",") for value in (v, 1.0 + abs(i), 21.123)]
        )
        for t, v, i in zip(*(columns[name] for name in NAMES[:3]), strict=True)
    ]
    path = bench.text("\n".join(["time_s;voltage_V;current_A;temperature_degC", *rows]))
    message = _refused(path)
    assert "may be a decimal or a thousands mark" in message
    assert 'decimal = ","' in message


@pytest.mark.parametrize("packed", [False, True])
def test_a_packed_file_is_unpacked(bench, packed):
    path = bench.folder / ("drive.csv.gz" if packed else "drive.csv")
    data = _text().encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    recording = read_recording(path)
    np.testing.assert_array_equal(recording.current_A, RECORD["current_A"])
    assert recording.name == "drive"


UNITS = {
    "Voltage(V)": ("voltage", "voltage", 1.0),
    "Voltage [mV]": ("voltage", "voltage", 1e-3),
    "Ecell/V": ("ecell", "voltage", 1.0),
    "<I>/mA": ("i", "current", 1e-3),
    "current_ampere": ("current", "current", 1.0),
    "TestTime": ("test time", None, 1.0),
    "Run Time (h)": ("run time", "time", 3600.0),
    "T1[�C]": ("t1", "temperature", 1.0),
    "Amps": ("amps", "current", 1.0),
    "Power / kW": ("power", "power", 1e3),
    "P (mW)": ("p", "power", 1e-3),
    "Speed (mph)": ("speed", "speed", 0.44704),
    "dQ/dV(mAh/V)": ("d q d v m ah v", None, 1.0),
    "Temperature (C)_1": ("temperature", "temperature", 1.0),
}


@pytest.mark.parametrize("written", UNITS, ids=str)
def test_a_name_is_taken_apart(written):
    stem, dimension, factor = UNITS[written]
    found = column_name(written)
    assert found.stem == stem
    assert (found.unit.dimension if found.unit else None) == dimension
    assert found.unit is None or found.unit.factor == factor
