"""A campaign end to end: the same bytes twice, resumed, and with other batches and workers."""

from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from voltward.attacks.catalogue import ATTACKS
from voltward.attacks.sensor_readings import VOLTAGE_BIAS
from voltward.core.errors import ConfigurationError
from voltward.interfaces.report import write_report
from voltward.ranges.campaign.campaign import run_campaign
from voltward.ranges.configuration.campaign_file import load_campaign
from voltward.results.run_folder import RunFolder

FILES = ("matrix.csv", "cases.csv", "events.jsonl", "cases.parquet")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("profile")
    profile = folder / "profile.csv"
    rows = [f"{second},{40.0 if second > 150 else -40.0}" for second in range(301)]
    profile.write_text("\n".join(["time_s,current_A", *rows]) + "\n")
    return load_campaign(
        None,
        {
            "attacks": [{"id": "voltage-bias", "start_s": 60.0}],
            "stacks": ["none", "no-cloud", "full"],
            "seeds": 2,
            "duty": str(profile),
            "duty_level": "pack",
            "workers": 1,
            # The program of tests/ranges/virtual: compiled once for all.
            "chunk": 4,
            "keep": "worst",
        },
    )


def _quiet(label, done, total):
    del label, done, total


@pytest.fixture(scope="module")
def whole(settings, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "run"
    run_campaign(settings, out, _quiet)
    write_report(out)
    return out


def _same(one, two, names=FILES):
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_the_same_seed_gives_the_same_bytes(settings, whole, tmp_path):
    run_campaign(settings, tmp_path / "again", _quiet)
    write_report(tmp_path / "again")
    _same(whole, tmp_path / "again", (*FILES, "report.html"))


def test_neither_batches_nor_workers_matter(settings, whole, tmp_path):
    other = replace(settings, chunk=3, workers=2)
    run_campaign(other, tmp_path / "other", _quiet)
    _same(whole, tmp_path / "other")


def test_an_interrupted_run_goes_on_where_it_stopped(settings, whole, tmp_path):
    out = tmp_path / "resumed"

    def stop(label, done, total):
        if label == "campaign" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_campaign(settings, out, stop)
    assert not (out / "run.json").exists()
    seen = []
    # The one batch that is left runs in this process.
    run_campaign(settings, out, lambda label, done, total: seen.append(done), resume=True)
    assert seen[0] == 2
    _same(whole, out)
    assert (
        RunFolder.open(out).traced_cases()
        == RunFolder.open(whole, with_report=False).traced_cases()
    )


def test_parts_of_another_configuration_are_not_mixed_in(settings, tmp_path):
    out = tmp_path / "mixed"

    def stop(label, done, total):
        if label == "campaign" and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_campaign(settings, out, stop)
    with pytest.raises(ConfigurationError, match="another configuration"):
        run_campaign(replace(settings, seed=99), out, _quiet, resume=True)


def test_what_the_cloud_gains_stands_beside_what_it_risks(whole):
    clean = {row["stack"]: row for row in RunFolder.open(whole).matrix()
             if row["attack"] == "no-attack"}  # fmt: skip
    assert clean["no-cloud"]["cloud_blind_s"] == 0.0
    assert clean["no-cloud"]["twin_soc_error_pct"] == 0.0
    assert clean["none"]["twin_soc_error_pct"] > 0.0


def test_a_third_party_joins_by_entry_point(monkeypatch):
    where = "voltward.attacks.sensor_readings:VOLTAGE_BIAS"
    point = EntryPoint("their-attack", where, "voltward.attacks")
    monkeypatch.setattr("voltward.core.catalogue.entry_points", lambda group: [point])
    assert "their-attack" in ATTACKS.names()
    assert ATTACKS.load("their-attack") is VOLTAGE_BIAS
