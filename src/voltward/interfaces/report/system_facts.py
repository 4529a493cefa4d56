"""The system attacked, in words and numbers, from the files that the run folder holds of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voltward.documents.toml_document import read_document
from voltward.interfaces.report.words import number
from voltward.results.run_folder import RunFolder
from voltward.results.run_layout import INPUTS

_FILES = ("system", "cell", "link", "duty")


@dataclass(frozen=True)
class SystemFacts:
    """What the report opens with.

    Attributes:
        name: Of the system.
        sentence: What it is.
        rows: What is worth knowing of each part, as (part, words).
        files: The files that say the rest, as paths in the run folder.
        labels: Part of the drawing to a few characters that are written into it.
    """

    name: str
    sentence: str
    rows: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    labels: Mapping[str, str]


def describe_system(folder: RunFolder) -> SystemFacts | None:
    """Return the description; None where the folder, of an earlier version, does not hold it."""
    named = sorted(name for name in folder.run["files"] if name.startswith(f"{INPUTS}/"))
    paths = {name: Path(INPUTS, f"{name}.toml") for name in _FILES}
    if not {path.as_posix() for path in paths.values()} <= set(named):
        return None
    system, cell, link, duty = (read_document(folder.path / paths[name]) for name in _FILES)
    return SystemFacts(
        name=system["name"],
        sentence=_sentence(system, cell, link),
        rows=(
            ("Cell", _cell_words(cell)),
            ("Contactors open at", _limits(system["limits"]["maximum"])),
            ("Charger", _charger(system["charging"])),
            ("Link", _link(link)),
            ("Cloud", _cloud(system["cloud"])),
            ("Around it", _surroundings(system)),
            ("Duty", _duty(duty)),
        ),
        files=tuple(named),
        labels={
            "cells": _layout(system["pack"]),
            "radio link": link["name"],
            "vehicle, grid": f"{number(system['vehicle']['mass_kg'])} kg",
            "Cloud": "" if system["cloud"]["enabled"] else "not connected",
        },
    )


def _sentence(system: Mapping[str, Any], cell: Mapping[str, Any], link: Mapping[str, Any]) -> str:
    pack = system["pack"]
    cells = pack["series"] * pack["parallel"]
    cloud = f", and its cloud over {link['description']}" if system["cloud"]["enabled"] else ""
    return (
        f"System {system['name']}: a pack of {number(cells)} cells {cell['name']} "
        f"({_layout(pack)}) with sensors, BMS, CAN bus and gateway{cloud}."
    )


def _layout(pack: Mapping[str, Any]) -> str:
    return f"{pack['series']}s{pack['parallel']}p"


def _cell_words(cell: Mapping[str, Any]) -> str:
    facts = [str(cell["name"]), str(cell.get("chemistry", ""))]
    facts.append(f"{number(cell['capacity_Ah'])} Ah" if "capacity_Ah" in cell else "")
    return ", ".join(filter(None, facts))


def _limits(tier: Mapping[str, float]) -> str:
    return (
        f"{number(tier['voltage_low_V'])} and {number(tier['voltage_high_V'])} V, "
        f"{number(tier['temperature_low_degC'])} and {number(tier['temperature_high_degC'])} °C, "
        f"{number(tier['charge_current_A'])} A charging, "
        f"{number(tier['discharge_current_A'])} A discharging"
    )


def _charger(charging: Mapping[str, float]) -> str:
    return (
        f"{number(charging['current_A'])} A, {number(charging['power_W'] / 1000.0)} kW, to "
        f"{number(100.0 * charging['target_soc'])} % unless the cloud plans otherwise; "
        f"{number(charging['unattended_current_A'])} A without its plan"
    )


def _link(link: Mapping[str, Any]) -> str:
    hidden = "encrypted" if link["encrypted"] else "not encrypted"
    return (
        f"{link['name']}: {link['description']}, {number(link['latency_median_ms'])} ms one way "
        f"(p95 {number(link['latency_p95_ms'])} ms), {hidden} as far as the cloud"
    )


def _cloud(cloud: Mapping[str, Any]) -> str:
    if not cloud["enabled"]:
        return "not connected"
    return (
        f"a charge plan every {number(cloud['plan_period_s'])} s, the twin's parameters every "
        f"{number(cloud['model_period_s'])} s; the BMS plans by itself after "
        f"{number(cloud['silence_s'])} s of silence"
    )


def _surroundings(system: Mapping[str, Any]) -> str:
    vehicle, grid = system["vehicle"], system["grid"]
    return (
        f"a vehicle of {number(vehicle['mass_kg'])} kg; a grid of {number(grid['base_MW'])} MW "
        f"with {number(grid['fleet_size'])} such packs, of which "
        f"{number(100.0 * grid['share_compromised'])} % act together"
    )


def _duty(duty: Mapping[str, Any]) -> str:
    title = duty.get("title") or f"{len(duty['segment'])} segments"
    return f"{duty['name']}: {title}"
