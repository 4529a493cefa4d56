from collections.abc import Sequence
from dataclasses import replace

import jax
import numpy as np
import pytest

from voltward.controls.catalogue import CONTROLS
from voltward.ranges.configuration.attack_and_stack_choices import AttackChoice
from voltward.ranges.configuration.case_grid import Case, grid
from voltward.ranges.configuration.duty import Duty, load_duty
from voltward.ranges.configuration.stacks import Stack
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.engine import Engine
from voltward.results.columns import NO_ATTACK

jax.config.update("jax_enable_x64", True)
# Engines of one chunk, tick and length share a program, also across files and processes:
# tests/ranges/test_campaign.py and tests/ranges/electrochemical_plant use the same number.
CHUNK = 4


def stack_of(name: str, *controls: str, factory: bool = True) -> Stack:
    return Stack(name, tuple(sorted(controls)), factory, {})


@pytest.fixture(scope="session")
def short_duty() -> Duty:
    """Two minutes of driving, then three of charging."""
    whole = load_duty("commute-and-charge")
    chosen = np.r_[0:120, 1200:1380]
    arrays = {
        name: getattr(whole, name)[chosen]
        for name in (
            "mode",
            "speed_mps",
            "grade",
            "current_A",
            "power_W",
            "ambient_degC",
            "auxiliary_power_W",
            "shipped_cycle",
        )
    }
    return replace(whole, name="short", **arrays)


@pytest.fixture(scope="session")
def engine(short_duty: Duty) -> Engine:
    return Engine(load_system(), short_duty, chunk=CHUNK)


@pytest.fixture(scope="session")
def everything() -> Stack:
    return stack_of("everything", *CONTROLS.names())


def cases_of(
    attacks: Sequence[AttackChoice], stacks: Sequence[Stack], duty: Duty, seeds: int = 1
) -> list[Case]:
    cases = grid(attacks, stacks, seeds, 7, duty.duration_s)
    wanted = {choice.id for choice in attacks} or {NO_ATTACK}
    return [case for case in cases if case.attack in wanted]
