"""The three parts of the live range: the functions of the virtual range, compiled for one run."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from voltward.attacks.kernel import Context
from voltward.comms.link import LinkOutcome
from voltward.comms.payload import Message
from voltward.core.record import Record
from voltward.ranges.live.case.part import (
    BUS_DOWN,
    BUS_UP,
    DOWNLINK,
    LINK,
    UPLINK_SLOTS,
    LinkFacts,
    LivePart,
    Mail,
    Observation,
    PartSettings,
)
from voltward.ranges.live.case.proofs import peer_proofs, telemetry_proofs
from voltward.ranges.live.case.scene import Scene, load_scene
from voltward.ranges.live.links.records import message_of, record_of
from voltward.ranges.virtual.case_arrays import CaseArrays, DutyTick, FixedDraws
from voltward.ranges.virtual.cloud_part import CloudState, cloud_step, start_cloud
from voltward.ranges.virtual.gateway_part import (
    GatewayInbox,
    GatewayState,
    gateway_step,
    start_gateway,
)
from voltward.ranges.virtual.tick_inputs import TickInputs
from voltward.ranges.virtual.vehicle_part import vehicle_step
from voltward.ranges.virtual.vehicle_state import VehicleState, start_vehicle

Values = dict[str, Array]


def _worst(scores: Array) -> Array:
    return jnp.max(scores, initial=0.0)


@cache
def _vehicle_program(scene: Scene) -> Any:
    def step(
        case: CaseArrays,
        fixed: FixedDraws,
        state: VehicleState,
        command: Record,
        duty: DutyTick,
        context: Context,
    ) -> tuple[VehicleState, Record, Values]:
        now = TickInputs(scene.assembly, case, context)
        moved, telemetry, report = vehicle_step(now, fixed, state, command, duty)
        cells = moved.plant.cells
        return (
            moved,
            telemetry,
            {
                "true_soc": jnp.mean(cells.soc),
                "true_voltage_max_V": jnp.max(report.output.voltage_V),
                "true_temperature_max_degC": jnp.max(cells.temperature_degC),
                "true_current_A": report.current_A[0],
                "plated_charge_mAh": 1000.0 * jnp.max(moved.plant.plated_Ah),
                "bms_soc": moved.estimate.soc[0, 0],
                "contactor_closed": moved.contactors.closed[0].astype(jnp.float64),
                "bms_score": _worst(report.scores),
            },
        )

    return jax.jit(step)


@cache
def _gateway_program(scene: Scene) -> Any:
    def step(
        case: CaseArrays,
        state: GatewayState,
        inbox: GatewayInbox,
        context: Context,
    ) -> tuple[GatewayState, tuple[Record, Record], Record, Values]:
        now = TickInputs(scene.assembly, case, context)
        moved, records, command, report = gateway_step(now, state, inbox)
        return (
            moved,
            records,
            command,
            {"queued_records": report.queued[0], "gateway_score": _worst(report.scores)},
        )

    return jax.jit(step)


@cache
def _cloud_program(scene: Scene) -> Any:
    def step(
        case: CaseArrays,
        fixed: FixedDraws,
        state: CloudState,
        uplink: tuple[Record, Record],
        context: Context,
    ) -> tuple[CloudState, Record, Values]:
        now = TickInputs(scene.assembly, case, context)
        moved, command, report = cloud_step(now, fixed, state, uplink)
        return (
            moved,
            command,
            {
                "twin_soc": jnp.mean(moved.twin.estimate.soc),
                "twin_current_A": moved.twin.current_A[0],
                "cloud_blind_s": moved.twin.silence_s[0],
                "cloud_score": _worst(report.scores),
            },
        )

    return jax.jit(step)


class _Stage:
    """What every part has: its scene, its case, its tick."""

    def __init__(self, settings: PartSettings) -> None:
        self.scene = load_scene(settings.system, settings.duty, settings.tick_s)
        self.case = self.scene.case(settings)
        self.fixed = self.scene.fixed(self.case)
        self.observed: Observation = {}

    def context(self, tick: int) -> Context:
        """Return the tick with nothing in an attacker's hands: he is another process."""
        return Context(jnp.asarray(tick), self.scene.no_capabilities, self.case.seed)

    def note(self, values: Mapping[str, Array]) -> None:
        """Keep the values of a tick."""
        self.observed = {name: float(value) for name, value in values.items()}


