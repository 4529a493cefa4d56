"""A finished run: its matrix by attack and stack, its cases, its traces; reading computes nothing.

Only the files of the run folder are read, so that neither the compiler nor the range is loaded.
"""

import html
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, overload

from voltward.core.errors import ConfigurationError
from voltward.interfaces.python.arguments import path_of, wrong_kind
from voltward.interfaces.python.table import Estimate, Row, Table, Wanted, unknown
from voltward.interfaces.python.trace import Trace
from voltward.interfaces.report import write_report
from voltward.results.columns import CASE_COLUMNS, EVENT_COLUMNS, MATRIX_COLUMNS
from voltward.results.folder_ownership import Replacing
from voltward.results.matrix import matrix_rows
from voltward.results.metrics import wilson_interval
from voltward.results.run_folder import RunFolder

_MATRIX = tuple(column.name for column in MATRIX_COLUMNS)
_CASES = tuple(column.name for column in CASE_COLUMNS)
_EVENTS = tuple(column.name for column in EVENT_COLUMNS)
_MATRIX_SHOWN = ("attack", "stack", "n", "goal_share", "goal_low", "goal_high", "detected_share",
                 "delay_median_s", "track")  # fmt: skip
_CASES_SHOWN = ("case_id", "attack", "stack", "seed", "goal_reached", "detected", "detector")
# What stands in the brackets of a matrix.
_PLACE = ("attack", "stack")
# What a case was run with; by these a matrix is made anew from the cases that fit.
_GIVEN = ("duty", "seed", "attack_parameters", "controls")


class Outcome(Row):
    """What the cases of one attack under one stack came to: a row of the matrix.

    Example:
        >>> import voltward as vw
        >>> outcome = vw.open_run("out/demo").matrix["frame-replay", "full"]
        >>> print(outcome.goal_share)
        0 (95 %: 0 to 0.3244)
        >>> outcome.number("over_voltage_s") < 60
        True
    """

    @property
    def goal_share(self) -> Estimate:
        """Share of cases in which the attacker reached the goal."""
        return Estimate(*map(self._figure, ("goal_share", "goal_low", "goal_high")))

    @property
    def any_goal_share(self) -> Estimate:
        """Share of cases in which any goal of the catalogue was met, by attack or defence."""
        return self._share("any_goal_share")

    @property
    def defence_goal_share(self) -> Estimate:
        """Share of cases in which a goal was met that the attack alone does not meet."""
        return self._share("defence_goal_share")

    @property
    def blocked_share(self) -> Estimate:
        """Share of cases in which a control kept the attack from taking effect."""
        return self._share("blocked_share")

    @property
    def detected_share(self) -> Estimate:
        """Share of cases in which an alarm sounded after the attack's start."""
        return self._share("detected_share")

    @property
    def contained_share(self) -> Estimate:
        """Share of cases that were detected, came to a safe state, and met no goal at all."""
        return self._share("contained_share")

    @property
    def false_alarms_per_hour(self) -> Estimate | None:
        """False alarms per hour, None where no alarm could have been false."""
        low, high = (self.number(f"false_alarms_per_hour_{end}") for end in ("low", "high"))
        if low is None or high is None:
            return None
        return Estimate(self._figure("false_alarms") / self._figure("hours"), low, high)

    def avoided(self, consequence: str) -> Estimate | None:
        """Return how much less of a consequence there was than under stack `none`, cases paired.

        Args:
            consequence: Such as "plated_charge_mAh".

        Returns:
            None of fewer than two pairs of cases.
        """
        ends = (self.number(f"avoided_{consequence}{end}") for end in ("", "_low", "_high"))
        found = [end for end in ends if end is not None]
        return Estimate(*found) if len(found) == 3 else None

    def _figure(self, name: str) -> float:
        value = self.number(name)
        return 0.0 if value is None else value

    def _share(self, name: str) -> Estimate:
        cases, share = int(self._figure("n")), self._figure(name)
        ends = wilson_interval(round(share * cases), cases)
        return Estimate(share, ends.low, ends.high)


