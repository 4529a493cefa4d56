"""Bars: damage avoided by each stack against the baseline, with paired intervals."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from voltward.interfaces.report.content import Content
from voltward.interfaces.report.style import INK, STACK_LOOKS, caption, heading
from voltward.interfaces.report.words import number
from voltward.results.columns import AVOIDED
from voltward.results.matrix import Row

ATTACKS_PER_PANEL = 5


def notable(content: Content, name: str) -> list[str]:
    """Return the attacks with the most damage avoided, or added, of one consequence."""

    def size(attack: str) -> float:
        rows = (content.row(attack, stack) for stack in content.defended)
        values = (row[f"avoided_{name}"] for row in rows if row is not None)
        return max((abs(value) for value in values if value is not None), default=0.0)

    largest = max((size(attack) for attack in content.attacks), default=0.0)
    shown = [a for a in content.attacks if size(a) > 0.01 * largest]
    keep = set(sorted(shown, key=size, reverse=True)[:ATTACKS_PER_PANEL])
    return [attack for attack in shown if attack in keep]


def draw_damage(content: Content) -> Figure | None:
    """Draw the damage avoided per consequence; None where no stack can be compared."""
    panels = [(name, attacks) for name in AVOIDED if (attacks := notable(content, name))]
    if not panels or not content.defended:
        return None
    panels.sort(key=lambda panel: -len(panel[1]))
    rows = [panels[i : i + 2] for i in range(0, len(panels), 2)]
    bar_in = 0.13 * len(content.defended) + 0.14
    heights = [bar_in * max(len(attacks) for _, attacks in row) for row in rows]
    height_in = 0.8 + sum(heights) + 0.75 * len(rows)
    figure = Figure(figsize=(8.6, height_in))
    top_in = 0.92
    for row, row_height_in in zip(rows, heights, strict=True):
        for column, (name, attacks) in enumerate(row):
            panel_in = row_height_in * len(attacks) / max(len(a) for _, a in row)
            left, bottom = (0.175, 0.675)[column], 1 - (top_in + panel_in) / height_in
            axes = figure.add_axes((left, bottom, 0.305, panel_in / height_in))
            _panel(axes, content, name, attacks)
        top_in += row_height_in + 0.75
    handles = [
        Patch(
            facecolor=look["color"], hatch=look["hatch"], edgecolor=INK, label=stack, linewidth=0.5
        )
        for stack, look in _looks(content)
    ]
    figure.legend(
        handles=handles,
        loc="upper right",
        ncols=len(handles),
        bbox_to_anchor=(0.995, 1 - 0.06 / height_in),
    )
    heading(
        figure,
        "Damage that the defence avoids",
        f"mean difference to stack {content.baseline}, same seed; whisker: paired t interval; "
        "left of zero the defence adds damage",
    )
    caption(figure, content.label)
    return figure


def _looks(content: Content) -> list[tuple[str, dict[str, Any]]]:
    return [
        (stack, dict(STACK_LOOKS[i % len(STACK_LOOKS)])) for i, stack in enumerate(content.defended)
    ]


def _panel(axes: Axes, content: Content, name: str, attacks: list[str]) -> None:
    looks = _looks(content)
    thickness = 0.8 / len(looks)
    for place, attack in enumerate(attacks):
        for i, (stack, look) in enumerate(looks):
            row = content.row(attack, stack)
            if row is None or row[f"avoided_{name}"] is None:
                continue
            y = place - 0.4 + (i + 0.5) * thickness
            _bar(axes, y, thickness, row, name, look)
    axes.axvline(0.0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(attacks)), attacks)
    axes.set_ylim(len(attacks) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0, labelsize=7.8)
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    unit = content.consequence_unit(name)
    title = content.consequence_title(name)
    axes.set_title(f"{title} ({unit})" if unit else title, fontsize=9)


def _bar(axes: Axes, y: float, thickness: float, row: Row, name: str, look: dict[str, Any]) -> None:
    value = row[f"avoided_{name}"]
    axes.barh(
        y,
        value,
        height=0.88 * thickness,
        color=look["color"],
        hatch=look["hatch"],
        edgecolor=INK,
        linewidth=0.4,
    )
    low, high = row[f"avoided_{name}_low"], row[f"avoided_{name}_high"]
    if low is not None and high is not None:
        axes.plot([low, high], [y, y], color=INK, linewidth=1.0, solid_capstyle="butt")
