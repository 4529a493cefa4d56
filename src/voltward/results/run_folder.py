"""A campaign's folder: written whole, read with every file checked.

The folder is the contract between those who run and those who report: `run.json` (digests of all
other files), `config.toml`, `cases.parquet` and `cases.csv`, `matrix.csv`, `events.jsonl`,
`traces/CASE.parquet`; a report adds `report.html` and `figures/`, a rating `risk.json`.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from voltward.core.errors import ConfigurationError, NothingRanError
from voltward.core.files import checked_path, pretty_json, sha256_of, write_text
from voltward.results.columns import (
    CASE_COLUMNS,
    MATRIX_COLUMNS,
    RUN_KEYS,
    SCHEMA_VERSION,
    TRACE_COLUMNS,
)
from voltward.results.gate import judge
from voltward.results.matrix import Row, matrix_rows
from voltward.results.run_parts import RunParts
from voltward.results.run_tables import csv_lines, read_csv, read_parquet, table_of, trace_table
from voltward.results.run_tables import write_parquet as write_table

RUN_FILE = "run.json"
REPORT_FILE, FIGURES, TRACES, RISK_FILE = "report.html", "figures", "traces", "risk.json"
_REQUIRED = ("config.toml", "cases.parquet", "cases.csv", "matrix.csv", "events.jsonl")
_AGAIN = "restore the file, or run the campaign again"


@dataclass(frozen=True)
class RunWriter:
    """Writes a campaign's folder part by part.

    Attributes:
        folder: The run folder.
        config_text: The resolved configuration, kept as `config.toml`.
    """

    folder: Path
    config_text: str

    @classmethod
    def begin(
        cls, folder: Path, config_text: str, plan: Mapping[str, Any], *, resume: bool = False
    ) -> "RunWriter":
        """Open a folder for a campaign; an earlier run there is replaced.

        Args:
            folder: Where; made when absent.
            config_text: The resolved configuration as TOML.
            plan: What a resumed run must share with the interrupted one, such as config_sha256.
            resume: Keep finished parts and traces of the same plan; without parts start anew.

        Raises:
            ConfigurationError: If the folder holds something that is no run, or other parts.
        """
        parts = RunParts(folder)
        entries = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        if entries and not {RUN_FILE, parts.root.name} & set(entries):
            raise ConfigurationError(
                f"{folder}: not empty, and not a run folder (found '{min(entries)}')",
                why="a run is never written among other files",
                hint="give another --out",
            )
        going_on = resume and parts.exist
        if not going_on:
            _remove_run(folder)
        parts.begin(plan, resume=going_on)
        return cls(folder, config_text)

    @property
    def parts(self) -> RunParts:
        """The parts that are finished so far."""
        return RunParts(self.folder)

    def write_trace(self, case_id: str, columns: Mapping[str, Iterable[float]]) -> None:
        """Write the trace of one case.

        Args:
            case_id: The case.
            columns: One array (time,) for each of `TRACE_COLUMNS`; NaN where nothing is known.

        Raises:
            ValueError: If the columns are others.
        """
        table = trace_table(columns)
        write_table(self.folder / TRACES / f"{case_id}.parquet", table)

    def discard_trace(self, case_id: str) -> None:
        """Remove the trace of a case that is no longer wanted."""
        (self.folder / TRACES / f"{case_id}.parquet").unlink(missing_ok=True)

    def finish(
        self,
        run: Mapping[str, Any],
        gate: str = "",
        complete: Callable[[list[Row]], list[Row]] = list,
    ) -> "RunFolder":
        """Merge the parts, write the tables and, last of all, run.json.

        Args:
            run: The keys of run.json but `schema_version`, `files` and `gate`.
            gate: A gate expression to judge the matrix by; the verdict is kept in run.json.
            complete: Fills in the columns that compare cases with one another.

        Raises:
            ConfigurationError: If a part is damaged, or the gate names what did not run.
            NothingRanError: If no case was finished.
            ValueError: If a key of run.json is missing.
        """
        table = self.parts.cases()
        if table.num_rows == 0:
            raise NothingRanError(
                f"{self.folder}: no case was finished", hint="widen the selection"
            )
        table = table_of(complete(table.to_pylist()), CASE_COLUMNS)
        folder = self.folder
        write_text(folder / "config.toml", self.config_text)
        write_table(folder / "cases.parquet", table)
        rows = (row for batch in table.to_batches(4096) for row in batch.to_pylist())
        _write_stream(
            folder / "cases.csv", (line.encode() for line in csv_lines(rows, CASE_COLUMNS))
        )
        matrix = matrix_rows(table.to_pylist())
        write_text(folder / "matrix.csv", "".join(csv_lines(matrix, MATRIX_COLUMNS)))
        _write_stream(folder / "events.jsonl", self.parts.event_lines())
        judged = {"gate": judge(gate, matrix).as_document()} if gate else {}
        document = {**run, **judged, "schema_version": SCHEMA_VERSION, "files": _digests(folder)}
        missing = sorted(set(RUN_KEYS) - set(document))
        if missing:
            raise ValueError(f"run.json lacks {', '.join(missing)}")
        write_text(folder / RUN_FILE, pretty_json(document))
        self.parts.discard()
        return RunFolder(folder, document)


@dataclass(frozen=True)
class RunFolder:
    """A finished campaign, read from its files only.

    Attributes:
        path: The folder.
        run: The content of run.json.
    """

    path: Path
    run: Mapping[str, Any]

    @classmethod
    def open(cls, path: Path, *, with_report: bool = True) -> "RunFolder":
        """Open a folder and check every file that run.json names.

        Args:
            path: The folder.
            with_report: Check report, figures and rating too, which are derived from the rest.

        Raises:
            ConfigurationError: If a file is missing, changed, cut short or of another schema.
        """
        run = _read_run(path)
        for name, expected in sorted(run["files"].items()):
            if with_report or not _is_derived(name):
                _check_file(path, name, expected)
        for name in _REQUIRED:
            if name not in run["files"]:
                raise ConfigurationError(
                    f"{path / RUN_FILE}: 'files' does not name {name}",
                    why=f"expected at least {', '.join(_REQUIRED)}",
                    hint=_AGAIN,
                )
        return cls(path, run)

    def cases(self) -> list[Row]:
        """Return the rows of the cases table, in order."""
        name = "cases.parquet"
        rows: list[Row] = read_parquet(self.path / name, CASE_COLUMNS, name=name).to_pylist()
        return rows

    def matrix(self) -> list[Row]:
        """Return the rows of matrix.csv."""
        return read_csv(self.path / "matrix.csv", MATRIX_COLUMNS)

    def events(self) -> Iterator[Row]:
        """Yield the events in case order, one at a time."""
        with (self.path / "events.jsonl").open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                try:
                    yield json.loads(line)
                except json.JSONDecodeError as error:
                    raise ConfigurationError(
                        f"events.jsonl line {number}: not JSON ({error.msg})", hint=_AGAIN
                    ) from error

    def traced_cases(self) -> list[str]:
        """Return the ids of the cases that have a trace."""
        names = (PurePosixPath(name) for name in sorted(self.run["files"]))
        return [name.stem for name in names if name.parts[0] == TRACES]

    def trace(self, case_id: str) -> dict[str, Any]:
        """Return the trace of a case: one NumPy array (time,) for each of `TRACE_COLUMNS`."""
        name = f"{TRACES}/{case_id}.parquet"
        table = read_parquet(self.path / name, TRACE_COLUMNS, name=name)
        return {column: table.column(column).to_numpy() for column in table.column_names}

    def seal(self) -> "RunFolder":
        """Renew the digests of report, figures and rating in run.json, after one was written."""
        kept = {name: sha for name, sha in self.run["files"].items() if not _is_derived(name)}
        derived = {name: sha for name, sha in _digests(self.path).items() if _is_derived(name)}
        document = {**self.run, "files": {**kept, **derived}}
        write_text(self.path / RUN_FILE, pretty_json(document))
        return RunFolder(self.path, document)


def list_runs(root: Path) -> list[Path]:
    """Return the folders at or below a root that hold a run.json, in order of their names."""
    return sorted(path.parent for path in root.rglob(RUN_FILE))


def _read_run(path: Path) -> dict[str, Any]:
    file = checked_path(path, "run folder") / RUN_FILE
    if not file.is_file():
        raise ConfigurationError(
            f"{file}: missing",
            why="a finished run folder holds run.json; an interrupted one holds parts/",
            hint="finish it with --resume" if (path / "parts").is_dir() else "check the path",
        )
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: not JSON ({error})", hint=_AGAIN) from error
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read", why=str(error)) from error
    got = run.get("schema_version") if isinstance(run, dict) else None
    if got != SCHEMA_VERSION:
        raise ConfigurationError(
            f"{file}: schema_version: expected {SCHEMA_VERSION}, got {got!r}",
            why="the folder was written by another version",
            hint="read it with the version that wrote it, or run the campaign again",
        )
    for key in RUN_KEYS:
        if key not in run:
            raise ConfigurationError(f"{file}: key '{key}' is missing", hint=_AGAIN)
    if not isinstance(run["files"], dict):
        raise ConfigurationError(f"{file}: 'files' must map paths to digests", hint=_AGAIN)
    return run


def _check_file(folder: Path, name: str, expected: str) -> None:
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts:
        raise ConfigurationError(
            f"{folder / RUN_FILE}: files: '{name}' leaves the folder",
            why="paths must be relative and stay inside",
        )
    file = folder / name
    if not file.is_file():
        raise ConfigurationError(f"{file}: missing", why="run.json names it", hint=_AGAIN)
    got = sha256_of(file)
    if got == expected:
        return
    if pure.suffix == ".parquet":
        read_parquet(
            file, CASE_COLUMNS if name == "cases.parquet" else TRACE_COLUMNS, name=str(file)
        )
    raise ConfigurationError(
        f"{file}: the content is not the one that run.json names",
        why=f"expected sha256 {expected}, got {got}",
        hint=_AGAIN,
    )


def _is_derived(name: str) -> bool:
    return name in {REPORT_FILE, RISK_FILE} or name.startswith(f"{FIGURES}/")


def _digests(folder: Path) -> dict[str, str]:
    files = [folder / name for name in (*_REQUIRED, REPORT_FILE, RISK_FILE)]
    files += sorted((folder / TRACES).glob("*.parquet"))
    files += sorted(path for path in (folder / FIGURES).glob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): sha256_of(path) for path in files if path.is_file()
    }


def _remove_run(folder: Path) -> None:
    """Remove the files of an earlier run, and nothing that no run writes."""
    for name in (*_digests(folder), RUN_FILE):
        (folder / name).unlink(missing_ok=True)


def _write_stream(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file line by line, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as stream:
            stream.writelines(lines)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
