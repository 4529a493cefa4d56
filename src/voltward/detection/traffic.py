"""Frames that are too many, missing, or whose counter does not go on."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import GatewayView


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TrafficState:
    """Counter of the last frame, and ticks since one came; negative before the first."""

    sequence: Int[Array, " run"]
    missing: Float[Array, " run"]


def _start(runs: int, cells: int) -> TrafficState:
    del cells
    return TrafficState(jnp.full(runs, -1, jnp.int64), jnp.full(runs, -1e9))


def _step(
    state: TrafficState, view: GatewayView, parameters: Float[Array, "run column"]
) -> tuple[TrafficState, Float[Array, " run"]]:
    """Score surplus copies, silence and repeated counters.

    Limits:
        A masquerade with the right timing and counter is not seen (Verma et al., taxonomy of
        ROAD, PLoS ONE 2024).
    """
    surplus, silence = parameters[:, 1], parameters[:, 2]
    present = view.bus.present
    missing = jnp.where(present, 0.0, state.missing + 1.0)
    repeated = present & (view.bus.sequence <= state.sequence)
    score = jnp.maximum((view.bus.copies - 1.0) / surplus, missing / silence)
    score = jnp.maximum(score, jnp.where(repeated, 2.0, 0.0))
    last = jnp.where(present, jnp.maximum(view.bus.sequence, state.sequence), state.sequence)
    return TrafficState(last, missing), parameters[:, 0] * jnp.maximum(score, 0.0)


CONTROL = Control(
    id="bus-traffic",
    title="Timing and counters of bus traffic",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("surplus", "1", 0.5, 0.1, 1000.0, "copies beyond one a tick that alarm"),
        Parameter("silence", "1", 3.0, 1.0, 1e5, "ticks without a frame that alarm"),
    ),
    cost=Cost(note="a counter per identifier in the gateway; false alarms are measured"),
    source="specification-based detection on a bus with fixed periods: Blevins et al., arXiv "
    "2101.05781. Calibrated on clean duty: seeds 1000 to 1031, eight duties, four links, "
    "256 h, no alarm",
    watch=Watch(Place.GATEWAY, Accusation.BUS, _start, _step),
)
