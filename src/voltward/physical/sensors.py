"""Sensors: offset, noise, latency and quantisation between the truth and a reading."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float


@dataclass(frozen=True)
class Channel:
    """One kind of sensor.

    Attributes:
        noise: Standard deviation of a reading, in the quantity's unit.
        offset: Standard deviation of the fixed offset of a sensor.
        step: Quantisation step, as on the wire.
        low: Smallest reading.
        high: Largest reading.
        lag_s: First-order lag; 0 for none.
    """

    noise: float
    offset: float
    step: float
    low: float
    high: float
    lag_s: float = 0.0


@dataclass(frozen=True)
class SensorParameters:
    """The pack's sensors."""

    cell_voltage: Channel
    cell_temperature: Channel
    current: Channel
    pack_voltage: Channel
    charger_current: Channel
    isolation: Channel


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Readings:
    """What the BMS reads in a tick.

    Attributes:
        voltage_V: Of the cells.
        temperature_degC: Of the cells.
        current_A: Of the pack; positive charges.
        pack_voltage_V: The pack's own sensor, apart from the cells' sum.
        charger_current_A: The charger's own meter; zero when none is connected.
        isolation_kohm: The isolation monitor.
    """

    voltage_V: Float[Array, "run cell"]
    temperature_degC: Float[Array, "run cell"]
    current_A: Float[Array, " run"]
    pack_voltage_V: Float[Array, " run"]
    charger_current_A: Float[Array, " run"]
    isolation_kohm: Float[Array, " run"]


def lagged(
    channel: Channel,
    previous: Float[Array, "..."],
    truth: Float[Array, "..."],
    tick_s: float,
) -> Float[Array, "..."]:
    """Return what a sensor with latency feels after one tick."""
    if channel.lag_s <= 0.0:
        return truth
    return truth + (previous - truth) * jnp.exp(-tick_s / channel.lag_s)


def quantised(channel: Channel, value: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return the value as the wire carries it: rounded to the step and clipped to the range."""
    return jnp.clip(jnp.round(value / channel.step) * channel.step, channel.low, channel.high)


def reading(
    channel: Channel,
    felt: Float[Array, "..."],
    offset_draw: Float[Array, "..."],
    noise_draw: Float[Array, "..."],
) -> Float[Array, "..."]:
    """Return a reading from what the sensor feels and two standard normal draws."""
    return quantised(channel, felt + channel.offset * offset_draw + channel.noise * noise_draw)
