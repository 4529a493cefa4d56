"""What many watches share: first states, running means, sums of an excess, and a calibration."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

CLEAN_DUTY = (
    "Calibrated on clean duty: seeds 1000 to 1031, eight duties, four links, 256 h, no alarm"
)


def zero_per_run(runs: int, _cells: int) -> Float[Array, " run"]:
    """Return a first state of zero for each run."""
    return jnp.zeros(runs)


def unknown_per_run(runs: int, _cells: int) -> Float[Array, " run"]:
    """Return a first state of one unknown value for each run."""
    return jnp.full(runs, jnp.nan)


def unknown_per_cell(runs: int, cells: int) -> Float[Array, "run cell"]:
    """Return a first state of one unknown value for each cell."""
    return jnp.full((runs, cells), jnp.nan)


def weight(
    elapsed_s: Float[Array, "..."] | float, memory_s: Float[Array, "..."] | float
) -> Float[Array, "..."]:
    """Return the weight of a new value in a running mean with a time constant."""
    return 1.0 - jnp.exp(-elapsed_s / memory_s)


def cusum(
    high: Float[Array, "..."],
    low: Float[Array, "..."],
    score: Float[Array, "..."],
    slack: Float[Array, "..."],
    threshold: Float[Array, "..."],
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Return both sums of a two-sided CUSUM after one more normalised value.

    The sums are capped at twice the threshold, so that an alarm ends soon after its cause.
    """
    cap = 2.0 * threshold
    return jnp.clip(high + score - slack, 0.0, cap), jnp.clip(low - score - slack, 0.0, cap)


def leaky_count(
    count: Float[Array, " run"],
    events: Array,
    limit: Float[Array, " run"],
    period_s: Float[Array, " run"],
    tick_s: float,
) -> Float[Array, " run"]:
    """Return a count of events from which one leaks away in each period, up to twice the limit.

    A long tick forgets no more than a quarter of an event.
    """
    return jnp.clip(count + events - jnp.minimum(tick_s / period_s, 0.25), 0.0, 2.0 * limit)
