"""What the figures are computed from, without measuring anything."""

import pytest
from benchmarks.campaign_figures import Samples
from benchmarks.machine import Taken, summary
from benchmarks.speed import PEER_NAME, SCHEMA_VERSION, table


def test_summary_takes_the_median_of_processor_time():
    taken = [Taken(4.0, 1.0), Taken(2.0, 2.0), Taken(5.0, 4.0)]
    found = summary(100, taken)
    assert found["cell_steps_per_s"] == 50.0
    assert (found["lowest"], found["highest"]) == (25.0, 100.0)
    assert found["spread_pct"] == pytest.approx(150.0)
    assert found["wall_over_cpu"] == 1.25


def test_samples_rate_the_second_half_and_its_growth():
    clock = iter([0.0, 10.0, 20.0, 25.0, 30.0])
    samples = Samples(lambda: next(clock))
    for done in range(5):
        samples("campaign", done, 4)
    assert samples.steady_share_per_s() == pytest.approx(0.05)
    for row, size in zip(samples.rows, (10.0, 50.0, 40.0, 45.0, 53.0), strict=True):
        row["resident_MiB"] = size
    assert samples.growth_MiB() == pytest.approx(3.0)


def test_table_prints_the_ratio_and_the_work():
    rows = [
        {"name": "bare loop", "work": "little", "times_peer": 80.0, **summary(10, [Taken(1, 1)])},
        {"name": PEER_NAME, "work": "other", "times_peer": None, **summary(10, [Taken(1, 1)])},
    ]
    machine = {"load_average": [0.0, 0.0, 0.0], "processor": "one", "processors": 2}
    document = {
        "schema_version": SCHEMA_VERSION,
        "contestants": rows,
        "machine": machine,
        "unit": "u",
        "rounds": 1,
    }
    text = table(document)
    assert "80" in text
    assert "little" in text
    assert "load 0.0, 0.0, 0.0" in text
