"""A calibration survives its file, and thresholds stand above the clean scores they are set on."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voltward.controls.catalogue import CONTROLS
from voltward.controls.cell_calibration import (
    Calibration,
    calibration_path,
    joined,
    load_calibration,
    parameters_of,
    with_calibration,
    write_calibration,
)
from voltward.core.errors import ConfigurationError
from voltward.detection.residual_bank import ARMS
from voltward.detection.residual_schedule import FEATURES, LOW_SOC
from voltward.documents.toml_document import find_document, shipped_names
from voltward.real_cells.threshold_fitting.residual_series import ResidualSeries
from voltward.real_cells.threshold_fitting.schedule_fit import MARGIN, fitted_schedule


def series(seed, warm_degC, size_V=0.004, count=4000):
    rng = np.random.default_rng(seed)
    features = np.zeros((count, len(FEATURES)))
    features[:, 0] = 1.0
    features[:, 2] = 1e6 * rng.uniform(0.0, 0.2, count) ** 2
    std_V = np.sqrt(size_V**2 + 0.05**2 * 1e-6 * features[:, 2])
    return ResidualSeries(
        std_V * rng.normal(size=count),
        features,
        np.full(count, warm_degC),
        np.linspace(1.0, 0.1, count),
        np.ones(count, bool),
    )


@pytest.fixture(scope="module")
def schedule():
    fit = [[series(1, -10.0, 0.012)], [series(2, 25.0)]]
    clean = [[series(3, -10.0, 0.012)], [series(4, 25.0)]]
    return fitted_schedule(fit, clean, "made for this test")


def test_the_regression_recovers_sizes_it_was_given(schedule):
    constant, slope = (np.array([row[i] for row in schedule.weight]) for i in (0, 2))
    np.testing.assert_allclose(constant, [144.0, 16.0], rtol=0.15)
    np.testing.assert_allclose(slope, 0.05**2, rtol=0.15)


def test_thresholds_stand_above_the_largest_clean_score_by_the_margin(schedule):
    # 1200 Gaussian samples below SoC 0.3 and 3100 above: the largest are near 3.2 and 3.6.
    for values in (schedule.threshold, schedule.low_soc_threshold):
        assert all(2.5 * MARGIN < value < 5.0 * MARGIN for value in values), values


def test_a_range_without_calibration_takes_the_largest_threshold():
    high_only = replace(series(4, 25.0), soc=np.full(4000, LOW_SOC + 0.1))
    found = fitted_schedule([[series(2, 25.0)]], [[high_only]], "")
    assert found.low_soc_threshold == (8.0,)
    two = fitted_schedule([[series(1, -10.0)], [series(2, 25.0)]], [[], [series(4, 25.0)]], "")
    assert two.threshold[0] == two.threshold[1]


def calibration(schedule):
    return Calibration(
        "cell", 22.0, 0, dict.fromkeys(ARMS, schedule), {"soc-drift": 0.5}, "made for this test"
    )


def test_a_calibration_survives_its_file(schedule, tmp_path):
    cell = tmp_path / "cell.toml"
    write_calibration(calibration_path(cell), calibration(schedule))
    read = load_calibration(cell)
    assert read.sensitivity == {"soc-drift": 0.5}
    for name in ARMS:
        np.testing.assert_allclose(read.schedules[name].weight, schedule.weight, rtol=1e-3)
        np.testing.assert_allclose(read.schedules[name].threshold, schedule.threshold, rtol=1e-3)
    assert read.onsets_per_hour_bound == pytest.approx(2.9957 / 22.0, rel=1e-3)


def test_sparse_recordings_have_schedules_of_their_own(schedule, tmp_path):
    other = replace(schedule, threshold=tuple(2.0 * value for value in schedule.threshold))
    slow = replace(calibration(schedule), schedules=dict.fromkeys(ARMS, other), sensitivity={})
    both = joined(calibration(schedule), slow)
    assert both.sensitivity == {"soc-drift": 0.5}
    cell = tmp_path / "cell.toml"
    write_calibration(calibration_path(cell), both)
    read = load_calibration(cell)
    np.testing.assert_allclose(read.sparse["residual-jump"].threshold, other.threshold, rtol=1e-3)
    control = (CONTROLS.load("residual-jump"),)
    steps = [
        inspect.getclosurevars(with_calibration(control, read, sparse=sparse)[0].watch.step)
        for sparse in (False, True)
    ]
    dense_, sparse_ = (step.nonlocals["schedule"].threshold for step in steps)
    np.testing.assert_allclose(sparse_, 2.0 * np.array(dense_), rtol=2e-3)


def test_a_cell_without_calibration_has_none(tmp_path):
    assert load_calibration(tmp_path / "cell.toml") is None


@pytest.mark.parametrize("damage", ["nonsense", 'cell = "a"', "[schedule", "threshold = [1.0"])
def test_a_damaged_file_is_refused(damage, schedule, tmp_path):
    cell = tmp_path / "cell.toml"
    path = calibration_path(cell)
    write_calibration(path, calibration(schedule))
    text = path.read_text(encoding="utf-8")
    cut = text.index(damage) if damage in text and damage != 'cell = "a"' else 0
    path.write_text(text[:cut] + damage if not cut else text[: cut + len(damage)], encoding="utf-8")
    with pytest.raises(ConfigurationError, match="calibration"):
        load_calibration(cell)


def test_sensitivities_and_schedules_reach_the_controls(schedule):
    controls = (CONTROLS.load("soc-drift"), CONTROLS.load("residual-jump"))
    made = calibration(schedule)
    columns = parameters_of(made, controls)
    assert columns[0, 0] == 0.5
    assert columns[1, 0] == 1.0
    ready = with_calibration(controls, made)
    assert ready[0] is controls[0]
    assert ready[1].watch.step is not controls[1].watch.step
    assert with_calibration(controls, None) == controls


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(source=TEXT, name=TEXT, keys=st.lists(TEXT, max_size=3, unique=True), empty=st.booleans())
@example(source='drives of "lab 2"', name="C:\\cells\\a", keys=["\n", "a.b"], empty=True)
def test_any_text_survives_the_file(schedule, tmp_path_factory, source, name, keys, empty):
    schedules = {} if empty else dict.fromkeys(keys, schedule)
    written = Calibration(
        name, 0.004, 3, schedules, dict.fromkeys(keys, 0.5), source, sparse=schedules
    )
    cell = tmp_path_factory.mktemp("cell") / "cell.toml"
    write_calibration(calibration_path(cell), written)
    read = load_calibration(cell)
    assert (read.cell, read.source, read.hours, read.onsets) == (name, source, 0.004, 3)
    assert read.sensitivity == written.sensitivity
    assert (list(read.schedules), list(read.sparse)) == (list(schedules), list(schedules))
    assert all(found.source == source for found in read.schedules.values())


def test_numbers_have_four_significant_digits(schedule, tmp_path):
    cell = tmp_path / "cell.toml"
    write_calibration(calibration_path(cell), calibration(schedule))
    read = load_calibration(cell).schedules["residual-jump"]
    for name in ("temperature_degC", "threshold", "low_soc_threshold"):
        assert getattr(read, name) == tuple(float(f"{v:.4g}") for v in getattr(schedule, name))
    assert read.weight == tuple(tuple(float(f"{v:.4g}") for v in row) for row in schedule.weight)


def test_a_weight_that_is_missing_is_refused(schedule, tmp_path):
    cell = tmp_path / "cell.toml"
    path = calibration_path(cell)
    write_calibration(path, calibration(schedule))
    path.write_text(path.read_text(encoding="utf-8").replace("swing", "wing"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="residual-jump is not usable"):
        load_calibration(cell)


def test_shipped_calibrations_belong_to_shipped_cells():
    names = shipped_names("cells")
    assert not [name for name in names if "." in name]
    for name in ("lg-18650hg2", "panasonic-18650pf"):
        found = load_calibration(find_document("cells", name, "cell"))
        assert found is not None
        assert found.cell == name
        assert found.onsets == 0
        assert found.in_sample_words.startswith("in-sample")
