"""The gateway counts frames of the bus that it had to reject."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import GatewayView

State = Float[Array, " run"]


def _start(runs: int, cells: int) -> State:
    del cells
    return jnp.zeros(runs)


def _step(
    bucket: State, view: GatewayView, parameters: Float[Array, "run column"]
) -> tuple[State, Float[Array, " run"]]:
    """Fill a leaky bucket with rejections.

    Limits:
        Sees nothing where nothing is verified.
    """
    burst, period_s = parameters[:, 1], parameters[:, 2]
    # A long tick forgives no more than a quarter of a rejection.
    leaked = bucket + view.bus_rejected - jnp.minimum(view.tick_s / period_s, 0.25)
    moved = jnp.clip(leaked, 0.0, 2.0 * burst)
    return moved, parameters[:, 0] * moved / burst


CONTROL = Control(
    id="rejected-frames",
    title="Rejected bus frames",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("burst", "1", 1.5, 0.5, 1000.0, "rejections that alarm"),
        Parameter("period_s", "s", 60.0, 0.1, 1e5, "time in which one of them is forgiven"),
    ),
    cost=Cost(note="a counter in the gateway; false alarms are measured"),
    source="failed verifications as security events: AUTOSAR intrusion detection system manager. "
    "Calibrated on clean duty: seeds 1000 to 1031, eight duties, four links, 256 h, no "
    "alarm",
    watch=Watch(Place.GATEWAY, Accusation.BUS, _start, _step),
)
