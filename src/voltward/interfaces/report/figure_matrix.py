"""Heat map: attack x stack, how often the attacker reached the goal."""

from itertools import groupby
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from voltward.interfaces.report.content import Content
from voltward.interfaces.report.style import MUTED, canvas, caption, heading
from voltward.results.matrix import Row

# From pale to dark, so that lightness alone carries the order; ends in a dark vermillion.
_RAMP = ("#eaf1f5", "#fbe6c4", "#f2ac5b", "#d55e00", "#7c2f02")
_DARK_TEXT, _LIGHT_TEXT = "#10181f", "#ffffff"
_WIDTH_IN, _TOP_IN, _LAYER_IN = 8.6, 0.84, 0.27
# Cells hold two lines, or one where there are many attacks.
_TALL_IN, _FLAT_IN, _MANY = 0.44, 0.29, 12
_LABEL_IN = 3.2
_LONG, _SHORT, _LONG_IN = "blocked {:.0f} · detected {:.0f}", "b {:.0f} · d {:.0f}", 1.15


def draw_matrix(content: Content) -> Figure:
    """Draw the goal share of each attack under each stack, with the numbers in the cells.

    A cell holds the share of runs in which the goal was reached and, below it, the shares that the
    defence blocked and detected.
    """
    groups = [(layer, list(members)) for layer, members in groupby(content.attacks, content.layer)]
    row_in = _FLAT_IN if len(content.attacks) > _MANY else _TALL_IN
    height_in = _TOP_IN + row_in * len(content.attacks) + _LAYER_IN * len(groups) + 0.3
    figure, axes = canvas(_WIDTH_IN, height_in)
    ramp = LinearSegmentedColormap.from_list("goal", _RAMP)
    cell_in = (_WIDTH_IN - _LABEL_IN - 0.12) / len(content.stacks)
    for column, stack in enumerate(content.stacks):
        x = _LABEL_IN + (column + 0.5) * cell_in
        axes.text(x, _TOP_IN - 0.06, stack, ha="center", fontsize=9.5, fontweight="bold")
    y = _TOP_IN
    for layer, members in groups:
        axes.text(0.12, y + 0.17, layer.upper(), fontsize=7, color=MUTED, va="center")
        y += _LAYER_IN
        for attack in members:
            axes.text(0.12, y + row_in / 2, content.title(attack), fontsize=8.4, va="center")
            for column, stack in enumerate(content.stacks):
                row = content.row(attack, stack)
                _cell(axes, (_LABEL_IN + column * cell_in, y, cell_in, row_in), row, ramp)
            y += row_in
    heading(
        figure,
        "How often the attacker reaches the goal",
        "% of runs; small: % in which the attack was blocked (b) or detected (d). Darker is worse.",
    )
    caption(figure, f"{content.label} in the table")
    return figure


def _cell(
    axes: Axes, place: tuple[float, float, float, float], row: Row | None, ramp: Colormap
) -> None:
    x, y, width, height = place
    share = None if row is None else float(row["goal_share"])
    axes.add_patch(
        FancyBboxPatch(
            (x + 0.03, y + 0.025),
            width - 0.06,
            height - 0.05,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor="none" if share is None else ramp(share),
            edgecolor="#c3ccd4",
            linewidth=0.5,
        )
    )
    centre, middle = x + width / 2, y + height / 2
    if row is None or share is None:
        axes.text(centre, middle, "not run", ha="center", va="center", color=MUTED)
        return
    shares = 100 * row["blocked_share"], 100 * row["detected_share"]
    flat = height < _TALL_IN
    words = (_SHORT if flat or width < _LONG_IN else _LONG).format(*shares)
    look: dict[str, Any] = {
        "ha": "center",
        "va": "center",
        "color": _LIGHT_TEXT if share > 0.62 else _DARK_TEXT,
    }
    at = (x + 0.21 * width, middle) if flat else (centre, y + 0.165)
    axes.text(*at, f"{100 * share:.0f}", fontsize=10 if flat else 11, fontweight="bold", **look)
    at = (x + 0.66 * width, middle) if flat else (centre, y + 0.325)
    axes.text(*at, words, fontsize=6.3 if flat else 6.8, **look)
