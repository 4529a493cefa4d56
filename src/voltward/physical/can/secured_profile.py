"""How many bits of freshness and of authenticator a secured frame carries."""

from dataclasses import dataclass

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest

# The shipped DBC describes a secured variant at the identifier of its plain message plus this.
SECURED_IDENTIFIER_OFFSET = 0x400


@dataclass(frozen=True)
class SecuredProfile:
    """The trailer of a secured frame.

    Args:
        name: As users select it.
        mac_bits: First bits of the 128-bit CMAC that are sent.
        freshness_bits: Bits of the full freshness value under the MAC; 0 means none.
        freshness_sent_bits: Its low bits that are sent.
        source: Where the figures are from.

    Raises:
        ValueError: The bits do not fill bytes, or more are sent than there are.
    """

    name: str
    mac_bits: int
    freshness_bits: int
    freshness_sent_bits: int
    source: str

    def __post_init__(self) -> None:
        if (self.mac_bits + self.freshness_sent_bits) % 8 or not 0 < self.mac_bits <= 128:
            raise ValueError("authenticator and sent freshness must fill whole bytes")
        if not 0 <= self.freshness_sent_bits <= self.freshness_bits <= 64:
            raise ValueError("sent freshness must be part of a full value of up to 64 bits")
        if self.freshness_bits and not self.freshness_sent_bits:
            raise ValueError("a freshness value of which nothing is sent is not supported")

    @property
    def trailer_bytes(self) -> int:
        """Bytes that the trailer adds to a frame."""
        return (self.mac_bits + self.freshness_sent_bits) // 8

    @property
    def freshness_bytes(self) -> int:
        """Bytes of the full freshness value under the MAC."""
        return (self.freshness_bits + 7) // 8

    @property
    def forgery_chance(self) -> float:
        """Chance that one guessed authenticator is accepted."""
        return 2.0**-self.mac_bits


_SWS = "AUTOSAR Specification of Secure Onboard Communication (document 654)"

PROFILES: dict[str, SecuredProfile] = {
    "1": SecuredProfile(
        "1", 24, 64, 8, f"{_SWS}, 24Bit-CMAC-8Bit-FV; a full value of 64 bits is our assumption"
    ),
    "2": SecuredProfile("2", 24, 0, 0, f"{_SWS}, 24Bit-CMAC-No-FV: replays are accepted"),
    "3": SecuredProfile("3", 28, 64, 4, f"{_SWS}, JASPAR"),
    "wide": SecuredProfile("wide", 64, 64, 8, "our choice for CAN FD, not an AUTOSAR profile"),
}


def profile_named(name: str) -> SecuredProfile:
    """Return a profile of the table.

    Raises:
        ConfigurationError: No profile has that name.
    """
    if name not in PROFILES:
        raise ConfigurationError(f"no profile '{name}'", hint=nearest(name, PROFILES))
    return PROFILES[name]
