"""The Python face: run a campaign from a file and look at it in a notebook."""

import html
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from voltward.ranges.campaign.campaign import run_campaign
from voltward.ranges.configuration.campaign_file import load_campaign
from voltward.results.run_folder import RunFolder
from voltward.results.run_layout import TRACES

_SHOWN = ("attack", "stack", "n", "goal_share", "goal_low", "goal_high", "detected_share",
          "delay_median_s", "track")  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Rows that show as a table in a notebook.

    Attributes:
        rows: One dictionary for each row.
        shown: Columns that the picture of the table shows; `rows` holds all of them.
    """

    rows: Sequence[dict[str, Any]]
    shown: Sequence[str]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.rows[index]

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table (`.to_pandas()` where pandas is installed)."""
        return pa.Table.from_pylist(list(self.rows))

    def __repr__(self) -> str:
        lines = ["  ".join(self.shown)]
        lines += ["  ".join(_text(row[name]) for name in self.shown) for row in self.rows]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.shown)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_text(row[n]))}</td>" for n in self.shown) + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Result:
    """A finished campaign.

    Attributes:
        folder: Its files.
    """

    folder: RunFolder

    @property
    def path(self) -> Path:
        """Where the files are."""
        return self.folder.path

    def matrix(self) -> Table:
        """Return attack x defence."""
        return Table(self.folder.matrix(), _SHOWN)

    def cases(self) -> Table:
        """Return every case."""
        shown = ("case_id", "attack", "stack", "seed", "goal_reached", "detected", "detector")
        return Table(self.folder.cases(), shown)

    def traces(self) -> tuple[str, ...]:
        """Return the ids of the cases whose trace was kept."""
        return tuple(self.folder.traced_cases())

    def trace(self, case_id: str) -> pa.Table:
        """Return the trace of a case as an Arrow table."""
        return pq.read_table(self.path / TRACES / f"{case_id}.parquet")

    def __repr__(self) -> str:
        run = self.folder.run
        return f"voltward run '{run.get('name', '')}', seed {run['seed']}, {self.path}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.matrix()._repr_html_()}"


def _quiet(label: str, done: int, total: int) -> None:
    del label, done, total


def _warn(path: Path) -> None:
    warnings.warn(f"replaces {path}", stacklevel=2)


def run(
    file: str | Path | None = None,
    *,
    out: str | Path | None = None,
    force: bool = False,
    **flags: Any,
) -> Result:
    """Run a campaign.

    Args:
        file: A campaign file; None takes everything from the flags.
        out: The run folder; a temporary one when None.
        force: Replace files there that no run wrote, with a warning for each.
        flags: As on the command line, such as seed=7, attacks=["voltage-bias"], stacks=["none"].

    Returns:
        The result, with tables and traces.

    Raises:
        ConfigurationError: The file or a flag is not valid, or the folder holds other files.
    """
    settings = load_campaign(Path(file) if file is not None else None, flags)
    folder = Path(out) if out is not None else Path(tempfile.mkdtemp(prefix="voltward-"))
    replacing = _warn if force else None
    return Result(run_campaign(settings, folder, _quiet, replacing=replacing).folder)


def open_run(path: str | Path) -> Result:
    """Open the folder of a finished campaign; every file is checked."""
    return Result(RunFolder.open(Path(path)))
