"""A replayed profile over time: voltage, innovation, state of charge, and the detectors' scores."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from voltward.core.files import write_bytes
from voltward.interfaces.report.figure_timeline import thinned
from voltward.interfaces.report.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PNG_DPI,
    PURPLE,
    SKY,
    VERMILLION,
    caption,
    drawing,
    heading,
)
from voltward.real_cells.replay.profile import ReplayedProfile

_COLOURS = (ORANGE, PURPLE, SKY, BLUE, GREEN, INK)
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1)), (0, (6, 2, 1, 2)))
# A score of 1 is an alarm; higher ones are drawn up to here.
_HIGHEST_SCORE = 3.0


def write_replay_picture(path: Path, profile: ReplayedProfile) -> None:
    """Draw a traced profile and write it as PNG, whole or not at all."""
    with drawing():
        figure = draw_replay(profile)
        sink = io.BytesIO()
        figure.savefig(sink, format="png", dpi=PNG_DPI, metadata={"Software": None})
    write_bytes(path, sink.getvalue())


def draw_replay(profile: ReplayedProfile) -> Figure:
    """Draw the cell that the detectors point at, the first one when they point at none.

    Args:
        profile: Of a session that traces its run.
    """
    score, replay, run = profile.score, profile.replay, profile.run
    cell = (score.cell_named or 1) - 1
    hours = replay.recording.time_s / 3600.0
    told_V, innovation_V = replay.voltage_V[:, run, cell], replay.innovation_V[:, run, cell]
    figure = Figure(figsize=(8.6, 7.6))
    panels = figure.subplots(4, 1, sharex=True)
    figure.subplots_adjust(left=0.085, right=0.985, top=0.885, bottom=0.1, hspace=0.24)
    _line(panels[0], hours, told_V - innovation_V, "expected by the twin", GREEN, (0, (1, 1)))
    _line(panels[0], hours, told_V, "reported", VERMILLION)
    panels[0].set_ylabel("cell voltage (V)")
    _line(panels[1], hours, 1e3 * innovation_V, "innovation", VERMILLION)
    open_mV = 1e3 * replay.open_loop_V[:, cell]
    _line(panels[1], hours, open_mV, "open-loop error, as recorded", BLUE, (0, (5, 2)))
    panels[1].set_ylabel("residual (mV)")
    _line(panels[2], hours, 100.0 * profile.true_soc, "true", BLUE)
    estimate = 100.0 * replay.cell_soc[:, run, cell]
    _line(panels[2], hours, estimate, "twin", VERMILLION, (0, (5, 2)))
    panels[2].set_ylabel("SoC (%)")
    for index, name in enumerate(replay.detectors):
        values = np.minimum(replay.scores[:, run, index], _HIGHEST_SCORE)
        look = _COLOURS[index % len(_COLOURS)], _DASHES[index // len(_COLOURS) % len(_DASHES)]
        _line(panels[3], hours, values, name, *look)
    panels[3].axhline(1.0, color=INK, linewidth=0.8, linestyle=(0, (4, 2)))
    panels[3].set_ylabel("score, 1 alarms")
    panels[3].set_xlabel("time (h)")
    for axes in panels:
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.grid(visible=True, axis="y")
        axes.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=5, fontsize=7.0, borderaxespad=0.0
        )
        if profile.injected_s is not None:
            begin_h = hours[0] + profile.injected_s / 3600.0
            axes.axvspan(begin_h, hours[-1], color=VERMILLION, alpha=0.06, linewidth=0)
            if score.delay_s is not None:
                seen_h = begin_h + score.delay_s / 3600.0
                axes.axvline(seen_h, color=MUTED, linewidth=1.0, linestyle=(0, (4, 2)))
    panels[0].set_xlim(float(hours[0]), float(hours[-1]))
    heading(figure, f"Replay of {score.profile}", _subtitle(profile, cell))
    caption(figure, f"track {score.track} · one recording of {score.hours:.1f} h, no interval")
    return figure


def _line(
    axes: Axes,
    hours: np.ndarray,
    values: np.ndarray,
    label: str,
    colour: str,
    dashes: Any = "-",
) -> None:
    chosen = thinned(values, 1200)
    axes.plot(
        hours[chosen], values[chosen], color=colour, linewidth=1.0, linestyle=dashes, label=label
    )


def _subtitle(profile: ReplayedProfile, cell: int) -> str:
    score = profile.score
    of = f"cell {cell + 1} of {profile.replay.recording.cells}"
    if profile.injected_s is None:
        return f"{of}; nothing injected; {score.false_alarms} false alarms"
    begin = f"{of}; injected from {profile.injected_s:g} s on"
    if score.delay_s is None:
        return f"{begin}; not detected"
    return f"{begin}; {score.detector} after {score.delay_s:g} s"
