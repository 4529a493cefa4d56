"""Column maps: the arithmetic, the shipped ones, and what a user may get wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import shipped_names
from voltward.real_cells.recordings.column_map import (
    ColumnEntry,
    load_column_map,
)

NUMBERS = st.floats(-1e4, 1e4)
SCALES = st.floats(1e-6, 1e6)
GOOD = """name = "own"
[columns]
time_s = { column = "t" }
voltage_V = { column = "u", scale = 0.001 }
current_A = { column = "i", sign = -1 }
temperature_degC = { column = "T", offset = -273.15 }
"""


@given(
    values=st.lists(NUMBERS, min_size=1, max_size=20),
    scale=SCALES,
    offset=NUMBERS,
    sign=st.sampled_from([-1, 1]),
)
def test_an_entry_brings_back_what_was_written(values, scale, offset, sign):
    entry = ColumnEntry(column="x", scale=scale, offset=offset, sign=sign)
    wanted = np.array(values)
    written = (wanted - offset) / (sign * scale)
    np.testing.assert_allclose(entry.apply(written), wanted, rtol=1e-9, atol=1e-7)


@given(
    number=NUMBERS,
    scale=SCALES,
    offset=NUMBERS,
    sign=st.sampled_from([-1, 1]),
    factor=st.one_of(st.floats(1e-3, 1e3), st.floats(-1e3, -1e-3)),
    shift=NUMBERS,
)
def test_a_repaired_entry_is_the_old_one_and_then_the_repair(
    number, scale, offset, sign, factor, shift
):
    entry = ColumnEntry(column="x", scale=scale, offset=offset, sign=sign)
    raw = np.array([number])
    wanted = entry.apply(raw) * factor + shift
    scale_of_sum = scale * abs(number * factor) + abs(offset * factor) + abs(shift) + 1.0
    assert entry.then(factor, shift).apply(raw) == pytest.approx(wanted, abs=1e-9 * scale_of_sum)


@pytest.mark.parametrize("name", shipped_names("columns"))
def test_shipped_maps_are_whole(name):
    found = load_column_map(name)
    assert found.name == name
    assert found.source
    assert found.voltages == ("voltage_V",)


def test_the_shared_records_keep_their_sign_and_become_si():
    entry = load_column_map("kollmeyer").columns["current_A"]
    np.testing.assert_allclose(entry.apply(np.array([-290_000.0])), [-2.9])


BAD = {
    "unknown name": (None, ["no column map 'kolmeyer'", "did you mean 'kollmeyer'"]),
    "unknown key": (GOOD.replace("sign", "sgn"), ["unknown key", "sgn", "did you mean 'sign'"]),
    "unknown quantity": (
        GOOD.replace("voltage_V", "volage_V"),
        ["unknown quantity 'columns.volage_V'", "did you mean 'voltage_V'"],
    ),
    "negative scale": (
        GOOD.replace("0.001", "-1"),
        ["columns.voltage_V: key 'scale'", "greater than 0"],
    ),
    "sign of two": (GOOD.replace("-1 }", "2 }"), ["columns.current_A: key 'sign'", "got 2"]),
    "no current": (
        GOOD.replace('current_A = { column = "i", sign = -1 }', ""),
        ["'columns.current_A' is missing", "add current_A"],
    ),
    "no voltage": (
        GOOD.replace('voltage_V = { column = "u", scale = 0.001 }', ""),
        ["'columns.voltage_V' is missing"],
    ),
    "a cell left out": (
        GOOD.replace("voltage_V", "voltage_1_V") + 'voltage_3_V = { column = "u3" }\n',
        ["'columns.voltage_2_V' is missing", "without a hole"],
    ),
    "cells and one": (
        GOOD + 'voltage_1_V = { column = "u1" }\n',
        ["both 'columns.voltage_V'", "pack_voltage_V"],
    ),
    "cut without a counter": (
        'cut = "lowest charge"\n' + GOOD,
        ["cut = 'lowest charge' needs", "columns.charge_Ah"],
    ),
    "unknown cut": ('cut = "lowest"\n' + GOOD, ["'cut'", "lowest charge"]),
    "column and names": (
        GOOD.replace('column = "t" }', 'column = "t", names = ["t"] }'),
        ["columns.time_s has both column and names"],
    ),
    "magnitude without a direction": (
        'current_sign = "magnitude"\n' + GOOD,
        ["current_sign = 'magnitude' needs the table 'direction'"],
    ),
    "no TOML": ("name = own", ["is not valid TOML"]),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_wrong_map_is_explained(bench, case):
    text, words = BAD[case]
    name = "kolmeyer" if text is None else str(bench.text(text, "own.toml"))
    with pytest.raises(ConfigurationError) as caught:
        load_column_map(name)
    for word in words:
        assert word in str(caught.value)


def test_the_text_of_an_entry_is_what_the_map_reads(bench):
    entry = ColumnEntry(column="i in mA", scale=0.001, sign=-1, offset=0.25)
    text = GOOD.replace('current_A = { column = "i", sign = -1 }', entry.text("current_A"))
    assert load_column_map(str(bench.text(text, "own.toml"))).columns["current_A"] == entry
