"""A campaign's folder: written whole, read with every file checked.

The folder is the contract between those who run and those who report: `run.json` (digests of all
other files), `config.toml` and the files in `inputs/` that it names, `cases.parquet` and
`cases.csv`, `matrix.csv`, `events.jsonl`, `traces/CASE.parquet`; a report adds `report.html` and
`figures/`, a rating `risk.json`. The same configuration and seed give the same bytes of all these.
`timing.json` tells when, where and how long the campaign ran, and no digest covers it.

A run is written in four steps:

1. `RunWriter.begin`: the folder is ours or empty, and what an earlier run wrote is removed.
2. `parts.write`: finished batches, from which an interrupted run goes on.
3. `finish`: inputs, tables, events, `timing.json`, and last of all `run.json`.
4. `RunFolder.seal`: `run.json` renewed after report or rating.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from voltward.core.errors import ConfigurationError, NothingRanError
from voltward.core.files import pretty_json, sha256_of, write_text
from voltward.core.input_file import parse_json, read_lines
from voltward.results.columns import (
    CASE_COLUMNS,
    MATRIX_COLUMNS,
    RUN_KEYS,
    SCHEMA_VERSION,
    TRACE_COLUMNS,
)
from voltward.results.folder_ledger import LEDGER_FILE, is_marked
from voltward.results.folder_ownership import OwnedFolder, Replacing
from voltward.results.gate import judge
from voltward.results.matrix import Row, matrix_rows
from voltward.results.run_document import AGAIN, check_file, read_run
from voltward.results.run_layout import (
    INPUTS,
    RUN_FILE,
    TABLES,
    TIMING_FILE,
    TRACES,
    WORLDS_FILE,
    is_derived,
    read_timing,
    sealed_files,
    standing,
    timing_text,
)
from voltward.results.run_parts import RunParts
from voltward.results.run_tables import csv_lines, read_csv, read_parquet, table_of, trace_table
from voltward.results.run_tables import write_parquet as write_table


@dataclass(frozen=True)
class RunWriter:
    """Writes a campaign's folder part by part.

    Attributes:
        folder: The run folder, which no other process writes to until `close` or `finish`.
        config_text: The resolved configuration, kept as `config.toml`.
        inputs: Name in the folder `inputs` to content: the files that the configuration names.
    """

    folder: OwnedFolder
    config_text: str
    inputs: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        folder: Path,
        config_text: str,
        plan: Mapping[str, Any],
        *,
        inputs: Mapping[str, bytes] | None = None,
        resume: bool = False,
        replacing: Replacing | None = None,
    ) -> "RunWriter":
        """Open a folder for a campaign; what an earlier run wrote there is removed.

        Args:
            folder: Where; made when absent.
            config_text: The resolved configuration as TOML.
            plan: What a resumed run must share with the interrupted one, such as config_sha256.
            inputs: Name in the folder `inputs` to content.
            resume: Keep finished parts and traces of the same plan; without parts start anew.
            replacing: Called with each replaced file that voltward did not write; None refuses to.

        Raises:
            ConfigurationError: If the folder holds something that is not a run, a file not
                written by voltward at a name that a run writes, other parts, or, to resume, a
                finished run; or if another process writes there.
        """
        if resume and sealed_files(folder):
            raise ConfigurationError(
                f"{folder}: already finished",
                why="there is nothing to resume",
                hint="run without --resume to replace it, or give another --out",
            )
        if replacing is None:
            _require_ours(folder)
        with ExitStack() as stack:
            owned = OwnedFolder(folder, lambda: sealed_files(folder), replacing)
            stack.callback(owned.close)
            owned.refuse_strangers(standing(folder))
            writer = cls(owned, config_text, inputs or {})
            going_on = resume and writer.parts.exist
            if not going_on:
                _remove_run(owned)
            writer.parts.begin(plan, resume=going_on)
            stack.pop_all()
        return writer

    @property
    def parts(self) -> RunParts:
        """The parts that are finished so far."""
        return RunParts(self.folder)

    def close(self) -> None:
        """Let other processes write to the folder; harmless when done before."""
        self.folder.close()

    def write_trace(self, case_id: str, columns: Mapping[str, Iterable[float]]) -> None:
        """Write the trace of one case.

        Args:
            case_id: The case.
            columns: One array (time,) for each of `TRACE_COLUMNS`; NaN where nothing is known.

        Raises:
            ValueError: If the columns are others.
        """
        write_table(self._trace_file(case_id), trace_table(columns), self.folder.write)

    def discard_trace(self, case_id: str) -> None:
        """Remove the trace of a case that is no longer wanted."""
        self.folder.remove(self._trace_file(case_id))

    def _trace_file(self, case_id: str) -> Path:
        return self.folder.path / TRACES / f"{case_id}.parquet"

    def finish(
        self,
        run: Mapping[str, Any],
        gate: str = "",
        complete: Callable[[list[Row]], list[Row]] = list,
        worlds: pa.Table | None = None,
        timing: Mapping[str, Any] | None = None,
    ) -> "RunFolder":
        """Merge the parts, write the tables and, last of all, run.json.

        Args:
            run: The keys of run.json but `schema_version`, `files` and `gate`.
            worlds: The worlds that were drawn, `worlds.parquet`.
            timing: The content of timing.json; without it there is none.
            gate: A gate expression to judge the matrix by; the verdict is kept in run.json.
            complete: Fills in the columns that compare cases with one another.

        Raises:
            ConfigurationError: If a part is damaged, or the gate names what did not run.
            NothingRanError: If no case was finished.
            ValueError: If a key of run.json is missing.
        """
        table = self.parts.cases()
        folder, write = self.folder.path, self.folder.write
        if table.num_rows == 0:
            raise NothingRanError(f"{folder}: no case was finished", hint="widen the selection")
        table = table_of(complete(table.to_pylist()), CASE_COLUMNS)
        write(folder / "config.toml", self.config_text.encode())
        inputs = [*self._write_inputs()]
        write_table(folder / "cases.parquet", table, write)
        rows = (row for batch in table.to_batches(4096) for row in batch.to_pylist())
        lines = (line.encode() for line in csv_lines(rows, CASE_COLUMNS))
        self.folder.write_chunks(folder / "cases.csv", lines)
        matrix = matrix_rows(table.to_pylist())
        write(folder / "matrix.csv", "".join(csv_lines(matrix, MATRIX_COLUMNS)).encode())
        self.folder.write_chunks(folder / "events.jsonl", self.parts.event_lines())
        judged = {"gate": judge(gate, matrix).as_document()} if gate else {}
        traces = filter(self.folder.is_ours, sorted((folder / TRACES).glob("*.parquet")))
        drawn = [] if worlds is None else [folder / WORLDS_FILE]
        if worlds is not None:
            write_table(folder / WORLDS_FILE, worlds, write)
        tables = [*(folder / name for name in TABLES), *drawn]
        digests = _digests(folder, [*tables, *inputs, *traces])
        document = {**run, **judged, "schema_version": SCHEMA_VERSION, "files": digests}
        missing = sorted(set(RUN_KEYS) - set(document))
        if missing:
            raise ValueError(f"run.json lacks {', '.join(missing)}")
        if timing is not None:
            write(folder / TIMING_FILE, timing_text(timing).encode())
        write(folder / RUN_FILE, pretty_json(document).encode())
        self.parts.discard()
        self.close()
        return RunFolder(folder, document)

    def _write_inputs(self) -> Iterator[Path]:
        """Write the files that the configuration names; those of an earlier run go only now.

        The campaign may have been read from them.
        """
        folder = self.folder.path / INPUTS
        for path in filter(self.folder.is_ours, sorted(folder.glob("*"))):
            if path.name not in self.inputs:
                self.folder.remove(path)
        for name, content in sorted(self.inputs.items()):
            self.folder.write(folder / name, content)
            yield folder / name


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
        run = read_run(path)
        for name, expected in sorted(run["files"].items()):
            if with_report or not is_derived(name):
                check_file(path, name, expected)
        for name in TABLES:
            if name not in run["files"]:
                raise ConfigurationError(
                    f"{path / RUN_FILE}: 'files' does not name {name}",
                    why=f"expected at least {', '.join(TABLES)}",
                    hint=AGAIN,
                )
        return cls(path, run)

    def cases(self) -> list[Row]:
        """Return the rows of the cases table, in order."""
        name = "cases.parquet"
        rows: list[Row] = read_parquet(self.path / name, CASE_COLUMNS, name=name).to_pylist()
        return rows

    def timing(self) -> Mapping[str, Any]:
        """Return when, where and how long the campaign ran; empty where that was not kept."""
        return read_timing(self.path)

    def matrix(self) -> list[Row]:
        """Return the rows of matrix.csv."""
        return read_csv(self.path / "matrix.csv", MATRIX_COLUMNS)

    def events(self) -> Iterator[Row]:
        """Yield the events in case order, one at a time."""
        file = self.path / "events.jsonl"
        if not file.is_file():
            raise ConfigurationError(f"{file}: is missing", why="run.json names it", hint=AGAIN)
        for number, line in enumerate(read_lines(file), 1):
            yield parse_json(line, f"events.jsonl line {number}", hint=AGAIN)

    def worlds(self) -> dict[str, list[Any]]:
        """Return the drawn worlds, column by column; empty where none were drawn."""
        if WORLDS_FILE not in self.run["files"]:
            return {}
        return dict(pq.read_table(self.path / WORLDS_FILE).to_pydict())

    def traced_cases(self) -> list[str]:
        """Return the ids of the cases that have a trace."""
        names = (PurePosixPath(name) for name in sorted(self.run["files"]))
        return [name.stem for name in names if name.parts[0] == TRACES]

    def trace(self, case_id: str) -> dict[str, Any]:
        """Return the trace of a case: one NumPy array (time,) for each of `TRACE_COLUMNS`."""
        name = f"{TRACES}/{case_id}.parquet"
        table = read_parquet(self.path / name, TRACE_COLUMNS, name=name)
        return {column: table.column(column).to_numpy() for column in table.column_names}

    def seal(self, written: Iterable[Path]) -> "RunFolder":
        """Renew run.json after report, figures or rating were written.

        Args:
            written: The files just written. Of the others those that are gone are no longer named.
        """
        files = self.run["files"]
        kept = {n: sha for n, sha in files.items() if not is_derived(n) or (self.path / n).exists()}
        document = {**self.run, "files": {**kept, **_digests(self.path, written)}}
        write_text(self.path / RUN_FILE, pretty_json(document))
        return RunFolder(self.path, document)


def finished_run(folder: Path, config_sha256: str) -> RunFolder | None:
    """Return the run of a configuration that a folder holds, or nothing while it holds none.

    Args:
        folder: It need not exist.
        config_sha256: Of the configuration.

    Raises:
        ConfigurationError: If the run there is of another configuration, or damaged.
    """
    if not sealed_files(folder):
        return None
    found = RunFolder.open(folder, with_report=False)
    got = found.run["config_sha256"]
    if got != config_sha256:
        raise ConfigurationError(
            f"{folder}: holds a finished run of another configuration",
            why=f"expected config_sha256 {config_sha256}, got {got}",
            hint="run without --resume to replace it, or give another --out",
        )
    return found


def owned_run(run: Path, replacing: Replacing | None = None) -> OwnedFolder:
    """Open a finished run's folder to write a file derived from it.

    Args:
        run: The folder.
        replacing: Called with each replaced file that voltward did not write; None refuses to.

    Raises:
        ConfigurationError: If it is not a finished run, or another process writes there.
    """
    read_run(run)
    return OwnedFolder(run, lambda: sealed_files(run), replacing)


def list_runs(root: Path) -> list[Path]:
    """Return the folders at or below a root that hold a run.json, in order of their names."""
    return sorted(path.parent for path in root.rglob(RUN_FILE))


def _digests(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}


def _require_ours(folder: Path) -> None:
    """Refuse a folder in which others keep their files."""
    entries = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    others = [name for name in entries if name != LEDGER_FILE]
    if others and not is_marked(folder) and not sealed_files(folder):
        raise ConfigurationError(
            f"{folder}: not empty, and not a run folder (found '{min(others)}')",
            why="a run is never written among other files",
            hint="give another --out; --force writes there, and replaces only what it must",
        )


def _remove_run(owned: OwnedFolder) -> None:
    """Remove what is left of an earlier run, and nothing that we did not write."""
    # Without run.json only the ledger tells which files are ours, should this process be killed.
    owned.adopt(sealed_files(owned.path))
    for path in standing(owned.path):
        if path.parent.name != INPUTS:  # the campaign may be read from them; `finish` replaces them
            owned.remove(path)
