"""The recordings that the fitted cell meets worst: measured and predicted voltage over time."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from voltward.interfaces.report.figure_timeline import thinned
from voltward.interfaces.report.style import BLUE, MUTED, SKY, VERMILLION, caption, heading
from voltward.real_cells.identification.identify import Identification, RecordFit
from voltward.real_cells.identification.model_error import temperature_groups

_POINTS = 900
_MOST = 4


def worst_recordings(fits: Sequence[RecordFit]) -> list[RecordFit]:
    """Return the worst drive of every temperature, held-out ones before fitted ones."""
    drives = [fit for fit in fits if fit.record.drive and np.isfinite(fit.rmse_V)]
    chosen = []
    for group in reversed(temperature_groups([fit.temperature_degC for fit in drives])):
        inside = [drives[index] for index in group]
        held_out = [fit for fit in inside if fit.held_out]
        chosen.append(max(held_out or inside, key=lambda fit: fit.rmse_V))
    return sorted(chosen, key=lambda fit: -fit.rmse_V)[:_MOST]


def draw_worst_recordings(found: Identification, track: str) -> Figure:
    """Draw measured and predicted voltage of the worst recordings, and the difference.

    Args:
        found: The identification.
        track: Which truth the recordings are.
    """
    worst = worst_recordings(found.fits)
    height_in = 0.95 + 2.6 * len(worst)
    figure = Figure(figsize=(8.6, height_in))
    grid = figure.add_gridspec(
        len(worst),
        1,
        left=0.075,
        right=0.985,
        top=1.0 - 0.85 / height_in,
        bottom=0.5 / height_in,
        hspace=0.32,
    )
    for place, fit in enumerate(worst):
        rows = grid[place].subgridspec(2, 1, height_ratios=(2.0, 1.0), hspace=0.1)
        voltage = figure.add_subplot(rows[0])
        error = figure.add_subplot(rows[1], sharex=voltage)
        _draw(voltage, error, fit)
        if place == 0:
            voltage.legend(
                loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2, fontsize=8
            )
        if place == len(worst) - 1:
            error.set_xlabel("time (h)")
    heading(
        figure,
        "Measured and predicted voltage",
        "the worst drive of every temperature, open loop; shaded: not scored",
    )
    caption(figure, f"track {track} · single recordings, no interval")
    return figure


def _draw(voltage: Axes, error: Axes, fit: RecordFit) -> None:
    record = fit.record
    hours = np.cumsum(record.elapsed_s) / 3600.0
    both = np.union1d(thinned(record.voltage_V, _POINTS), thinned(fit.predicted_V, _POINTS))
    voltage.plot(hours[both], record.voltage_V[both], color=BLUE, linewidth=0.9, label="measured")
    voltage.plot(
        hours[both],
        fit.predicted_V[both],
        color=VERMILLION,
        linewidth=0.8,
        linestyle=(0, (3, 1.5)),
        label="predicted",
    )
    error_mV = 1e3 * fit.error_V
    some = thinned(error_mV, _POINTS)
    error.axhline(0.0, color=MUTED, linewidth=0.7)
    error.plot(hours[some], error_mV[some], color=BLUE, linewidth=0.8)
    size_mV = float(np.quantile(np.abs(error_mV[record.scored]), 0.999))
    error.set_ylim(-1.15 * size_mV, 1.15 * size_mV)
    kind = "held out" if fit.held_out else "fitted"
    voltage.set_title(
        f"{fit.name}, {round(fit.temperature_degC)} °C, {kind}: {1e3 * fit.rmse_V:.1f} mV",
        fontsize=8.5,
    )
    voltage.set_ylabel("voltage (V)", fontsize=8)
    error.set_ylabel("error (mV)", fontsize=8)
    voltage.tick_params(labelbottom=False)
    voltage.set_xlim(0.0, float(hours[-1]))
    for axes, ticks in ((voltage, 4), (error, 3)):
        axes.yaxis.set_major_locator(MaxNLocator(ticks))
        axes.grid(visible=True, axis="y")
        axes.fill_between(
            hours,
            0.0,
            1.0,
            where=~record.scored,
            transform=axes.get_xaxis_transform(),
            color=SKY,
            alpha=0.15,
            linewidth=0,
        )