class Vehicle:
    """`vehicle_step` with the bus as its mailbox."""

    def __init__(self, settings: PartSettings) -> None:
        self._stage = _Stage(settings)
        scene = self._stage.scene
        self._program = _vehicle_program(scene)
        self._state = start_vehicle(
            scene.assembly, self._stage.fixed, scene.duty.initial_degC, jnp.asarray(-1)
        )

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        """Advance by one tick."""
        stage = self._stage
        self._state, telemetry, values = self._program(
            stage.case,
            stage.fixed,
            self._state,
            record_of(inbox[BUS_DOWN]),
            stage.scene.duty_tick(tick),
            stage.context(tick),
        )
        stage.note(values)
        return {BUS_UP: message_of(telemetry)}

    def observe(self) -> Observation:
        """Return the truth, which no other part knows, and what the BMS believes."""
        return self._stage.observed


class Gateway:
    """`gateway_step` between the bus and the broker."""

    def __init__(self, settings: PartSettings) -> None:
        self._stage = _Stage(settings)
        self._program = _gateway_program(self._stage.scene)
        self._state = start_gateway(self._stage.scene.assembly, 1)

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        """Advance by one tick; the peer and the link are the real ones."""
        link = LinkFacts.of_message(inbox[LINK])
        answer = Message(
            (), np.zeros(1), present=link.answered, sequence=tick, sent_tick=tick, copies=1.0
        )
        # A session whose last records are unacknowledged carries nothing, either way.
        outcome = LinkOutcome(passes=jnp.asarray([link.can_send]), swaps=jnp.zeros(1, bool))
        self._state, records, command, values = self._program(
            self._stage.case,
            self._state,
            GatewayInbox(
                bus=record_of(inbox[BUS_UP]),
                command=record_of(inbox[DOWNLINK]),
                peer=record_of(answer, peer_proofs(verified=link.verified)),
                link=outcome,
            ),
            self._stage.context(tick),
        )
        self._stage.note(values)
        slots = zip(UPLINK_SLOTS, records, strict=True)
        return {
            BUS_DOWN: message_of(command),
            **{name: message_of(record) for name, record in slots},
        }

    def observe(self) -> Observation:
        """Return what waits in the gateway."""
        return self._stage.observed


class Cloud:
    """`cloud_step` behind the broker."""

    def __init__(self, settings: PartSettings) -> None:
        self._stage = _Stage(settings)
        scene = self._stage.scene
        self._program = _cloud_program(scene)
        stage = self._stage
        self._state = start_cloud(scene.assembly, stage.case, stage.fixed, scene.duty.initial_degC)
        self._proofs = telemetry_proofs(client_certificates=settings.client_certificates)

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        """Advance by one tick."""
        uplink = tuple(record_of(inbox[name], self._proofs) for name in UPLINK_SLOTS)
        stage = self._stage
        self._state, command, values = self._program(
            stage.case, stage.fixed, self._state, uplink, stage.context(tick)
        )
        stage.note(values)
        return {DOWNLINK: message_of(command)}

    def observe(self) -> Observation:
        """Return what the twin believes."""
        return self._stage.observed


def vehicle(settings: PartSettings) -> LivePart:
    """Return the vehicle of a case."""
    return Vehicle(settings)


def gateway(settings: PartSettings) -> LivePart:
    """Return the gateway of a case."""
    return Gateway(settings)


def cloud(settings: PartSettings) -> LivePart:
    """Return the cloud of a case."""
    return Cloud(settings)
