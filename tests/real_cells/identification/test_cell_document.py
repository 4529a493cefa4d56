"""A parameter file gives back the cell that it was written from."""

import tomllib
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from voltward.documents.toml_document import find_document
from voltward.physical.cell_file import load_cell
from voltward.real_cells.identification.cell_document import cell_document, write_cell
from voltward.real_cells.identification.fit_record import batch
from voltward.real_cells.identification.solve import simulate

TOLERANCE_V = 1e-4


def voltages(cell, records):
    arrays, weight = batch(records)
    given = {name: jnp.asarray(values) for name, values in arrays.items()}
    return np.asarray(simulate(cell, given))[weight > 0.0]


def test_a_fitted_cell_comes_back_within_a_tenth_of_a_millivolt(found, tmp_path):
    path = tmp_path / "sub" / "cell.toml"
    write_cell(path, found.cell)
    records = [fit.record for fit in found.fits]
    again, before = voltages(load_cell(path), records), voltages(found.cell, records)
    assert np.max(np.abs(again - before)) < TOLERANCE_V
    assert [inside.name for inside in path.parent.iterdir()] == ["cell.toml"]


def test_every_field_comes_back(found, tmp_path):
    cell = replace(found.cell, name='a "name"\\', chemistry="NMC\nµ\x7f")
    write_cell(tmp_path / "cell.toml", cell)
    again = load_cell(tmp_path / "cell.toml")
    for name in fields_of(cell):
        got, expected = getattr(again, name), getattr(cell, name)
        if name.endswith("_law"):
            assert np.asarray(got.a_K) == pytest.approx(np.asarray(expected.a_K), rel=1e-5)
            assert got.b_K2 == pytest.approx(expected.b_K2, rel=1e-5)
        elif isinstance(expected, str | bool):
            assert got == expected
        else:
            assert np.asarray(got) == pytest.approx(np.asarray(expected), rel=1e-5, abs=1e-5)


def fields_of(cell):
    return tuple(vars(cell))


@pytest.mark.parametrize("name", ["reference-nmc", "reference-lfp"])
def test_a_cell_of_two_branches_comes_back(name, tmp_path):
    cell = load_cell(find_document("cells", name, "cell"))
    write_cell(tmp_path / "cell.toml", cell)
    again = load_cell(tmp_path / "cell.toml")
    assert again.diffusion_ohm is None
    assert again.ocv_V == pytest.approx(cell.ocv_V, abs=1e-5)
    assert again.slow_ohm == pytest.approx(cell.slow_ohm, rel=1e-5)


def test_tables_are_no_longer_than_they_need_be(found):
    assert len(tomllib.loads(cell_document(found.cell))["series_ohm"]) == 11


def test_what_is_assumed_is_said_above_the_number(found):
    text = cell_document(
        found.cell, head=["one\ntwo"], remarks={"surface_m2": "Assumption: a cylinder."}
    )
    assert text.startswith("# one\n# two\n")
    assert "# Assumption: a cylinder.\nsurface_m2 = " in text
