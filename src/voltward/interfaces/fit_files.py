"""Files of an identification: the parameter file, the report page and its table."""

from importlib import import_module
from pathlib import Path
from typing import Any

from voltward.core.errors import ConfigurationError
from voltward.core.files import pretty_json, write_text
from voltward.real_cells.identification.cell_document import write_cell
from voltward.real_cells.identification.identify import Identification

_REPORT = "voltward.interfaces.report.fit_report"


def fit_paths(out: Path) -> tuple[Path, Path, Path]:
    """Return the parameter file, and the paths of its report and table.

    Raises:
        ConfigurationError: It does not end in .toml.
    """
    if out.suffix.lower() != ".toml":
        raise ConfigurationError(f"{out}: a parameter file ends in .toml", hint="name it CELL.toml")
    return out, out.with_suffix(".report.html"), out.with_suffix(".report.json")


def write_fit(out: Path, found: Identification, summary: dict[str, Any]) -> list[Path]:
    """Write report and parameter file; the parameter file comes last, so that it has a report.

    Args:
        out: The parameter file; the report is written beside it.
        found: The identification.
        summary: Of it, as `fit_summary` gives it.

    Returns:
        The files written.
    """
    _, page, table = fit_paths(out)
    # Drawing libraries are loaded only now.
    report = import_module(_REPORT)
    report.write_fit_report(page, found, summary)
    write_text(table, pretty_json(summary))
    _, word, sentence = report.verdict(summary)
    head = [
        f"Identified from recordings, track {summary['track']}; report: {page.name}.",
        f"Fit {word}: {sentence}",
        *(f"Finding: {finding.text}." for finding in found.findings),
    ]
    remarks = dict.fromkeys(found.facts.assumed, "Assumption: an 18650 scaled by capacity.")
    remarks["capacity_Ah"] = f"Slow discharge {found.curve.name}."
    remarks["equivalent_18650"] = "By capacity, of 2.78 Ah each."
    remarks["model_error"] = "Open loop, root mean square above 12 % state of charge, " + (
        "on held-out drives."
        if any(fit.held_out for fit in found.fits)
        else "in-sample, on fitted drives."
    )
    write_cell(out, found.cell, head=head, remarks=remarks)
    return [out, page, table]
