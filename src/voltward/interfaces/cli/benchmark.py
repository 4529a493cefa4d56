"""`voltward benchmark`: tables that say how good the detectors are."""

from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from voltward.core.files import pretty_json
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
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


def benchmark_detection(
    data: Path | None,
    out: Path | None,
    seeds: int | None,
    *,
    quick: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Run the benchmark, write its files and print its table."""
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