@dataclass(frozen=True, repr=False)
class Matrix(Table[Outcome]):
    """Every attack under every stack; `matrix["attack", "stack"]` is one outcome.

    `where` takes columns of the matrix and, of the table of cases, `duty`, `seed`,
    `attack_parameters` and `controls`: by these the rows are made anew from the cases that fit.

    Attributes:
        cases: Reads the cases that the rows were made from.

    Example:
        >>> import voltward as vw
        >>> matrix = vw.open_run("out/demo").matrix
        >>> matrix["voltage-bias", "none"].goal_share
        Estimate(value=1.0, low=0.675..., high=1.0)
        >>> matrix.where(stack="full", seed=[0, 1, 2, 3])["voltage-bias", "full"].number("n")
        4.0
        >>> matrix["voltage-bais", "full"]
        Traceback (most recent call last):
        voltward.core.errors.ConfigurationError: there is no attack 'voltage-bais'
          hint: did you mean 'voltage-bias'?
    """

    cases: Callable[[], Sequence[Mapping[str, Any]]]

    @property
    def attacks(self) -> tuple[str, ...]:
        """The attacks, each once."""
        return tuple(dict.fromkeys(str(row["attack"]) for row in self))

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks, each once."""
        return tuple(dict.fromkeys(str(row["stack"]) for row in self))

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> "Matrix": ...
    @overload
    def __getitem__(self, index: tuple[str, str]) -> Outcome: ...
    def __getitem__(self, index: int | slice | tuple[str, str]) -> "Outcome | Matrix":
        if not isinstance(index, tuple):
            found_here = super().__getitem__(index)
            return (
                found_here
                if isinstance(found_here, Outcome)
                else replace(self, rows=found_here.rows)
            )
        if len(index) != len(_PLACE):
            raise self._wrong_index(index)
        attack, stack = index
        found = [row for row in self if (row["attack"], row["stack"]) == (attack, stack)]
        if len(found) == 1:
            return found[0]
        for kind, name, known in (("attack", attack, self.attacks), ("stack", stack, self.stacks)):
            if name not in known:
                raise unknown(kind, name, known)
        tracks = ", ".join(str(row["track"]) for row in found)
        raise ConfigurationError(
            f"'{attack}' under '{stack}' is not one row of this matrix",
            why=f"there is one for each track: {tracks}" if found else "they were not run together",
            hint="choose the track first: matrix.where(track=...)" if found else "",
        )

    def _wrong_index(self, index: object) -> ConfigurationError:
        return wrong_kind(
            "matrix[...]",
            index,
            "an attack and a stack, a row number or a slice",
            "write matrix['voltage-bias', 'full'], or matrix.where(attack='voltage-bias')",
        )

    def where(self, **wanted: Wanted) -> "Matrix":
        """Return the rows that fit; see the class for what may be asked.

        Raises:
            ConfigurationError: There is no such column, or no row has the name that is asked for.
        """
        self._require_known({name: wanted[name] for name in wanted if name in self.columns})
        given = {name: wanted.pop(name) for name in _GIVEN if name in wanted}
        if not given:
            return replace(self, rows=tuple(self._fitting(wanted)))
        cases = _case_table(self.cases()).where(**given).rows
        here = {(row["attack"], row["stack"], row["track"]) for row in self}
        made = (Outcome(row) for row in matrix_rows(cases))
        rows = (row for row in made if (row["attack"], row["stack"], row["track"]) in here)
        return replace(self, rows=tuple(rows), cases=lambda: cases).where(**wanted)


@dataclass(frozen=True, repr=False)
class Run:
    """A finished campaign, read from its folder.

    Attributes:
        folder: Its files.

    Example:
        >>> import voltward as vw
        >>> run = vw.open_run("out/demo")
        >>> run.seed, run.track, run.gate_passed
        (7, 'matched', False)
        >>> run.traces()
        ('c00000', 'c00024', 'c00096')
        >>> run.events.where(case_id="c00024", kind="alarm")[0]["source"]
        'bus-timing'
    """

    folder: RunFolder

    @property
    def path(self) -> Path:
        """Where the files are."""
        return self.folder.path

    @property
    def name(self) -> str:
        """Of the campaign."""
        return str(self.folder.run.get("name", self.path.name))

    @property
    def seed(self) -> int:
        """The first seed."""
        return int(self.folder.run["seed"])

    @property
    def track(self) -> str:
        """The truth track of every figure."""
        return str(self.folder.run["track"])

    @property
    def gate_passed(self) -> bool | None:
        """Whether the run holds its gate, None where it has none."""
        gate = self.folder.run.get("gate")
        return bool(gate["passed"]) if gate else None

    @cached_property
    def matrix(self) -> Matrix:
        """Attack x defence stack."""
        rows = tuple(map(Outcome, self.folder.matrix()))
        return Matrix(rows, _MATRIX, _MATRIX_SHOWN, self.folder.cases)

    @cached_property
    def cases(self) -> Table[Row]:
        """Every case."""
        return _case_table(self.folder.cases())

    @cached_property
    def events(self) -> Table[Row]:
        """What happened in the cases: starts, rejected records, alarms, requests, goals."""
        return Table(tuple(map(Row, self.folder.events())), _EVENTS, _EVENTS)

    def traces(self) -> tuple[str, ...]:
        """Return the ids of the cases whose trace was kept."""
        return tuple(self.folder.traced_cases())

    def trace(self, case: str | Row) -> Trace:
        """Return the trace of a case.

        Args:
            case: Its id, or its row.

        Raises:
            ConfigurationError: There is no such case, or its trace was not kept.
        """
        name = str(case["case_id"]) if isinstance(case, Row) else case
        kept = self.traces()
        if name in kept:
            return Trace(name, self.folder.trace(name))
        known = self.cases.column("case_id")
        if name not in known:
            raise unknown("case", name, kept)
        raise ConfigurationError(
            f"case '{name}' has no trace",
            why=f"kept were {len(kept)} of {len(known)}: {', '.join(kept[:5]) or 'none'}",
            hint="see run.traces(); a campaign with keep='all' keeps every one",
        )

    def report(self, *, force: bool = False) -> Path:
        """Write figures and report.html into the folder, and return the page.

        Args:
            force: Replace files there that no run wrote, with a warning for each.
        """
        return write_report(self.path, replacing(force=force))[0]

    def __repr__(self) -> str:
        return f"<Run '{self.name}', seed {self.seed}, track {self.track}, {self.path}>"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.matrix._repr_html_()}"


def replacing(*, force: bool) -> Replacing | None:
    """Return what a writer of folders tells of each file of the user's that it replaces."""
    return (lambda path: warnings.warn(f"replaces {path}", stacklevel=2)) if force else None


def _case_table(rows: Sequence[Mapping[str, Any]]) -> Table[Row]:
    return Table(tuple(map(Row, rows)), _CASES, _CASES_SHOWN)


def open_run(path: str | Path) -> Run:
    """Open the folder of a finished campaign; every file is checked.

    Args:
        path: The run folder.

    Raises:
        ConfigurationError: The folder holds no run, or a file is damaged.

    Example:
        >>> import voltward as vw
        >>> vw.open_run("out/demo").matrix["voltage-bias", "full"].goal_share.value
        0.375
        >>> vw.open_run("out/dmeo")
        Traceback (most recent call last):
        voltward.core.errors.ConfigurationError: out/dmeo/run.json: missing
          why: a finished run folder holds run.json; an interrupted one holds parts/
          hint: check the path
    """
    return Run(RunFolder.open(path_of("open_run", path)))
