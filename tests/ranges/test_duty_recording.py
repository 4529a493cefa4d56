"""A recorded profile: what is accepted, what is kept, and what each refusal says."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from voltward.core.errors import ConfigurationError
from voltward.ranges.configuration.duty_recording import (
    read_profile,
    read_speed,
    resample,
    ticks_of,
)

GOOD = "time_s,current_A,temperature_degC\n0,1.5,20\n1,-2,20.5\n2,0,21\n"


def _csv(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "profile.csv"
    path.write_text(text)
    return path


def test_csv_and_parquet_give_the_same(tmp_path):
    from_csv = read_profile(_csv(tmp_path, GOOD), level="cell")
    table = pa.table(
        {"time_s": [0, 1, 2], "current_A": [1.5, -2.0, 0.0], "temperature_degC": [20.0, 20.5, 21.0]}
    )
    parquet.write_table(table, tmp_path / "profile.parquet")
    from_parquet = read_profile(tmp_path / "profile.parquet", level="cell")
    for name in ("time_s", "current_A", "temperature_degC"):
        np.testing.assert_array_equal(getattr(from_csv, name), getattr(from_parquet, name))
    assert from_csv.time_s[0] == 0.0


def test_other_columns_and_a_byte_order_mark_are_left_alone(tmp_path):
    path = _csv(tmp_path, "\ufefftime_s,voltage_V,current_A\n10,3.7,1\n11,3.6,2\n")
    profile = read_profile(path, level="pack")
    assert profile.temperature_degC is None
    assert list(profile.time_s) == [0.0, 1.0]


LOAD_A = np.array([0.0, -20.0, -35.5, 12.25, 0.0, -3.0])
HEADS = {
    "own": ("time_s,current_A", 1.0, 1.0, {}),
    "milliseconds": ("time_ms,current_A", 1e3, 1.0, {}),
    "milliampere": ("time_s,current_mA", 1.0, 1e3, {"positive": "charging"}),
    "a drive cycle": ("# Time [s],Current [A]", 1.0, -1.0, {"positive": "discharging"}),
    "minutes": ("Time (min),Current (A)", 1.0 / 60.0, 1.0, {"positive": "charging"}),
}


@pytest.mark.parametrize("case", HEADS, ids=str)
@pytest.mark.parametrize("decimal", [".", ","])
def test_a_load_is_the_same_in_any_table(tmp_path, case, decimal):
    head, of_time, of_load, options = HEADS[case]
    mark = ";" if decimal == "," else ","
    rows = [head.replace(",", mark)] + [
        mark.join(f"{value:.9f}".replace(".", decimal) for value in (t * of_time, a * of_load))
        for t, a in enumerate(LOAD_A)
    ]
    profile = read_profile(_csv(tmp_path, "\n".join(rows)), level="pack", **options)
    np.testing.assert_allclose(profile.time_s, np.arange(LOAD_A.size), atol=1e-6)
    np.testing.assert_allclose(profile.current_A, LOAD_A, atol=1e-6)
    assert profile.power_W is None


def test_a_column_map_says_time_of_steps_and_sign(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(
        'name = "own"\ncurrent_sign = "discharging"\n[columns]\n'
        'time_s = { column = "t", restarts = true }\ncurrent_A = { column = "i" }\n'
    )
    path = _csv(tmp_path, "t,i\n0,1\n1,1\n2,1\n1,2\n2,2\n3,2\n")
    profile = read_profile(path, level="pack", columns=str(own))
    assert list(profile.time_s) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert list(profile.current_A) == [-1.0, -1.0, -1.0, -2.0, -2.0, -2.0]


def test_words_give_a_load_its_sign(tmp_path):
    path = _csv(tmp_path, "time_s,current_A,Step Type\n0,2,CC Chg\n1,3,CC DChg\n2,0,Rest\n")
    assert list(read_profile(path, level="pack").current_A) == [2.0, -3.0, 0.0]


@pytest.mark.parametrize(
    ("head", "factor"), [("power_W", 1.0), ("Power / kW", 1e-3), ("P[W]", 1.0)]
)
def test_a_recorded_power_is_read(tmp_path, head, factor):
    rows = "".join(f"{t},{factor * p}\n" for t, p in enumerate((400.0, -1500.0, -1500.0)))
    profile = read_profile(
        _csv(tmp_path, f"time_s,{head}\n{rows}"), level="pack", positive="charging"
    )
    np.testing.assert_allclose(profile.power_W, [400.0, -1500.0, -1500.0])
    assert profile.current_A is None


@pytest.mark.parametrize(
    ("head", "factor"),
    [("speed_mps", 1.0), ("speed_kmh", 3.6), ("Speed (mph)", 1.0 / 0.44704), ("v[km/h]", 3.6)],
)
def test_a_speed_is_converted(tmp_path, head, factor):
    rows = "".join(f"{t};{factor * v}\n" for t, v in enumerate((0.0, 5.0, 10.0)))
    time_s, speed_mps = read_speed(_csv(tmp_path, f"time [s];{head}\n{rows}"))
    np.testing.assert_allclose(speed_mps, [0.0, 5.0, 10.0])
    np.testing.assert_allclose(time_s, [0.0, 1.0, 2.0])


BAD = {
    "no header": ("", ["is empty", "allowed is a header"]),
    "no rows": ("time_s,current_A\n", ["has a header and no rows"]),
    "one row": ("time_s,current_A\n1,2\n", ["got 1 rows", "two rows or more"]),
    "column missing": ("tine_s,current_A\n0,1\n1,1\n", ["'time_s' is missing", "'tine_s'"]),
    "no load": ("time_s,torque_Nm\n0,1\n1,1\n", ["'current_A' is missing", "power_W"]),
    "column twice": (
        "time_s,current_A,current_A\n0,1,1\n1,1,1\n",
        ["'current_A' appears twice"],
    ),
    "not a number": (
        "time_s,current_A\n0,1\n1,abc\n2,1\n",
        ["row 2, column 'current_A': got 'abc'"],
    ),
    "empty field": ("time_s,current_A\n0,1\n1,\n2,3\n", ["in 1 of 3 rows, first in row 2"]),
    "nan": ("time_s,current_A\n0,1\n1,nan\n2,nan\n3,1\n", ["in 2 of 4 rows, first in row 2"]),
    "infinite": ("time_s,current_A\n0,inf\n1,2\n", ["in 1 of 2 rows, first in row 1"]),
    "unsorted": (
        "time_s,current_A\n" + "".join(f"{t},1\n" for t in (0, 1, 2, 3, 9, 5, 6, 7)),
        ["runs backwards at one place, first from 9 s to 5 s after row 5", "split the file"],
    ),
    "steps": (
        "time_s,current_A\n0,1\n1,1\n2,1\n0,2\n1,2\n2,2\n",
        ["starts again", "total time", "restarts = true"],
    ),
    "gap": (
        "time_s,current_A\n" + "".join(f"{t},1\n" for t in (0, 1, 2, 3, 500)),
        ["row 5, time_s: a gap of 497 s", "allowed are 60 s"],
    ),
    "milliseconds": (
        "time_s,current_A\n" + "".join(f"{t},1\n" for t in range(0, 9000, 1000)),
        ["looks like milliseconds", "time_ms"],
    ),
    "milliseconds since 1970": (
        "time_s,current_A\n" + "".join(f"{t},1\n" for t in range(1711849500000, 1711849500090, 10)),
        ["looks like milliseconds", "time_ms"],
    ),
    "milliampere": ("time_s,current_A\n0,1\n1,6500\n", ["row 2", "got 6500", "looks like mA"]),
    "watts": ("time_s,power_W\n0,1\n1,65000\n", ["row 2, power_W: got 65000", "10000 W"]),
    "kelvin": (
        "time_s,current_A,temperature_degC\n0,1,298.15\n1,1,298.15\n",
        ["row 1, temperature_degC: got 298.15", "kelvin"],
    ),
    "a sign that nobody states": (
        "# Time [s],Current [A]\n0,1\n1,2\n",
        ["nothing says whether positive numbers of column 'Current [A]' charge", "positive ="],
    ),
    "a power without a unit": ("time,power\n0,1\n1,2\n", ["has no unit", "W or kW"]),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_files_say_where_and_what(tmp_path, case):
    text, words = BAD[case]
    path = _csv(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read_profile(path, level="cell")
    assert str(path) in caught.value.what
    for word in words:
        assert word in str(caught.value)


def test_capacity_finds_milliampere_that_a_pack_could_carry(tmp_path):
    path = _csv(tmp_path, "time_s,current_A\n0,10\n1,900\n")
    assert read_profile(path, level="cell").current_A[1] == 900.0
    with pytest.raises(ConfigurationError, match="900"):
        read_profile(path, level="cell", capacity_Ah=3.0)


def test_level_ending_and_damage_are_named(tmp_path):
    path = _csv(tmp_path, GOOD)
    with pytest.raises(ConfigurationError, match="level = 'pck'") as caught:
        read_profile(path, level="pck")
    assert "'pack'" in caught.value.hint
    with pytest.raises(ConfigurationError, match="there is no such file"):
        read_profile(tmp_path / "profile.xlsx", level="cell")
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(b"PAR1 no")
    with pytest.raises(ConfigurationError, match="cannot be read as Parquet"):
        read_profile(damaged, level="cell")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ConfigurationError, match="no table is found"):
        read_profile(binary, level="cell")


def test_parquet_of_text_is_refused(tmp_path):
    path = tmp_path / "text.parquet"
    parquet.write_table(pa.table({"time_s": [0.0, 1.0], "current_A": ["a", "b"]}), path)
    with pytest.raises(ConfigurationError, match="column 'current_A': got 'a'"):
        read_profile(path, level="cell")


def test_a_held_sample_stays_what_it_is():
    time_s, values = np.arange(5.0), np.array([1.0, -3.0, 0.1, 7.0, 2.0])
    np.testing.assert_allclose(resample(time_s, values, 1.0, 5), values, rtol=1e-15)
    np.testing.assert_allclose(resample(time_s, values, 0.5, 10), np.repeat(values, 2), rtol=1e-15)


@given(
    steps=st.lists(st.floats(0.05, 20.0), min_size=2, max_size=30),
    tick_s=st.floats(0.1, 60.0),
    data=st.data(),
)
def test_resampling_keeps_the_charge(steps, tick_s, data):
    time_s = np.concatenate(([0.0], np.cumsum(steps)))
    values = np.array(
        data.draw(st.lists(st.floats(-400, 400), min_size=time_s.size, max_size=time_s.size))
    )
    ticks = int(np.ceil(time_s[-1] / tick_s)) + 1
    charge_As = float(np.sum(resample(time_s, values, tick_s, ticks)) * tick_s)
    held_s = np.diff(np.append(time_s, ticks * tick_s))
    assert charge_As == pytest.approx(float(np.sum(values * held_s)), abs=1e-6)


def test_duration_counts_the_last_sample(tmp_path):
    profile = read_profile(_csv(tmp_path, GOOD), level="cell")
    assert ticks_of(profile, 1.0) == 3
    assert ticks_of(profile, 2.0) == 2
