"""The whole example as a user runs it: what each defence does on a real uplink."""

import csv
import json
from pathlib import Path

import pytest

from voltward.core.files import sha256_of
from voltward.ranges.live.supervision.report import LiveReport
from voltward.ranges.live.supervision.run import run_live

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def folder(real_run):
    return real_run.folder


@pytest.fixture(scope="module")
def report(folder):
    return LiveReport.model_validate_json((folder / "live.json").read_text())


@pytest.fixture(scope="module")
def cases(report):
    return {case.case: case for case in report.cases}


@pytest.fixture(scope="module")
def backlog(folder):
    """Backlog by case, a number for each tick."""
    found: dict[str, list[int]] = {}
    with (folder / "ticks.csv").open() as file:
        for row in csv.DictReader(file):
            found.setdefault(row["case"], []).append(int(row["backlog"]))
    return found


def test_without_an_attack_every_record_arrives_unchanged_and_in_order(cases):
    figures = cases["no-attack"].figures
    assert figures.received == figures.made - 1  # the last is still on its way
    assert figures.forged_received == figures.lost == figures.duplicates == 0
    assert figures.foreign_payloads == figures.malformed_frames == 0
    assert figures.in_order
    assert figures.commands_received == 2  # a plan each minute
    assert cases["no-attack"].verdict == "no attack"


@pytest.mark.parametrize("name", ["no-tls", "tls-unverified"])
def test_the_man_in_the_middle_rewrites_where_nobody_checks_him(cases, name):
    case = cases[name]
    assert case.goal_reached
    assert case.verdict == "reached"
    assert case.figures.forged_received == case.man_in_the_middle.rewritten == 20
    assert case.man_in_the_middle.rewritten_back > 0
    assert case.man_in_the_middle.refused_handshakes == 0
    clean = cases["no-attack"].outcome
    assert case.outcome["twin_soc_error_pct"] > 2.0 * clean["twin_soc_error_pct"]


def test_he_holds_both_ends_of_the_unverified_tls(cases):
    case = cases["tls-unverified"]
    assert case.man_in_the_middle.client_tls == case.man_in_the_middle.broker_tls == "TLSv1.3"


def test_verification_leaves_him_dropping_and_delaying(cases, backlog):
    case, ticks = cases["tls-verified"], backlog["tls-verified"]
    assert not case.goal_reached
    assert case.man_in_the_middle.rewritten == 0
    assert case.verdict == "stopped"
    assert case.man_in_the_middle.refused_handshakes == 20
    assert case.man_in_the_middle.held_bytes_peak > 0
    assert "CERTIFICATE_VERIFY_FAILED" in case.refusal
    # Store-and-forward: it grows in each attack, is drained before the next, and nothing is lost.
    for first, last in ((50, 69), (92, 97), (106, 111)):
        assert ticks[first - 1] == 1
        assert ticks[first : last + 1] == list(range(2, last - first + 3))
    assert ticks[-1] == 1
    assert case.figures.lost == case.figures.duplicates == 0
    assert case.figures.in_order
    assert case.figures.received == case.figures.made - 1


def test_a_rogue_publishes_where_the_broker_asks_for_no_certificate(cases):
    case = cases["rogue-without-client-certificates"]
    assert case.goal_reached
    assert case.figures.forged_received == case.rogue.granted == 30
    # Honest records keep coming beside his; a clean run stays at about 0.1.
    assert case.outcome["twin_soc_error_pct"] > 3.0
    assert case.alarm_tick == 11


def test_a_rogue_without_our_certificate_gets_no_session(cases):
    case = cases["rogue-with-client-certificates"]
    assert not case.goal_reached
    assert (case.rogue.refused, case.rogue.published) == (60, 0)
    assert case.broker_refusals["certificate verify failed"] > 0


def test_a_rogue_with_another_vehicles_certificate_is_denied_the_topic(cases):
    case = cases["rogue-with-other-certificate"]
    assert not case.goal_reached
    assert (case.rogue.published, case.rogue.denied, case.rogue.granted) == (30, 30, 0)
    assert case.broker_refusals == {"publish denied to rogue-publisher": 30}


def test_a_node_on_the_bus_forges_below_all_tls(cases):
    assert cases["bus-fabrication"].figures.forged_received == 60


def test_every_process_is_listed_and_none_is_left(report):
    roles = [process.role for process in report.processes]
    assert sorted(set(roles)) == [
        "broker",
        "bus_attacker",
        "cloud",
        "ecu",
        "gateway",
        "hub",
        "man_in_the_middle",
        "rogue",
    ]
    assert roles.count("broker") == len(report.cases) + 1  # one more to probe its queue
    assert len({process.pid for process in report.processes}) == len(roles)
    assert {process.exit_code for process in report.processes} == {0}
    assert report.left_running == ()
    for process in report.processes:
        assert not Path(f"/proc/{process.pid}").exists()
        assert bool(process.ports) == (process.role in {"broker", "man_in_the_middle"})


def test_tls_versions_are_those_of_the_sockets(report):
    gateway = next(process for process in report.processes if process.role == "gateway")
    assert gateway.tls.pop("no-tls") == ""
    assert set(gateway.tls.values()) == {"TLSv1.3"}


def test_the_broker_keeps_every_message(report):
    assert report.broker.queue.sent == report.broker.queue.received > 1000


def test_files_have_the_digests_that_are_listed(folder, report):
    assert "ticks.csv" in report.files
    for name, digest in report.files.items():
        assert sha256_of(folder / name) == digest
    assert json.loads((folder / "live.json").read_text())["schema_version"] == 1


def test_the_same_run_gives_the_same_files(folder, example, tmp_path):
    name = "tls-verified"
    one = example.model_copy(update={"case": [c for c in example.case if c.name == name]})
    run_live(one, tmp_path)
    for file in ("ticks.csv", "physics.csv"):
        head, *rows = (folder / file).read_text().splitlines()
        expected = [head, *(row for row in rows if row.split(",")[0] == name)]
        assert (tmp_path / file).read_text().splitlines() == expected
