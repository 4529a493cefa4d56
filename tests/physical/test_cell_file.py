"""What is refused in a cell file, and how it is said."""

import tomllib

import numpy as np
import pytest

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import find_document
from voltward.physical.cell_file import cell_of, load_cell


@pytest.fixture
def document():
    path = find_document("cells", "reference-nmc", "cell")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def refused(document):
    with pytest.raises(ConfigurationError) as caught:
        cell_of(document, "mine.toml")
    assert caught.value.what.startswith("mine.toml: ")
    return str(caught.value)


@pytest.mark.parametrize("key", ["name", "capacity_Ah", "ocv_V", "series_ohm", "source", "fast_s"])
def test_a_missing_key_is_named(document, key):
    del document[key]
    assert f"'{key}' is missing" in refused(document)


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("ocv_V", [3.0, 3.5, 3.4], "does not rise"),
        ("ocv_V", [3.5], "at least two"),
        ("series_ohm", "0.01", "at least two"),
        ("series_ohm", [0.01, float("nan")], "finite"),
        ("slow_ohm", [0.01, 0.0], "above 0"),
        ("fast_s", -1.0, "above 0"),
        ("capacity_Ah", -1.0, "above 0"),
        ("capacity_Ah", 0.0, "above 0"),
        ("tables_capacity_Ah", 0.0, "above 0"),
        ("capacity_Ah", float("nan"), "finite"),
        ("time_slopes_K", [100.0, 200.0], "three"),
        ("time_slopes_K", [], "three"),
        ("time_slopes_K", 100.0, "three"),
        ("fast_s", "soon", "soon"),
        ("model_error", {"temperature_degC": [0.0, 25.0], "voltage_V": [0.01]}, "model_error"),
        ("model_error", {"temperature_degC": [25.0, 0.0], "voltage_V": [0.01, 0.02]}, "rising"),
    ],
)
def test_a_value_that_cannot_be_is_explained(document, key, value, word):
    document[key] = value
    assert word in refused(document)


def test_tables_of_any_length_stand_on_the_knots_of_the_open_circuit_voltage(document):
    document["series_ohm"] = [0.01, 0.02]
    cell = cell_of(document, "mine.toml")
    assert cell.series_ohm.size == cell.ocv_V.size
    scale = document["capacity_Ah"] / document["tables_capacity_Ah"]
    assert cell.series_ohm * scale == pytest.approx(np.linspace(0.01, 0.02, cell.ocv_V.size))


def test_a_file_that_is_absent_or_not_toml_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no such file"):
        load_cell(tmp_path / "absent.toml")
    (tmp_path / "bad.toml").write_text("name =", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is not valid TOML"):
        load_cell(tmp_path / "bad.toml")
