"""`voltward benchmark`: tables that say how good the detectors are."""

from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import click

from voltward.core.files import pretty_json
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
    force_option,
    json_option,
    message,
    naming,
    plain,
    progress_bar,
)
from voltward.real_cells.detection_benchmark.benchmark import (
    Benchmark,
    Effort,
    quick_effort,
    run_benchmark,
)
from voltward.real_cells.detection_benchmark.table_text import (
    HEAD,
    cells_of,
    footnotes,
    markdown,
)
from voltward.results.folder_ownership import OwnedFolder

_DRAWING = "voltward.interfaces.report.figure_detection"
_FILES = ("benchmark.json", "benchmark.md", "benchmark.png", "benchmark.svg")


@click.group("benchmark")
def benchmark_group() -> None:
    """Measure the detectors."""


@benchmark_group.command("detection")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder with the recordings of known cells, for the tracks composed and measured.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write benchmark.json, benchmark.md and a picture here.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    help="Scored recordings of the matched track at each temperature; 200 by default.",
)
@click.option("--quick", is_flag=True, help="Few seeds and 25 degC only: under a minute.")
@force_option
@json_option
def detection_command(
    data: Path | None,
    out: Path | None,
    seeds: int | None,
    *,
    quick: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Tell lies of several sizes, and count what is found, how soon, and at how many false alarms.

    Rows are magnitude, temperature and truth track. A row that cannot be run says why.
    """
    effort = quick_effort() if quick else Effort()
    if seeds is not None:
        effort = replace(effort, seeds=seeds)
    with ExitStack() as stack:
        owned = None
        if out is not None:
            # Before the benchmark: a file in the way must not cost it.
            owned = stack.enter_context(OwnedFolder(out, replacing=naming(force=force)))
            owned.refuse_strangers(out / name for name in _FILES)
        progress = stack.enter_context(progress_bar())
        found = run_benchmark(data, effort, progress)
        if owned is not None:
            _write(owned, found)
    if as_json:
        emit_json({"schema_version": SCHEMA_VERSION, **found.as_document()})
        return
    emit(columns([cells_of(row) for row in found.rows], HEAD))
    for text in footnotes(found):
        emit(text)


def _write(owned: OwnedFolder, found: Benchmark) -> None:
    table, page = (owned.path / name for name in _FILES[:2])
    document = plain({"schema_version": SCHEMA_VERSION, **found.as_document()})
    owned.write(table, pretty_json(document).encode())
    owned.write(page, markdown(found).encode())
    # Drawing libraries are loaded only for a picture.
    pictures = import_module(_DRAWING).write_detection_picture(owned.path, found.rows, owned.write)
    for path in (table, page, *pictures):
        message(f"wrote {path}")
