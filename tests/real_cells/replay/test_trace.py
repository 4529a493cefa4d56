"""Traces and pictures of a replayed profile."""

import numpy as np
import pytest
from pyarrow import csv, parquet

from voltward.core.errors import ConfigurationError
from voltward.interfaces.report.figure_replay import write_replay_picture
from voltward.real_cells.replay.injected_rows import parse_injection
from voltward.real_cells.replay.profile import replay_profile
from voltward.real_cells.replay.trace import trace_columns, write_trace


@pytest.fixture(scope="module")
def profile(session, string):
    return replay_profile(session, string, [parse_injection("voltage=bias:0.05,cells=2@300")])


@pytest.fixture(scope="module")
def columns(profile):
    return trace_columns(profile.replay, profile.run, profile.true_soc)


def test_reported_is_expected_plus_innovation(columns):
    total_V = columns["predicted_voltage_2_V"] + columns["innovation_2_V"]
    assert np.allclose(total_V, columns["voltage_2_V"], atol=1e-12)
    lie_V = columns["voltage_2_V"] - columns["recorded_voltage_2_V"]
    assert np.allclose(lie_V, np.where(columns["time_s"] < 300.0, 0.0, 0.05), atol=1e-12)
    assert np.array_equal(columns["voltage_1_V"], columns["recorded_voltage_1_V"])


def test_the_scores_tell_the_alarms(profile, columns):
    detector = profile.score.alarms[0].detector
    above = columns[f"score_{detector.replace('-', '_')}"] > 1.0
    first = min(a.time_s for a in profile.score.alarms if a.detector == detector)
    assert columns["time_s"][np.argmax(above)] == first


@pytest.mark.parametrize(
    ("ending", "read"), [("parquet", parquet.read_table), ("csv", csv.read_csv)]
)
def test_a_trace_is_read_back(tmp_path, columns, ending, read):
    path = tmp_path / f"trace.{ending}"
    write_trace(path, columns)
    table = read(path)
    assert table.column_names == list(columns)
    assert np.allclose(table.column("soc_3").to_numpy(), columns["soc_3"], rtol=1e-12)
    assert list(tmp_path.iterdir()) == [path]


def test_another_ending_is_refused(tmp_path, columns):
    with pytest.raises(ConfigurationError, match=r"ends in \.parquet or \.csv"):
        write_trace(tmp_path / "trace.txt", columns)
    assert not list(tmp_path.iterdir())


def test_a_picture_is_the_same_every_time(tmp_path, profile):
    for name in ("one.png", "two.png"):
        write_replay_picture(tmp_path / name, profile)
    assert (tmp_path / "one.png").read_bytes()[1:4] == b"PNG"
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
