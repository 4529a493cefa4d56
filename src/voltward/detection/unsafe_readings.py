"""Two independent witnesses agree that the cell voltages, on which the limits lean, are wrong."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import BmsView

_DOUBT_S = 60.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class UnsafeState:
    """Time of the mismatch, fading doubt of the model, cells in a group (0 before known)."""

    mismatch_s: Float[Array, " run"]
    doubt: Float[Array, " run"]
    parallel: Float[Array, " run"]


def _start(runs: int, cells: int) -> UnsafeState:
    del cells
    zero = jnp.zeros(runs)
    return UnsafeState(zero, zero, zero)


def _step(
    state: UnsafeState, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[UnsafeState, Float[Array, " run"]]:
    """Alarm when the stack sensor disagrees for long, and the model was surprised lately.

    One witness alone can be bribed to provoke an opening: a lie of the stack sensor does not
    surprise the model, and a surprise of the model does not move the stack sensor.

    Limits:
        Sees leaps of the whole pack's mean only; a ramp that the model follows passes.
    """
    share, delay_s, surprise = (parameters[:, index] for index in range(1, 4))
    total_V = jnp.sum(view.voltage_V, axis=1)
    pack_V = jnp.maximum(view.pack_voltage_V, 1.0)
    ratio = jnp.maximum(jnp.round(total_V / pack_V), 1.0)
    parallel = jnp.where(state.parallel < 1.0, ratio, state.parallel)
    apart = jnp.abs(total_V / parallel - pack_V) > share * pack_V
    mismatch_s = jnp.where(apart, jnp.minimum(state.mismatch_s + view.tick_s, 1e6), 0.0)
    surprised = jnp.abs(view.innovation_V) / (surprise * view.innovation_std_V)
    doubt = jnp.maximum(state.doubt * jnp.exp(-view.tick_s / _DOUBT_S), surprised)
    score = jnp.minimum(mismatch_s / delay_s, doubt)
    return UnsafeState(mismatch_s, doubt, parallel), parameters[:, 0] * score


CONTROL = Control(
    id="unsafe-readings",
    title="Two witnesses against the cell voltages",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("share", "1", 0.015, 0.001, 1.0, "of the pack voltage that must be missing"),
        Parameter("delay_s", "s", 10.0, 0.0, 1e4, "time for which it must be missing"),
        Parameter("surprise", "1", 8.0, 1.0, 100.0, "standard deviations that surprise the model"),
    ),
    cost=Cost(note="one addition per cell and tick in the BMS; false alarms are measured"),
    source="two independent channels before the safe state, in the spirit of ISO 26262-6 "
    "(assumption for the numbers). Calibrated on clean duty: seeds 1000 to 1031, eight "
    "duties, four links, 256 h, no alarm",
    watch=Watch(Place.BMS, Accusation.SAFETY, _start, _step),
)
