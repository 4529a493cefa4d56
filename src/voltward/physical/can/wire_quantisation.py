"""Quantisation of the wire inside compiled programs, with the constants of `wire_scale`."""

from collections.abc import Mapping
from dataclasses import replace

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.record import Record
from voltward.core.taps import Tap
from voltward.physical.can.wire_scale import COMMAND_SCALES, TELEMETRY_SCALES, WireScale


def quantise(value: Float[Array, "*shape"], scale: WireScale) -> Float[Array, "*shape"]:
    """Return what a receiver sees of values that crossed the wire; NaN stays NaN.

    Args:
        value: In the quantity's unit.
        scale: The quantity's code; static.

    Limits: equal to the NumPy form to the last bit in float64 only.
    """
    counts = jnp.clip(
        jnp.round(value * scale.counts_per_unit), scale.raw_minimum, scale.raw_maximum
    )
    return counts * scale.step


def quantise_fields(
    values: Float[Array, "run field"], names: tuple[str, ...], scales: Mapping[str, WireScale]
) -> Float[Array, "run field"]:
    """Quantise one column per named field.

    Args:
        values: Columns in the order of `names`.
        names: Fields of a tap.
        scales: Code of each field.

    Raises:
        KeyError: A field has no code on the wire.
    """
    chosen = [scales[name] for name in names]
    step = jnp.asarray([scale.step for scale in chosen], dtype=values.dtype)
    per_unit = jnp.asarray([scale.counts_per_unit for scale in chosen], dtype=values.dtype)
    low = jnp.asarray([scale.raw_minimum for scale in chosen], dtype=values.dtype)
    high = jnp.asarray([scale.raw_maximum for scale in chosen], dtype=values.dtype)
    return jnp.clip(jnp.round(values * per_unit), low, high) * step


def quantise_telemetry(record: Record, tap: Tap) -> Record:
    """Return a telemetry record with all its values as the wire carries them."""
    wide = tuple(
        quantise(values, TELEMETRY_SCALES[name])
        for values, name in zip(record.wide, tap.wide, strict=True)
    )
    scalars = quantise_fields(record.scalars, tap.scalars, TELEMETRY_SCALES)
    return replace(record, wide=wide, scalars=scalars)


def quantise_command(record: Record, tap: Tap) -> Record:
    """Return a command record with all its values as the wire carries them."""
    return replace(record, scalars=quantise_fields(record.scalars, tap.scalars, COMMAND_SCALES))
