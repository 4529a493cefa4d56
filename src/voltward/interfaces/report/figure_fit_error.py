"""How far the fitted cell is from its recordings: by recording, by size, and over charge."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from voltward.interfaces.report.style import INK, LINE, MUTED, PAPER, caption, heading
from voltward.interfaces.report.temperature_looks import look
from voltward.real_cells.identification.identify import Identification, RecordFit
from voltward.real_cells.identification.model_error import temperature_groups
from voltward.real_cells.identification.physical_range import POOR_V

_BINS = 20
_WIDEST_V = 0.1


def draw_recording_errors(found: Identification, track: str) -> Figure:
    """Draw the error of every recording as a point, fitted and held out marked apart.

    Args:
        found: The identification.
        track: Which truth the recordings are.
    """
    fits = [fit for fit in found.fits if np.isfinite(fit.rmse_V)]
    order = [
        fits[index]
        for group in temperature_groups([fit.temperature_degC for fit in fits])
        for index in sorted(group, key=lambda place: (fits[place].held_out, fits[place].name))
    ]
    height_in = 1.35 + 0.19 * len(order)
    figure = Figure(figsize=(8.6, height_in))
    axes = figure.subplots()
    figure.subplots_adjust(
        left=0.29, right=0.965, top=1.0 - 0.72 / height_in, bottom=0.62 / height_in
    )
    for place, fit in enumerate(order):
        colour = look(fit.temperature_degC)["color"]
        error_mV = 1e3 * fit.rmse_V
        axes.plot([0.0, error_mV], [place, place], color=LINE, linewidth=1.0, zorder=1)
        axes.plot(
            [error_mV],
            [place],
            marker="D" if fit.held_out else "o",
            markersize=5.0 if fit.held_out else 5.5,
            markerfacecolor=colour if fit.held_out else PAPER,
            markeredgecolor=colour,
            markeredgewidth=1.4,
            linestyle="none",
        )
        axes.annotate(
            f"{error_mV:.1f}",
            (error_mV, place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color=MUTED,
        )
    worst_mV = max((1e3 * fit.rmse_V for fit in order), default=1.0)
    if worst_mV > 0.5e3 * POOR_V:
        axes.axvline(1e3 * POOR_V, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
        axes.text(1e3 * POOR_V, -0.9, " poor beyond", fontsize=7, color=MUTED, va="center")
    axes.set_yticks(range(len(order)), [_label(fit) for fit in order], fontsize=7.5)
    axes.set_ylim(len(order) - 0.4, -1.4)
    axes.set_xlim(0.0, 1.12 * worst_mV)
    axes.set_xlabel("root mean square error of the open-loop voltage (mV)")
    heading(
        figure,
        "Error by recording",
        "filled diamonds: held out; open circles: took part in the fit; SoC above 12 %",
    )
    caption(figure, f"track {track} · one recording a point, no interval")
    return figure


def _label(fit: RecordFit) -> str:
    name = fit.name if len(fit.name) <= 26 else f"{fit.name[:25]}…"
    return f"{name}  {round(fit.temperature_degC)} °C"


def draw_error_shapes(found: Identification, track: str) -> Figure:
    """Draw how errors are spread and where over charge they occur, one line a temperature.

    Args:
        found: The identification.
        track: Which truth the recordings are.
    """
    drives = [fit for fit in found.fits if fit.record.drive and np.any(fit.record.scored)]
    chosen = [fit for fit in drives if fit.held_out] or drives
    figure = Figure(figsize=(8.6, 3.5))
    spread, over = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.065, right=0.985, top=0.78, bottom=0.185, wspace=0.2)
    for group in reversed(temperature_groups([fit.temperature_degC for fit in chosen])):
        inside = [chosen[index] for index in group]
        _spread(spread, inside)
        _over_charge(over, inside)
    spread.axvline(0.0, color=MUTED, linewidth=0.8)
    spread.set_xlabel("measured less predicted (mV), larger ones at the ends")
    spread.set_ylabel("share of seconds per mV (%)")
    spread.set_xlim(-1e3 * _WIDEST_V, 1e3 * _WIDEST_V)
    spread.set_ylim(bottom=0.0)
    over.axhline(0.0, color=MUTED, linewidth=0.8)
    over.set_xlabel("state of charge (%)")
    over.set_ylabel("mean error (mV)")
    over.set_xlim(0.0, 100.0)
    for axes in (spread, over):
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.grid(visible=True, axis="y")
    spread.legend(loc="upper left", fontsize=7.5)
    which = "held-out" if any(fit.held_out for fit in chosen) else "fitted"
    heading(
        figure,
        "How the error is spread, and where it occurs",
        f"{which} drives; above 12 % SoC on the left, mean of each 5 % of charge on the right",
    )
    caption(figure, f"track {track} · no interval")
    return figure


def _spread(axes: Axes, fits: Sequence[RecordFit]) -> None:
    error_V = np.concatenate([fit.error_V[fit.record.scored] for fit in fits])
    edges_V = np.linspace(-_WIDEST_V, _WIDEST_V, 101)
    held_V = np.clip(error_V, edges_V[0], edges_V[-1])
    counted, _ = np.histogram(held_V, edges_V)
    share = 100.0 * counted / error_V.size / (1e3 * float(edges_V[1] - edges_V[0]))
    warm = float(np.mean([fit.temperature_degC for fit in fits]))
    rmse_mV = 1e3 * float(np.sqrt(np.mean(error_V**2)))
    axes.plot(
        1e3 * 0.5 * (edges_V[1:] + edges_V[:-1]),
        share,
        linewidth=1.4,
        label=f"{round(warm)} °C: {rmse_mV:.1f} mV",
        **look(warm),
    )


def _over_charge(axes: Axes, fits: Sequence[RecordFit]) -> None:
    whole = [fit.record.weight > 0.0 for fit in fits]
    error_mV = 1e3 * np.concatenate([fit.error_V[on] for fit, on in zip(fits, whole, strict=True)])
    soc = np.concatenate([fit.record.soc[on] for fit, on in zip(fits, whole, strict=True)])
    place = np.clip((soc * _BINS).astype(np.int64), 0, _BINS - 1)
    count = np.bincount(place, minlength=_BINS)
    mean = np.bincount(place, error_mV, minlength=_BINS) / np.maximum(count, 1)
    shown = count >= 10
    middle = 100.0 * (np.arange(_BINS) + 0.5) / _BINS
    warm = float(np.mean([fit.temperature_degC for fit in fits]))
    axes.plot(middle[shown], mean[shown], linewidth=1.4, marker=".", markersize=4, **look(warm))
