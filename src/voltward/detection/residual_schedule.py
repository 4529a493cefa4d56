"""How large a residual may be here and now: a schedule over temperature, SoC and excitation.

The residual of a real cell is model error: coloured, larger in the cold, near empty and after a
change of current. A constant threshold is either blind or always in alarm.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

# What the squared size of a residual is made of, each in mV^2.
FEATURES = ("constant", "expected", "overpotential", "step", "swing", "slope")
LOW_SOC = 0.3
LOWEST_SOC = 0.12
_FLOOR_MV2 = 0.25
_SOC_ERROR = 0.01


@dataclass(frozen=True)
class Schedule:
    """Size and threshold of one kind of residual.

    Attributes:
        temperature_degC: Knots, rising; held at the ends.
        weight: Share of each feature in the squared size, (knot, feature).
        threshold: Multiple of the size at which it alarms.
        low_soc_threshold: The same below SoC 0.3.
        source: What it was calibrated on.
    """

    temperature_degC: tuple[float, ...]
    weight: tuple[tuple[float, ...], ...]
    threshold: tuple[float, ...]
    low_soc_threshold: tuple[float, ...]
    source: str


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Excitation:
    """What the size leans on, apart from temperature and SoC.

    Attributes:
        expected_V: Standard deviation that the filter expects.
        overpotential_V: Of the twin, mean of the cells.
        step_V: Its change in one tick.
        swing_V2: Its variance over some twenty seconds.
        slope_V: Slope of the open-circuit voltage.
    """

    expected_V: Float[Array, " run"]
    overpotential_V: Float[Array, " run"]
    step_V: Float[Array, " run"]
    swing_V2: Float[Array, " run"]
    slope_V: Float[Array, " run"]


def features_mV2(now: Excitation) -> Float[Array, "run feature"]:
    """Return the features of the squared size."""
    return jnp.stack(
        [
            jnp.ones_like(now.step_V),
            (1e3 * now.expected_V) ** 2,
            (1e3 * now.overpotential_V) ** 2,
            (1e3 * now.step_V) ** 2,
            1e6 * now.swing_V2,
            (1e3 * _SOC_ERROR * now.slope_V) ** 2,
        ],
        axis=-1,
    )


def size_V(
    schedule: Schedule,
    features: Float[Array, "run feature"],
    temperature_degC: Float[Array, " run"],
) -> Float[Array, " run"]:
    """Return the usual size of the residual."""
    weight = jnp.asarray(np.array(schedule.weight))
    at = _shares(schedule, temperature_degC) @ weight
    return 1e-3 * jnp.sqrt(_FLOOR_MV2 + jnp.sum(at * features, axis=-1))


def threshold(
    schedule: Schedule, temperature_degC: Float[Array, " run"], soc: Float[Array, " run"]
) -> Float[Array, " run"]:
    """Return the multiple of the size at which it alarms."""
    shares = _shares(schedule, temperature_degC)
    high = shares @ jnp.asarray(schedule.threshold)
    low = shares @ jnp.asarray(schedule.low_soc_threshold)
    return jnp.where(soc < LOW_SOC, low, high)


def _shares(schedule: Schedule, temperature_degC: Float[Array, " run"]) -> Float[Array, "run knot"]:
    """Return the share of every knot in a value between them."""
    knots = jnp.asarray(schedule.temperature_degC)
    identity = jnp.eye(knots.shape[0])
    return jax.vmap(
        lambda column: jnp.interp(temperature_degC, knots, column), in_axes=1, out_axes=-1
    )(identity)
