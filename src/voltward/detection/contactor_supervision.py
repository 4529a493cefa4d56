"""Contactors that open under load, or move more often than a drive asks for."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import BmsView


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ContactorWatchState:
    """Position and current of the last tick, and a leaky count of movements."""

    closed: Bool[Array, " run"]
    current_A: Float[Array, " run"]
    moves: Float[Array, " run"]


def _start(runs: int, cells: int) -> ContactorWatchState:
    del cells
    zero = jnp.zeros(runs)
    return ContactorWatchState(jnp.ones(runs, bool), zero, zero)


def _step(
    state: ContactorWatchState, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[ContactorWatchState, Float[Array, " run"]]:
    """Score an opening by the current that it broke, and movements by their number.

    Limits:
        An opening that a fault or a response asked for is accused too: why it was asked for is
        not known here. An opening at rest passes.
    """
    load_A, burst, period_s = (parameters[:, index] for index in range(1, 4))
    opened = state.closed & ~view.closed
    moved = state.closed != view.closed
    leaked = state.moves + moved - jnp.minimum(view.tick_s / period_s, 0.25)
    moves = jnp.clip(leaked, 0.0, 2.0 * burst)
    broken = jnp.where(opened, jnp.abs(state.current_A) / load_A, 0.0)
    score = parameters[:, 0] * jnp.maximum(broken, moves / burst)
    return ContactorWatchState(view.closed, view.current_A, moves), score


CONTROL = Control(
    id="contactor-supervision",
    title="Supervision of the contactors",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("load_A", "A", 10.0, 0.1, 1000.0, "current broken that alarms"),
        Parameter("burst", "1", 2.5, 0.5, 1000.0, "movements that alarm"),
        Parameter("period_s", "s", 60.0, 0.1, 1e5, "time in which one of them is forgiven"),
    ),
    cost=Cost(note="a comparison a tick in the BMS; false alarms are measured"),
    source="contactors are opened at rest in normal use; bounds are an assumption. On clean duty "
    "(seeds 1000 to 1031, four links) contactors never move",
    watch=Watch(Place.BMS, Accusation.BUS, _start, _step),
)
