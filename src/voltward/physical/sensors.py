"""Sensors: offset, noise, latency and quantisation between the truth and a reading."""

from dataclasses import astuple, dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.documents.settings_table import NotNegative, settings_table


@dataclass(frozen=True)
class Channel:
    """One kind of sensor, whatever its quantity; the first four are those of the system file.

    Attributes:
        noise: Standard deviation of a reading, in the quantity's unit.
        resolution: Quantisation step; 0 for none.
        offset: Standard deviation of the fixed offset of a sensor.
        latency_s: First-order lag; 0 for none.
        low: Smallest reading.
        high: Largest reading.
    """

    noise: float
    resolution: float
    offset: float
    latency_s: float
    low: float
    high: float


@settings_table
class VoltageSensor:
    """A voltage channel; the offset is the standard deviation over sensors of a constant error."""

    noise_V: NotNegative
    resolution_V: NotNegative
    offset_V: NotNegative
    latency_s: NotNegative


@settings_table
class TemperatureSensor:
    """A temperature channel; the offset is as in `VoltageSensor`."""

    noise_K: NotNegative
    resolution_K: NotNegative
    offset_K: NotNegative
    latency_s: NotNegative


@settings_table
class CurrentSensor:
    """A current channel; the offset is as in `VoltageSensor`."""

    noise_A: NotNegative
    resolution_A: NotNegative
    offset_A: NotNegative
    latency_s: NotNegative


@settings_table
class IsolationSensor:
    """The isolation monitor; the isolation itself never changes, so that a latency says nothing."""

    noise_kohm: NotNegative
    resolution_kohm: NotNegative
    offset_kohm: NotNegative


@settings_table
class SensorSettings:
    """All channels: cells, pack voltage apart from the cells' sum, current, isolation, charger."""

    voltage: VoltageSensor
    temperature: TemperatureSensor
    current: CurrentSensor
    pack_voltage: VoltageSensor
    isolation: IsolationSensor
    charger_current: CurrentSensor


@dataclass(frozen=True)
class SensorChannels:
    """The channels of `SensorSettings`, with the range of each on the wire."""

    voltage: Channel
    temperature: Channel
    current: Channel
    pack_voltage: Channel
    isolation: Channel
    charger_current: Channel

    @property
    def lagging(self) -> tuple[str, ...]:
        """Return the names of the channels with a latency."""
        return tuple(name for name, channel in vars(self).items() if channel.latency_s > 0.0)


# Smallest and largest reading of each channel.
_SPANS = {
    "voltage": (0.0, 6.5),
    "temperature": (-60.0, 1000.0),
    "current": (-2000.0, 2000.0),
    "pack_voltage": (0.0, 2000.0),
    "isolation": (0.0, 60000.0),
    "charger_current": (-2000.0, 2000.0),
}


def sensor_channels(sensors: SensorSettings) -> SensorChannels:
    """Return the channels of a system's sensors."""
    return SensorChannels(
        **{name: _channel(astuple(table), *_SPANS[name]) for name, table in vars(sensors).items()}
    )


def _channel(values: tuple[float, ...], low: float, high: float) -> Channel:
    noise, resolution, offset = values[:3]
    latency_s = values[3] if len(values) > 3 else 0.0
    return Channel(noise, resolution, offset, latency_s, low, high)


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
    """Return what a sensor with a latency above 0 feels after one tick."""
    return truth + (previous - truth) * jnp.exp(-tick_s / channel.latency_s)


def quantised(channel: Channel, value: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return the value rounded to the step of the sensor and clipped to its range."""
    if channel.resolution <= 0.0:
        return jnp.clip(value, channel.low, channel.high)
    return jnp.clip(
        jnp.round(value / channel.resolution) * channel.resolution, channel.low, channel.high
    )


def reading(
    channel: Channel,
    felt: Float[Array, "..."],
    offset: Float[Array, "..."],
    noise_draw: Float[Array, "..."],
) -> Float[Array, "..."]:
    """Return a reading from what the sensor feels, its offset and a standard normal draw."""
    return quantised(channel, felt + offset + channel.noise * noise_draw)
