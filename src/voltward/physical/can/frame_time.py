"""How many bits a frame takes on the wire, and how long that is.

Source: ISO 11898-1:2015 (frame formats, stuffing); Davis, Burns, Bril, Lukkien, "Controller Area
Network (CAN) schedulability analysis", Real-Time Systems 35 (2007), equation 2: at most
g + 8 s + 13 + floor((g + 8 s - 1) / 4) bits with g = 34 (11-bit identifier) or 54 (29-bit).
"""

from dataclasses import dataclass

from voltward.physical.can.frame import Frame

CRC_15_POLYNOMIAL = 0x4599
INTERMISSION_BITS = 3
CLASSIC_TAIL_BITS = 10  # CRC delimiter, ACK slot, ACK delimiter, end of frame
FD_TAIL_BITS = 9 + INTERMISSION_BITS  # ACK slot and delimiter, end of frame, intermission
STUFF_RUN = 5
LONG_CRC_ABOVE_BYTES = 16


@dataclass(frozen=True)
class BitRate:
    """Speed of the bus.

    Args:
        nominal_bps: Arbitration and classic frames, bit/s.
        data_bps: Data phase of CAN FD frames, bit/s.
    """

    nominal_bps: float = 500_000.0
    data_bps: float = 2_000_000.0


def frame_time_s(frame: Frame, rate: BitRate) -> float:
    """Return the time from start of frame to the end of the intermission, in s.

    Classic frames are exact for their content; FD frames take the most stuff bits that the format
    allows, as their stuffing pattern is not modelled.
    """
    if not frame.fd:
        return classic_bits(frame) / rate.nominal_bps
    nominal, data = fd_bits_maximum(frame)
    return nominal / rate.nominal_bps + data / rate.data_bps


def classic_bits(frame: Frame) -> int:
    """Return the exact bits of a classic frame with its stuff bits and the intermission."""
    bits = _stuffed_region(frame)
    return len(bits) + _stuff_bits(bits) + CLASSIC_TAIL_BITS + INTERMISSION_BITS


def classic_bits_bounds(data_bytes: int, *, extended: bool = False) -> tuple[int, int]:
    """Return the fewest and the most bits of a classic frame of so many bytes (Davis 2007)."""
    header = 54 if extended else 34
    unstuffed = header + 8 * data_bytes + CLASSIC_TAIL_BITS + INTERMISSION_BITS
    return unstuffed, unstuffed + (header + 8 * data_bytes - 1) // 4


def fd_bits_maximum(frame: Frame) -> tuple[int, int]:
    """Return the largest number of bits of an FD frame at the nominal and at the data bit rate.

    The bit-rate switch is set. Nominal: start of frame to BRS and the tail. Data: ESI, length code,
    payload, and the CRC field with its fixed stuff bits (17-bit CRC up to 16 bytes, else 21).
    """
    arbitration = 36 if frame.extended else 17
    content = 1 + 4 + 8 * len(frame.data)
    long_crc = len(frame.data) > LONG_CRC_ABOVE_BYTES
    crc_field = 4 + (21 + 7 if long_crc else 17 + 6) + 1
    arbitration_stuff = (arbitration - 1) // 4
    all_stuff = (arbitration + content - 1) // 4
    nominal = arbitration + arbitration_stuff + FD_TAIL_BITS
    return nominal, content + all_stuff - arbitration_stuff + crc_field


def _stuffed_region(frame: Frame) -> list[int]:
    """Return start of frame to CRC sequence, before stuffing."""
    if frame.extended:
        base, rest = frame.identifier >> 18, frame.identifier & 0x3_FFFF
        bits = [0, *_bits(base, 11), 1, 1, *_bits(rest, 18), 0, 0, 0]  # SRR, IDE; RTR, r1, r0
    else:
        bits = [0, *_bits(frame.identifier, 11), 0, 0, 0]  # RTR, IDE, r0
    bits += _bits(len(frame.data), 4)
    for byte in frame.data:
        bits += _bits(byte, 8)
    return bits + _bits(crc_15(bits), 15)


def crc_15(bits: list[int]) -> int:
    """Return the CRC sequence of a classic frame over bits from start of frame to payload."""
    register = 0
    for bit in bits:
        feedback = bit ^ (register >> 14)
        register = (register << 1) & 0x7FFF
        if feedback:
            register ^= CRC_15_POLYNOMIAL
    return register


def _bits(value: int, count: int) -> list[int]:
    return [(value >> shift) & 1 for shift in range(count - 1, -1, -1)]


def _stuff_bits(bits: list[int]) -> int:
    stuffed, last, run = 0, -1, 0
    for bit in bits:
        run = run + 1 if bit == last else 1
        last = bit
        if run == STUFF_RUN:  # a complement follows and begins the next run
            stuffed += 1
            last, run = 1 - bit, 1
    return stuffed
