"""`voltward runs`: finished runs, read from their folders."""

from pathlib import Path
from typing import Any

from voltward.core.errors import ConfigurationError, VoltwardError
from voltward.core.files import checked_path
from voltward.core.suggestion import nearest
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
    message,
)
from voltward.interfaces.table import matrix_table
from voltward.results.comparison import Comparison, compare
from voltward.results.run_folder import RunFolder, list_runs

ROOT = Path("out")


def list_finished(root: Path, *, as_json: bool) -> None:
    """Print a line for each run below a folder."""
    entries = [_entry(path, root) for path in list_runs(root)]
    if as_json:
        emit_json({"schema_version": SCHEMA_VERSION, "runs": entries})
        return
    if not entries:
        message(f"no run below {root}. Next: voltward run")
        return
    rows = [tuple(str(entry[key]) for key in entries[0]) for entry in entries]
    emit(columns(rows, tuple(entries[0])))


def show_run(run: str, root: Path, *, as_json: bool) -> None:
    """Print the table and the facts of one run."""
    folder = open_run(run, root)
    if as_json:
        document = {"path": str(folder.path), "run": dict(folder.run), "matrix": folder.matrix()}
        emit_json({"schema_version": SCHEMA_VERSION, **document})
        return
    emit(matrix_table(folder.matrix()))
    said = {**folder.timing(), **folder.run}
    keys = ("seed", "config_sha256", "track", "started_at", "programs_compiled", "wall_s")
    emit("  ".join(f"{key} {said[key]}" for key in keys if key in said))
    emit(f"{len(folder.run['files'])} files, all digests hold: {folder.path}")


def compare_runs(before: str, after: str, root: Path, *, as_json: bool) -> None:
    """Print what differs between the tables of two runs."""
    comparison = compare(open_run(before, root), open_run(after, root))
    if as_json:
        emit_json(comparison.as_document())
        return
    emit(_comparison_text(comparison))


def open_run(name: str, root: Path) -> RunFolder:
    """Return a run by its folder, or by its name below the root; every file is checked.

    Raises:
        ConfigurationError: There is no such run, or it is damaged.
    """
    checked_path(name, "run")
    for path in (Path(name), root / name):
        if path.is_dir():
            return RunFolder.open(path)
    known = [str(path.relative_to(root)) for path in list_runs(root)]
    raise ConfigurationError(
        f"there is no run '{name}'",
        why=f"looked for the folders {name} and {root / name}",
        hint=nearest(name, known) if known else "see 'voltward run --help'",
    )


def _entry(path: Path, root: Path) -> dict[str, Any]:
    name = str(path.relative_to(root))
    try:
        run = RunFolder.open(path).run
    except VoltwardError as error:
        return {
            "name": name,
            "seed": "",
            "config": "",
            "track": "",
            "state": f"damaged: {error.what}",
        }
    digest = str(run["config_sha256"])[:8]
    return {
        "name": name,
        "seed": run["seed"],
        "config": digest,
        "track": run["track"],
        "state": "whole",
    }


def _comparison_text(comparison: Comparison) -> str:
    lines = [
        f"setting {key}: {first} -> {second}"
        for key, (first, second) in comparison.settings.items()
    ]
    if comparison.differences:
        rows = [
            (d.attack, d.stack, d.metric, _figure(d.before), _figure(d.after), _figure(d.change))
            for d in comparison.differences
        ]
        lines.append(columns(rows, ("attack", "stack", "metric", "before", "after", "change")))
    for title, keys in (
        ("only before", comparison.only_before),
        ("only after", comparison.only_after),
        ("goal newly reached", comparison.newly_reached),
        ("goal newly stopped", comparison.newly_stopped),
    ):
        lines += [f"{title}: {attack} under {stack}" for attack, stack, _ in keys]
    lines.append("the tables are the same" if comparison.same else "the tables differ")
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
