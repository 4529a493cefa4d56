"""`voltward tara export` and `import`: a model in the formats that others read."""

from pathlib import Path

import click

from voltward.assurance.tara.exchange.exported import rated_export
from voltward.assurance.tara.exchange.formats import FORMATS
from voltward.assurance.tara.exchange.mermaid import is_too_large
from voltward.assurance.tara.exchange.toml_folder import write_folder
from voltward.assurance.tara.exchange.workbook_import import import_workbook
from voltward.assurance.tara.loading import problems
from voltward.assurance.tara.model_folder import read_model
from voltward.assurance.tara.model_problem import Severity
from voltward.core.errors import ConfigurationError
from voltward.core.files import write_bytes
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    emit,
    emit_json,
    json_option,
    message,
)
from voltward.interfaces.cli.tara_options import (
    method_option,
    model_argument,
    open_rater,
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
@run_option
@profile_option
@method_option
@click.option(
    "--controls", metavar="SET", help="sarif: the control set to report; by default the last."
)
@click.option(
    "--threat",
    "threats",
    metavar="ID",
    multiple=True,
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
) -> None:
    """Write a model and its rating in a format that others read.

    A workbook (xlsx) follows the columns of the public itemis template and can be imported again;
    json holds all tables and the rating; tmbom is the OWASP threat model library's schema 1.0.2;
    sarif reports open risks and controls that are not shown to hold; mermaid draws the attack
    trees; md is one document to read.
    """
    chosen = FORMATS[format_name]
    exported = rated_export(open_rater(folder, profile, runs, method), controls or "", threats)
    content = chosen.content(exported)
    if format_name == "mermaid" and is_too_large(content.decode()):
        message("note    Mermaid refuses a chart of this size by default; draw less: --threat ID")
    if out is None and chosen.is_text:
        emit(content.decode().rstrip("\n"))
        return
    target = out or Path(f"{exported.model.id}{chosen.suffix}")
    if target.is_dir():
        raise ConfigurationError(f"--out {target}: is a folder", hint="name a file")
    write_bytes(target, content)
    message(f"wrote {target}: {len(content)} bytes")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@json_option
def import_command(file: Path, folder: Path, *, as_json: bool) -> None:
    """Read a workbook FILE.xlsx into a new model folder DIR.

    The workbook may be one of `voltward tara export`, or anybody's in the columns of the public
    itemis template; what has no place in the model is named.
    """
    imported = import_workbook(file)
    names = write_folder(folder, imported.tables)
    found = problems(read_model(folder)) if imported.tables.model else ()
    errors = sum(problem.severity is Severity.ERROR for problem in found)
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
    emit(f"next    voltward tara check {folder}")
