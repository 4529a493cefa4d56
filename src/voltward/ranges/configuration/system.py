"""Read a system file, the user's own cloud BMS, and the link that it names."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from voltward.comms.topics import TopicMap
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import (
    Document,
    adapter,
    beside,
    check_document,
    closest,
    find_document,
    merged,
    problems_in,
    read_document,
    shown,
)
from voltward.physical.faults import DELAYED_FAULTS
from voltward.physical.protection import LimitSettings, LimitTier
from voltward.ranges.configuration.bus import bus_of
from voltward.ranges.configuration.system_settings import LinkSettings, SystemSettings

REFERENCE = "reference"
# Above the open-circuit voltage of a full cell, a last-tier limit further off than this protects
# nothing (assumption: 0.5 V lies above the over-potential of any charge the limits allow).
_LIMIT_ABOVE_OCV_V = 0.5
# Keys that changed nothing, and why.
_REMOVED = {
    "sensors.isolation.latency_s": "the isolation of the model never changes, so that a lag behind "
    "it changed nothing",
}
_HIGH = ("voltage_high_V", "temperature_high_degC", "charge_current_A", "discharge_current_A")
_LOW = ("voltage_low_V", "temperature_low_degC")


def load_link(name: str) -> LinkSettings:
    """Return a link by its shipped name, or from a file.

    Raises:
        ConfigurationError: It does not exist, or is not valid.
    """
    path = find_document("links", name, "link")
    return _checked_link(read_document(path), str(path))


def _checked_link(document: Mapping[str, Any], path: str) -> LinkSettings:
    link = check_document(LinkSettings, document, path)
    if link.latency_p95_ms < link.latency_median_ms:
        raise ConfigurationError(
            f"{path}: latency_p95_ms = {link.latency_p95_ms:g} lies below the median",
            why=f"allowed is latency_median_ms = {link.latency_median_ms:g} or more",
        )
    return link


def load_system(name_or_path: str = REFERENCE, *, cell: str = "", link: str = "") -> SystemSettings:
    """Return a system; what the user's file leaves out is taken from the shipped reference.

    Args:
        name_or_path: A shipped name, or a system file.
        cell: Replaces the file's cell when given.
        link: Replaces the file's link when given.

    Raises:
        ConfigurationError: The file is absent or broken, a key is unknown, a value is out of its
            range, the tiers are not nested, or the limits do not fit the cell.
    """
    path = find_document("systems", name_or_path, "system")
    label = str(path)
    document = read_document(path)
    reference = read_document(find_document("systems", REFERENCE, "system"))
    whole = merged(reference, document)
    if isinstance(whole.get("cell"), str):
        whole["cell"] = cell or beside(whole["cell"], path)
    if isinstance(whole["can"], dict) and isinstance(whole["can"].get("dbc"), str):
        whole["can"]["dbc"] = beside(whole["can"]["dbc"], path)
    with nullcontext() if link else problems_in(label):
        whole["link"] = _whole_link(link or document.get("link", reference["link"]), path)
    _refuse_removed(document, label)
    settings = check_document(SystemSettings, whole, label)
    _check_tiers(settings.limits, label)
    _check_delays(settings.limits, label)
    with problems_in(label):
        bus_of(settings)
    with problems_in(f"{label}: topics"):
        TopicMap(telemetry=settings.topics.telemetry, command=settings.topics.command)
    with nullcontext() if cell else problems_in(label):
        _check_cell(settings, label)
    return settings


def capacities_Ah(system: SystemSettings) -> dict[str, float]:
    """Return the nominal capacity of the cell and of the pack.

    Raises:
        ConfigurationError: The cell's file has none.
    """
    path = find_document("cells", system.cell, "cell")
    capacity = read_document(path).get("capacity_Ah")
    if isinstance(capacity, bool) or not isinstance(capacity, int | float) or capacity <= 0.0:
        raise ConfigurationError(
            f"{path}: key 'capacity_Ah' has a value that is not allowed",
            why=f"got {shown(capacity)}; allowed is a number above 0",
        )
    return {"cell": float(capacity), "pack": float(capacity) * system.pack.parallel}


def system_schema() -> Document:
    """Return the JSON Schema of a system file: as the settings, with every key left to choice."""
    schema: Document = adapter(SystemSettings).json_schema()
    for table in (schema, *schema["$defs"].values()):
        table.pop("required", None)
    link = schema["properties"]["link"]
    schema["properties"]["link"] = {
        "description": "A name, or a table with the name and changes to it.",
        "anyOf": [{"type": "string"}, link],
    }
    return schema


def _whole_link(chosen: object, path: Path) -> Document:
    """Return a link's document from a name, or from a table with a name and changes to it."""
    changes = dict(chosen) if isinstance(chosen, Mapping) else {"name": chosen}
    name = changes.pop("name", None)
    if not isinstance(name, str):
        raise ConfigurationError(
            f"{path}: key 'link' has a value that is not allowed",
            why=f"got {shown(chosen)}; allowed is a name, or a table with 'name' and changes to it",
        )
    base_path = find_document("links", beside(name, path), "link")
    document = merged(read_document(base_path), changes)
    _checked_link(document, f"{path}: link")
    return document


