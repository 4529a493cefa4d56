"""The fitted cell: open-circuit voltage, resistances and entropy over state of charge."""

import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from voltward.interfaces.report.style import BLUE, INK, LINE, MUTED, caption, heading
from voltward.interfaces.report.temperature_looks import look, shown_temperatures
from voltward.physical.cell import CellModel
from voltward.real_cells.identification.identify import Identification

_SOC = np.linspace(0.0, 1.0, 161)
# Below this share of charge errors do not count and the curves are guided by expectation.
_UNSCORED = 12.0
_SHOWN = 0.15
_NAMES = (
    "series resistance R0",
    "fast branch R1 at 1C",
    "slow branch R2",
    "slowest branch R3",
)


def draw_cell_curves(found: Identification, track: str) -> Figure:
    """Draw all curves of a fitted cell.

    Args:
        found: The identification.
        track: Which truth the recordings are.
    """
    cell = found.cell
    warm = shown_temperatures([fit.temperature_degC for fit in found.fits])
    figure = Figure(figsize=(8.6, 8.4))
    panels = figure.subplots(3, 2, sharex=True)
    figure.subplots_adjust(left=0.08, right=0.985, top=0.9, bottom=0.085, hspace=0.3, wspace=0.2)
    _open_circuit(panels[0, 0], found)
    _entropy(panels[0, 1], cell)
    for index, title in enumerate(_NAMES):
        _resistance(panels.flat[2 + index], cell, index, warm, title)
    for axes in panels.flat:
        axes.axvspan(0.0, _UNSCORED, color=LINE, alpha=0.45, linewidth=0)
        axes.set_xlim(0.0, 100.0)
        axes.grid(visible=True, axis="y")
    for axes in panels[2]:
        axes.set_xlabel("state of charge (%)")
    panels[1, 0].legend(loc="upper right", ncols=2, fontsize=7.5)
    heading(
        figure,
        f"{cell.name}: the fitted cell",
        f"{cell.capacity_Ah:.4g} Ah; time constants at 25 °C: {cell.fast_s:.3g} s, "
        f"{cell.slow_s:.3g} s, {cell.diffusion_s:.4g} s; grey: below {_UNSCORED:g} % errors are "
        "not scored",
    )
    caption(figure, f"track {track} · one fit, no interval")
    return figure


def _open_circuit(axes: Axes, found: Identification) -> None:
    cell = found.cell
    percent = 100.0 * np.linspace(0.0, 1.0, found.curve.voltage_V.size)
    axes.plot(
        percent,
        found.curve.voltage_V,
        color=MUTED,
        linewidth=1.0,
        linestyle=(0, (4, 2)),
        label=f"slow discharge, {found.curve.temperature_degC:.0f} °C",
    )
    voltage_V = np.asarray(cell.ocv(jnp.asarray(_SOC))[0])
    axes.plot(100.0 * _SOC, voltage_V, color=BLUE, linewidth=1.6, label="fitted, 25 °C")
    axes.set_title("open-circuit voltage (V)", fontsize=9)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.legend(loc="lower right", fontsize=7.5)
    axes.text(
        0.17,
        0.93,
        f"hysteresis ± {1e3 * cell.hysteresis_V:.2g} mV",
        transform=axes.transAxes,
        fontsize=7.5,
        color=MUTED,
        va="top",
    )


def _entropy(axes: Axes, cell: CellModel) -> None:
    if cell.entropy_V_per_K is not None:
        percent = 100.0 * np.linspace(0.0, 1.0, cell.entropy_V_per_K.size)
        axes.plot(percent, 1e3 * cell.entropy_V_per_K, color=INK, linewidth=1.6)
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    axes.set_title("open-circuit voltage over temperature (mV/K)", fontsize=9)
    axes.yaxis.set_major_locator(MaxNLocator(5))


def _resistance(axes: Axes, cell: CellModel, index: int, warm: list[float], title: str) -> None:
    lowest, highest = np.inf, 0.0
    for temperature in warm:
        soc, degC = jnp.asarray(_SOC), jnp.full(_SOC.size, temperature)
        # One C: the charge-transfer branch has less resistance the larger the current.
        three = cell.resistances(soc, degC, cell.capacity_Ah)
        values = np.asarray((*three, cell.diffusion(soc, degC))[index])
        milliohm = 1e3 * np.broadcast_to(values, _SOC.shape)
        if not np.all(milliohm > 0.0):
            continue
        inside = milliohm[_SHOWN <= _SOC]
        lowest, highest = min(lowest, inside.min()), max(highest, inside.max())
        axes.plot(
            100.0 * _SOC,
            milliohm,
            linewidth=1.4,
            label=f"{temperature:g} °C",
            **look(temperature),
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    if highest > 0.0:
        # Empty cells may have a thousand times the resistance; the scale is for the others.
        axes.set_ylim(lowest / 1.3, 1.6 * highest)
        if highest / lowest > 100.0:
            axes.yaxis.set_major_locator(LogLocator(numticks=12))
    axes.set_title(f"{title} (mΩ)", fontsize=9)
