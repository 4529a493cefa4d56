"""What a report is about: a run folder, its attacks and stacks in order, and look-ups in both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from voltward.interfaces.report.risk_view import RiskView
from voltward.interfaces.report.words import count
from voltward.results.columns import BASELINE_STACK, NO_ATTACK
from voltward.results.matrix import Row
from voltward.results.run_folder import RunFolder

HEADLINE_STACK = "full"
_LAYER_NAMES = {"physical": "Physical", "communication": "Communication", "cloud": "Cloud"}


@dataclass(frozen=True)
class Content:
    """A finished campaign as the report reads it.

    Attributes:
        folder: The run folder.
        cases: Rows of the cases table.
        matrix: Rows of matrix.csv.
        risk: The rating of the campaign, or None where the folder holds none.
    """

    folder: RunFolder
    cases: Sequence[Row]
    matrix: Sequence[Row]
    risk: RiskView | None = None

    @classmethod
    def read(cls, path: Path) -> "Content":
        """Read a run folder; report and figures of an earlier time are not looked at."""
        folder = RunFolder.open(path, with_report=False)
        return cls(folder, folder.cases(), folder.matrix(), RiskView.read(path))

    @property
    def run(self) -> Mapping[str, Any]:
        """The content of run.json."""
        return self.folder.run

    @property
    def track(self) -> str:
        """The truth track of the campaign."""
        return str(self.run["track"])

    @cached_property
    def attacks(self) -> tuple[str, ...]:
        """Ids of the attacks in order, clean duty left out."""
        return tuple(a for a in dict.fromkeys(r["attack"] for r in self.matrix) if a != NO_ATTACK)

    @cached_property
    def stacks(self) -> tuple[str, ...]:
        """Names of the defence stacks in order."""
        return tuple(dict.fromkeys(row["stack"] for row in self.matrix))

    @property
    def baseline(self) -> str:
        """The stack that the others are compared with."""
        return BASELINE_STACK if BASELINE_STACK in self.stacks else self.stacks[0]

    @property
    def headline(self) -> str:
        """The stack that page 1 speaks of: `full`, or else the last one."""
        return HEADLINE_STACK if HEADLINE_STACK in self.stacks else self.stacks[-1]

    @property
    def defended(self) -> tuple[str, ...]:
        """The stacks apart from the baseline."""
        return tuple(stack for stack in self.stacks if stack != self.baseline)

    @cached_property
    def _rows(self) -> dict[tuple[str, str], Row]:
        rows: dict[tuple[str, str], Row] = {}
        for row in self.matrix:
            rows.setdefault((row["attack"], row["stack"]), row)
        return rows

    def row(self, attack: str, stack: str) -> Row | None:
        """Return the matrix row of an attack under a stack."""
        return self._rows.get((attack, stack))

    def rows_of(self, stack: str) -> list[Row]:
        """Return the rows of a stack, clean duty left out, in the order of the attacks."""
        found = (self.row(attack, stack) for attack in self.attacks)
        return [row for row in found if row is not None]

    def cases_of(self, attack: str, stack: str) -> list[Row]:
        """Return the cases of an attack under a stack, in order."""
        return [c for c in self.cases if c["attack"] == attack and c["stack"] == stack]

    @property
    def draws(self) -> str:
        """What the runs differ by: "worlds", or "seeds" of the noise where none were drawn."""
        return "seeds" if self.run.get("world", "fixed") == "fixed" else "worlds"

    def seed_words(self, cases: Sequence[Row] | None = None) -> str:
        """Return how many seeds each attack met under each stack: "4 seeds", "4 to 80 seeds"."""
        seen: dict[tuple[str, str], set[int]] = {}
        for case in self.cases if cases is None else cases:
            seen.setdefault((case["attack"], case["stack"]), set()).add(case["seed"])
        least, most = (f(map(len, seen.values()), default=0) for f in (min, max))
        drawn, noun = self.draws == "worlds", self.draws.removesuffix("s")
        words = f"{least} to {most} {noun}s" if least != most else count(most, noun)
        return f"{words} ({self.run['world']})" if drawn else words

    def attack_fact(self, attack: str, key: str) -> str:
        """Return a fact of the attack catalogue as text; empty when it is not known."""
        value = self.run["catalogue"]["attacks"].get(attack, {}).get(key, "")
        return ", ".join(value) if isinstance(value, list) else str(value)

    def title(self, attack: str) -> str:
        """Return the title of an attack, or its id."""
        return self.attack_fact(attack, "title") or attack

    def layer(self, attack: str) -> str:
        """Return the layer of an attack in words."""
        layer = self.attack_fact(attack, "layer")
        return _LAYER_NAMES.get(layer, layer.capitalize() or "Other")

    def consequence_title(self, name: str) -> str:
        """Return a consequence in words, without its unit."""
        fact = self.run["catalogue"]["consequences"].get(name, {})
        return str(fact.get("title") or name)

    def consequence_unit(self, name: str) -> str:
        """Return the unit of a consequence."""
        unit = str(self.run["catalogue"]["consequences"].get(name, {}).get("unit", ""))
        return {"degC": "°C", "1": "", "Hz_per_s": "Hz/s", "pct": "%"}.get(unit, unit)

    @cached_property
    def traced(self) -> dict[str, tuple[Row, ...]]:
        """For each attack the cases to draw: one under the baseline, one under the headline.

        Where neither was kept, the first traced case of the attack is taken.
        """
        kept = set(self.folder.traced_cases())
        chosen: dict[str, tuple[Row, ...]] = {}
        for attack in self.attacks:
            cases = [c for c in self.cases if c["attack"] == attack and c["case_id"] in kept]
            pair = []
            for stack in dict.fromkeys((self.baseline, self.headline)):
                pair += [case for case in cases if case["stack"] == stack][:1]
            if pair or cases:
                chosen[attack] = tuple(pair or cases[:1])
        return chosen

    @property
    def label(self) -> str:
        """What every figure and table names: track, seeds and interval."""
        return f"track {self.track} · {self.seed_words()} · 95 % intervals"
