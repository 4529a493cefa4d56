"""What a DBC file says about frames: read, checked, and written in plain form.

cantools refuses a whole file for one fault, and reads other faults without a word.

1. The statements on messages, signals, named values, number types, multiplexing and frame formats
   are read, with senders and receivers; comments and other attributes are passed over.
2. Each is checked against the messages. A fault names its line; the statement is left out.
3. Attributes may give long names, and a frame format.
4. What was kept is written in plain form, which cantools loads.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from voltward.physical.can.dbc_multiplexing import (
    LEAST_LAYOUT_BITS,
    MARKER,
    MOST_LAYOUT_BITS,
    DbcMessage,
    DbcSignal,
    Pages,
    check_multiplexing,
    layouts,
)
from voltward.physical.can.dbc_statements import (
    FORMS,
    INTEGER,
    LABEL,
    NUMBER,
    plain_label,
    plain_number,
    plain_word,
    shown,
    statements,
)
from voltward.physical.can.frame import (
    EXTENDED_IDENTIFIER_MAXIMUM,
    STANDARD_IDENTIFIER_MAXIMUM,
)

LARGEST_LENGTH = 2048  # bytes: a CAN XL frame; a J1939 transport message has 1785
LONGEST_SIGNAL = 4096  # bits, assumption: those in use have up to 512, a whole CAN FD frame
MOST_MULTIPLEXER_VALUES = 300_000  # of one file, assumption: cantools lists each
EXTENDED = 1 << 31
MOST_CHARACTERS = 2_500_000  # on frames, of one file: cantools needs about 4 s and 200 MB
MOST_NODE_CHARACTERS = 500_000  # of one file, besides; above it no more nodes are read
MOST_FAULTS = 10_000  # then it is no DBC: those in use with most faults have 300
J1939 = "J1939PG"
# The choices of the attribute VFrameFormat, as CANdb++ defines it.
FRAME_FORMATS: tuple[str, ...] = (
    *("StandardCAN", "ExtendedCAN", "reserved", J1939),
    *("reserved",) * 10,
    *("StandardCAN_FD", "ExtendedCAN_FD"),
)
NOBODY = "Vector__XXX"
# Holds signals that belong to no message.
INDEPENDENT = "VECTOR__INDEPENDENT_SIG_MSG"

# Takes the signals of a message whose statement is faulty.
_FAULTY = DbcMessage(0, -1, -1, INDEPENDENT, LARGEST_LENGTH)
_LIMITS = re.compile(rf"\s*({NUMBER})\s*\|\s*({NUMBER})\s*")
_PAIR = re.compile(r"(\d+)\s*-\s*(\d+)")
_OF_ENVIRONMENT = re.compile(r"VAL_\s+[A-Za-z_]")  # values of an environment variable
_READ_ATTRIBUTES = frozenset(
    {"VFrameFormat", "ProtocolType", "SystemMessageLongSymbol", "SystemSignalLongSymbol"}
)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ATTRIBUTE = re.compile(
    rf'BA_\s+"(?P<name>\w+)"\s+(?:(?:BO_|SG_)\s+(?P<identifier>{INTEGER})\s+'
    rf'(?P<signal>[A-Za-z_]\w*\s+)?)?"?(?P<value>[^";]*+)"?\s*;'
)
_DEFAULT = re.compile(r'BA_DEF_DEF_\s+"(?P<name>\w+)"\s*"?(?P<value>[^";]*+)"?\s*;')
_CHOICES = re.compile(r'BA_DEF_\s+BO_\s+"VFrameFormat"\s+ENUM\s++(?P<choices>[^;]*+);')


@dataclass(frozen=True, order=True)
class Fault:
    """Something wrong in a DBC, and where.

    Args:
        line: From 1.
        what: The statement and its fault.
    """

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


class DbcFile:
    """What a DBC says about frames.

    Args:
        text: Of the whole file.

    Attributes:
        faults: What is wrong; those statements are not in the plain form.
        remarks: What is odd, and is read as it stands.
        messages: In the order of the file.
        statements: How many were found, faulty ones with them.
        is_too_large: Whether reading ended before the end.
    """

    def __init__(self, text: str) -> None:
        self.faults: list[Fault] = []
        self.remarks: list[Fault] = []
        self.messages: list[DbcMessage] = []
        self.statements, self.is_too_large = 0, False
        self._by_identifier: dict[int, list[DbcMessage]] = {}
        self._passed_over: set[int] = set()
        self._kept: list[tuple[str, DbcMessage, DbcSignal, str]] = []
        self._attributes: dict[str, list[re.Match[str]]] = {}
        self._defaults: dict[str, str] = {}
        self._choices: tuple[str, ...] = FRAME_FORMATS
        self._multiplexer_values = 0
        self._node_characters = 0
        self._read(text)
        self._check()
        self._take_long_names()

    def plain(self) -> str:
        """Return the file without what is faulty and what says nothing about frames."""
        named = ",".join(f'"{name}"' for name in FRAME_FORMATS)
        own = {
            int(match["identifier"] or -1): match["value"]
            for match in self._attributes.get("VFrameFormat", [])
        }
        default = self._defaults.get("VFrameFormat", "")
        body, formats = [], []
        for message in self.messages:
            number = message.identifier
            sender = message.sender or NOBODY
            body.append(f"BO_ {number} {message.name}: {message.length} {sender}")
            body += (
                f" SG_ {signal.name} {signal.marker}: {signal.definition} "
                f"{signal.receivers or NOBODY}"
                for signal in message.signals.values()
            )
            for name, pages in message.pages.items():
                child, parent = message.signals[name].name, message.signals[pages.parent].name
                ranges = ", ".join(f"{low}-{high}" for low, high in pages.ranges)
                formats.append(f"SG_MUL_VAL_ {number} {child} {parent} {ranges};")
            if message.number not in own and number & EXTENDED and self._protocol() == "J1939":
                frame_format = J1939
            else:
                frame_format = self._frame_format(own.get(message.number, default))
            if frame_format == J1939 or frame_format.endswith("CAN_FD"):
                index = FRAME_FORMATS.index(frame_format)
                formats.append(f'BA_ "VFrameFormat" BO_ {number} {index};')
        return "\n".join(
            [
                'VERSION ""',
                f"BU_: {NOBODY}",
                *body,
                f'BA_DEF_ BO_ "VFrameFormat" ENUM {named};',
                f'BA_DEF_DEF_ "VFrameFormat" "{FRAME_FORMATS[0]}";',
                *formats,
                *(f"{kind} {m.identifier} {s.name}{rest};" for kind, m, s, rest in self._kept),
                "",
            ]
        )

    def _fault(self, line: int, what: str) -> None:
        self.faults.append(Fault(line, what))

    # 1. Statements.

    def _read(self, text: str) -> None:
        readers: Mapping[str, Callable[[int, re.Match[str]], None]] = {
            "VAL_": self._values,
            "SIG_VALTYPE_": self._value_type,
            "SG_MUL_VAL_": self._multiplexed,
        }
        later: list[tuple[str, int, re.Match[str]]] = []
        message: DbcMessage | None = None
        characters = 0
        for line, keyword, statement in statements(text):
            if len(self.faults) > MOST_FAULTS:
                return
            if keyword not in FORMS or _OF_ENVIRONMENT.match(statement):
                self._other(line, keyword, statement)
                continue
            self.statements += 1
            form, text_of_form = FORMS[keyword]
            match = form.fullmatch(statement)
            nodes = (match and match.groupdict().get("nodes")) or ""
            self._node_characters += len(nodes)
            characters += len(statement) - len(nodes)
            if characters > MOST_CHARACTERS:
                self.is_too_large = True
                return
            if match is None:
                self._fault(line, f"not '{text_of_form}': {shown(statement)}")
            if keyword == "BO_":
                message = self._message(line, match) if match else _FAULTY
            elif match and keyword == "SG_":
                self._signal(line, match, message)
            elif match:
                later.append((keyword, line, match))
        for keyword, line, match in later:
            readers[keyword](line, match)

    def _other(self, line: int, keyword: str, statement: str) -> None:
        self.statements += keyword != ""
        if keyword == "":
            self._fault(line, statement)
        elif keyword.startswith("BA_"):
            self._attribute(statement)

    def _message(self, line: int, match: re.Match[str]) -> DbcMessage:
        number, length = int(match["identifier"]), int(match["length"])
        left_out = DbcMessage(line, number, number, INDEPENDENT, LARGEST_LENGTH)
        if match["name"] == INDEPENDENT:
            self._passed_over.add(number)
            return left_out
        name = self._plain_name(line, "message", match["name"])
        bits = number & ~EXTENDED if number < 1 << 32 else number
        if bits > EXTENDED_IDENTIFIER_MAXIMUM or length > LARGEST_LENGTH:
            what = f"message '{name}': identifier {bits:#x} or length {length} bytes"
            self._fault(line, f"{what} is above what a frame has; its signals are left out too")
            self._passed_over.add(number)
            return left_out
        identifier = number
        if STANDARD_IDENTIFIER_MAXIMUM < number < EXTENDED:
            what = f"message '{name}': identifier {number:#x} has more than 11 bits"
            self._fault(line, f"{what}, and bit 31, which marks one of 29 bits, is not set")
            identifier = number | EXTENDED
        message = DbcMessage(line, number, identifier, name, length, self._nodes(match))
        self.messages.append(message)
        self._by_identifier.setdefault(number, []).append(message)
        return message

    def _signal(self, line: int, match: re.Match[str], message: DbcMessage | None) -> None:
        if message is None:
            self._fault(line, f"signal '{match['name']}' is of no message")
            return
        if message.name == INDEPENDENT:
            return
        name = self._plain_name(line, f"message '{message.name}': signal", match["name"])
        where = f"signal '{name}' of message '{message.name}'"
        start, bits, marker = int(match["start"]), int(match["length"]), match["marker"] or ""
        limits = _LIMITS.fullmatch(match["limits"])
        if limits is None:
            self._fault(line, f"{where} has limits that are not numbers: [{match['limits']}]")
        if name in message.signals:
            self._fault(line, f"{where} appears twice, first in line {message.signals[name].line}")
        elif not 0 < bits <= LONGEST_SIGNAL or start >= 8 * LARGEST_LENGTH:
            self._fault(line, f"{where} has {bits} bits from bit {start}, which no frame has")
        elif marker and not MARKER.fullmatch(marker):
            self._fault(line, f"{where} has the multiplexing mark {marker}, not M, m1 or m1M")
        else:
            low, high = (plain_number(text) for text in limits.groups()) if limits else ("0", "0")
            factor, offset = plain_number(match["factor"]), plain_number(match["offset"])
            definition = (
                f"{start}|{bits}@{match['order']}{match['sign']} ({factor},{offset}) "
                f"[{low}|{high}] {plain_label(match['unit'])}"
            )
            receivers = self._nodes(match)
            message.signals[name] = DbcSignal(line, name, marker, bits, definition, receivers)

    def _nodes(self, match: re.Match[str]) -> str:
        """Return the sender of a message or the receivers of a signal, separated by commas."""
        if self._node_characters > MOST_NODE_CHARACTERS:
            return ""
        return ",".join(re.findall(r"\w+", match["nodes"] or ""))

    # 2. Statements on signals.

    def _values(self, line: int, match: re.Match[str]) -> None:
        hidden = [text for text in re.findall(LABEL, match["entries"]) if text.endswith('\\"')]
        if hidden:
            self._fault(
                line,
                f"VAL_ of signal '{match['signal']}': a text ends in a backslash, which hides the "
                f"quotation mark at its end: {shown(hidden[0])}",
            )
            return
        for message, signal in self._named(line, match):
            signal.labels = match["entries"].count('"') // 2
            self._kept.append(("VAL_", message, signal, match["entries"]))

    def _value_type(self, line: int, match: re.Match[str]) -> None:
        bits = {"0": -1, "1": 32, "2": 64}.get(match["type"], 0)
        for message, signal in self._named(line, match):
            if bits == signal.bits:
                self._kept.append(("SIG_VALTYPE_", message, signal, f" : {match['type']}"))
            elif bits >= 0:
                what = f"SIG_VALTYPE_: type {match['type']} does not fit the {signal.bits} bits of"
                self._fault(line, f"{what} signal '{signal.name}' of message '{message.name}'")

    def _multiplexed(self, line: int, match: re.Match[str]) -> None:
        pairs = tuple((int(low), int(high)) for low, high in _PAIR.findall(match["ranges"]))
        pairs = tuple((low, high) for low, high in pairs if low <= high)
        size = sum(high - low + 1 for low, high in pairs)
        for message, signal in self._named(line, match):
            where = f"SG_MUL_VAL_ of signal '{signal.name}' of message '{message.name}'"
            parent = plain_word(match["parent"])
            above = message.signals.get(parent)
            if above is None or above is signal or not above.marker.endswith("M"):
                self._fault(line, f"{where} names '{parent}', which is not another multiplexer")
            elif self._multiplexer_values + size > MOST_MULTIPLEXER_VALUES:
                self._fault(line, f"{where}: above {MOST_MULTIPLEXER_VALUES} values in one file")
            else:
                self._multiplexer_values += size
                message.pages[signal.name] = Pages(line, parent, pairs)

    def _named(self, line: int, match: re.Match[str]) -> Iterator[tuple[DbcMessage, DbcSignal]]:
        """Yield the message and the signal that a statement names; a fault when there is none."""
        keyword, identifier = match[0].split(None, 1)[0], int(match["identifier"])
        name = plain_word(match["signal"])
        if identifier in self._passed_over:
            return
        messages = self._by_identifier.get(identifier, [])
        found = [(m, m.signals[name]) for m in messages if name in m.signals]
        if not found:
            owner = f"message '{messages[-1].name}'" if messages else f"a message {identifier}"
            lacks = "has no such signal" if messages else "is not there"
            self._fault(line, f"{keyword} names signal '{name}' of {owner}, which {lacks}")
        yield from found[:1]

    def _attribute(self, statement: str) -> None:
        if match := _ATTRIBUTE.fullmatch(statement):
            if match["name"] in _READ_ATTRIBUTES:
                self._attributes.setdefault(match["name"], []).append(match)
        elif match := _DEFAULT.fullmatch(statement):
            self._defaults[match["name"]] = match["value"]
        elif match := _CHOICES.fullmatch(statement):
            self._choices = tuple(re.findall(r'"([^"]*)"', match["choices"]))

    def _check(self) -> None:
        bits = 0
        names: dict[str, DbcMessage] = {}
        for message in self.messages:
            self.faults += (Fault(*fault) for fault in check_multiplexing(message))
            bits += layouts(message) * max(8 * message.length, LEAST_LAYOUT_BITS)
            if bits > MOST_LAYOUT_BITS:
                what = f"message '{message.name}' has {layouts(message)} multiplexed layouts"
                self._fault(message.line, f"{what}, above what is read of one file")
                message.signals, message.pages = {}, {}
                bits = 0
            hidden = self._by_identifier[message.number][0]
            for other, shared in ((hidden, "identifier"), (names.get(message.name), "name")):
                if other is not None and other is not message:
                    what = f"message '{message.name}' has the {shared} of '{other.name}' in line"
                    what = f"{what} {other.line}: the last one counts"
                    self.remarks.append(Fault(message.line, what))
            names[message.name] = message
        self._kept = [kept for kept in self._kept if kept[2].name in kept[1].signals]
        self.faults.sort()

    # 3. Attributes.

    def _take_long_names(self) -> None:
        for match in self._attributes.get("SystemMessageLongSymbol", []):
            for message in self._by_identifier.get(int(match["identifier"] or -1), []):
                if _NAME.fullmatch(match["value"]):
                    message.name = match["value"]
        for match in self._attributes.get("SystemSignalLongSymbol", []):
            for message in self._by_identifier.get(int(match["identifier"] or -1), []):
                signal = message.signals.get((match["signal"] or "").strip())
                taken = match["value"] in message.signals
                if signal is not None and _NAME.fullmatch(match["value"]) and not taken:
                    signal.name = match["value"]

    def _protocol(self) -> str | None:
        protocols = [match["value"] for match in self._attributes.get("ProtocolType", [])]
        return protocols[-1] if protocols else self._defaults.get("ProtocolType")

    def _frame_format(self, value: str) -> str:
        text = value.strip()
        if text.isdecimal() and len(text) < 4 and int(text) < len(self._choices):
            text = self._choices[int(text)]
        return text if text in FRAME_FORMATS else FRAME_FORMATS[0]

    def _plain_name(self, line: int, kind: str, name: str) -> str:
        plain = name if _NAME.fullmatch(name) else plain_word(name)
        if plain != name:
            self._fault(line, f"{kind} {shown(name)} is not a name of A-Z, 0-9 and _: '{plain}'")
        return plain
