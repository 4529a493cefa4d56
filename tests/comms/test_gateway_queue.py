"""What the gateway keeps while the cloud cannot be reached comes through later, in order."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from voltward.comms.gateway import keep, start_queue, uplink
from voltward.core.frame_log import start_log, write
from voltward.core.record import honest_record

jax.config.update("jax_enable_x64", True)
YES, NO = jnp.ones(1, bool), jnp.zeros(1, bool)


def sent_over(link, capacity, swaps=NO, slots=64):
    """Return the numbers that come through by tick, and how many were lost."""
    log, queue, came = start_log(slots, 1, 2, 1), start_queue(1), []
    for tick, up in enumerate(link):
        record = honest_record(
            jnp.full((1, 1), float(tick)), jnp.asarray(tick), (jnp.zeros((1, 2)),) * 2
        )
        log = write(log, replace(record, sequence=jnp.full(1, tick, jnp.int64)))
        queue = keep(queue, log, jnp.asarray([float(capacity)]))
        queue, records = uplink(queue, log, jnp.asarray([up]), swaps)
        came.append([int(r.sequence[0]) for r in records if bool(np.asarray(r.present)[0])])
    return came, int(queue.lost[0])


def test_a_sound_link_sends_each_record_at_once():
    assert sent_over([True] * 4, capacity=1) == ([[0], [1], [2], [3]], 0)


def test_a_backlog_drains_oldest_first_while_new_records_come():
    came, lost = sent_over([False] * 4 + [True] * 6, capacity=20)
    assert lost == 0
    assert [number for tick in came for number in tick] == list(range(10))
    # One record arises and two leave in a tick: four behind are caught up in four ticks.
    assert [len(tick) for tick in came] == [0] * 4 + [2] * 4 + [1] * 2


def test_what_does_not_fit_is_given_up_oldest_first():
    came, lost = sent_over([False] * 6 + [True] * 4, capacity=3)
    # After the outage the three newest are there, and one more arises with the first sending.
    assert came[6] == [4, 5]
    assert lost == 4
    assert sorted({*range(10)} - {n for tick in came for n in tick}) == [0, 1, 2, 3]


def test_the_link_may_turn_two_records_around():
    came, _ = sent_over([False, True], capacity=5, swaps=YES)
    assert came[1] == [1, 0]
