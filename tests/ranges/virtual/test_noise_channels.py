"""No two places of the loop draw from the same channel of noise at the same tick."""

import sys
from collections import defaultdict
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.attacks.catalogue import ATTACKS
from voltward.controls.catalogue import CONTROLS
from voltward.core import noise
from voltward.ranges.configuration.attack_and_stack_choices import AttackChoice
from voltward.ranges.configuration.case_grid import grid
from voltward.ranges.configuration.stacks import Stack
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.assembly import assemble
from voltward.ranges.virtual.batch import case_arrays, duty_arrays
from voltward.ranges.virtual.program import run_loop

jax.config.update("jax_enable_x64", True)
OF_NOISE = Path(noise.__file__).name


@pytest.fixture(scope="module")
def drawn(short_duty):
    """Return every channel and the places that draw from it, found by tracing the loop."""
    places = defaultdict(set)
    hashed = noise.hash_bits

    def recorded(seed, source, tick, cells=None, *, member=0):
        frame = sys._getframe(1)
        while Path(frame.f_code.co_filename).name == OF_NOISE:
            frame = frame.f_back
        places[source.channel(member)].add((Path(frame.f_code.co_filename).name, frame.f_lineno))
        return hashed(seed, source, tick, cells, member=member)

    system = load_system()
    stack = Stack("all", tuple(sorted(CONTROLS.names())), True, {})
    choices = [AttackChoice(name) for name in ATTACKS.names()]
    cases = grid(choices, [stack], 1, 7, short_duty.duration_s)
    assembly = assemble(system, CONTROLS.all(), 1.0)
    duties = duty_arrays([short_duty] * len(cases), system)
    arrays = (*case_arrays(assembly, system, short_duty, cases), duties)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noise, "hash_bits", recorded)
        jax.eval_shape(partial(run_loop, assembly), *arrays)
    return places


def test_each_channel_has_one_place(drawn):
    shared = {channel: places for channel, places in drawn.items() if len(places) > 1}
    assert shared == {}


def test_the_link_sensors_and_attacks_were_all_seen(drawn):
    files = {name for places in drawn.values() for name, _ in places}
    assert len(drawn) > 30
    assert len(files) >= 5


def test_channels_of_one_tick_are_uncorrelated(drawn):
    """As between the draws of the radio link and those of the voltage sensors."""
    seeds, tick = jnp.arange(4000, dtype=jnp.uint64), jnp.asarray(3)
    members = [(source, n) for source in noise.NoiseSource for n in range(len(source.channels))]
    used = [(source, n) for source, n in members if source.channel(n) in drawn]
    assert len(used) == len(drawn)
    draws = np.stack(
        [np.asarray(noise.gaussian(seeds, source, tick, member=n)) for source, n in used]
    )
    correlation = np.corrcoef(draws) - np.eye(len(draws))
    # Five standard errors of 4000 pairs.
    assert np.abs(correlation).max() < 5.0 / np.sqrt(4000.0)
