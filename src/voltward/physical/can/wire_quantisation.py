"""Quantisation of the wire inside compiled programs; fields that it does not carry."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.record import Record
from voltward.core.taps import Tap
from voltward.physical.can.wire_scale import WireScale


@dataclass(frozen=True)
class FieldCodes:
    """How one direction of a bus carries the fields of its records.

    Attributes:
        scales: Code of each field that a signal carries.
        instead: What a receiver takes for each of the others.
    """

    scales: Mapping[str, WireScale]
    instead: Mapping[str, float]

    def sent(self, record: Record, tap: Tap) -> Record:
        """Return a record with all values that the wire carries as it carries them."""
        wide = tuple(
            quantise(values, self.scales[name])
            for values, name in zip(record.wide, tap.wide, strict=True)
        )
        scalars = _quantise_fields(record.scalars, tap.scalars, self.scales)
        return replace(record, wide=wide, scalars=scalars)

    def received(self, record: Record, tap: Tap) -> Record:
        """Return a record as a receiver has it; no attacker sets a signal that does not exist."""
        scalars = record.scalars
        for index, name in enumerate(tap.scalars):
            if name not in self.scales:
                scalars = scalars.at[:, index].set(self.instead[name])
        return record if scalars is record.scalars else replace(record, scalars=scalars)


@dataclass(frozen=True)
class BusWire:
    """Both directions of a bus."""

    telemetry: FieldCodes
    command: FieldCodes


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


def _quantise_fields(
    values: Float[Array, "run field"], names: tuple[str, ...], scales: Mapping[str, WireScale]
) -> Float[Array, "run field"]:
    chosen = [scales[name] for name in names if name in scales]
    if len(chosen) < len(names) or any(scale.offset for scale in chosen):
        columns = [
            quantise(values[:, index], scales[name]) if name in scales else values[:, index]
            for index, name in enumerate(names)
        ]
        return jnp.stack(columns, axis=1)
    # One clip over all columns compiles to less.
    step = jnp.asarray([scale.step for scale in chosen], dtype=values.dtype)
    per_unit = jnp.asarray([scale.counts_per_unit for scale in chosen], dtype=values.dtype)
    low = jnp.asarray([scale.raw_minimum for scale in chosen], dtype=values.dtype)
    high = jnp.asarray([scale.raw_maximum for scale in chosen], dtype=values.dtype)
    return jnp.clip(jnp.round(values * per_unit), low, high) * step
