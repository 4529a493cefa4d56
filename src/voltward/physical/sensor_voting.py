"""A cell voltage that leaps away from the pack is replaced by what the pack says it should be."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Control, Cost, Shape
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import BmsView
from voltward.physical.remedian import remedian


def _rule(
    voltage_V: Float[Array, "run cell"], view: BmsView, parameters: Float[Array, "run column"]
) -> Float[Array, "run cell"]:
    """Replace a reading that leaves its place beside the pack's middle.

    A cell's place is its distance to the middle in the last tick, so that a replaced reading stays
    replaced until it comes back to where its neighbours put it.

    Limits:
        A slow ramp passes, and so does a lie told of most cells at once.
    """
    place_V = view.voltage_V - remedian(view.voltage_V)[:, None]
    expected_V = remedian(voltage_V)[:, None] + place_V
    tolerance_V = parameters[:, 1, None] / jnp.maximum(parameters[:, 0, None], 1e-9)
    outvoted = jnp.abs(voltage_V - expected_V) > tolerance_V
    return jnp.where(outvoted, expected_V, voltage_V)


CONTROL = Control(
    id="sensor-voting",
    title="Vote on cell-voltage readings",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "divides the tolerance; 0 is absent"),
    parameters=(Parameter("tolerance_V", "V", 0.08, 0.005, 1.0, "leap that is let be"),),
    cost=Cost(note="a cell that truly fails within one tick is seen late; clean harm is measured"),
    source="redundancy with voting, as in triplicated sensors; the pack's middle stands for the "
    "missing channels. On clean duty (US06, hill climb, grid service, hot standby; seeds "
    "1000 to 1031) the SoC error is unchanged to four digits",
    shape=(Shape("bms.voltage", _rule),),
)
