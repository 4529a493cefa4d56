"""The three parts of the live range: the functions of the virtual range, compiled for one run.

1. A `Scene` holds what all cases of a run share: assembly and duty.
2. A program compiles the step of one part for a scene, on the inputs that follow the assembly;
   cases share it.
3. A part holds its state, steps its program and keeps what it observed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from voltward.attacks.kernel import Context
from voltward.comms.link import LinkOutcome
from voltward.comms.payload import Message
from voltward.controls.catalogue import CONTROLS
from voltward.core.program_cache import use_program_cache
from voltward.core.record import Record
from voltward.ranges.configuration.case_grid import Case
from voltward.ranges.configuration.duty import Duty
from voltward.ranges.configuration.stacks import Stack
from voltward.ranges.configuration.system_settings import SystemSettings
from voltward.ranges.live.case.load import system_and_duty
from voltward.ranges.live.case.part import (
    BUS_DOWN,
    BUS_UP,
    DOWNLINK,
    LINK,
    UPLINK_SLOTS,
    LinkFacts,
    Mail,
    Observation,
    PartSettings,
)
from voltward.ranges.live.case.uplink_security import peer_proofs, telemetry_proofs
from voltward.ranges.live.links.messages import message_of, record_of
from voltward.ranges.virtual.assembly import assemble
from voltward.ranges.virtual.batch import case_arrays, duty_arrays
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays, DutyTick
from voltward.ranges.virtual.cloud_part import CloudState, cloud_step, start_cloud
from voltward.ranges.virtual.fixed_draws import FixedDraws, fixed_draws
from voltward.ranges.virtual.gateway_part import (
    GatewayInbox,
    GatewayState,
    gateway_step,
    start_gateway,
)
from voltward.ranges.virtual.program import DutyArrays
from voltward.ranges.virtual.tick_inputs import TickInputs
from voltward.ranges.virtual.vehicle_part import vehicle_step
from voltward.ranges.virtual.vehicle_state import VehicleState, start_vehicle
from voltward.results.columns import NO_ATTACK

Values = dict[str, Array]


@dataclass(frozen=True, eq=False)
class Scene:
    """What all cases of a run share; equal only to itself, so that programs can be kept by it.

    Attributes:
        system: The user's own.
        assembly: Static parameters, every control of the catalogue compiled in.
        asked: The duty.
        duty: The same as arrays.
    """

    system: SystemSettings
    assembly: Assembly
    asked: Duty
    duty: DutyArrays

    def duty_tick(self, tick: int) -> DutyTick:
        """Return the duty at a tick."""
        chosen: DutyTick = jax.tree.map(lambda column: column[tick], self.duty.ticks)
        return chosen

    def case(self, settings: PartSettings) -> CaseArrays:
        """Return the arrays of a case."""
        virtual = self.virtual_case(settings)
        return case_arrays(self.assembly, self.system, self.asked, [virtual])[0]

    def virtual_case(self, settings: PartSettings) -> Case:
        """Return the case of the virtual range: its controls, and no attack inside the parts."""
        controls = tuple(sorted(settings.controls))
        stack = Stack(settings.case, controls, factory_protection=True, settings={})
        return Case(settings.case, NO_ATTACK, {}, math.inf, stack, settings.seed)


@cache
def load_scene(system: str, duty: str, tick_s: float) -> Scene:
    """Return the scene of a run; a process loads it once."""
    jax.config.update("jax_enable_x64", True)
    use_program_cache()
    loaded, asked = system_and_duty(system, duty, tick_s)
    assembly = assemble(loaded, CONTROLS.all(), tick_s)
    return Scene(loaded, assembly, asked, duty_arrays([asked], loaded))


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
        values = {
            "true_soc": jnp.mean(cells.soc),
            "true_voltage_max_V": jnp.max(report.output.voltage_V),
            "true_temperature_max_degC": jnp.max(cells.temperature_degC),
            "true_current_A": report.current_A[0],
            "plated_charge_mAh": 1000.0 * jnp.max(moved.plant.plated_Ah),
            "bms_soc": moved.estimate.soc[0, 0],
            "contactor_closed": moved.contactors.closed[0].astype(jnp.float64),
            "bms_score": _worst(report.scores),
        }
        return moved, telemetry, values

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
        values = {"queued_records": report.queued[0], "gateway_score": _worst(report.scores)}
        return moved, records, command, values

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
        values = {
            "twin_soc": jnp.mean(moved.twin.estimate.soc),
            "twin_current_A": moved.twin.current_A[0],
            "cloud_blind_s": moved.twin.silence_s[0],
            "cloud_score": _worst(report.scores),
        }
        return moved, command, values

    return jax.jit(step)


class _Part:
    """What the three parts have in common: scene, case, fixed draws, and what was observed."""

    def __init__(self, settings: PartSettings) -> None:
        self._scene = load_scene(settings.system, settings.duty, settings.tick_s)
        self._case = self._scene.case(settings)
        self._fixed = fixed_draws(self._scene.assembly, self._case.seed, self._case.world)
        self._observed: Observation = {}

    def _context(self, tick: int) -> Context:
        """Return the tick, without capabilities of an attacker, who is another process."""
        return Context(jnp.asarray(tick), jnp.zeros(1, jnp.uint32), self._case.seed)

    def _note(self, values: Mapping[str, Array]) -> None:
        self._observed = {name: float(value) for name, value in values.items()}

    def observe(self) -> Observation:
        """Return the values of the last tick, the truth of the pack among them."""
        return self._observed


class Vehicle(_Part):
    """`vehicle_step` with the bus as its mailbox."""

    def __init__(self, settings: PartSettings) -> None:
        super().__init__(settings)
        scene = self._scene
        self._program = _vehicle_program(scene)
        self._state = start_vehicle(scene.assembly, self._case, self._fixed, jnp.asarray(-1))

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        """Advance by one tick."""
        self._state, telemetry, values = self._program(
            self._case,
            self._fixed,
            self._state,
            record_of(inbox[BUS_DOWN]),
            self._scene.duty_tick(tick),
            self._context(tick),
        )
        self._note(values)
        return {BUS_UP: message_of(telemetry)}


class Gateway(_Part):
    """`gateway_step` between the bus and the broker."""

    def __init__(self, settings: PartSettings) -> None:
        super().__init__(settings)
        self._program = _gateway_program(self._scene)
        self._state = start_gateway(self._scene.assembly, 1)

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        """Advance by one tick; the peer and the link are the real ones."""
        link = LinkFacts.of_message(inbox[LINK])
        answer = Message(
            (), np.zeros(1), present=link.answered, sequence=tick, sent_tick=tick, copies=1.0
        )
        # A session whose last records are unacknowledged carries nothing, either way.
        outcome = LinkOutcome(passes=jnp.asarray([link.can_send]), swaps=jnp.zeros(1, bool))
        self._state, records, command, values = self._program(
            self._case,
            self._state,
            GatewayInbox(
                bus=record_of(inbox[BUS_UP]),
                command=record_of(inbox[DOWNLINK]),
                peer=record_of(answer, peer_proofs(verified=link.verified)),
                link=outcome,
            ),
            self._context(tick),
        )
        self._note(values)
        slots = zip(UPLINK_SLOTS, records, strict=True)
        return {BUS_DOWN: message_of(command)} | {name: message_of(item) for name, item in slots}


class Cloud(_Part):
    """`cloud_step` behind the broker."""

    def __init__(self, settings: PartSettings) -> None:
        super().__init__(settings)
        scene = self._scene
        self._program = _cloud_program(scene)
        self._state = start_cloud(scene.assembly, self._case, self._fixed)
        self._proofs = telemetry_proofs(client_certificates=settings.client_certificates)

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        """Advance by one tick."""
        uplink = tuple(record_of(inbox[name], self._proofs) for name in UPLINK_SLOTS)
        self._state, command, values = self._program(
            self._case, self._fixed, self._state, uplink, self._context(tick)
        )
        self._note(values)
        return {DOWNLINK: message_of(command)}
