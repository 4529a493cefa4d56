"""What holds for a whole run and differs from cell to cell: drawn once, from the run's seed."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, UInt64

from voltward.core.noise import NoiseSource, gaussian
from voltward.physical.pack import CellSpread
from voltward.ranges.virtual.case_arrays import Assembly
from voltward.ranges.virtual.world_arrays import WorldArrays


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class FixedDraws:
    """Draws that hold for a whole run.

    Attributes:
        spread: Of the cells.
        initial_soc: Of every cell.
        voltage_offset_V: Of each cell's channel.
        temperature_offset_K: Of each temperature sensor.
        scalar_offset: Of current, pack voltage, charger and isolation, in their units.
        known_capacity: Factor on its capacity that the twin believes of each cell.
        known_resistance: Factor on its resistance that the twin believes of each cell.
        bms_capacity: Factor on the cell's capacity that the BMS believes of its mean cell.
        bms_resistance: Factor on the cell's resistance that the BMS believes of its mean cell.
    """

    spread: CellSpread
    initial_soc: Float[Array, "run cell"]
    voltage_offset_V: Float[Array, "run cell"]
    temperature_offset_K: Float[Array, "run cell"]
    scalar_offset: Float[Array, "run 4"]
    known_capacity: Float[Array, "run cell"]
    known_resistance: Float[Array, "run cell"]
    bms_capacity: Float[Array, "run 1"]
    bms_resistance: Float[Array, "run 1"]


def fixed_draws(assembly: Assembly, seed: UInt64[Array, " run"], world: WorldArrays) -> FixedDraws:
    """Draw what makes one pack unlike the next, around what its world says of it.

    Args:
        assembly: Static parameters.
        seed: Of each run.
        world: Of each run.

    Limits:
        Spreads are normal and cut at three standard deviations.
    """
    cells, sensors = assembly.cells, assembly.sensors
    start = jnp.asarray(0)

    def draw(source: NoiseSource, count: int = cells) -> Float[Array, "run draw"]:
        return jnp.clip(gaussian(seed, source, start, count), -3.0, 3.0)

    def each(values: Float[Array, " run"]) -> Float[Array, "run 1"]:
        return values[:, None]

    # 1. The cells.
    of_capacity = draw(NoiseSource.CELL_CAPACITY)
    own = jnp.sqrt(1.0 - each(world.correlation) ** 2)
    of_resistance = each(world.correlation) * of_capacity + own * draw(NoiseSource.CELL_RESISTANCE)
    group = jnp.arange(cells) // assembly.plant.pack.parallel
    weak = group[None, :] == each(world.weak_group)
    capacity = each(world.capacity) * (1.0 + each(world.capacity_sd) * of_capacity)
    capacity = jnp.where(weak, capacity * each(world.weak_capacity), capacity)
    resistance = each(world.resistance) * (1.0 + each(world.resistance_sd) * of_resistance)
    resistance = jnp.where(weak, resistance * each(world.weak_resistance), resistance)
    initial_soc = each(world.start_soc) + each(world.soc_sd) * draw(NoiseSource.INITIAL_SOC)

    # 2. The sensors.
    offsets = (sensors.current, sensors.pack_voltage, sensors.charger_current, sensors.isolation)
    deviation = jnp.asarray([channel.offset for channel in offsets])

    # 3. What is believed of the cells: the twin knows them one by one, but for a share.
    unknown = assembly.commissioning_share
    known_capacity = capacity + each(world.capacity_sd) * unknown * draw(
        NoiseSource.COMMISSIONED_CAPACITY
    )
    known_resistance = resistance + each(world.resistance_sd) * unknown * draw(
        NoiseSource.COMMISSIONED_RESISTANCE
    )
    return FixedDraws(
        spread=CellSpread(capacity, resistance),
        initial_soc=jnp.clip(initial_soc, 0.0, 1.0),
        voltage_offset_V=sensors.voltage.offset * draw(NoiseSource.VOLTAGE_SENSOR_OFFSET),
        temperature_offset_K=sensors.temperature.offset
        * draw(NoiseSource.TEMPERATURE_SENSOR_OFFSET),
        scalar_offset=deviation * draw(NoiseSource.PACK_SENSOR_OFFSETS, 4),
        known_capacity=known_capacity * each(world.believed_capacity),
        known_resistance=known_resistance * each(world.believed_resistance),
        bms_capacity=each(world.capacity * world.believed_capacity),
        bms_resistance=each(world.resistance * world.believed_resistance),
    )
