"""Detection delay per attack and stack: the median, and how far the 95th percentile lies."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from voltward.interfaces.report.content import Content
from voltward.interfaces.report.style import INK, MUTED, STACK_LOOKS, caption, heading
from voltward.results.matrix import Row

_ROW_IN, _TOP_IN, _BOTTOM_IN = 0.3, 0.74, 0.72
# A delay of less than one tick is drawn here: a logarithmic axis has no zero.
_SHORTEST_S = 0.5


def draw_delay(content: Content) -> Figure | None:
    """Draw detection delays on a logarithmic axis; None where nothing was detected."""
    stacks = [s for s in content.stacks if any(r["detected_share"] for r in content.rows_of(s))]
    if not stacks:
        return None
    height_in = _TOP_IN + _BOTTOM_IN + _ROW_IN * len(content.attacks)
    figure = Figure(figsize=(8.6, height_in))
    share = (height_in - _TOP_IN - _BOTTOM_IN) / height_in
    axes = figure.add_axes((0.375, _BOTTOM_IN / height_in, 0.61, share))
    axes.set_xscale("log")
    rows = [(a, s, content.row(a, s)) for a in content.attacks for s in stacks]
    delays = [r[k] for *_, r in rows if r for k in ("delay_median_s", "delay_p95_s")]
    known = [max(d, _SHORTEST_S) for d in delays if d is not None]
    left_s = min(known) / 1.6
    axes.set_xlim(left_s, max(known) * 2.2)
    for place, attack in enumerate(content.attacks):
        seen = False
        for i, stack in enumerate(stacks):
            row = content.row(attack, stack)
            y = place + (i - (len(stacks) - 1) / 2) * 0.3
            if row is not None and row["delay_median_s"] is not None:
                _delay(axes, y, row, i, stack if not _labelled(axes, stack) else "")
                seen = True
        if not seen:
            axes.text(left_s * 1.08, place, "not detected", va="center", fontsize=8, color=MUTED)
    axes.set_yticks(range(len(content.attacks)), [content.title(a) for a in content.attacks])
    axes.set_ylim(len(content.attacks) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0, labelsize=8.2)
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(
        "seconds from the attack's start to the first alarm (logarithmic; 0.5 s and less at 0.5)"
    )
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc="upper right",
        ncols=len(stacks),
        bbox_to_anchor=(0.995, 1 - 0.06 / height_in),
    )
    heading(
        figure,
        "How soon an attack is noticed",
        "marker: median; line: to the 95th percentile; detected runs only, their share beside it",
    )
    caption(figure, content.label)
    return figure


def _labelled(axes: Axes, stack: str) -> bool:
    return stack in axes.get_legend_handles_labels()[1]


def _delay(axes: Axes, y: float, row: Row, index: int, label: str) -> None:
    look = STACK_LOOKS[(index + 1) % len(STACK_LOOKS)]
    median_s, p95_s = (max(row[k], _SHORTEST_S) for k in ("delay_median_s", "delay_p95_s"))
    axes.plot([median_s, p95_s], [y, y], color=look["color"], linewidth=2.2)
    axes.plot(
        [median_s],
        [y],
        marker=look["marker"],
        markersize=6,
        color=look["color"],
        markeredgecolor=INK,
        markeredgewidth=0.6,
        linestyle="none",
        label=label or "_again",
    )
    axes.annotate(
        f"{100 * row['detected_share']:.0f} %",
        (p95_s, y),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=7,
        color=MUTED,
    )
