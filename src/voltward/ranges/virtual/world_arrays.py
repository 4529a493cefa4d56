"""The world of every run as arrays: how pack, sensors and beliefs differ from the system's own.

A run without a drawn world has the neutral values: nothing lost, nothing wrong, the duty's start.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from voltward.ranges.configuration.system_settings import SystemSettings
from voltward.ranges.worlds.world import Worlds

# Capacity and resistance of the cells of an aged pack go against each other (assumption).
AGED_CORRELATION = -0.6


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class WorldArrays:
    """What a world changes of the system, for every run.

    Attributes:
        start_soc: Mean of the cells at key-on.
        start_degC: Of all cells at key-on.
        charger_power_W: Largest of the charging point.
        capacity: Over that of the system's cell.
        resistance: The same.
        capacity_sd: Standard deviation of the cells' capacity, share.
        resistance_sd: The same, resistance.
        soc_sd: The same, first SoC.
        correlation: Of the cells' capacity and resistance.
        weak_group: Number of the weak group along the string, -1 for none.
        weak_capacity: Its capacity over that of the others.
        weak_resistance: The same, resistance.
        cell_gain: Error common to all cell voltages, share.
        stack_gain: Error of the stack voltage, share.
        current_gain: Error of the pack current, share.
        isolation_gain: Error of the isolation monitor, share.
        bms_soc_error: First SoC of the BMS less the true mean.
        twin_soc_error: The same, twin, every cell.
        believed_capacity: Capacity that BMS and twin believe, over the true mean.
        believed_resistance: The same, resistance.
        ocv_bias_V: Error of the open-circuit table of BMS and twin.
    """

    start_soc: Float[Array, " run"]
    start_degC: Float[Array, " run"]
    charger_power_W: Float[Array, " run"]
    capacity: Float[Array, " run"]
    resistance: Float[Array, " run"]
    capacity_sd: Float[Array, " run"]
    resistance_sd: Float[Array, " run"]
    soc_sd: Float[Array, " run"]
    correlation: Float[Array, " run"]
    weak_group: Int[Array, " run"]
    weak_capacity: Float[Array, " run"]
    weak_resistance: Float[Array, " run"]
    cell_gain: Float[Array, " run"]
    stack_gain: Float[Array, " run"]
    current_gain: Float[Array, " run"]
    isolation_gain: Float[Array, " run"]
    bms_soc_error: Float[Array, " run"]
    twin_soc_error: Float[Array, " run"]
    believed_capacity: Float[Array, " run"]
    believed_resistance: Float[Array, " run"]
    ocv_bias_V: Float[Array, " run"]


def neutral_world(
    system: SystemSettings, runs: int, *, start_soc: float, start_degC: float
) -> WorldArrays:
    """Return the world that changes nothing: the system as it is written, from a given start."""
    spread = system.pack.spread
    values = {
        "start_soc": start_soc,
        "start_degC": start_degC,
        "charger_power_W": system.charging.power_W,
        "capacity": 1.0,
        "resistance": 1.0,
        "capacity_sd": 0.01 * spread.capacity_pct,
        "resistance_sd": 0.01 * spread.resistance_pct,
        "soc_sd": 0.01 * spread.initial_soc_pct,
        "correlation": 0.0,
        "weak_capacity": 1.0,
        "weak_resistance": 1.0,
        "cell_gain": 0.0,
        "stack_gain": 0.0,
        "current_gain": 0.0,
        "isolation_gain": 0.0,
        "bms_soc_error": 0.0,
        "twin_soc_error": 0.0,
        "believed_capacity": 1.0,
        "believed_resistance": 1.0,
        "ocv_bias_V": 0.0,
    }
    return WorldArrays(
        weak_group=jnp.full(runs, -1),
        **{name: jnp.full(runs, float(value)) for name, value in values.items()},
    )


def drawn_worlds(system: SystemSettings, worlds: Worlds, numbers: Sequence[int]) -> WorldArrays:
    """Return drawn worlds as arrays.

    Args:
        system: What the worlds change.
        worlds: All that were drawn.
        numbers: Which of them, one for each run.
    """
    chosen = {name: values[list(numbers)] for name, values in worlds.columns().items()}
    spread, groups = system.pack.spread, system.pack.series
    place = np.minimum((chosen["weak_group_place"] * groups).astype(int), groups - 1)
    values = {
        "start_soc": chosen["start_soc"],
        "start_degC": chosen["cell_degC"],
        "charger_power_W": chosen["charger_power_W"],
        "capacity": chosen["capacity_factor"],
        "resistance": chosen["resistance_factor"],
        "capacity_sd": 0.01 * (spread.capacity_pct + chosen["capacity_spread_pct"]),
        "resistance_sd": 0.01 * (spread.resistance_pct + chosen["resistance_spread_pct"]),
        "soc_sd": 0.01 * spread.initial_soc_pct * chosen["imbalance_factor"],
        "correlation": np.full(len(numbers), AGED_CORRELATION),
        "weak_capacity": chosen["weak_group_capacity"],
        "weak_resistance": chosen["weak_group_resistance"],
        "cell_gain": chosen["monitor_gain"],
        "current_gain": chosen["shunt_gain"],
        **{
            name: chosen[name]
            for name in (
                "stack_gain",
                "isolation_gain",
                "bms_soc_error",
                "twin_soc_error",
                "believed_capacity",
                "believed_resistance",
                "ocv_bias_V",
            )
        },
    }
    return WorldArrays(
        weak_group=jnp.asarray(np.where(chosen["weak_group"], place, -1)),
        **{name: jnp.asarray(value.astype(float)) for name, value in values.items()},
    )
