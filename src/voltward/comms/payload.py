"""Telemetry and commands as JSON: COVESA VSS names where they exist, an overlay where not.

1. `encode` writes the content of an envelope in its canonical encoding, one text for each content.
2. With a key it adds an HMAC-SHA-256 tag over that text.
3. `decode` reads the content and refuses what does not fit. With a key it encodes what it read and
   compares the tag: only a valid tag becomes a proof of the message.

A number arrives as the same float64 that was sent. Where VSS has another unit (percent), the
decimal point of the number's shortest text is moved, which is exact.

Source: COVESA Vehicle Signal Specification 6.0, branch Vehicle.Powertrain.TractionBattery.
"""

import hmac
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voltward.core.capabilities import Capability
from voltward.core.taps import COMMAND_SCALARS, TELEMETRY_SCALARS, TELEMETRY_WIDE

PAYLOAD_VERSION = 1
COUNTER_BOUND = 2**63  # receivers keep counters as signed 64-bit numbers
_VSS = "Vehicle.Powertrain.TractionBattery."
_OVERLAY = _VSS + "Voltward."


class PayloadError(ValueError):
    """Bytes that are not a payload of this project; a receiver drops them."""


class Kind(StrEnum):
    """What a payload carries."""

    TELEMETRY = "telemetry"
    COMMAND = "command"


class _Digits(str):
    """Text of a JSON number, as distinct from a JSON string."""

    __slots__ = ()


@dataclass(frozen=True)
class Signal:
    """How a field is written on the wire.

    Attributes:
        name: Path in VSS or in the overlay.
        shift: Decimal places that the wire's unit is apart: 2 for percent.
        truth: Whether the wire has true and false where we have 1 and 0.
    """

    name: str
    shift: int = 0
    truth: bool = False


SIGNALS: Mapping[Kind, Mapping[str, Signal]] = {
    Kind.TELEMETRY: {
        "voltage_V": Signal(_VSS + "CellVoltage.CellVoltages"),
        "temperature_degC": Signal(_VSS + "Temperature.CellTemperature"),
        "current_A": Signal(_VSS + "CurrentCurrent"),
        "pack_voltage_V": Signal(_VSS + "CurrentVoltage"),
        "soc": Signal(_VSS + "StateOfCharge.Current", shift=2),
        "charge_counter_Ah": Signal(_OVERLAY + "NetChargeThroughput"),
        "isolation_kohm": Signal(_OVERLAY + "InsulationResistance"),
        "charging": Signal(_VSS + "Charging.IsCharging", truth=True),
    },
    Kind.COMMAND: {
        "charge_limit_A": Signal(_OVERLAY + "ChargeCurrentLimit"),
        "target_soc": Signal(_VSS + "Charging.ChargeLimit", shift=2),
        "charge_enable": Signal(_OVERLAY + "ChargeEnable", truth=True),
        "conditioning_degC": Signal(_VSS + "BatteryConditioning.TargetTemperature"),
        "derate": Signal(_OVERLAY + "Derate"),
        "open_request": Signal(_OVERLAY + "OpenRequest", truth=True),
        "power_setpoint_W": Signal(_OVERLAY + "PowerSetpoint"),
    },
}
WIDE: Mapping[Kind, tuple[str, ...]] = {Kind.TELEMETRY: TELEMETRY_WIDE, Kind.COMMAND: ()}
SCALARS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TELEMETRY: TELEMETRY_SCALARS,
    Kind.COMMAND: COMMAND_SCALARS,
}
KEY_BIT: Mapping[Kind, Capability] = {
    Kind.TELEMETRY: Capability.TELEMETRY_KEY,
    Kind.COMMAND: Capability.COMMAND_KEY,
}


@dataclass(frozen=True)
class Message:
    """A record of one vehicle, as plain arrays.

    Attributes:
        wide: Values per cell, one array for each wide field of the kind.
        scalars: Values in the order of the kind's scalar fields.
        present: Whether there is a record; silence is a message too.
        sequence: The sender's running number.
        sent_tick: The tick at which the sender says it was made.
        proofs: Capability bits of the proofs that the receiver found valid.
        copies: How many records of this kind the receiver saw in the tick.
    """

    wide: tuple[NDArray[np.float64], ...]
    scalars: NDArray[np.float64]
    present: bool
    sequence: int
    sent_tick: int
    proofs: int = 0
    copies: float = 1.0


@dataclass(frozen=True)
class Envelope:
    """A message with its place in the traffic.

    Attributes:
        kind: Telemetry or command.
        tick: The tick in which it was handed to the network.
        slot: Its place among the messages of that tick.
        message: The record.
    """

    kind: Kind
    tick: int
    slot: int
    message: Message


def silence(kind: Kind, cells: int = 0) -> Message:
    """Return the message that says that there is none."""
    wide = tuple(np.zeros(cells) for _ in WIDE[kind])
    scalars = np.zeros(len(SCALARS[kind]))
    return Message(wide, scalars, present=False, sequence=0, sent_tick=0, copies=0.0)


