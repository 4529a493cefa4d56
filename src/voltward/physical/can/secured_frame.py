"""Authenticated CAN frames in the manner of AUTOSAR SecOC.

Authenticator = first bits of CMAC-AES128(key, data id || payload || full freshness). A secured
frame is payload, padding to a length that CAN FD has, low bits of the freshness, authenticator. The
trailer is at the end, so a receiver needs only the profile to find it; padding is under the
MAC.

Source: AUTOSAR documents 654 (SWS) and 969 (protocol); NIST SP 800-38B (CMAC); RFC 4493.
Limits: keys are given, not managed; freshness is a counter kept by the caller for each identifier,
without the trip and reset counters of a freshness master.
"""

import hmac
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.cmac import CMAC

from voltward.core.errors import ConfigurationError
from voltward.physical.can.frame import (
    CLASSIC_LENGTH_MAXIMUM,
    Frame,
    fd_length_holding,
    fd_length_within,
)
from voltward.physical.can.secured_profile import SecuredProfile

KEY_BYTES = 16
EXTENDED_MARK = 0x8000_0000


class Reason(StrEnum):
    """Why a frame was accepted or not."""

    ACCEPTED = "accepted"
    TOO_SHORT = "too_short"
    FRESHNESS_OUTSIDE_WINDOW = "freshness_outside_window"
    FRESHNESS_EXHAUSTED = "freshness_exhausted"
    MAC_MISMATCH = "mac_mismatch"


@dataclass(frozen=True)
class Verdict:
    """What a receiver decides about one frame.

    Args:
        accepted: Whether the frame counts.
        reason: Why.
        freshness: Full freshness value that the receiver keeps from now on.
    """

    accepted: bool
    reason: Reason
    freshness: int


def authenticate(frame: Frame, key: bytes, freshness: int, profile: SecuredProfile) -> Frame:
    """Return a frame with its trailer; one that outgrows 8 bytes becomes CAN FD.

    Args:
        frame: The plain frame.
        key: 16 bytes.
        freshness: Full value, above all values used before with this key and identifier.
        profile: Layout of the trailer.

    Raises:
        ConfigurationError: The frame has no room, the key is not an AES-128 key, or the freshness
            value does not fit (an exhausted counter needs a new key).
    """
    if not 0 <= freshness < (1 << profile.freshness_bits):
        raise ConfigurationError(
            f"freshness {freshness} does not fit {profile.freshness_bits} bits",
            hint="change the key when the counter is exhausted",
        )
    length = len(frame.data) + profile.trailer_bytes
    fd = frame.fd or length > CLASSIC_LENGTH_MAXIMUM
    try:
        total = fd_length_holding(length) if fd else length
    except ValueError as error:
        raise ConfigurationError(
            f"frame {frame.identifier:#x} of {len(frame.data)} bytes has no room for the "
            f"{profile.trailer_bytes} bytes of profile {profile.name}",
            why="a CAN FD frame holds 64 bytes",
        ) from error
    payload = frame.data.ljust(total - profile.trailer_bytes, b"\0")
    mac = _truncated_mac(frame, payload, key, freshness, profile)
    sent_freshness = freshness & ((1 << profile.freshness_sent_bits) - 1)
    trailer = (sent_freshness << profile.mac_bits) | mac
    data = payload + trailer.to_bytes(profile.trailer_bytes, "big")
    return Frame(frame.identifier, data, frame.extended, fd)


