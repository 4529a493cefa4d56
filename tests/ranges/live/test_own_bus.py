"""The live range on a DBC of the user's own, attacked on the bus."""

from pathlib import Path

import pytest

from voltward.ranges.live.case.load import load_settings, topics_of
from voltward.ranges.live.supervision.run import run_live

EXAMPLE = Path(__file__).parents[3] / "examples" / "own-bus" / "live.toml"


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    report = run_live(load_settings(EXAMPLE), tmp_path_factory.mktemp("own-bus")).report
    assert report.left_running == ()
    return {case.case: case.figures for case in report.cases}


def test_records_pass_the_users_bus_whole_and_in_order(cases):
    figures = cases["no-attack"]
    assert (figures.made, figures.received, figures.lost) == (40, 39, 0)
    assert figures.in_order
    assert figures.forged_received == figures.malformed_frames == 0
    assert figures.commands_received > 0


def test_the_node_on_the_bus_forges_frames_of_the_users_dbc(cases):
    figures = cases["bus-fabrication"]
    # Acts in ticks 10 to 29; each forged set replaces the honest one.
    assert figures.forged_received == 20
    assert figures.lost == 0


def test_topics_are_those_of_the_system_unless_the_live_file_has_its_own(tmp_path):
    system = tmp_path / "system.toml"
    system.write_text('[topics]\ntelemetry = "own/{vehicle}/up"\n', encoding="utf-8")
    text = 'system = "system.toml"\n[[case]]\nname = "a"\n'
    live = tmp_path / "live.toml"
    live.write_text(text, encoding="utf-8")
    assert topics_of(load_settings(live)).telemetry == "own/{vehicle}/up"
    live.write_text(text + '[topics]\ntelemetry = "other/{vehicle}/up"\n', encoding="utf-8")
    assert topics_of(load_settings(live)).telemetry == "other/{vehicle}/up"
