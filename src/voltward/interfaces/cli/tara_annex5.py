"""`voltward tara annex5` and `voltward tara candidates`: is anything left out of the model?"""

from dataclasses import asdict
from itertools import groupby

from voltward.assurance.standards.annex5 import load_annex5
from voltward.assurance.tara.checks.annex5_coverage import Coverage, CoverageRow, coverage
from voltward.assurance.tara.model.generated_threats import candidate_line, generated
from voltward.assurance.tara.model.model_folder import model_folder, read_model
from voltward.interfaces.cli.output import SCHEMA_VERSION, columns, emit, emit_json


def show_coverage(folder: str, *, as_json: bool) -> None:
    """Print every id of Annex 5 with the threats of a model that name it."""
    found = coverage(read_model(model_folder(folder)).tables)
    if as_json:
        emit_json({"schema_version": SCHEMA_VERSION, **found.as_document()})
        return
    emit(_coverage_text(found))


def list_candidates(folder: str, *, only_open: bool, as_json: bool) -> None:
    """Print the threats that STRIDE proposes for a model."""
    everything = generated(read_model(model_folder(folder)).tables)
    shown = [one for one in everything if one.status == "open" or not only_open]
    if as_json:
        document = {"candidates": [asdict(one) for one in shown]}
        emit_json({"schema_version": SCHEMA_VERSION, **document})
        return
    rows = [
        (
            one.asset,
            one.property.value,
            one.stride,
            one.status,
            ", ".join(one.threats) or one.reason,
        )
        for one in shown
    ]
    if rows:
        emit(columns(rows, ("asset", "property", "stride", "status", "threats or reason")))
    emit(candidate_line(everything))


def _coverage_text(found: Coverage) -> str:
    rows = (*found.rows, *(row for row in found.outside if row.status != "outside table A1"))
    cells = [(row.id, row.threat, " ".join(row.mitigations), _answer(row)) for row in rows]
    head, *lines = columns(cells, ("id", "threat", "mitigation", "answer")).split("\n")
    titles = {one.number: f"{one.number} {one.title}" for one in load_annex5().heading}
    parts = [f"UN R155 Annex 5, {found.source_version}, in our own words", "", head]
    for number, group in groupby(zip(rows, lines, strict=True), key=lambda pair: pair[0].heading):
        title = titles.get(number, "only in table C3, not counted")
        parts += ["", title, *(line for _, line in group)]
    parts.append("")
    parts += [f"problem: {one.where}: {one.id}: {one.what}; {one.hint}" for one in found.problems]
    return "\n".join([*parts, found.count_line()])


def _answer(row: CoverageRow) -> str:
    if row.status == "linked":
        return ", ".join(row.threats)
    if row.status == "not applicable":
        return f"not applicable: {row.reason}"
    near = f" (named by {', '.join(row.steps)}, but by no threat)" if row.steps else ""
    return f"missing{near}"
