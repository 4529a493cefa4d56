"""The radio link's bursts, outages and lateness happen as often as they should."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.comms.link import LINK_COLUMNS, LinkState, link_step, start_link

jax.config.update("jax_enable_x64", True)
RUNS, TICKS = 400, 400
GOOD = dict.fromkeys(LINK_COLUMNS, 0.0) | {"to_good": 1.0, "outage_end": 1.0}


def history(**columns):
    """Return which records pass and which pairs swap, (tick, run)."""
    table = jnp.tile(jnp.asarray([(GOOD | columns)[name] for name in LINK_COLUMNS]), (RUNS, 1))
    draws = jnp.asarray(np.random.default_rng(7).random((TICKS, 4, RUNS)))

    def body(state, draw):
        state, outcome = link_step(table, state, draw)
        return state, (outcome.passes, outcome.swaps)

    _, (passes, swaps) = jax.lax.scan(body, start_link(RUNS), draws)
    return np.asarray(passes), np.asarray(swaps)


def test_a_good_link_passes_everything_in_order():
    passes, swaps = history()
    assert passes.all()
    assert not swaps.any()


def test_single_losses_and_swaps_have_their_shares():
    passes, swaps = history(late_share=0.1, reorder_share=0.02)
    assert 1.0 - passes.mean() == pytest.approx(0.1, abs=0.005)
    assert swaps.mean() == pytest.approx(0.02, abs=0.002)
    # What is lost singly does not come in bursts.
    lost = ~passes
    assert (lost[1:] & lost[:-1]).mean() == pytest.approx(0.01, abs=0.003)


def test_bursts_fill_the_share_and_have_the_length_of_a_two_state_chain():
    """Gilbert: the bad share is a / (a + b), the mean length of a burst 1 / b."""
    to_bad, to_good = 0.02, 0.2
    passes, _ = history(to_bad=to_bad, to_good=to_good, bad_loss_share=1.0)
    lost = ~passes[50:]
    assert lost.mean() == pytest.approx(to_bad / (to_bad + to_good), rel=0.1)
    begins = lost[1:] & ~lost[:-1]
    assert lost[1:].sum() / begins.sum() == pytest.approx(1.0 / to_good, rel=0.1)


def test_an_outage_stops_everything_for_its_mean_length():
    passes, _ = history(outage_start=0.01, outage_end=0.1)
    out = ~passes[50:]
    assert out.mean() == pytest.approx(0.01 / 0.11, rel=0.1)
    begins = out[1:] & ~out[:-1]
    assert out[1:].sum() / begins.sum() == pytest.approx(10.0, rel=0.1)


@pytest.mark.parametrize(("ends", "share"), [(1.0, 1.0), (0.3, 0.09), (0.1, 0.01)])
def test_a_burst_and_an_outage_end_independently(ends, share):
    """Both end in the same tick as often as two dice agree."""
    runs = 20_000
    columns = GOOD | {"to_good": ends, "outage_end": ends, "bad_loss_share": 1.0}
    table = jnp.tile(jnp.asarray([columns[name] for name in LINK_COLUMNS]), (runs, 1))
    draws = jnp.asarray(np.random.default_rng(7).random((4, runs)))
    both = LinkState(jnp.ones(runs, bool), jnp.ones(runs, bool))
    _, outcome = link_step(table, both, draws)
    assert np.mean(outcome.passes) == pytest.approx(share, abs=0.01)
