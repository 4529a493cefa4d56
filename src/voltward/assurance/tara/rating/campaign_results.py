"""A finished campaign as a TARA reads it: cases by attack, defence stack and scope."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from voltward.assurance.tara.rating.records import Evidence
from voltward.core.errors import ConfigurationError
from voltward.results.columns import BASELINE_STACK, NO_ATTACK
from voltward.results.matrix import Row
from voltward.results.metrics import wilson_interval
from voltward.results.run_folder import RunFolder

PERCENTILE = 0.95


@dataclass(frozen=True)
class Scope:
    """What a test covers: it shows nothing of another track, duty or magnitude."""

    track: str
    duty: str
    parameters: str


@dataclass(frozen=True, eq=False)
class Tested:
    """The cases of one attack under one stack.

    Attributes:
        run: Name of the campaign.
        attack: Id of the attack.
        stack: Name of the stack.
        controls: Ids of the controls that were on.
        scopes: The cases of every scope.
    """

    run: str
    attack: str
    stack: str
    controls: frozenset[str]
    scopes: Mapping[Scope, Sequence[Row]]

    @cached_property
    def evidence(self) -> Mapping[Scope, Evidence]:
        """Share of cases in which the goal was met, for every scope."""
        return {scope: self._evidence(scope) for scope in self.scopes}

    @cached_property
    def worst(self) -> Evidence:
        """The scope with the highest upper bound."""
        return max(self.evidence.values(), key=lambda entry: (entry.high, entry.goal_share))

    def percentile(self, consequence: str) -> float:
        """Return the 95th percentile of a consequence, of the worst scope.

        The smallest observed value that at least 95 % of the cases do not exceed: with fewer than
        twenty cases the largest one.
        """
        found = []
        for rows in self.scopes.values():
            values = sorted(float(row[consequence]) for row in rows)
            found.append(values[math.ceil(PERCENTILE * len(values)) - 1])
        return max(found)

    def _evidence(self, scope: Scope) -> Evidence:
        rows = self.scopes[scope]
        reached = sum(bool(row["goal_reached"]) for row in rows)
        interval = wilson_interval(reached, len(rows))
        return Evidence(
            run=self.run,
            attack=self.attack,
            stack=self.stack,
            track=scope.track,
            duty=scope.duty,
            parameters=scope.parameters,
            cases=tuple(str(row["case_id"]) for row in rows),
            n=len(rows),
            goal_share=reached / len(rows),
            low=interval.low,
            high=interval.high,
        )


@dataclass(frozen=True)
class CampaignResults:
    """What a campaign shows of each attack.

    Attributes:
        name: Of the campaign.
        sha256: Digest of its table of cases, which is all that a rating reads.
        tested: One entry for each attack and stack.
    """

    name: str
    sha256: str
    tested: tuple[Tested, ...]

    def of_attack(self, attack: str) -> tuple[Tested, ...]:
        """Return what was tested with one attack."""
        return self._by_attack.get(attack, ())

    def baseline(self, attack: str) -> Tested | None:
        """Return the cases of an attack without any security control."""
        tests = (t for t in self.of_attack(attack) if t.stack == BASELINE_STACK)
        return next((t for t in tests if not t.controls), None)

    def closest(
        self, attack: str, allowed: Collection[str], avoiding: Collection[str] = ()
    ) -> Tested | None:
        """Return the test of an attack with the most of a set's controls.

        Args:
            attack: Id of the attack.
            allowed: Controls of the set; a test with any other control does not count.
            avoiding: Controls that must not be on.
        """
        fitting = [
            test
            for test in self.of_attack(attack)
            if test.controls
            and test.controls <= set(allowed)
            and test.controls.isdisjoint(avoiding)
        ]
        return max(fitting, key=lambda t: (len(t.controls), t.worst.n, t.stack), default=None)

    @cached_property
    def _by_attack(self) -> dict[str, tuple[Tested, ...]]:
        names = dict.fromkeys(entry.attack for entry in self.tested)
        return {name: tuple(t for t in self.tested if t.attack == name) for name in names}


def read_campaign(path: Path) -> CampaignResults:
    """Read a run folder, written here or by hand in the published schema.

    Raises:
        ConfigurationError: The folder is damaged, or its matrix and its cases disagree.
    """
    folder = RunFolder.open(path, with_report=False)
    cases = folder.cases()
    groups: dict[tuple[str, str, frozenset[str]], list[Row]] = {}
    for case in cases:
        if case["attack"] != NO_ATTACK:
            controls = frozenset(filter(None, case["controls"].split(";")))
            groups.setdefault((case["attack"], case["stack"], controls), []).append(case)
    _check_matrix(folder, cases)
    name = str(folder.run.get("name") or path.resolve().name)
    tested = tuple(
        Tested(name, attack, stack, controls, _by_scope(rows))
        for (attack, stack, controls), rows in groups.items()
    )
    return CampaignResults(name, str(folder.run["files"]["cases.parquet"]), tested)


def _by_scope(rows: Sequence[Row]) -> dict[Scope, list[Row]]:
    scopes: dict[Scope, list[Row]] = {}
    for row in rows:
        scope = Scope(row["track"], row["duty"], row["attack_parameters"])
        scopes.setdefault(scope, []).append(row)
    return scopes


def _check_matrix(folder: RunFolder, cases: Sequence[Row]) -> None:
    """Refuse a folder whose summary contradicts its cases."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for case in cases:
        if case["attack"] != NO_ATTACK:
            groups.setdefault((case["attack"], case["stack"]), []).append(case)
    counts: dict[tuple[str, str], list[float]] = {}
    for row in folder.matrix():
        if row["attack"] != NO_ATTACK:
            sums = counts.setdefault((row["attack"], row["stack"]), [0.0, 0.0])
            sums[0] += row["n"]
            sums[1] += row["n"] * row["goal_share"]
    for key in sorted({*counts, *groups}):
        n, reached = counts.get(key, [0.0, 0.0])
        rows = groups.get(key, ())
        met = sum(bool(row["goal_reached"]) for row in rows)
        if round(n) != len(rows) or round(reached) != met:
            raise ConfigurationError(
                f"{folder.path}: matrix.csv and cases disagree on {key[0]} under {key[1]}",
                why=f"the matrix says {reached:g} of {n:g}, the cases say {met} of {len(rows)}",
                hint="compute the matrix again from the cases",
            )
