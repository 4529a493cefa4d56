"""Detection delay over the size of a bias injected on the voltage, track by track."""

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from voltward.core.files import write_bytes
from voltward.interfaces.report.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    caption,
    drawing,
    heading,
    save,
)
from voltward.real_cells.detection_benchmark.tally import Row

# A delay below half a tick of 1 s is drawn here: a logarithmic axis has no zero.
_SHORTEST_S = 0.5
_TEMPERATURE_DEGC = 25.0
_LOOKS = (
    (BLUE, "o", "-"),
    (GREEN, "s", "--"),
    (VERMILLION, "^", "-"),
    (ORANGE, "v", "--"),
    (PURPLE, "D", ":"),
    (SKY, "P", ":"),
    (MUTED, "X", "-."),
    (INK, "*", "-."),
)


def write_detection_picture(
    folder: Path, rows: Sequence[Row], write: Callable[[Path, bytes], None] = write_bytes
) -> list[Path]:
    """Write the picture as PNG and SVG; nothing without a detected voltage bias at 25 degC.

    Args:
        folder: Where to.
        rows: Of the benchmark.
        write: Puts the bytes of a file there.
    """
    with drawing():
        figure = draw_detection(rows)
        return [] if figure is None else save(figure, folder, "benchmark", write)


def draw_detection(rows: Sequence[Row]) -> Figure | None:
    """Draw median delay with its 95th percentile; None where there is none."""
    chosen = [
        row
        for row in rows
        if row.temperature_degC == _TEMPERATURE_DEGC
        and row.bias.startswith(("voltage bias", "one cell"))
        and row.delay_median_s is not None
    ]
    if not chosen:
        return None
    figure = Figure(figsize=(8.6, 4.6))
    axes = figure.add_axes((0.09, 0.16, 0.52, 0.66))
    axes.set_xscale("log")
    axes.set_yscale("log")
    kinds = list(dict.fromkeys((row.track, row.cell) for row in chosen))
    for place, (track, cell) in enumerate(kinds):
        colour, marker, line = _LOOKS[place % len(_LOOKS)]
        points = sorted(
            (row for row in chosen if (row.track, row.cell) == (track, cell)),
            key=lambda row: row.magnitude,
        )
        # Side by side, so that equal delays can be distinguished.
        beside = 1.0 + 0.035 * (place - (len(kinds) - 1) / 2.0)
        across = [1e3 * row.magnitude * beside for row in points]
        middle = [max(row.delay_median_s or 0.0, _SHORTEST_S) for row in points]
        late = [max(row.delay_p95_s or 0.0, _SHORTEST_S) for row in points]
        axes.vlines(across, middle, late, color=colour, linewidth=1.6)
        axes.plot(
            across,
            middle,
            color=colour,
            marker=marker,
            linestyle=line,
            linewidth=1.0,
            markeredgecolor=INK,
            markeredgewidth=0.5,
            label=f"{track}: {cell}",
        )
        for x, y, row in zip(across, late, points, strict=True):
            share = row.detected_share or 0.0
            if share < 1.0:
                axes.annotate(
                    f"{100.0 * share:.0f} %",
                    (x, y),
                    xytext=(0, 4),
                    textcoords="offset points",
                    ha="center",
                    fontsize=6.5,
                    color=colour,
                )
    axes.set_xticks(sorted({1e3 * row.magnitude for row in chosen}))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(visible=True, axis="y")
    axes.set_xlabel("bias injected on the voltage in mV")
    axes.set_ylabel("seconds to the alarm (0.5 and less at 0.5)")
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc="center left",
        bbox_to_anchor=(0.62, 0.5),
        fontsize=7.5,
    )
    heading(
        figure,
        "How soon an injected bias is noticed, by truth track",
        "25 degC; marker: median, line: to the 95th percentile; share found in 600 s where not all",
    )
    tracks = ", ".join(dict.fromkeys(row.track for row in chosen))
    caption(figure, f"tracks {tracks}; onsets a point {min(r.onsets for r in chosen)} or more")
    return figure
