"""The fit report: one self-contained page beside the parameter file."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from voltward import __version__
from voltward.core.files import write_text
from voltward.interfaces.report.figure_cell_curves import draw_cell_curves
from voltward.interfaces.report.figure_fit_error import draw_error_shapes, draw_recording_errors
from voltward.interfaces.report.figure_fit_trace import draw_worst_recordings
from voltward.interfaces.report.inline_svg import inline_svg
from voltward.interfaces.report.style import drawing, save
from voltward.interfaces.report.words import number
from voltward.real_cells.identification.identify import Identification

_TRACKS = {
    "measured": "the recordings are of real cells",
    "composed": "the recordings are measured profiles with a stated spread between cells",
    "mismatched": "the recordings come from an electrochemical model",
    "matched": "the recordings come from this cell model itself",
}
_DRAWN: tuple[tuple[str, str, Callable[[Identification, str], Figure]], ...] = (
    ("curves", "Fitted curves over state of charge", draw_cell_curves),
    ("errors", "Error of every recording", draw_recording_errors),
    ("shapes", "Spread of the error, and mean error over charge", draw_error_shapes),
    ("worst", "Measured and predicted voltage of the worst recordings", draw_worst_recordings),
)


def write_fit_report(path: Path, found: Identification, summary: dict[str, Any]) -> None:
    """Write the report as one HTML file, whole or not at all.

    Args:
        path: Where to.
        found: The identification.
        summary: Of it, as `fit_summary` gives it.
    """
    figures = _draw(found, summary["track"])
    environment = Environment(
        loader=PackageLoader("voltward.interfaces.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "mV": _millivolts}
    text = environment.get_template("fit_report.html.j2").render(
        summary=summary,
        figures=figures,
        verdict=verdict(summary),
        headline=_headline(summary),
        track_words=_TRACKS.get(summary["track"], "see the documentation of the tracks"),
        version=__version__,
    )
    write_text(path, text)


def verdict(summary: dict[str, Any]) -> tuple[str, str, str]:
    """Return mark, word and sentence that judge a fit.

    Args:
        summary: As `fit_summary` gives it.
    """
    if not summary["usable"]:
        return "fail", "NOT SOUND", "The numbers should not be used as they are; see the findings."
    poor = [row["recording"] for row in summary["recordings"] if row["poor"]]
    if poor:
        some = f"{len(poor)} of {len(summary['recordings'])} recordings"
        return (
            "fail",
            "POOR",
            f"{some} have errors above {summary['poor_above_mV']:.0f} mV; see the model error.",
        )
    return "pass", "SOUND", "The fit converged, and no recording has a large error."


def _draw(found: Identification, track: str) -> dict[str, str]:
    figures = {}
    with tempfile.TemporaryDirectory() as folder, drawing():
        for name, title, draw in _DRAWN:
            _, svg = save(draw(found, track), Path(folder), name)
            figures[name] = inline_svg(svg, title)
    return figures


def _headline(summary: dict[str, Any]) -> Sequence[tuple[str, str, str]]:
    """Return label, value and detail of the large numbers: the error at every temperature."""
    shown = []
    for row in reversed(summary["temperatures"]):
        held_out = row["drive_held_out_mV"] is not None
        value = row["drive_held_out_mV"] if held_out else row["drive_fitted_mV"]
        if value is not None:
            detail = "drives that took no part in the fit" if held_out else "fitted drives"
            label = f"voltage error at {round(row['temperature_degC'])} °C"
            shown.append((label, f"{value:.1f} mV", detail))
    return shown


def _millivolts(value: float | None) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:.1f}"
