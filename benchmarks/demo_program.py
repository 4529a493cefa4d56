"""The program of `make demo`: every part, every control compiled in, attacked and clean batches."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from benchmarks.load_profile import DURATION_S, INITIAL_SOC, current_C
from voltward.attacks.catalogue import ATTACKS
from voltward.ranges.configuration.case_grid import Case
from voltward.ranges.configuration.duty import Duty, load_duty
from voltward.ranges.configuration.stacks import StackChoice, resolve_stack
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.engine import CHUNK, Engine
from voltward.results.columns import NO_ATTACK

RECORDED = 4
ATTACK_S = 600.0
# One at the sensors, one that reads the ring of records, one on the uplink.
ATTACKED = ("voltage-bias", "telemetry-replay", "mqtt-man-in-the-middle")


@dataclass(frozen=True)
class Batch:
    """A batch of one engine, ready to be run."""

    engine: Engine
    arrays: tuple[Any, Any]
    cases: tuple[Case, ...]

    @property
    def cell_steps(self) -> int:
        """Cells times ticks that count."""
        return self.engine.cell_steps_per_case * len(self.cases)

    def execute(self) -> Any:
        """Run the compiled program and wait for it."""
        return jax.block_until_ready(self.engine.execute(*self.arrays))

    def run(self) -> Any:
        """Run as a worker does: case arrays, program, readout of rows, events and traces."""
        return self.engine.run(self.cases)


def profile_duty(capacity_Ah: float) -> Duty:
    """Return the common profile as a duty."""
    current_A = current_C() * capacity_Ah
    zero = np.zeros(DURATION_S)
    return Duty(
        name="benchmark profile",
        source="benchmarks.load_profile",
        tick_s=1.0,
        mode=np.full(DURATION_S, RECORDED),
        speed_mps=zero,
        grade=zero,
        current_A=current_A,
        power_W=np.full(DURATION_S, np.nan),
        ambient_degC=zero + 25.0,
        auxiliary_power_W=np.full(DURATION_S, np.nan),
        level="cell",
        initial_soc=INITIAL_SOC,
        target_soc=0.9,
        initial_temperature_degC=25.0,
    )


def demo_engine(duty_name: str = "", chunk: int = CHUNK) -> Engine:
    """Return an engine on a shipped duty, or on the common profile when no name is given."""
    system = load_system()
    probe = load_duty("commute-and-charge")
    if duty_name:
        return Engine(system, load_duty(duty_name), chunk)
    capacity_Ah = Engine(system, probe, chunk).assembly.plant.cell.capacity_Ah
    return Engine(system, profile_duty(capacity_Ah), chunk)


def batch(engine: Engine, attack_id: str = NO_ATTACK) -> Batch:
    """Return a batch of one attack: half of the runs undefended, half with every control."""
    stacks = [resolve_stack(StackChoice(name=name), engine.system) for name in ("none", "full")]
    attack = None if attack_id == NO_ATTACK else ATTACKS.load(attack_id)
    cases = tuple(
        Case(
            case_id=f"c{number:05d}",
            attack=attack_id,
            parameters={} if attack is None else attack.defaults(),
            start_s=float("inf") if attack is None else ATTACK_S,
            stack=stacks[number % 2],
            seed=7 + number // 2,
        )
        for number in range(engine.chunk)
    )
    return Batch(engine, engine.arrays(cases), cases)
