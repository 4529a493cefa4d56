"""The static parts of a live case: assembly, duty and arrays of the virtual range, for one run."""

import math
from dataclasses import dataclass
from functools import cache

import jax
import jax.numpy as jnp

from voltward.controls.catalogue import CONTROLS
from voltward.core.program_cache import use_program_cache
from voltward.ranges.configuration.case_grid import Case
from voltward.ranges.configuration.stacks import Stack
from voltward.ranges.configuration.system_settings import SystemSettings
from voltward.ranges.live.case.load import system_and_duty
from voltward.ranges.live.case.part import PartSettings
from voltward.ranges.virtual.assembly import assemble
from voltward.ranges.virtual.batch import case_arrays, duty_arrays
from voltward.ranges.virtual.case_arrays import (
    Assembly,
    CaseArrays,
    DutyTick,
    FixedDraws,
    fixed_draws,
)
from voltward.ranges.virtual.program import DutyArrays
from voltward.results.columns import NO_ATTACK


@dataclass(frozen=True, eq=False)
class Scene:
    """What all cases of a run share; equal only to itself, so that programs can be kept by it.

    Attributes:
        system: The user's own.
        assembly: Static parameters, every control of the catalogue compiled in.
        duty: What is asked.
    """

    system: SystemSettings
    assembly: Assembly
    duty: DutyArrays

    def duty_tick(self, tick: int) -> DutyTick:
        """Return the duty at a tick."""
        chosen: DutyTick = jax.tree.map(lambda column: column[tick], self.duty.ticks)
        return chosen

    def case(self, settings: PartSettings) -> CaseArrays:
        """Return the arrays of a case."""
        return case_arrays(self.assembly, self.system, [self.virtual_case(settings)])[0]

    def virtual_case(self, settings: PartSettings) -> Case:
        """Return the case of the virtual range: its controls, and no attack inside the parts."""
        controls = tuple(sorted(settings.controls))
        stack = Stack(settings.case, controls, factory_protection=True, settings={})
        return Case(settings.case, NO_ATTACK, {}, math.inf, stack, settings.seed)

    def fixed(self, case: CaseArrays) -> FixedDraws:
        """Return what makes the pack of a case unlike the next."""
        return fixed_draws(self.assembly, case.seed, self.duty.initial_soc)

    @property
    def no_capabilities(self) -> jax.Array:
        """What an attacker holds inside the parts."""
        return jnp.zeros(1, jnp.uint32)


@cache
def load_scene(system: str, duty: str, tick_s: float) -> Scene:
    """Return the scene of a run; a process loads it once."""
    jax.config.update("jax_enable_x64", True)
    use_program_cache()
    loaded, asked = system_and_duty(system, duty, tick_s)
    return Scene(loaded, assemble(loaded, CONTROLS.all(), tick_s), duty_arrays(asked, loaded))
