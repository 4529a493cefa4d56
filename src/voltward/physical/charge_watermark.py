"""A keyed mark on the charge current: what was recorded cannot pass for what is measured."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from voltward.core.control import Control, Cost, Shape
from voltward.core.noise import NoiseSource, uniform
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import BmsView

HOLD_TICKS = 3
# Both ends hold the same key; the default is a number to run with, not a secret.
KEY = Parameter("key", "1", 20230709.0, 0.0, 2.0**53, "shared by vehicle and cloud")
SHARE = Parameter("share", "1", 0.02, 0.0, 0.2, "share of the charge current that the mark takes")


def mark(key: Float[Array, " run"], tick: Int[Array, "*run"]) -> Float[Array, " run"]:
    """Return the mark of a tick: 0 or 1, drawn from the key and held for a few ticks."""
    slot = jnp.maximum(tick, 0) // HOLD_TICKS
    draws = uniform(key.astype(jnp.uint64), NoiseSource.CHARGE_WATERMARK, slot)
    return (draws < 0.5).astype(jnp.float64)


def _rule(
    current_A: Float[Array, " run"], view: BmsView, parameters: Float[Array, "run column"]
) -> Float[Array, " run"]:
    """Take the mark off the request, so that a marked request never exceeds a limit."""
    return current_A * (1.0 - parameters[:, 0] * mark(parameters[:, 1], view.tick))


CHARGE_WATERMARK = Control(
    id="charge-watermark",
    title="Watermark on the charge current",
    layer=Layer.PHYSICAL,
    strength=SHARE,
    parameters=(KEY,),
    cost=Cost(note="half the share of the charging power while a session is on; measured"),
    source="Mo and Sinopoli, physical watermarking against replay, Allerton 2009; "
    "0.5 to 2 % of the current and a binary mark are an assumption",
    shape=(Shape("bms.charge_request", _rule),),
)
