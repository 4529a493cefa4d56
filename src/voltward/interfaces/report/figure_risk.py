"""Risk matrices side by side: impact x feasibility, one panel for each control set."""

from collections import Counter
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from voltward.assurance.tara.model.words import FEASIBILITIES, IMPACT_LEVELS
from voltward.interfaces.report.risk_view import RISK_VALUES, RiskView
from voltward.interfaces.report.style import MUTED, PAPER, canvas, caption, heading

# From pale to dark, so that lightness alone carries the order, as in the heat map of goals.
RISK_COLOURS = {1: "#eaf1f5", 2: "#f9dcae", 3: "#f2ac5b", 4: "#d9650f", 5: "#7c2f02"}
_DARK_TEXT, _LIGHT_TEXT = "#10181f", "#ffffff"
_WIDTH_IN, _TOP_IN, _LABEL_IN, _GAP_IN, _EDGE_IN = 8.6, 0.74, 0.86, 0.2, 0.12
_HEAD_IN, _CELL_IN, _FOOT_IN = 0.54, 0.52, 0.5
_PANELS_A_ROW = 3


def draw_risk(risk: RiskView, label: str) -> Figure:
    """Draw how many pairs of damage and threat lie at each place of the matrix, set by set.

    Args:
        risk: The rating.
        label: Names track, seeds and profile.
    """
    columns = min(_PANELS_A_ROW, len(risk.sets))
    rows = -(-len(risk.sets) // columns)
    panel_in = _HEAD_IN + len(IMPACT_LEVELS) * _CELL_IN + _FOOT_IN
    figure, axes = canvas(_WIDTH_IN, _TOP_IN + rows * panel_in + 0.24)
    # Panels keep the width that three of them have, so that cells never grow out of shape.
    room_in = _WIDTH_IN - _LABEL_IN - _EDGE_IN - (_PANELS_A_ROW - 1) * _GAP_IN
    width_in = room_in / _PANELS_A_ROW
    for index, control_set in enumerate(risk.sets):
        row, column = divmod(index, columns)
        x = _LABEL_IN + column * (width_in + _GAP_IN)
        y = _TOP_IN + row * panel_in
        if column == 0:
            _impacts(axes, y + _HEAD_IN)
        _panel(axes, (x, y, width_in), risk, control_set)
    heading(
        figure,
        "Risk before and after",
        "Pairs of damage and threat at their highest category, by impact and feasibility; "
        "small: risk value. Darker is worse.",
    )
    caption(figure, f"{label} · counts without interval")
    return figure


def describe_risk(risk: RiskView) -> str:
    """Return in words what the figure shows."""
    parts = []
    for control_set in risk.sets:
        high, total = risk.high(control_set), len(risk.pairs(control_set))
        parts.append(f"control set {control_set}: {high} of {total} pairs at risk 4 or 5")
    return f"Risk matrices, impact by feasibility; {'; '.join(parts)}"


def _impacts(axes: Axes, top_in: float) -> None:
    for index, impact in enumerate(reversed(IMPACT_LEVELS)):
        y = top_in + (index + 0.5) * _CELL_IN
        axes.text(_LABEL_IN - 0.08, y, impact, fontsize=8, ha="right", va="center")
    axes.text(_LABEL_IN - 0.08, top_in - 0.1, "impact", fontsize=7, color=MUTED, ha="right")


def _panel(axes: Axes, place: tuple[float, float, float], risk: RiskView, control_set: str) -> None:
    x, y, width_in = place
    worst = (pair.worst for pair in risk.pairs(control_set))
    counted = Counter((risk.impact, risk.feasibility) for risk in worst)
    title = risk.title(control_set)
    axes.text(x + 0.03, y + 0.18, control_set, fontsize=9.5, fontweight="bold")
    if title != control_set:
        lines = wrap(title, 42, max_lines=2, placeholder=" …")
        axes.text(x + 0.03, y + 0.25, "\n".join(lines), fontsize=7, color=MUTED, va="top")
    cell_in = width_in / len(FEASIBILITIES)
    top_in = y + _HEAD_IN
    for row, impact in enumerate(reversed(IMPACT_LEVELS)):
        for column, feasibility in enumerate(FEASIBILITIES):
            _cell(
                axes,
                (x + column * cell_in, top_in + row * _CELL_IN, cell_in),
                counted[impact, feasibility],
                risk.value_of(impact, feasibility),
            )
    below_in = top_in + len(IMPACT_LEVELS) * _CELL_IN
    for column, feasibility in enumerate(FEASIBILITIES):
        name = feasibility.replace("_", " ")
        middle = x + (column + 0.5) * cell_in
        axes.text(middle, below_in + 0.15, name, fontsize=7.5, ha="center")
    axes.text(
        x + width_in / 2, below_in + 0.31, "feasibility", fontsize=7, color=MUTED, ha="center"
    )


def _cell(axes: Axes, place: tuple[float, float, float], count: int, value: int | None) -> None:
    x, y, width = place
    axes.add_patch(
        FancyBboxPatch(
            (x + 0.02, y + 0.02),
            width - 0.04,
            _CELL_IN - 0.04,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor=PAPER if value is None else RISK_COLOURS[value],
            edgecolor="#c3ccd4",
            linewidth=0.5,
        )
    )
    if value is None:
        return
    look: dict[str, Any] = {
        "ha": "center",
        "va": "center",
        "color": _LIGHT_TEXT if value == max(RISK_VALUES) else _DARK_TEXT,
    }
    if count:
        at = x + width / 2, y + 0.22
        axes.text(*at, str(count), fontsize=11.5, fontweight="bold", **look)
    axes.text(x + width / 2, y + 0.41, f"risk {value}", fontsize=6.2, **look)
