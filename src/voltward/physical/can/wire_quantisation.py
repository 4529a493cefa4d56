"""Quantisation of the wire inside compiled programs; fields that it does not carry."""

from collections.abc import Mapping
from dataclasses import replace

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.record import Record
from voltward.core.taps import Tap
from voltward.physical.can.wire_scale import WireScale


Scales = Mapping[str, WireScale]


def quantise(value: Float[Array, "*shape"], scale: WireScale) -> Float[Array, "*shape"]:
    """Return what a receiver sees of values that crossed the wire; NaN stays NaN.

    Args:
        value: In the quantity's unit.
        scale: The quantity's code; static.

    Limits: equal to the NumPy form to the last bit in float64 only.
    """
    if scale.offset:
        return quantise(value - scale.offset, replace(scale, offset=0.0)) + scale.offset
    counts = jnp.clip(
        jnp.round(value * scale.counts_per_unit), scale.raw_minimum, scale.raw_maximum
    )
    return counts * scale.step


def quantise_record(record: Record, tap: Tap, scales: Scales) -> Record:
    """Return a record with all values that the wire carries as it carries them.

    Args:
        record: As its sender made it.
        tap: Where it crosses.
        scales: Code of each field that the wire carries.
    """
    wide = tuple(
        quantise(values, scales[name]) for values, name in zip(record.wide, tap.wide, strict=True)
    )
    return replace(record, wide=wide, scalars=_quantise_fields(record.scalars, tap.scalars, scales))


def _quantise_fields(
    values: Float[Array, "run field"], names: tuple[str, ...], scales: Scales
) -> Float[Array, "run field"]:
    chosen = [scales.get(name) for name in names]
    if any(scale is None or scale.offset for scale in chosen):
        columns = [
            values[:, index] if scale is None else quantise(values[:, index], scale)
            for index, scale in enumerate(chosen)
        ]
        return jnp.stack(columns, axis=1)
    # One clip over all columns compiles to less.
    step = jnp.asarray([scale.step for scale in chosen], dtype=values.dtype)
    per_unit = jnp.asarray([scale.counts_per_unit for scale in chosen], dtype=values.dtype)
    low = jnp.asarray([scale.raw_minimum for scale in chosen], dtype=values.dtype)
    high = jnp.asarray([scale.raw_maximum for scale in chosen], dtype=values.dtype)
    return jnp.clip(jnp.round(values * per_unit), low, high) * step


def without_uncarried(
    record: Record, tap: Tap, scales: Scales, instead: Mapping[str, float]
) -> Record:
    """Return a record as a receiver has it: a field that no signal carries has a fixed value.

    Args:
        record: As it arrived, also from an attacker, who can set no signal that does not exist.
        tap: Where it crossed.
        scales: Code of each field that the wire carries.
        instead: What the receiver takes for each of the others.
    """
    scalars = record.scalars
    for index, name in enumerate(tap.scalars):
        if name not in scales:
            scalars = scalars.at[:, index].set(instead[name])
    return record if scalars is record.scalars else replace(record, scalars=scalars)
