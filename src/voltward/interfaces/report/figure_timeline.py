"""What happened over time in one or two cases: true, reported and as the twin sees it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from voltward.interfaces.report.content import Content
from voltward.interfaces.report.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    PURPLE,
    VERMILLION,
    caption,
    heading,
)
from voltward.results.matrix import Row

_POINTS = 400
_TRUE: dict[str, Any] = {"color": BLUE, "linewidth": 1.5, "label": "true"}
_REPORTED: dict[str, Any] = {
    "color": VERMILLION,
    "linewidth": 1.2,
    "linestyle": (0, (5, 2)),
    "label": "reported to the BMS",
}
_TWIN: dict[str, Any] = {
    "color": GREEN,
    "linewidth": 1.3,
    "linestyle": (0, (1, 1)),
    "label": "cloud twin",
}
# Panel: axis label, and for each line the column, its scale and its look.
_PANELS: tuple[tuple[str, tuple[tuple[str, float, dict[str, Any]], ...]], ...] = (
    (
        "cell voltage (V)",
        (
            ("true_voltage_target_V", 1.0, _TRUE),
            ("reported_voltage_target_V", 1.0, _REPORTED),
            ("twin_voltage_target_V", 1.0, _TWIN),
        ),
    ),
    (
        "state of charge (%)",
        (("true_soc", 100.0, _TRUE), ("bms_soc", 100.0, _REPORTED), ("twin_soc", 100.0, _TWIN)),
    ),
    (
        "pack current (A)",
        (("true_current_A", 1.0, _TRUE), ("reported_current_A", 1.0, _REPORTED)),
    ),
)


def thinned(values: NDArray[np.float64], points: int = _POINTS) -> NDArray[np.int64]:
    """Return indices that keep the lowest and highest value of each stretch of a long series.

    Args:
        values: The series (time,).
        points: About how many points to keep.
    """
    length = values.shape[0]
    if length <= points:
        return np.arange(length)
    edges = np.linspace(0, length, points // 2 + 1).astype(np.int64)
    kept = {0, length - 1}
    filled = np.nan_to_num(values)
    for start, end in pairwise(edges):
        stretch = filled[start:end]
        kept |= {int(start + stretch.argmin()), int(start + stretch.argmax())}
    return np.array(sorted(kept), dtype=np.int64)


def draw_timeline(content: Content, attack: str, cases: Sequence[Row]) -> Figure:
    """Draw the traced cases of an attack side by side.

    Args:
        content: The campaign.
        attack: The attack.
        cases: One or two traced cases.
    """
    figure = Figure(figsize=(8.6, 6.0))
    grid = GridSpec(
        len(_PANELS),
        len(cases),
        figure=figure,
        left=0.085,
        right=0.985,
        top=0.815,
        bottom=0.12,
        hspace=0.16,
        wspace=0.08,
        height_ratios=(1.3, 1.1, 0.8),
    )
    first_column: list[Axes] = []
    for column, case in enumerate(cases):
        trace = content.folder.trace(case["case_id"])
        shared: Axes | None = None
        for row, (label, lines) in enumerate(_PANELS):
            beside = first_column[row] if column else None
            axes = figure.add_subplot(grid[row, column], sharey=beside, sharex=shared)
            shared = shared or axes
            _panel(axes, trace, lines)
            _marks(axes, case, trace, named=row == 0)
            axes.tick_params(labelbottom=row == len(_PANELS) - 1, labelleft=column == 0)
            axes.yaxis.set_major_locator(MaxNLocator(5))
            axes.grid(visible=True, axis="y")
            if column == 0:
                axes.set_ylabel(label)
                first_column.append(axes)
            if row == len(_PANELS) - 1:
                axes.set_xlabel("time (s)")
            if row == 0:
                axes.set_title(_case_title(case), pad=33, fontsize=9.5)
    handles, labels = first_column[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", ncols=3, bbox_to_anchor=(0.075, 0.0))
    heading(
        figure,
        f"{content.title(attack)}: what was true, what was reported",
        f"one case each, duty {cases[0]['duty']}; voltage of the attacked cell",
    )
    seeds = ", ".join(str(case["seed"]) for case in cases)
    caption(figure, f"track {cases[0]['track']} · seed {seeds} · single cases, no interval")
    return figure


def _panel(
    axes: Axes,
    trace: Mapping[str, NDArray[np.float64]],
    lines: Sequence[tuple[str, float, dict[str, Any]]],
) -> None:
    time_s = trace["time_s"]
    for name, scale, look in lines:
        values = scale * trace[name]
        if name == "twin_voltage_target_V":
            # The twin predicts nothing before its first telemetry; a cell is never at 0 V.
            values = np.where(values > 0.0, values, np.nan)
        chosen = thinned(values)
        axes.plot(time_s[chosen], values[chosen], **look)
    axes.set_xlim(float(time_s[0]), float(time_s[-1]))
    axes.margins(y=0.08)


def _case_title(case: Row) -> str:
    if case["goal_reached"]:
        end = "goal reached"
    elif case["blocked"]:
        end = "blocked"
    else:
        end = "contained" if case["contained"] else "goal not reached"
    return f"stack {case['stack']}: {end}"


def _marks(axes: Axes, case: Row, trace: Mapping[str, NDArray[np.float64]], *, named: bool) -> None:
    """Mark attack, alarm, safe state and goal by lines of different dashes, named at the top."""
    start_s, end_s = float(trace["time_s"][0]), float(trace["time_s"][-1])
    if case["attack_s"] is None:
        return
    axes.axvspan(case["attack_s"], end_s, color=VERMILLION, alpha=0.06, linewidth=0)
    marks = (
        ("attack", case["attack_s"], VERMILLION, "-", 0),
        ("alarm", case["detect_s"], INK, (0, (4, 2)), 1),
        ("safe", case["safe_s"], GREEN, (0, (1, 1)), 2),
        ("goal", case["goal_s"], PURPLE, (0, (6, 2, 1, 2)), 2),
    )
    for name, at_s, colour, dashes, level in marks:
        if at_s is None or not start_s <= at_s <= end_s:
            continue
        axes.axvline(at_s, color=colour, linewidth=1.1, linestyle=dashes)
        if named:
            right = at_s > start_s + 0.85 * (end_s - start_s)
            axes.annotate(
                f"{name} {at_s:.0f} s",
                (at_s, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 3 + 9 * level),
                textcoords="offset points",
                ha="right" if right else "center",
                fontsize=7.2,
                color=MUTED if colour == INK else colour,
            )
