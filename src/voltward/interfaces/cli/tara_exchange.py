"""`voltward tara export` and `import`: a model in the formats that others read."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from voltward.assurance.tara.checks.loading import problems
from voltward.assurance.tara.checks.problem import Problem, Severity
from voltward.assurance.tara.exchange.exported import rated_export
from voltward.assurance.tara.exchange.formats import FORMATS
from voltward.assurance.tara.exchange.mermaid import is_too_large
from voltward.assurance.tara.exchange.toml_folder import write_folder
from voltward.assurance.tara.exchange.workbook_import import import_workbook
from voltward.assurance.tara.model.model import Tables
from voltward.assurance.tara.model.model_folder import read_model, refuse_filled
from voltward.core.errors import ConfigurationError
from voltward.core.files import write_bytes
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    emit,
    emit_json,
    message,
    refuse_existing,
)
from voltward.interfaces.cli.tara_options import (
    open_rater,
)


def export_model(
    folder: str | None,
    format_name: str,
    out: Path | None,
    runs: tuple[Path, ...],
    profile: str | None,
    method: str | None,
    controls: str | None,
    threats: tuple[str, ...],
    *,
    force: bool,
) -> None:
    """Write a model in one of the formats."""
    chosen = FORMATS[format_name]
    given = {"--run": runs, "--profile": profile, "--method": method}
    _refuse_stray(format_name, {**given, "--controls": controls, "--threat": threats})
    if out is not None:
        refuse_existing(out, force=force)
    exported = rated_export(open_rater(folder, profile, runs, method), controls or "", threats)
    content = chosen.content(exported)
    if format_name == "mermaid" and is_too_large(content.decode()):
        message("note    Mermaid refuses a chart of this size by default; draw less: --threat ID")
    if out is None and chosen.is_text:
        emit(content.decode().rstrip("\n"))
        return
    target = out or Path(f"{exported.model.id}{chosen.suffix}")
    if out is None:
        refuse_existing(target, force=force)
    write_bytes(target, content)
    message(f"wrote {target}: {len(content)} bytes")


def _refuse_stray(format_name: str, given: Mapping[str, object]) -> None:
    """Refuse options that a format would not look at."""
    for option, value in given.items():
        if value and option not in FORMATS[format_name].takes:
            takers = [name for name, entry in FORMATS.items() if option in entry.takes]
            raise ConfigurationError(
                f"{option}: the format {format_name} does not take it",
                why=f"it concerns: {', '.join(takers)}",
                hint=f"leave it out, or choose --format {takers[0]}",
            )


def import_model(file: Path, folder: Path, *, force: bool, as_json: bool) -> None:
    """Read a workbook and write the model, with what it could not hold."""
    refuse_filled(folder)
    imported = import_workbook(file)
    found = _problems(imported.tables)
    faults = [problem for problem in found if problem.severity is Severity.ERROR]
    errors = len(faults)
    if faults and not force:
        raise ConfigurationError(
            f"{file}: {faults[0].as_error(errors - 1).what}",
            why=f"{faults[0].why or 'a model with errors cannot be rated'}; nothing is written",
            hint=f"to see all: voltward tara import {file} {folder} --force, then "
            f"voltward tara check {folder}",
        )
    names = write_folder(folder, imported.tables)
    if as_json:
        emit_json(
            {
                "schema_version": SCHEMA_VERSION,
                "folder": str(folder),
                "files": names,
                "notes": list(imported.notes),
                "errors": errors,
                "warnings": len(found) - errors,
            }
        )
        return
    for name in names:
        emit(str(folder / name))
    for note in imported.notes:
        emit(f"note    {note}")
    emit(f"check   {errors} errors, {len(found) - errors} warnings")
    if faults:
        emit(f"first   {faults[0].file}: {faults[0].key}: {faults[0].what}")
    emit(f"next    voltward tara check {folder}")


def _problems(tables: Tables) -> tuple[Problem, ...]:
    """Return what the check of a model says of it before it is written."""
    if tables.model is None:
        return ()
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / tables.model.id
        write_folder(folder, tables)
        return problems(read_model(folder))