def verify(
    frame: Frame,
    key: bytes,
    last_freshness: int,
    profile: SecuredProfile,
    window: int | None = None,
) -> Verdict:
    """Check a secured frame; the full freshness is rebuilt from the low bits that were sent.

    The candidates are the values above the last one, at most `window` above it, whose low bits
    are those sent. A window beyond 2^sent bits makes several candidates: it survives longer losses
    and multiplies the chance of a forgery by their number.

    Args:
        frame: As received.
        key: 16 bytes.
        last_freshness: Value of the last accepted frame of this identifier, 0 before the first.
        profile: Layout of the trailer.
        window: Largest accepted step; 2^sent bits when None.

    Returns:
        The verdict; a rejected frame leaves the freshness as it was.
    """
    if len(frame.data) < profile.trailer_bytes:
        return Verdict(False, Reason.TOO_SHORT, last_freshness)
    payload, sent_freshness, mac = _split(frame, profile)
    candidates = _candidates(sent_freshness, last_freshness, profile, window)
    if not candidates:
        return Verdict(False, Reason.FRESHNESS_OUTSIDE_WINDOW, last_freshness)
    if candidates[0] >= (1 << profile.freshness_bits):
        return Verdict(False, Reason.FRESHNESS_EXHAUSTED, last_freshness)
    for freshness in candidates:
        if freshness >= (1 << profile.freshness_bits):
            break
        expected = _truncated_mac(frame, payload, key, freshness, profile)
        if _same(mac, expected, profile):
            return Verdict(True, Reason.ACCEPTED, freshness)
    return Verdict(False, Reason.MAC_MISMATCH, last_freshness)


def without_trailer(frame: Frame, profile: SecuredProfile) -> Frame:
    """Return the plain frame inside a secured one; padding that makes a length valid remains.

    Raises:
        ValueError: The frame is shorter than a trailer.
    """
    length = len(frame.data) - profile.trailer_bytes
    if length < 0:
        raise ValueError(f"{len(frame.data)} bytes hold no trailer of {profile.trailer_bytes}")
    kept = fd_length_within(length) if frame.fd else length
    return Frame(frame.identifier, frame.data[:kept], frame.extended, frame.fd)


def key_from_hexadecimal(text: str) -> bytes:
    """Return an AES-128 key from 32 hexadecimal digits; the text is never shown in an error.

    Raises:
        ConfigurationError: It is anything else.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(
            "the key is not 16 bytes in hexadecimal",
            why="AES-128 needs 32 digits of 0 to 9, a to f",
        )
    return key


def _split(frame: Frame, profile: SecuredProfile) -> tuple[bytes, int, int]:
    cut = len(frame.data) - profile.trailer_bytes
    trailer = int.from_bytes(frame.data[cut:], "big")
    return frame.data[:cut], trailer >> profile.mac_bits, trailer & ((1 << profile.mac_bits) - 1)


def _candidates(
    sent_freshness: int, last_freshness: int, profile: SecuredProfile, window: int | None
) -> range:
    """Return the full values that the sent bits can stand for, nearest first."""
    if profile.freshness_bits == 0:
        return range(1)
    period = 1 << profile.freshness_sent_bits
    step = (sent_freshness - last_freshness - 1) % period + 1
    allowed = period if window is None else window
    return range(last_freshness + step, last_freshness + allowed + 1, period)


def _same(received: int, expected: int, profile: SecuredProfile) -> bool:
    size = (profile.mac_bits + 7) // 8
    return hmac.compare_digest(received.to_bytes(size, "big"), expected.to_bytes(size, "big"))


def _data_id(frame: Frame) -> bytes:
    # 16 bits as in AUTOSAR; extended identifiers do not fit and take 32 with a mark with
    # which no standard identifier begins, so that the two kinds are never confused.
    if frame.extended:
        return (frame.identifier | EXTENDED_MARK).to_bytes(4, "big")
    return frame.identifier.to_bytes(2, "big")


def _truncated_mac(
    frame: Frame, payload: bytes, key: bytes, freshness: int, profile: SecuredProfile
) -> int:
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"a key of {len(key)} bytes", why="AES-128 needs 16 bytes")
    authenticator = CMAC(AES128(key))
    authenticator.update(_data_id(frame) + payload)
    authenticator.update(freshness.to_bytes(profile.freshness_bytes, "big"))
    digest = authenticator.finalize()
    return int.from_bytes(digest, "big") >> (8 * len(digest) - profile.mac_bits)
