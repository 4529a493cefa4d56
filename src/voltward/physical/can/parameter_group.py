"""Messages of J1939, found by their parameter group whatever the sender and the priority.

An identifier of 29 bits holds priority (3 bits), two page bits, PDU format, PDU specific and source
address. Below PDU format 240 (PDU1) the PDU specific is the destination; from there on (PDU2) it
belongs to the group, and the message goes to all.

1. A message with the identifier itself is found without this.
2. Else those of the same group are looked at: first with the same source and destination, then with
   the same source, then with the source 254, which a DBC gives where any may send.
3. One message of the group is taken as it is; of several that differ in none of these, none is.

Source: SAE J1939-21:2018, sections 5.1 to 5.3; null address 254 of J1939-81.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cantools import j1939
from cantools.database.can import Message

from voltward.physical.can.frame import EXTENDED_IDENTIFIER_MAXIMUM

NULL_ADDRESS = 254
GLOBAL_ADDRESS = 255
FIRST_PDU2_FORMAT = 240


@dataclass(frozen=True)
class J1939Address:
    """What an identifier says of a message.

    Args:
        group: Parameter group number.
        source: Address of the sender.
        destination: Address of the receiver, 255 for all; None where the group goes to all.
    """

    group: int
    source: int
    destination: int | None


def address_of(identifier: int) -> J1939Address:
    """Return group and addresses of an identifier of 29 bits."""
    parts = j1939.frame_id_unpack(identifier)
    destination = parts.pdu_specific if parts.pdu_format < FIRST_PDU2_FORMAT else None
    return J1939Address(j1939.pgn_from_frame_id(identifier), parts.source_address, destination)


def with_addresses(identifier: int, source: int | None, destination: int | None) -> int:
    """Return an identifier with other addresses; None leaves one as it is.

    Raises:
        ValueError: An address is not of 8 bits, or the group goes to all.
    """
    for address in (source, destination):
        if address is not None and not 0 <= address <= GLOBAL_ADDRESS:
            raise ValueError(f"address {address} is not of 0 to {GLOBAL_ADDRESS}")
    if source is not None:
        identifier = identifier & ~0xFF | source
    if destination is not None:
        if address_of(identifier).destination is None:
            raise ValueError("this parameter group goes to all, it has no destination")
        identifier = identifier & ~0xFF00 | destination << 8
    return identifier


@dataclass(frozen=True)
class ParameterGroups:
    """The J1939 messages of a DBC by group.

    Args:
        messages: By parameter group number.
    """

    messages: Mapping[int, tuple[Message, ...]]

    def of(self, group: int) -> tuple[Message, ...]:
        """Return the messages of a group."""
        return self.messages.get(group, ())

    def message_of(self, identifier: int) -> Message | None:
        """Return the message whose group an identifier has, or None when none or several fit."""
        asked = address_of(identifier)
        best = (False, False, False)
        fitting: list[Message] = []
        for message in self.of(asked.group):
            given = address_of(message.frame_id)
            same = given.source == asked.source
            fit = (
                same and given.destination == asked.destination,
                same,
                given.source == NULL_ADDRESS,
            )
            if fit > best:
                best, fitting = fit, []
            if fit == best:
                fitting.append(message)
        return fitting[0] if len(fitting) == 1 else None


def parameter_groups(messages: Iterable[Message], *, every: bool = False) -> ParameterGroups:
    """Return the J1939 messages among some.

    Args:
        messages: Of a DBC.
        every: Take all with 29 bits, also where the DBC does not say that they are of J1939.
    """
    groups: dict[int, tuple[Message, ...]] = {}
    for message in messages:
        is_one = message.is_extended_frame and (every or message.protocol == "j1939")
        if is_one and message.frame_id <= EXTENDED_IDENTIFIER_MAXIMUM:
            group = address_of(message.frame_id).group
            groups[group] = (*groups.get(group, ()), message)
    return ParameterGroups(groups)
