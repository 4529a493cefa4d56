"""The whole example with parts of plain arithmetic: what each defence does on a real uplink."""

import csv
import json
from pathlib import Path

import pytest

from voltward.core.files import sha256_of
from voltward.experiments.live.part import PartNames
from voltward.experiments.live.report import LiveReport
from voltward.experiments.live.run import run_live

pytestmark = pytest.mark.live
MODULE = "arithmetic_parts"
PARTS = PartNames(f"{MODULE}:Vehicle", f"{MODULE}:Gateway", f"{MODULE}:Cloud")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, example):
    out = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=":")
        run_live(example, out, PARTS)
    return out


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
    assert figures.in_order
    assert figures.commands_received == 18


@pytest.mark.parametrize("name", ["no-tls", "tls-unverified"])
def test_the_man_in_the_middle_rewrites_where_nobody_checks_him(cases, name):
    case = cases[name]
    assert case.goal_reached
    assert case.figures.forged_received == case.man_in_the_middle.rewritten == 10
    assert case.man_in_the_middle.refused_handshakes == 0


def test_he_holds_both_ends_of_the_unverified_tls(cases):
    case = cases["tls-unverified"]
    assert case.man_in_the_middle.client_tls == case.man_in_the_middle.broker_tls == "TLSv1.3"


def test_verification_leaves_him_dropping_and_delaying(cases, backlog):
    case, ticks = cases["tls-verified"], backlog["tls-verified"]
    assert not case.goal_reached
    assert case.man_in_the_middle.rewritten == 0
    assert case.man_in_the_middle.refused_handshakes == 10
    assert case.man_in_the_middle.held_bytes_peak > 0
    assert "CERTIFICATE_VERIFY_FAILED" in case.refusal
    # Store-and-forward: it grows in each attack, is drained before the next, and nothing is lost.
    for first, last in ((10, 19), (35, 42), (56, 63)):
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


def test_a_rogue_without_our_certificate_gets_no_session(cases):
    case = cases["rogue-with-client-certificates"]
    assert not case.goal_reached
    assert (case.rogue.refused, case.rogue.published) == (30, 0)
    assert case.broker_refusals["certificate verify failed"] > 0


def test_a_rogue_with_another_vehicles_certificate_is_denied_the_topic(cases):
    case = cases["rogue-with-other-certificate"]
    assert not case.goal_reached
    assert (case.rogue.published, case.rogue.denied, case.rogue.granted) == (30, 30, 0)
    assert case.broker_refusals == {"publish denied to rogue-publisher": 30}


def test_a_node_on_the_bus_forges_below_all_tls(cases):
    assert cases["bus-fabrication"].figures.forged_received == 30


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


def test_the_same_run_gives_the_same_ticks(folder, example, arithmetic_parts, tmp_path):
    names = {"no-attack", "tls-verified"}
    some = example.model_copy(update={"case": [c for c in example.case if c.name in names]})
    run_live(some, tmp_path, arithmetic_parts)
    head, *rows = (folder / "ticks.csv").read_text().splitlines()
    expected = [head, *(row for row in rows if row.split(",")[0] in names)]
    assert (tmp_path / "ticks.csv").read_text().splitlines() == expected
