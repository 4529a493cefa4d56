"""A recorded profile: what is accepted, what is kept, and what each refusal says."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from voltward.core.errors import ConfigurationError
from voltward.ranges.configuration.duty_recording import read_profile, resample, ticks_of

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


BAD = {
    "no header": ("", ["is empty", "allowed is a header"]),
    "no rows": ("time_s,current_A\n", ["got 0 rows", "two rows or more"]),
    "column missing": ("time,current_A\n0,1\n1,1\n", ["'time_s' is missing", "rename 'time'"]),
    "milliampere column": (
        "time_s,current_mA\n0,1\n1,1\n",
        ["'current_A' is missing", "divide 'current_mA' by 1000"],
    ),
    "column twice": (
        "time_s,current_A,current_A\n0,1,1\n1,1,1\n",
        ["'current_A' appears twice"],
    ),
    "not a number": ("time_s,current_A\n0,1\n1,abc\n", ["row 2, current_A: got 'abc'"]),
    "decimal comma": ('time_s,current_A\n0,1\n1,"1,5"\n', ["row 2", "got '1,5'", "decimal commas"]),
    "empty field": ("time_s,current_A\n0,1\n1,\n", ["row 2, current_A: got ''"]),
    "short row": ("time_s,current_A\n0,1\n1\n", ["row 2 has 1 fields", "header has 2"]),
    "nan": ("time_s,current_A\n0,1\n1,nan\n2,nan\n", ["row 2, current_A: got nan", "1 more"]),
    "infinite": ("time_s,current_A\n0,inf\n1,2\n", ["row 1, current_A: got inf", "finite"]),
    "unsorted": ("time_s,current_A\n0,1\n2,1\n1,1\n", ["row 3, time_s: got 1 after 2", "sort"]),
    "duplicate": ("time_s,current_A\n0,1\n1,1\n1,2\n", ["row 3", "got 1 after 1", "twice"]),
    "gap": (
        "time_s,current_A\n" + "".join(f"{t},1\n" for t in (0, 1, 2, 3, 500)),
        ["row 5, time_s: a gap of 497 s", "allowed are 60 s"],
    ),
    "milliampere": ("time_s,current_A\n0,1\n1,6500\n", ["row 2", "got 6500", "looks like mA"]),
    "kelvin": (
        "time_s,current_A,temperature_degC\n0,1,298.15\n1,1,298.15\n",
        ["row 1, temperature_degC: got 298.15", "kelvin"],
    ),
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
    with pytest.raises(ConfigurationError, match=r"\.csv or \.parquet"):
        read_profile(tmp_path / "profile.xlsx", level="cell")
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(b"PAR1 no")
    with pytest.raises(ConfigurationError, match="cannot be read as Parquet"):
        read_profile(damaged, level="cell")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ConfigurationError, match="cannot be read as CSV"):
        read_profile(binary, level="cell")


def test_parquet_of_text_is_refused(tmp_path):
    path = tmp_path / "text.parquet"
    parquet.write_table(pa.table({"time_s": [0.0, 1.0], "current_A": ["a", "b"]}), path)
    with pytest.raises(ConfigurationError, match="column 'current_A' holds string"):
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
