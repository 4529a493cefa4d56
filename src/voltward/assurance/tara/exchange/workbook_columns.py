"""Sheets and columns of the workbook: the public itemis template first, our further facts after it.

Source: sheet and column names of the public itemis SECURE Excel template v0.7 (2024-04-30).
Limits: a field of the model without a place in the template has a column at the end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from enum import Enum, StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from voltward.assurance.tara.model.model import Tables

Key = tuple[str, ...]
# Reasons with columns of their own; all other keys share one column.
_NAMED_REASONS = ("safety", "financial", "operational", "privacy", "all")
MARK = "voltward workbook"
MARK_VALUE = "1"


class Kind(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    LIST = "list"
    CHOICE = "choice"
    NUMBER = "number"
    REST = "rest"


@dataclass(frozen=True)
class Column:
    """A column of a sheet.

    Attributes:
        title: Its head.
        key: Place of the value in a record; empty for a column that is derived or not used.
        kind: What the cells hold.
        choices: Allowed values of a choice, or of the items of a list.
        keeps_empty: An empty cell is an empty text or list, not the default.
        beside: Keys of the same mapping that have columns of their own.
    """

    title: str
    key: Key = ()
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    keeps_empty: bool = False
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Records of one table in a sheet.

    Attributes:
        table: Name of the field of `Tables`.
        label: Value of the column "kind" that tells them; empty where the sheet holds one table.
        kinds: Kinds of assets that belong here; empty for all records.
    """

    table: str
    label: str = ""
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A sheet whose rows are records."""

    name: str
    parts: tuple[Part, ...]
    columns: tuple[Column, ...]


_EFFORT = {
    "SE": "effort.expertise",
    "WoO": "effort.window",
    "ET": "effort.elapsed_time",
    "Eq": "effort.equipment",
    "KoIC": "effort.knowledge",
}
_HEAD = {"id": "id", "name": "", "title": "title", "description": "description"}
_UNDESCRIBED = {**_HEAD, "description": ""}
_STATEMENT = {**_UNDESCRIBED, "title": "statement", "risk": "", "requirements": ""}
_NOT_FUNCTIONS = ("data", "software", "secret", "hardware", "service")
_LAYOUT: tuple[tuple[str, tuple[Part, ...], dict[str, str]], ...] = (
    (
        "Functions",
        (Part("asset", kinds=("function",)),),
        {"id": "id", "name": "", "title": "title", "parent function": ""}
        | {"description": "description", "position": ""},
    ),
    (
        "Components",
        (Part("component"),),
        {"id": "id", "name": "", "title": "title", "stored data": "", "technologies": ""}
        | {"parent component": "", "function assignment": "", "description": "description"},
    ),
    ("Data", (Part("asset", kinds=_NOT_FUNCTIONS),), {**_HEAD, "position": ""}),
    (
        "Data Flows",
        (Part("data_flow"),),
        _UNDESCRIBED
        | {"channel": "", "source": "source", "target": "target", "transferred data": "assets"},
    ),
    (
        "Threat Scenarios",
        (Part("threat"),),
        _HEAD
        | {"threatened by": "", "cause of compromise": "", "acts on": "asset"}
        | {"realizes": "damages", "lessened by": ""},
    ),
    (
        "Damage Scenarios",
        (Part("damage"),),
        _HEAD
        | {"normal behavior": "", "operational situation": "situation"}
        | {"S": "impact.safety", "F": "impact.financial"}
        | {"O": "impact.operational", "P": "impact.privacy", "concerns": "concerns"},
    ),
    (
        "Attack Steps",
        (Part("capability", "capability"), Part("step", "step"), Part("path", "path")),
        _UNDESCRIBED
        | {"instantiates": "", "refined by": "tree", "acts on": "", "mitigated by": ""}
        | {"impossible": "impossible", **_EFFORT, "kind": ""},
    ),
    (
        "Controls",
        (Part("control"),),
        {**_HEAD, "description": "requirement"}
        | {"instantiates": "", "acts on": "", "threatened by": "bypass"}
        | {"mitigates": "mitigates", "Effects": "", "impossible": "", **_EFFORT},
    ),
    (
        "Control Scenarios",
        (Part("control_set"),),
        {**_UNDESCRIBED, "controls": "controls", "is default": ""},
    ),
    ("Goals", (Part("goal"),), _STATEMENT),
    ("Claims", (Part("claim"),), _STATEMENT),
    ("Trust Boundaries", (Part("boundary"),), _HEAD),
    ("Treatments", (Part("treatment"),), {}),
    ("Overrides", (Part("override"),), {}),
    ("Impact Rules", (Part("impact_rule"),), {}),
    ("R155", (Part("r155"),), {}),
    ("Dismissed", (Part("dismissed"),), {}),
)
# Every sheet in the order of the template, then ours.
ORDER = (
    *("Functions", "Components", "Data", "Channels", "Data Flows", "Threat Scenarios"),
    *("Damage Scenarios", "Attack Steps", "Controls", "Assumptions", "Control Scenarios", "Risks"),
    *("Threat Catalog", "Control Catalog", "Technologies", "Risk Model", "Impact Model"),
    *("Feasibility Model", "Requirements", "Goals", "Claims", "Concepts", "Project Info"),
    *("Trust Boundaries", "Treatments", "Overrides", "Impact Rules", "R155", "Dismissed"),
    "Long Texts",
)


@cache
def record_shapes() -> dict[str, Any]:
    """Return the dataclass of the records of every table."""
    hints = get_type_hints(Tables)
    return {name: get_args(hint)[0] for name, hint in hints.items() if get_origin(hint) is tuple}


@cache
def record_sheets() -> tuple[Sheet, ...]:
    """Return the sheets that hold the model's records, in no order."""
    return tuple(
        Sheet(name, parts, _sheet_columns(parts, placed)) for name, parts, placed in _LAYOUT
    )


