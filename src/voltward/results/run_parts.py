"""Finished parts of a campaign that still runs, and their merge in the order of the cases."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from voltward.core.errors import ConfigurationError
from voltward.core.files import pretty_json
from voltward.core.input_file import read_text
from voltward.results.columns import CASE_COLUMNS, EVENT_COLUMNS
from voltward.results.folder_ownership import OwnedFolder
from voltward.results.run_layout import PARTS
from voltward.results.run_tables import event_line, read_parquet, table_of, write_parquet

_PREFIX, _CASES, _EVENTS = "part-", ".parquet", ".events.jsonl"
_PLAN = "plan.json"


def case_order(case_id: str) -> tuple[int, str]:
    """Return the sort key of case ids: c99999 stands before c100000."""
    return len(case_id), case_id


@dataclass(frozen=True)
class RunParts:
    """The parts below a run folder; files there that are not ours are left alone.

    Attributes:
        folder: The run folder; parts stand in its folder `parts`.
    """

    folder: OwnedFolder

    @property
    def root(self) -> Path:
        """The folder of the parts."""
        return self.folder.path / PARTS

    @property
    def exist(self) -> bool:
        """Whether a campaign was begun here and not finished."""
        return self.folder.is_ours(self.root / _PLAN)

    def begin(self, plan: Mapping[str, Any], *, resume: bool) -> None:
        """Make room for parts.

        Args:
            plan: What must be equal between a run and its resumption, such as the digest of the
                configuration; it is kept in `parts/plan.json`.
            resume: Keep finished parts of the same plan.

        Raises:
            ConfigurationError: If the parts there are of another plan.
        """
        text = pretty_json(dict(plan))
        path = self.root / _PLAN
        if not resume:
            self.discard()
        elif self.exist and read_text(path) != text:
            raise ConfigurationError(
                f"{self.folder.path.name}/{PARTS}: the parts there are of another configuration",
                why="a resumed campaign must have the same configuration, seed and version",
                hint="run without --resume to start again, or give another --out",
            )
        self.folder.write(path, text.encode())

    def write(
        self, index: int, cases: Iterable[Mapping[str, Any]], events: Iterable[Mapping[str, Any]]
    ) -> None:
        """Write one finished part; its case table comes last and marks it as finished.

        Args:
            index: Number of the part.
            cases: Rows of the cases table.
            events: Their events.
        """
        ordered = sorted(events, key=lambda e: (case_order(e["case_id"]), float(e["time_s"])))
        lines = "".join(f"{event_line(event, EVENT_COLUMNS)}\n" for event in ordered)
        stem = self.root / f"{_PREFIX}{index:05d}"
        self.folder.write(stem.with_name(stem.name + _EVENTS), lines.encode())
        table = table_of(cases, CASE_COLUMNS)
        write_parquet(stem.with_name(stem.name + _CASES), table, self.folder.write)

    def finished(self) -> frozenset[int]:
        """Return the numbers of the parts that are complete."""
        return frozenset(
            int(path.name.removeprefix(_PREFIX).removesuffix(_CASES)) for path in self._tables()
        )

    def cases(self) -> pa.Table:
        """Return all finished cases in order.

        Raises:
            ConfigurationError: If a part is damaged, or a case stands in two parts.
        """
        tables = [
            read_parquet(path, CASE_COLUMNS, name=f"{PARTS}/{path.name}") for path in self._tables()
        ]
        if not tables:
            return table_of((), CASE_COLUMNS)
        table = pa.concat_tables(tables)
        ids = table.column("case_id").to_pylist()
        order = sorted(range(len(ids)), key=lambda i: case_order(ids[i]))
        for first, second in pairwise(order):
            if ids[first] == ids[second]:
                raise ConfigurationError(
                    f"{PARTS}: case {ids[first]} stands in two parts",
                    hint="run without --resume to start again",
                )
        return table.take(pa.array(order, pa.int64())).combine_chunks()

    def event_lines(self) -> Iterator[bytes]:
        """Yield every event line in case order, holding one line at a time.

        Each part lists the events of a case in one block, so that an index of blocks is enough.
        """
        blocks: list[tuple[tuple[int, str], Path, int, int]] = []
        for table in self._tables():
            path = table.with_name(table.name.removesuffix(_CASES) + _EVENTS)
            blocks.extend(_blocks(path))
        for _, path, start, end in sorted(blocks, key=lambda block: block[0]):
            with path.open("rb") as stream:
                stream.seek(start)
                while stream.tell() < end:
                    yield stream.readline()

    def discard(self) -> None:
        """Remove all parts."""
        if self.root.is_symlink() or not self.root.is_dir():
            return
        for path in list(self.root.iterdir()):
            self.folder.remove(path)
        if not any(self.root.iterdir()):
            self.root.rmdir()

    def _tables(self) -> list[Path]:
        found = sorted(self.root.glob(f"{_PREFIX}*{_CASES}"))
        return [path for path in found if self.folder.is_ours(path)]


def _blocks(path: Path) -> Iterator[tuple[tuple[int, str], Path, int, int]]:
    opening = b'{"case_id":"'
    start, position, current = 0, 0, b""
    with path.open("rb") as stream:
        for line in stream:
            case_id = line[len(opening) : line.index(b'"', len(opening))]
            if case_id != current:
                if current:
                    yield case_order(current.decode()), path, start, position
                current, start = case_id, position
            position += len(line)
    if current:
        yield case_order(current.decode()), path, start, position
