"""The bits of one signal in the data of a frame.

A signal is there when the data are long enough, whatever else a message holds: with other signals
over the same bits, on any page of a multiplexer, and beyond the length that the DBC gives.

Source: the start bit is that of the least significant bit in Intel order, and of the most
significant one in Motorola order, counted by the DBC as 8 * byte + bit.
"""

import struct
from typing import Literal

from cantools.database.can import Signal

_FLOATS = {16: "e", 32: "f", 64: "d"}


def raw_value(signal: Signal, data: bytes) -> int | float | None:
    """Return the raw number of a signal, or None where the data end before it."""
    shift = _shift(signal, len(data))
    if shift is None:
        return None
    count = int.from_bytes(data, _order(signal)) >> shift & _mask(signal)
    if signal.conversion.is_float:
        code = _FLOATS[signal.length]
        value: float = struct.unpack(f">{code}", count.to_bytes(signal.length // 8, "big"))[0]
        return value
    if signal.is_signed and count >> (signal.length - 1):
        count -= 1 << signal.length
    return count


def with_raw_value(signal: Signal, raw: float, data: bytes) -> bytes:
    """Return the data with the raw number of a signal in its place.

    Raises:
        ValueError: The number does not fit, or the data end before the signal.
    """
    shift = _shift(signal, len(data))
    if shift is None:
        raise ValueError(f"the frame ends after {len(data)} bytes, before this signal")
    if signal.conversion.is_float:
        try:
            packed = struct.pack(f">{_FLOATS[signal.length]}", raw)
        except OverflowError:
            raise ValueError(f"{raw:g} is above a float of {signal.length} bits") from None
        count = int.from_bytes(packed, "big")
    else:
        lowest = -(1 << (signal.length - 1)) if signal.is_signed else 0
        highest = lowest + _mask(signal)
        if raw != raw // 1 or not lowest <= raw <= highest:
            raise ValueError(f"raw value {raw} is not one of {lowest} to {highest}")
        count = int(raw) & _mask(signal)
    whole = int.from_bytes(data, _order(signal))
    whole = whole & ~(_mask(signal) << shift) | count << shift
    return whole.to_bytes(len(data), _order(signal))


def end_byte(signal: Signal) -> int:
    """Return how many bytes a frame needs to hold a signal."""
    first = _first_bit(signal) if _order(signal) == "big" else signal.start
    return -(-(first + signal.length) // 8)


def _shift(signal: Signal, length: int) -> int | None:
    if _order(signal) == "little":
        return signal.start if signal.start + signal.length <= 8 * length else None
    shift = 8 * length - _first_bit(signal) - signal.length
    return shift if shift >= 0 else None


def _first_bit(signal: Signal) -> int:
    """Return where a signal in Motorola order begins, counted from the most significant bit."""
    return 8 * (signal.start // 8) + 7 - signal.start % 8


def _mask(signal: Signal) -> int:
    return (1 << signal.length) - 1


def _order(signal: Signal) -> Literal["big", "little"]:
    return "big" if signal.byte_order == "big_endian" else "little"
