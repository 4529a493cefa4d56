"""A composed string: equal cells give back the record, and differing ones differ as drawn."""

from dataclasses import replace

import numpy as np
import pytest

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import find_document, shipped_names
from voltward.physical.cell_file import load_cell
from voltward.real_cells.composed_strings.circuit_run import _Circuit, _program, circuit_run
from voltward.real_cells.composed_strings.spread import draw_cells, load_spread, nominal_cells
from voltward.real_cells.composed_strings.string import compose, deviation_of
from voltward.real_cells.recordings.recording import Recording

SECONDS, START = 1500, 0.8


@pytest.fixture(scope="module")
def cell():
    return load_cell(find_document("cells", "reference-nmc", "cell"))


@pytest.fixture(scope="module")
def record(cell):
    draw = np.random.default_rng(3)
    current_A = cell.capacity_Ah * np.repeat(draw.uniform(-1.5, 0.5, SECONDS // 30), 30)
    temperature_degC = np.linspace(25.0, 28.0, SECONDS)
    voltage_V, soc = circuit_run(cell, current_A, temperature_degC, np.array([START]))
    # An error that the model does not know.
    error_V = 0.02 * np.sin(np.arange(SECONDS) / 90.0)[:, None]
    return Recording(
        name="drive",
        time_s=np.arange(float(SECONDS)),
        voltage_V=voltage_V + error_V,
        current_A=current_A,
        temperature_degC=temperature_degC,
        soc=soc[:, 0],
    )


def noiseless(spread):
    return type(spread)(**{**vars(spread), "noise_V": 0.0})


def composed(record, cell, draws, spread, seed=1):
    return compose(record, cell, START, draws, spread, np.random.default_rng(seed))


def test_a_cell_that_does_not_differ_has_the_records_voltage(record, cell):
    made = composed(record, cell, nominal_cells(5), noiseless(load_spread()))
    assert made.cells == 5
    np.testing.assert_allclose(made.voltage_V, np.tile(record.voltage_V, (1, 5)), atol=1e-12)


def test_charge_is_counted_against_each_cells_own_capacity(cell):
    hour_A = np.full(1800, -0.5 * cell.capacity_Ah)
    scale = np.array([1.0, 1.1])
    _, soc = circuit_run(cell, hour_A, np.full(1800, 25.0), np.full(2, 0.9), 1.0, scale)
    np.testing.assert_allclose(soc[-1], 0.9 - 0.25 / scale, atol=1e-9)


def test_a_cell_with_more_resistance_sags_more(cell):
    current_A = np.full(300, -cell.capacity_Ah)
    voltage_V, _ = circuit_run(
        cell, current_A, np.full(300, 25.0), np.full(2, 0.7), np.array([1.0, 1.1])
    )
    ocv_V = float(cell.ocv(np.array(0.7))[0])
    sag_V = ocv_V - voltage_V[0]
    np.testing.assert_allclose(sag_V[1] / sag_V[0], 1.1, rtol=0.02)


def test_programs_belong_to_the_numbers_of_a_cell_and_not_to_its_place_in_memory(cell):
    again = load_cell(find_document("cells", "reference-nmc", "cell"))
    programs = [_program(_Circuit.of(one)) for one in (cell, again)]
    assert programs[0] is programs[1]
    # Each changed cell may get the address of the one before, which is gone by then.
    current_A = np.full(10, -cell.capacity_Ah)
    for scale in (1.0, 1.5, 2.0):
        other = replace(cell, series_ohm=scale * cell.series_ohm)
        voltage_V, _ = circuit_run(other, current_A, np.full(10, 25.0), np.array([0.7]))
        wanted_V, _ = circuit_run(
            replace(cell, series_ohm=scale * cell.series_ohm, name="the same by another name"),
            current_A,
            np.full(10, 25.0),
            np.array([0.7]),
        )
        np.testing.assert_array_equal(voltage_V, wanted_V)
        del other
    assert _program.cache_info().currsize <= _program.cache_info().maxsize


def test_the_seed_alone_decides(record, cell):
    spread = load_spread()
    first, again, other = (
        composed(record, cell, draw_cells(spread, np.random.default_rng(seed)), spread, seed)
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first.voltage_V, again.voltage_V)
    assert not np.array_equal(first.voltage_V, other.voltage_V)
    assert first.name == "drive-string"
    assert "measured on none" in first.notes[-1]


def test_draws_have_the_stated_deviation():
    spread = type(load_spread())(**{**vars(load_spread()), "cells": 20000})
    draws = draw_cells(spread, np.random.default_rng(7))
    assert np.std(draws.capacity_scale) == pytest.approx(spread.capacity_share, rel=0.03)
    assert np.std(draws.resistance_scale) == pytest.approx(spread.resistance_share, rel=0.03)
    assert np.std(draws.offset_V) == pytest.approx(spread.offset_V, rel=0.03)


def test_deviation_is_held_against_real_cells():
    spread = load_spread()
    apart = deviation_of(np.tile([3.7, 3.701, 3.699, 3.7], (50, 1)), spread)
    assert apart.largest_mV == pytest.approx(1.0)
    assert not deviation_of(np.tile([3.6, 3.7, 3.8], (50, 1)) * 1.0, spread).typical
    assert "seen on real cells" in str(apart)


def test_holes_stay_holes(record, cell):
    spread = load_spread()
    voltage_V = record.voltage_V.copy()
    voltage_V[100:120] = np.nan
    holed = type(record)(**{**vars(record), "voltage_V": voltage_V})
    made = composed(holed, cell, nominal_cells(3), spread)
    assert np.all(np.isnan(made.voltage_V[100:120]))
    assert np.all(np.isfinite(made.voltage_V[120:]))


def test_a_string_is_not_composed_from_a_string(record, cell):
    spread = load_spread()
    made = composed(record, cell, nominal_cells(3), spread)
    with pytest.raises(ConfigurationError, match="record of one cell"):
        composed(made, cell, nominal_cells(3), spread)


@pytest.mark.parametrize("name", shipped_names("composed"))
def test_shipped_spreads_say_where_they_come_from(name):
    spread = load_spread(name)
    assert spread.name == name
    assert "DMEGC" in spread.source
    assert (spread.seen_low_mV, spread.seen_high_mV) == (0.2, 2.5)


def test_a_string_of_one_cell_is_refused(tmp_path):
    text = find_document("composed", "series-string", "spread").read_text(encoding="utf-8")
    path = tmp_path / "one.toml"
    path.write_text(text.replace("cells = 12", "cells = 1"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="two cells"):
        load_spread(str(path))
