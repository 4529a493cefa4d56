"""One CAN data frame."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

STANDARD_IDENTIFIER_MAXIMUM = 0x7FF
EXTENDED_IDENTIFIER_MAXIMUM = 0x1FFF_FFFF
CLASSIC_LENGTH_MAXIMUM = 8
FD_LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)


@dataclass(frozen=True)
class Frame:
    """A data frame, classic or FD; remote and error frames are not carried.

    Args:
        identifier: 11 bits, or 29 when extended; the lower wins arbitration.
        data: Payload, up to 8 bytes, or one of `FD_LENGTHS` when FD.
        extended: Whether the identifier has 29 bits.
        fd: Whether it is a CAN FD frame.

    Raises:
        ValueError: The identifier or the length does not exist on a CAN bus.

    Source: ISO 11898-1:2015 (identifier and data length code).
    """

    identifier: int
    data: bytes
    extended: bool = False
    fd: bool = False

    def __post_init__(self) -> None:
        largest = EXTENDED_IDENTIFIER_MAXIMUM if self.extended else STANDARD_IDENTIFIER_MAXIMUM
        if not 0 <= self.identifier <= largest:
            raise ValueError(f"identifier {self.identifier:#x} is outside 0 to {largest:#x}")
        if self.fd and len(self.data) not in FD_LENGTHS:
            raise ValueError(f"{len(self.data)} bytes: not a CAN FD length of {FD_LENGTHS}")
        if not self.fd and len(self.data) > CLASSIC_LENGTH_MAXIMUM:
            raise ValueError(f"{len(self.data)} bytes do not fit a classic frame, allowed: 0 to 8")


def fd_length_holding(length: int) -> int:
    """Return the smallest CAN FD data length that holds so many bytes.

    Raises:
        ValueError: More than 64 bytes.
    """
    if length > FD_LENGTHS[-1]:
        raise ValueError(f"{length} bytes do not fit a CAN FD frame of {FD_LENGTHS[-1]}")
    return FD_LENGTHS[bisect_left(FD_LENGTHS, length)]


def fd_length_within(length: int) -> int:
    """Return the greatest CAN FD data length that is not above so many bytes."""
    return FD_LENGTHS[bisect_right(FD_LENGTHS, length) - 1]