@cache
def record_keys(table: str) -> frozenset[Key]:
    """Return the keys that a record of a table has."""
    return frozenset(column.key for column in columns_of(record_shapes()[table]))


def _sheet_columns(parts: tuple[Part, ...], placed: Mapping[str, str]) -> tuple[Column, ...]:
    known: dict[Key, Column] = {}
    for part in parts:
        for column in columns_of(record_shapes()[part.table]):
            known.setdefault(column.key, column)
    columns = []
    for title, dotted in placed.items():
        key = tuple(dotted.split(".")) if dotted else ()
        columns.append(replace(known.pop(key), title=title) if key else Column(title))
    return (*columns, *known.values())


def columns_of(shape: Any, prefix: Key = ()) -> Iterator[Column]:
    """Yield a column for every value that a record can hold."""
    hints = get_type_hints(shape, include_extras=True)
    for field in fields(shape):
        yield from _columns((*prefix, field.name), hints[field.name], field)


def _columns(key: Key, hint: Any, field: "Field[Any]") -> Iterator[Column]:
    bare, constrained = _bare(hint)
    title = " ".join(key).replace("_", " ")
    if is_dataclass(bare):
        yield from columns_of(bare, key)
    elif get_origin(bare) is tuple:
        choices = choices_of(_bare(get_args(bare)[0])[0])
        yield Column(title, key, Kind.LIST, choices, keeps_empty=field.default is MISSING)
    elif get_origin(bare) in {dict, Mapping}:
        names, values = (choices_of(part) for part in get_args(bare))
        for name in names or _NAMED_REASONS:
            kind = Kind.CHOICE if values else Kind.TEXT
            yield Column(f"{title} {name}", (*key, name), kind, values)
        if not names:
            yield Column(f"further {title}", key, Kind.REST, beside=_NAMED_REASONS)
    elif bare is float:
        yield Column(title, key, Kind.NUMBER)
    elif words := choices_of(bare):
        yield Column(title, key, Kind.CHOICE, words)
    else:
        has_default = field.default is not MISSING
        keeps_empty = not constrained and not (has_default and field.default == "")
        yield Column(title, key, Kind.TEXT, keeps_empty=keeps_empty)


def choices_of(hint: Any) -> tuple[str, ...]:
    """Return the words that an enumeration or a literal allows, or none."""
    if get_origin(hint) is Literal:
        return tuple(map(str, get_args(hint)))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return tuple(str(member.value) for member in hint)
    return ()


def _bare(hint: Any) -> tuple[Any, bool]:
    """Return a type without None and constraints, and whether it had constraints."""
    constrained = False
    while True:
        if get_origin(hint) is Annotated:
            hint, constrained = get_args(hint)[0], True
        elif get_origin(hint) in {Union, UnionType}:
            hint = next(part for part in get_args(hint) if part is not type(None))
        else:
            return hint, constrained
