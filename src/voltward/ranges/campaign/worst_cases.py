"""Which traces a campaign keeps: all, none, or the worst case of each attack."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from voltward.ranges.configuration.case_grid import Case, load_attack
from voltward.results.run_folder import RunWriter


class WorstCases:
    """Keeps the trace of the worst case of each attack under the first and the last stack.

    Worst is the case with the most of the consequence that the attack's goal names; the earliest
    of equals.

    Args:
        writer: Of the run folder.
        keep: "all", "worst" or "none".
        stacks: Names in the order of the campaign.
        drawn: Whether the onset is drawn: then cases of one attack differ by it.
    """

    def __init__(
        self, writer: RunWriter, keep: str, stacks: Sequence[str], *, drawn: bool = False
    ) -> None:
        self._writer = writer
        self._keep, self._drawn = keep, drawn
        self._stacks = {stacks[0], stacks[-1]}
        self._best: dict[tuple[str, str, str], tuple[float, str]] = {}

    def candidates(self, cases: Sequence[Case]) -> list[str]:
        """Return the cases whose trace may be wanted."""
        if self._keep == "none":
            return []
        if self._keep == "all":
            return [case.case_id for case in cases]
        return [case.case_id for case in cases if case.stack.name in self._stacks]

    def consider(self, row: Mapping[str, Any]) -> bool:
        """Return whether this case's trace is to be kept, and remember it."""
        if self._keep == "none" or (self._keep == "worst" and row["stack"] not in self._stacks):
            return False
        if self._keep == "all":
            return True
        attack = load_attack(str(row["attack"]))
        value = 0.0 if attack is None else float(row[attack.goal.consequence])
        given = str(row["attack_parameters"]).split(";")
        kept = [each for each in given if not (self._drawn and each.startswith("start_s="))]
        key = (str(row["attack"]), ";".join(kept), str(row["stack"]))
        rank = (value, str(row["case_id"]))
        held = self._best.get(key)
        if held is not None and (held[0] > value or (held[0] == value and held[1] < rank[1])):
            return False
        if held is not None:
            self._writer.discard_trace(held[1])
        self._best[key] = rank
        return True

    def keep(self, row: Mapping[str, Any], columns: Mapping[str, np.ndarray]) -> None:
        """Write the trace of a case."""
        self._writer.write_trace(str(row["case_id"]), columns)
