"""Wear of contactors: the rated number of openings at the rated current is one life."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.physical.contactors import contactor_step, start_contactors
from voltward.ranges.configuration.system import load_system

jax.config.update("jax_enable_x64", True)
# Pre-charge of three seconds: longer than a tick.
PACK = replace(load_system().pack, precharge_ohm=600.0)
RATED_A = PACK.contactor_break_current_A


def opened_at(current_A):
    """Return the share of life that one opening costs."""
    no, current = jnp.zeros(1, bool), jnp.asarray([current_A])
    return float(contactor_step(PACK, start_contactors(1), no, no, current, 1.0).wear[0])


def test_the_rated_number_of_openings_is_one_life():
    assert PACK.contactor_breaks * opened_at(RATED_A) == pytest.approx(1.0)
    assert PACK.contactor_breaks * opened_at(-RATED_A) == pytest.approx(1.0)
    assert opened_at(0.0) == 0.0


@pytest.mark.parametrize("share", [0.25, 0.5, 1.5])
def test_wear_grows_with_the_square_of_the_current(share):
    assert opened_at(share * RATED_A) == pytest.approx(share**2 * opened_at(RATED_A))


def test_a_short_circuit_costs_no_more_than_what_the_fuse_lets_last():
    """Above the current that the fuse ends within a tick, wear is no longer the contactor's."""
    in_a_tick_A = np.sqrt(PACK.fuse_current_A**2 + PACK.fuse_melting_A2s / 1.0)
    worst = opened_at(in_a_tick_A)
    for short_A in (2_000.0, 4_000.0, 8_000.0):
        assert worst <= opened_at(short_A) <= 4.0 * worst


def test_closing_upon_an_empty_link_takes_a_good_part_of_a_life():
    """Welding is expected within some ten closings without pre-charge, and never at the first."""
    open_pair = contactor_step(
        PACK, start_contactors(1), jnp.zeros(1, bool), jnp.zeros(1, bool), jnp.zeros(1), 1.0
    )
    yes, no = jnp.ones(1, bool), jnp.zeros(1, bool)
    forced = contactor_step(PACK, open_pair, yes, yes, jnp.zeros(1), 1.0)
    assert bool(forced.closed[0])
    assert 0.1 <= float(forced.wear[0] - open_pair.wear[0]) <= 0.5
    patient, seconds = open_pair, 0
    while not bool(patient.closed[0]):
        patient, seconds = contactor_step(PACK, patient, yes, no, jnp.zeros(1), 1.0), seconds + 1
    assert float(patient.wear[0]) == float(open_pair.wear[0])
    assert PACK.precharge_s < seconds <= PACK.precharge_s + 1.0