def encode(envelope: Envelope, key: bytes | None = None) -> bytes:
    """Return the payload of a message.

    Args:
        envelope: What to send. `proofs` and `copies` are found by the receiver and not sent.
        key: When given, the payload carries an HMAC-SHA-256 tag over its content.

    Raises:
        ValueError: A value is infinite, or the fields do not fit the kind.
    """
    # 1.
    content = _content(envelope)
    # 2.
    tag = "" if key is None else f',"tag":"{_tag(content, key)}"'
    return f'{{"content":{content}{tag}}}'.encode()


def decode(payload: bytes, key: bytes | None = None) -> Envelope:
    """Return the message in a payload; its `proofs` say whether the tag is valid under the key.

    Args:
        payload: Bytes as received.
        key: The receiver's key, or None when it checks nothing.

    Raises:
        PayloadError: Not JSON, another schema version, or fields missing or of the wrong type.
    """
    # 3.
    try:
        document = json.loads(payload, parse_float=_Digits, parse_int=_Digits)
        content = document["content"]
        if _integer(content["version"]) != PAYLOAD_VERSION:
            raise PayloadError(f"payload version {content['version']}, known: {PAYLOAD_VERSION}")
        envelope = _envelope(content)
        given = document.get("tag")
    except (
        *(KeyError, TypeError, AttributeError, ArithmeticError, ValueError),
        RecursionError,  # nested deeper than the parser follows
    ) as error:
        raise PayloadError(f"not a payload: {error!r}") from error
    if key is None or not isinstance(given, str) or not given.isascii():
        return envelope
    if not hmac.compare_digest(given, _tag(_content(envelope), key)):
        return envelope
    proven = replace(envelope.message, proofs=int(KEY_BIT[envelope.kind]))
    return replace(envelope, message=proven)


def _tag(content: str, key: bytes) -> str:
    return hmac.digest(key, content.encode(), "sha256").hex()


def _content(envelope: Envelope) -> str:
    """Return the canonical encoding: sorted names, no spaces, the shortest text of each number."""
    kind, message = envelope.kind, envelope.message
    if len(message.wide) != len(WIDE[kind]) or len(message.scalars) != len(SCALARS[kind]):
        raise ValueError(f"fields do not fit a {kind} message")
    texts = {}
    for field, values in zip(WIDE[kind], message.wide, strict=True):
        signal = SIGNALS[kind][field]
        texts[signal.name] = "[" + ",".join(_number(value, signal) for value in values) + "]"
    for field, value in zip(SCALARS[kind], message.scalars, strict=True):
        signal = SIGNALS[kind][field]
        texts[signal.name] = _number(value, signal)
    body = ",".join(f'"{name}":{texts[name]}' for name in sorted(texts))
    return (
        f'{{"kind":"{kind}","present":{"true" if message.present else "false"},'
        f'"sent_tick":{int(message.sent_tick)},"sequence":{int(message.sequence)},'
        f'"signals":{{{body}}},"slot":{int(envelope.slot)},"tick":{int(envelope.tick)},'
        f'"version":{PAYLOAD_VERSION}}}'
    )


def _number(value: float, signal: Signal) -> str:
    number = float(value)
    if math.isinf(number):
        raise ValueError(f"{signal.name}: an infinite value cannot be sent")
    if math.isnan(number):
        return "null"
    if signal.truth:
        return "true" if number != 0.0 else "false"
    if signal.shift:
        return str(Decimal(repr(number)).scaleb(signal.shift))
    return repr(number)


def _envelope(content: Mapping[str, Any]) -> Envelope:
    kind = Kind(content["kind"])
    signals, found, present = SIGNALS[kind], content["signals"], content["present"]
    if not isinstance(present, bool):
        raise PayloadError("present is neither true nor false")
    message = Message(
        tuple(_values(found[signals[field].name], signals[field]) for field in WIDE[kind]),
        np.array([_value(found[signals[f].name], signals[f]) for f in SCALARS[kind]]),
        present=present,
        sequence=_integer(content["sequence"]),
        sent_tick=_integer(content["sent_tick"]),
        copies=float(present),
    )
    return Envelope(kind, _integer(content["tick"]), _integer(content["slot"]), message)


def _integer(text: object) -> int:
    if not isinstance(text, _Digits):
        raise PayloadError("a counter is not a number")
    number = int(text)
    if not -COUNTER_BOUND <= number < COUNTER_BOUND:
        raise PayloadError("a counter does not fit 64 bits")
    return number


def _values(texts: object, signal: Signal) -> NDArray[np.float64]:
    if not isinstance(texts, list):
        raise PayloadError(f"{signal.name}: not a list of one value per cell")
    return np.array([_value(text, signal) for text in texts])


def _value(text: object, signal: Signal) -> float:
    if text is None:
        return math.nan
    if signal.truth:
        if not isinstance(text, bool):
            raise PayloadError(f"{signal.name}: neither true nor false")
        return float(text)
    if not isinstance(text, _Digits):
        raise PayloadError(f"{signal.name}: not a number")
    number = float(Decimal(text).scaleb(-signal.shift)) if signal.shift else float(text)
    if math.isinf(number):
        raise PayloadError(f"{signal.name}: infinite")
    return number
