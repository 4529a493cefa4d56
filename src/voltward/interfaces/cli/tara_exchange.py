"""`voltward tara export` and `import`: a model in the formats that others read."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import click

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
    force_option,
    json_option,
    message,
    refuse_existing,
)
from voltward.interfaces.cli.tara_options import (
    method_option,
    model_argument,
    not_empty,
    open_rater,
    path_not_empty,
    profile_option,
    run_option,
)


@click.command("export")
@model_argument
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    required=True,
    help="What to write.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; by default MODEL.xlsx for xlsx, standard output for the others.",
)
@force_option
@run_option
@profile_option
@method_option
@click.option(
    "--controls",
    metavar="SET",
    callback=not_empty,
    help="sarif: the control set to report; by default the last.",
)
@click.option(
    "--threat",
    "threats",
    metavar="ID",
    multiple=True,
    callback=not_empty,
    help="mermaid: draw only this threat; may be given again.",
)
def export_command(
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
    """Write a model and its rating in a format that others read.

    A workbook (xlsx) follows the columns of the public itemis template and can be imported again;
    json holds all tables and the rating; tmbom is the OWASP threat model library's schema 1.0.2;
    sarif reports open risks and controls that are not shown to hold; mermaid draws the attack
    trees; md is one document to read. A file that is there is replaced only with --force.
    """
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


@click.command("import")
@click.argument("file", callback=path_not_empty)
@click.argument("folder", metavar="DIR", callback=path_not_empty)
@click.option("--force", is_flag=True, help="Write a model that has errors, to mend it there.")
@json_option
def import_command(file: Path, folder: Path, *, force: bool, as_json: bool) -> None:
    """Read a workbook FILE.xlsx into a new model folder DIR.

    The workbook may be one of `voltward tara export`, or anybody's in the columns of the public
    itemis template; what has no place in the model is named. A model with errors is not written,
    unless with --force.
    """
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
