"""Each cell's distance to the pack's middle against its own slow average."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import BmsView
from voltward.physical.remedian import remedian

State = Float[Array, "run cell"]


def _start(runs: int, cells: int) -> State:
    return jnp.full((runs, cells), jnp.nan)


def _step(
    place_V: State, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[State, Float[Array, " run"]]:
    """Compare, allowing for resistances that differ, and let the place follow slowly.

    Limits:
        A lie told of most cells at once moves the middle too; a ramp slower than the memory
        passes; what the sensor vote has replaced is not seen.
    """
    tolerance_V, spread_ohm, memory_s = (parameters[:, index, None] for index in range(1, 4))
    distance_V = view.voltage_V - remedian(view.voltage_V)[:, None]
    known = jnp.where(jnp.isnan(place_V), distance_V, place_V)
    leap_V = distance_V - known
    allowed_V = tolerance_V + spread_ohm * jnp.abs(view.current_A)[:, None]
    gain = 1.0 - jnp.exp(-view.tick_s / memory_s)
    score = jnp.max(jnp.abs(leap_V) / allowed_V, axis=1)
    return known + gain * leap_V, parameters[:, 0] * score


CONTROL = Control(
    id="cross-cell-comparison",
    title="Comparison across cells",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("tolerance_V", "V", 0.02, 0.001, 1.0, "leap let be at rest"),
        Parameter("spread_ohm", "ohm", 4e-4, 0.0, 0.1, "more of it for each ampere"),
        Parameter("memory_s", "s", 120.0, 1.0, 1e5, "time in which a cell's place follows"),
    ),
    cost=Cost(note="a few comparisons per cell and tick in the BMS; false alarms are measured"),
    source="consistency of cells in series, as fault diagnosis of packs uses it. Calibrated on "
    "clean duty: seeds 1000 to 1031, eight duties, four links, 256 h, no alarm",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, _start, _step),
)