def _refuse_removed(document: Document, path: str) -> None:
    """Say what became of a key that earlier versions took."""
    for place, reason in _REMOVED.items():
        table: Any = document
        *tables, key = place.split(".")
        for name in tables:
            table = table.get(name) if isinstance(table, Mapping) else None
        if isinstance(table, Mapping) and key in table:
            raise ConfigurationError(
                f"{path}: the key '{place}' is no more", why=reason, hint="take the line out"
            )


def _check_tiers(limits: LimitSettings, path: str) -> None:
    """Each tier lies inside the next, and low lies below high."""
    tiers = (
        ("operating", limits.operating),
        ("recommended", limits.recommended),
        ("maximum", limits.maximum),
    )
    for (inner_name, inner), (outer_name, outer) in pairwise(tiers):
        for field in fields(LimitTier):
            inside, outside = getattr(inner, field.name), getattr(outer, field.name)
            too_wide = inside > outside if field.name in _HIGH else inside < outside
            if too_wide:
                raise ConfigurationError(
                    f"{path}: limits.{inner_name}.{field.name} = {inside:g} is wider than "
                    f"limits.{outer_name}.{field.name} = {outside:g}",
                    why="each tier lies inside the next: operating, recommended, maximum",
                    hint=f"set limits.{outer_name}.{field.name} too",
                )
    for name, tier in tiers:
        for high, low in zip(_HIGH, _LOW, strict=False):
            if getattr(tier, low) >= getattr(tier, high):
                raise ConfigurationError(
                    f"{path}: limits.{name}.{low} = {getattr(tier, low):g} is not below "
                    f"limits.{name}.{high} = {getattr(tier, high):g}",
                    why="a lower limit lies below the upper one",
                )


def _check_delays(limits: LimitSettings, path: str) -> None:
    for fault in limits.delay_s:
        if fault not in DELAYED_FAULTS:
            raise ConfigurationError(
                f"{path}: unknown key 'limits.delay_s.{fault}'",
                why=f"allowed here: {', '.join(DELAYED_FAULTS)}",
                hint=closest(fault, DELAYED_FAULTS),
            )


def _check_cell(settings: SystemSettings, path: str) -> None:
    """The last voltage limits stand around the open-circuit curve of the cell."""
    cell_path = find_document("cells", settings.cell, "cell")
    curve: Any = read_document(cell_path).get("ocv_V")
    try:
        empty_V, full_V = float(curve[0]), float(curve[-1])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ConfigurationError(
            f"{cell_path}: key 'ocv_V' is not a list of numbers",
            why=f"got {shown(curve)}; the curve stands on uniform SoC knots from 0 to 1",
        ) from error
    limits = settings.limits.maximum
    if not full_V <= limits.voltage_high_V <= full_V + _LIMIT_ABOVE_OCV_V:
        raise ConfigurationError(
            f"{path}: limits.maximum.voltage_high_V = {limits.voltage_high_V:g} does not fit the "
            f"cell '{settings.cell}'",
            why=f"a full cell rests at {full_V:g} V; allowed is {full_V:g} to "
            f"{full_V + _LIMIT_ABOVE_OCV_V:g} V",
            hint="limits belong to the cell: give both, or use a system made for it",
        )
    if limits.voltage_low_V > empty_V:
        raise ConfigurationError(
            f"{path}: limits.maximum.voltage_low_V = {limits.voltage_low_V:g} does not fit the "
            f"cell '{settings.cell}'",
            why=f"an empty cell rests at {empty_V:g} V; allowed is {empty_V:g} V or less",
            hint="limits belong to the cell: give both, or use a system made for it",
        )
