"""How figures look: colours, type and the two file formats, the same bytes every time."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from voltward.core.files import write_bytes

# Okabe and Ito, "Color universal design" (2008): distinct under the common colour deficiencies.
BLUE, VERMILLION, GREEN = "#0072b2", "#d55e00", "#009e73"
ORANGE, SKY, PURPLE = "#e69f00", "#56b4e9", "#cc79a7"
INK, MUTED, LINE, PAPER = "#1b2733", "#5b6b7a", "#d5dce3", "#fefefe"
# From pale to dark, so that lightness alone carries the order, as in the heat map of goals.
RISK_COLOURS = {1: "#eaf1f5", 2: "#f9dcae", 3: "#f2ac5b", 4: "#d9650f", 5: "#7c2f02"}
STACK_LOOKS = (
    {"color": SKY, "hatch": "", "marker": "s"},
    {"color": ORANGE, "hatch": "////", "marker": "^"},
    {"color": BLUE, "hatch": "", "marker": "o"},
    {"color": PURPLE, "hatch": "\\\\\\\\", "marker": "D"},
    {"color": GREEN, "hatch": "xxxx", "marker": "v"},
)
PNG_DPI = 160

_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "svg.hashsalt": "voltward",
    "svg.fonttype": "none",
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "hatch.linewidth": 0.7,
    "path.simplify": True,
    "path.simplify_threshold": 0.5,
}


@contextmanager
def drawing() -> Iterator[None]:
    """Draw with the project's settings, whatever the user's own are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        for name, value in _RC.items():
            mpl.rcParams[name] = value
        yield


def save(
    figure: Figure, folder: Path, name: str, write: Callable[[Path, bytes], None] = write_bytes
) -> list[Path]:
    """Write a figure as PNG and SVG without dates or program names.

    Args:
        figure: A figure drawn inside `drawing()`.
        folder: Where to.
        name: File name without its ending.
        write: Puts the bytes of a file there.

    Returns:
        The two paths, PNG first.
    """
    paths = []
    for ending, metadata in (
        ("png", {"Software": None}),
        ("svg", {"Date": None, "Creator": None, "Format": None, "Type": None}),
    ):
        sink = io.BytesIO()
        figure.savefig(sink, format=ending, dpi=PNG_DPI, metadata=metadata)
        paths.append(folder / f"{name}.{ending}")
        write(paths[-1], sink.getvalue())
    return paths


def caption(figure: Figure, text: str) -> None:
    """Write track, seeds and interval under a figure."""
    figure.text(0.995, 0.008, text, ha="right", va="bottom", fontsize=7.5, color=MUTED)


def canvas(width_in: float, height_in: float) -> tuple[Figure, Axes]:
    """Return a figure with one frameless pair of axes in inches, the origin at the top left."""
    figure = Figure(figsize=(width_in, height_in))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, width_in)
    axes.set_ylim(height_in, 0.0)
    axes.axis("off")
    return figure, axes


def heading(figure: Figure, title: str, subtitle: str) -> None:
    """Write title and subtitle at the top left of a figure."""
    height_in = float(figure.get_figheight())
    left = 0.12 / float(figure.get_figwidth())
    figure.text(left, 1 - 0.1 / height_in, title, fontsize=12, fontweight="bold", va="top")
    figure.text(left, 1 - 0.36 / height_in, subtitle, fontsize=8.5, color=MUTED, va="top")
