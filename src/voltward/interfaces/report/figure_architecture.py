"""The system under test: three layers, the taps between parts, and the two worlds around."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from voltward.interfaces.report.content import Content
from voltward.interfaces.report.style import (
    BLUE,
    INK,
    LINE,
    MUTED,
    PAPER,
    VERMILLION,
    canvas,
    caption,
    heading,
)
from voltward.interfaces.report.system_facts import describe_system

_WIDTH_IN, _HEIGHT_IN = 8.6, 4.9
_LAYERS = ("Cloud", "Communication", "Physical")
_LAYER_TOP_IN = {"Cloud": 0.72, "Communication": 1.92, "Physical": 3.12}
_LAYER_IN, _BOX_W, _BOX_H = 1.02, 1.08, 0.46
# Part: left edge in inches, layer.
_PARTS = {
    "cells": (1.55, "Physical"),
    "sensors": (2.95, "Physical"),
    "BMS": (4.35, "Physical"),
    "CAN bus": (5.75, "Physical"),
    "vehicle, grid": (7.28, "Physical"),
    "gateway": (5.75, "Communication"),
    "radio link": (3.65, "Communication"),
    "MQTT broker": (1.55, "Communication"),
    "ingest": (1.55, "Cloud"),
    "digital twin": (2.95, "Cloud"),
    "detectors": (4.35, "Cloud"),
    "commands": (5.75, "Cloud"),
}
# From, to, words beside a vertical arrow.
_FLOWS = (
    ("cells", "sensors", ""),
    ("sensors", "BMS", ""),
    ("BMS", "CAN bus", ""),
    ("CAN bus", "vehicle, grid", ""),
    ("CAN bus", "gateway", ""),
    ("gateway", "radio link", ""),
    ("radio link", "MQTT broker", ""),
    ("MQTT broker", "ingest", "telemetry"),
    ("ingest", "digital twin", ""),
    ("digital twin", "detectors", ""),
    ("detectors", "commands", ""),
    ("commands", "gateway", "commands,\nby the broker"),
)
# Every tap of `voltward.core.taps`, at the part whose in- or output it is.
PART_TAPS = {
    "cells": ("balancing", "contactor"),
    "sensors": (
        "cell.voltage",
        "cell.temperature",
        "pack.current",
        "pack.voltage",
        "pack.isolation",
    ),
    "BMS": ("firmware", "charger.request"),
    "CAN bus": ("can.up", "can.down"),
    "vehicle, grid": ("load",),
    "radio link": ("mqtt.session",),
    "MQTT broker": ("mqtt.up", "mqtt.down"),
    "ingest": ("store.write",),
    "digital twin": ("twin.memory", "model.update"),
    "commands": ("service.login", "service.command"),
}
_SIDE_IN = 0.49


def draw_architecture(content: Content) -> Figure:
    """Draw the layers and taps, with how many attacks of this campaign start in each layer."""
    facts = describe_system(content.folder)
    labels = facts.labels if facts else {}
    figure, axes = canvas(_WIDTH_IN, _HEIGHT_IN)
    for layer in _LAYERS:
        _layer(axes, content, layer, labels.get(layer, ""))
    centres = {
        name: _part(axes, name, *place, labels.get(name, "")) for name, place in _PARTS.items()
    }
    for start, end, words in _FLOWS:
        _arrow(axes, centres[start], centres[end])
        if words:
            x, y = centres[start][0] + _SIDE_IN + 0.07, (centres[start][1] + centres[end][1]) / 2
            axes.text(x, y, words, fontsize=6.8, color=MUTED, ha="left", va="center")
    heading(
        figure,
        f"What is attacked: {f'system {facts.name}' if facts else 'a battery management system'}",
        "arrows: signals and messages, closed by commands; red: taps, where an attack takes hold",
    )
    caption(figure, "drawing, no measured values")
    return figure


def _layer(axes: Axes, content: Content, layer: str, label: str) -> None:
    top = _LAYER_TOP_IN[layer]
    axes.add_patch(
        FancyBboxPatch(
            (0.12, top),
            _WIDTH_IN - 0.24,
            _LAYER_IN + (0.3 if layer == "Physical" else 0.0),
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor="none",
            edgecolor=LINE,
            linewidth=1.2,
        )
    )
    axes.text(0.25, top + 0.42, layer, fontsize=9, fontweight="bold", va="center")
    count = sum(content.layer(attack) == layer for attack in content.attacks)
    noun = "attack" if count == 1 else "attacks"
    axes.text(0.25, top + 0.64, f"{count} {noun}", fontsize=7.5, color=MUTED, va="center")
    axes.text(0.25, top + 0.84, label, fontsize=7.5, color=MUTED, va="center")


def _part(axes: Axes, name: str, left: float, layer: str, label: str) -> tuple[float, float]:
    top = _LAYER_TOP_IN[layer] + 0.14
    axes.add_patch(
        FancyBboxPatch(
            (left, top),
            _BOX_W,
            _BOX_H,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=PAPER,
            edgecolor=BLUE,
            linewidth=1.3,
            zorder=3,
        )
    )
    centre = (left + _BOX_W / 2, top + _BOX_H / 2)
    look: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
    axes.text(centre[0], centre[1] - (0.07 if label else 0.0), name, fontsize=8.5, **look)
    if label:
        axes.text(centre[0], centre[1] + 0.1, label, fontsize=7.0, color=MUTED, **look)
    for line, tap in enumerate(PART_TAPS.get(name, ())):
        y = top + _BOX_H + 0.11 + 0.125 * line
        axes.text(
            centre[0] - 0.05, y, tap, ha="center", va="center", fontsize=6.8, color=VERMILLION
        )
    return centre


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow between the borders of two boxes."""
    (x0, y0), (x1, y1) = start, end
    if y0 == y1:
        side = _BOX_W / 2 if x1 > x0 else -_BOX_W / 2
        x0, x1 = x0 + side, x1 - side
    else:
        side = _BOX_H / 2 if y1 > y0 else -_BOX_H / 2
        y0, y1 = y0 + side, y1 - side
        x0, x1 = x0 + _SIDE_IN, x1 + _SIDE_IN
    axes.add_patch(
        FancyArrowPatch(
            (x0, y0),
            (x1, y1),
            arrowstyle="-|>",
            mutation_scale=9,
            linewidth=1.1,
            color=INK,
            shrinkA=1,
            shrinkB=1,
            zorder=2,
        )
    )
