"""The report of a campaign: one HTML file and its figures, made from a run folder only."""

from importlib import import_module
from pathlib import Path

from voltward.results.folder_ownership import Replacing

__all__ = ["write_report"]


def write_report(folder: Path, replacing: Replacing | None = None) -> list[Path]:
    """Write `report.html` and `figures/` into a finished run folder.

    The same folder gives the same bytes. The drawing library is loaded here and no earlier.

    Args:
        folder: A folder with run.json.
        replacing: Called with each replaced file that voltward did not write, or that was changed
            since; None refuses to.

    Returns:
        The files written, the report first.

    Raises:
        ConfigurationError: If the folder is damaged, or holds a file of such a name that
            voltward did not write.
    """
    written: list[Path] = import_module("voltward.interfaces.report.page").write(folder, replacing)
    return written
