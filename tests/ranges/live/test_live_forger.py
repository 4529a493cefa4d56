"""Live attackers use the kernel; proofs come only from what was checked."""

import numpy as np
import pytest

from voltward.comms.payload import Message
from voltward.controls.catalogue import CONTROLS
from voltward.core.capabilities import Capability
from voltward.ranges.live.case.settings import BusAttacker, Case
from voltward.ranges.live.case.uplink_security import (
    UPLINK_CONTROLS,
    peer_proofs,
    telemetry_proofs,
    unchecked_proof,
    uplink_controls,
)
from voltward.ranges.live.case.wire_attack import Forger, ForgerSettings, wire_rows

CELLS = 4


def record(sequence):
    return Message(
        (np.full(CELLS, 3.7), np.full(CELLS, 25.0)),
        np.array([-12.5, 355.25, 0.5, 10.0, 4000.0, 1.0]),
        present=True,
        sequence=sequence,
        sent_tick=sequence,
    )


@pytest.fixture(scope="module")
def forger():
    plan = BusAttacker(
        attack="can-spoof-telemetry", parameters={"bias_V": -0.1}, from_tick=5, to_tick=7
    )
    rows, held = wire_rows("bus_attacker", plan, plan, CELLS, 1.0)
    return Forger(ForgerSettings(rows.tolist(), held, 7, CELLS), ("can.up",))


@pytest.mark.parametrize(("tick", "acts"), [(4, False), (5, True), (6, True), (7, False)])
def test_it_forges_what_is_sent_in_its_ticks(forger, tick, acts):
    forged = forger.forge("can.up", record(tick), tick)
    assert (forged is not None) == acts
    if forged is not None:
        np.testing.assert_allclose(forged.wide[0], 3.6)
        np.testing.assert_array_equal(forged.scalars, record(tick).scalars)
        assert (forged.sequence, forged.proofs) == (tick, 0)


def test_without_the_position_it_needs_it_does_nothing(forger):
    plan = BusAttacker(attack="can-spoof-telemetry", from_tick=5, to_tick=7)
    rows, _ = wire_rows("bus_attacker", plan, plan, CELLS, 1.0)
    powerless = Forger(ForgerSettings(rows.tolist(), 0, 7, CELLS), ("can.up",))
    assert powerless.forge("can.up", record(5), 5) is None


def test_a_proof_is_there_only_when_it_was_checked():
    assert peer_proofs(verified=True) == Capability.SERVER_KEY
    assert telemetry_proofs(client_certificates=True) == Capability.DEVICE_KEY
    assert peer_proofs(verified=False) == telemetry_proofs(client_certificates=False) == 0


def test_every_control_is_real_or_inside_a_part_or_refused():
    refused = {name for name in CONTROLS.names() if unchecked_proof(name)} - set(UPLINK_CONTROLS)
    assert refused >= {"can-frame-authentication", "telemetry-signature", "command-signature"}
    assert "telemetry-freshness" not in refused
    assert uplink_controls(Case(name="a", verify_broker=False)) == [
        "mqtt-client-authentication",
        "mqtt-encryption",
    ]
