"""Personal data in files that are about to be handed out: vehicle numbers, positions, people.

1. Text, and text in columns and metadata of Parquet files, is searched for vehicle identification
   numbers (ISO 3779) and e-mail addresses.
2. Names of columns, keys and DBC signals are searched for positions, vehicle numbers and people.
3. Values of keys that name somebody, and comments of TOML files, are searched for personal names.

What is found is a reason to look, and nothing found is no proof: free text is not understood.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pyarrow import ArrowException, DataType, Schema, parquet, types

from voltward.core.errors import ConfigurationError
from voltward.core.plain_file import open_plain

# Of each file only the beginning is read: recordings repeat themselves.
LONGEST_BYTES = 16 * 2**20
LONGEST_ROWS = 10_000
_MOST_FINDINGS, _SHOWN = 50, 6
_TEXT = {".toml", ".csv", ".json", ".jsonl", ".dbc", ".html", ".txt", ".md"}

# ISO 3779: 17 characters without I, O and Q, of which the last four are digits.
_VIN = re.compile(r"(?<![A-Za-z0-9])[A-HJ-NPR-Z0-9]{13}[0-9]{4}(?![A-Za-z0-9])")
# The same in running text: of one case, and with single spaces between groups.
_VIN_IN_TEXT = re.compile(
    r"(?<![A-Za-z0-9])(?=((?:(?:[A-HJ-NPR-Z0-9] ?){13}|(?:[a-hj-npr-z0-9] ?){13})"
    r"(?:[0-9] ?){3}[0-9])(?![A-Za-z0-9]))"
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
# Where the ninth character is a check digit by law: North America (49 CFR 565) and China.
_CHECKED_REGIONS = "12345L"
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
# Names that belong to nobody (RFC 2606).
_NOBODY = re.compile(r"(@|\.)(example(\.(com|org|net))?|invalid|test|localhost)$")

_UNIT = r"([ _]?(deg|degrees?|degN|degE|wgs84|rad))?"
_KEYS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "a position",
        re.compile(
            rf"(.{{1,20}}[ _])?((lat|lon|lng)(itude)?|longitude|(breiten|l(ae|ä)ngen)grad){_UNIT}",
            re.IGNORECASE,
        ),
    ),
    ("a position", re.compile(r"(.{1,20}[ _])?(gps|gnss)([ _].*|\w{0,12})", re.IGNORECASE)),
    (
        "a vehicle identification number",
        re.compile(r"(vehicle[ _])?(vin|fin)|(fahrgestell|fahrzeugident).*", re.IGNORECASE),
    ),
    (
        "a person",
        re.compile(
            r"(first|last|full|family|given|driver|customer|owner|user"
            r"|fahrer|halter|nach|vor)[ _]?name|surname"
            r"|e[-_]?mail([ _]address)?|date[ _]of[ _]birth|(licen[cs]e|number)[ _]plate",
            re.IGNORECASE,
        ),
    ),
)
# What a model file says in its keys is a role; a column of a table holds people.
_COLUMNS = (
    *_KEYS,
    (
        "a person",
        re.compile(
            r"(fahrer|driver|owner|customer|halter|besitzer|kunde)([ _]?id)?", re.IGNORECASE
        ),
    ),
)
_KEY = re.compile(r"""(?:^|[{,\s])["']?([A-Za-z_][A-Za-z0-9_ -]{0,40}?)["']?\s*[=:](?!=)""")
_SIGNAL = re.compile(r"^\s*SG_\s+(\w+)")
_WHO = (
    "driver|customer|person|author|owner|reviewer|approver|contact|user|engineer"
    "|fahrer|halter|kunde"
)
_SOMEBODY = re.compile(
    rf"""\b(?:{_WHO})"""
    r"""["']?\s*[=:]\s*["']([^"']{3,80})["']""",
    re.IGNORECASE,
)
_CAPITALISED = r"[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ'’-]+"
_PERSON = re.compile(
    rf"(?:(?:Mr|Ms|Mrs|Dr|Prof)\.? )?{_CAPITALISED}(?: (?:[A-Z]\.|van|von|de|der|di|da|al))*"
    rf" {_CAPITALISED}"
)
_IN_COMMENT = re.compile(
    rf"\b(?i:{_WHO}|ask|(?:recorded|driven|drive) by|drive of|mr|ms|mrs|dr)\b\.?(?: is)?\s*[=:]?\s*"
    rf"({_PERSON.pattern})"
)
# Two capitalised words of which one is a role or a group are nobody's name.
_ROLES = frozenset(
    [
        "team",
        "manager",
        "security",
        "office",
        "officer",
        "engineering",
        "engineer",
        "product",
        "department",
        "group",
        "lead",
        "fleet",
        "operator",
        "owner",
        "cloud",
        "service",
        "services",
        "vehicle",
        "battery",
        "quality",
        "safety",
        "board",
        "head",
        "supplier",
        "manufacturer",
        "company",
        "operations",
        "development",
        "system",
        "systems",
        "driver",
    ]
)


@dataclass(frozen=True)
class PersonalFinding:
    """One place that looks personal.

    Attributes:
        file: Path in the pack.
        place: Line or column.
        what: What it looks like, shortened so that the message itself gives little away.
    """

    file: str
    place: str
    what: str

    def text(self) -> str:
        """Return the finding on one line."""
        return f"{self.file}, {self.place}: {self.what}"


def refuse_personal(sources: Mapping[str, Path]) -> None:
    """Refuse files that look as if they identify a vehicle, a person or a place.

    Args:
        sources: Path in the pack to the file.

    Raises:
        ConfigurationError: Names file and place.
    """
    every = (found for name, path in sorted(sources.items()) for found in search(name, path))
    findings = list(islice(every, _MOST_FINDINGS))
    if not findings:
        return
    first, *others = findings
    places = "; ".join(finding.text() for finding in others[: _SHOWN - 1])
    more = len(others) - (_SHOWN - 1)
    rest = f" Also: {places}{f' and {more} more' if more > 0 else ''}." if others else ""
    raise ConfigurationError(
        first.text(),
        why=f"a pack is handed to others.{rest}",
        hint="take it out and run again, keep the file with --withhold KIND, or say that it may "
        "leave: --allow-personal",
    )


def search(name: str, path: Path) -> Iterator[PersonalFinding]:
    """Yield what looks personal in one file.

    Args:
        name: Path in the pack; its ending says how it is read.
        path: The file.
    """
    kind = Path(name).suffix.lower()
    if kind == ".parquet":
        yield from _in_parquet(name, path)
    if kind not in _TEXT:
        return
    with open_plain(path) as stream:
        text = stream.read(LONGEST_BYTES).decode("utf-8", errors="replace")
    lines = text.splitlines()
    if kind == ".csv" and lines:
        header = [cell.strip(" \"'\ufeff") for cell in re.split(r"[,;\t]", lines[0])]
        yield from _names(name, header, "column", _COLUMNS)
    for number, line in enumerate(lines, 1):
        yield from _in_line(name, f"line {number}", line, kind)


def is_vin(text: str) -> bool:
    """Tell whether 17 characters are a vehicle identification number.

    The check digit is asked for where it is required; elsewhere letters must be among the first
    three characters, so that long numbers do not count.
    """
    if not _VIN.fullmatch(text) or text[:3].isdigit() or text[:13].isalpha():
        return False
    total = sum(_VIN_VALUES[c] * w for c, w in zip(text, _VIN_WEIGHTS, strict=True))
    return text[0] not in _CHECKED_REGIONS or text[8] == "0123456789X"[total % 11]


def _in_line(name: str, place: str, line: str, kind: str) -> Iterator[PersonalFinding]:
    # 1. Anywhere in the text.
    yield from _anywhere(name, place, line)
    if kind in {".html", ".csv", ".txt", ".md"}:
        return
    # 2. Names of keys and signals.
    keys = _SIGNAL.findall(line) if kind == ".dbc" else _KEY.findall(line)
    yield from _names(name, keys, f"{place}, key", _KEYS)
    # 3. Who is named.
    comment = line.partition("#")[2] if kind == ".toml" else ""
    for found in (*_SOMEBODY.findall(line), *_IN_COMMENT.findall(comment)):
        words = {word.lower() for word in re.findall(r"\w+", found)}
        if _PERSON.fullmatch(found) and not words & _ROLES:
            yield PersonalFinding(name, place, f"looks like a person's name, {found[:3]}...")


def _anywhere(name: str, place: str, text: str) -> Iterator[PersonalFinding]:
    for found in _VIN_IN_TEXT.findall(text):
        if _is_written_vin(found):
            what = f"looks like a vehicle identification number, {found[:3]}..."
            yield PersonalFinding(name, place, what)
    for found in _EMAIL.findall(text) if "@" in text else ():
        if not _NOBODY.search(found.lower()):
            yield PersonalFinding(name, place, f"an e-mail address, {found[:3]}...")


def _is_written_vin(text: str) -> bool:
    """Tell whether text, perhaps in small letters or in groups, is a vehicle number."""
    vin = text.replace(" ", "").upper()
    # Digests are in small letters, and words of one sentence are no groups of a number.
    digest = text.islower() and not set(text) - set("0123456789abcdef")
    sentence = " " in text and (text.islower() or not re.search(r"[A-Z]", vin[3:13]))
    return is_vin(vin) and not digest and not sentence


def _names(
    name: str, names: Iterable[str], place: str, patterns: Iterable[tuple[str, re.Pattern[str]]]
) -> Iterator[PersonalFinding]:
    for column in names:
        for what, pattern in patterns:
            if pattern.fullmatch(column.strip()):
                yield PersonalFinding(name, f"{place} '{column}'", f"names {what}")
                break


def _in_parquet(name: str, path: Path) -> Iterator[PersonalFinding]:
    """Yield what is in names, metadata and texts of columns; a damaged file is not our matter."""
    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            texts = text_columns(schema)
            batches = file.iter_batches(LONGEST_ROWS, columns=texts) if texts else iter(())
            first = next(batches, None)
    except (OSError, ArrowException):
        return
    yield from _names(name, schema.names, "column", _COLUMNS)
    notes = [schema.metadata, *(field.metadata for field in schema)]
    for key, value in (item for entry in notes for item in (entry or {}).items()):
        line = f"{_text(key)} = {_text(value)}"
        yield from _in_line(name, "metadata", line, ".json")
    for column, values in first.to_pydict().items() if first is not None else ():
        for value, row in {value: row for row, value in reversed([*enumerate(values, 1)])}.items():
            yield from _anywhere(name, f"column '{column}', row {row}", _text(value))


def text_columns(schema: Schema) -> list[str]:
    """Return the names of the columns of a table that hold text or bytes."""
    return [field.name for field in schema if _holds_text(field.type)]


def _holds_text(of: DataType) -> bool:
    of = of.value_type if types.is_dictionary(of) else of
    return any(
        tells(of)
        for tells in (
            types.is_string,
            types.is_large_string,
            types.is_binary,
            types.is_large_binary,
            types.is_fixed_size_binary,
        )
    )


def _text(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""
