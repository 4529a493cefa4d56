"""What a set of controls is worth: ratings of control sets, each rated once, as weighted sums."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from voltward.assurance.tara.rated import RatedPath, RatedRisk

Controls = frozenset[str]
Pair = tuple[str, str]
Scale = Literal["measured", "expected"]


class Judge(Protocol):
    """Whatever rates a model under a set of controls."""

    def rate_set(
        self, name: str, controls: frozenset[str]
    ) -> tuple[tuple[RatedPath, ...], tuple[RatedRisk, ...]]:
        """Return paths and risks under a set of controls."""


@dataclass(frozen=True)
class Worth:
    """The same quantity on two scales that are never mixed.

    Attributes:
        measured: Rests on executed campaigns alone.
        expected: Takes in what nobody executed: judged controls, and untested ones as if they held.
    """

    measured: float
    expected: float

    def on(self, scale: Scale) -> float:
        """Return the figure of one scale."""
        return self.measured if scale == "measured" else self.expected

    def less(self, other: "Worth") -> "Worth":
        """Return the difference."""
        return Worth(self.measured - other.measured, self.expected - other.expected)


class Valuation:
    """Open risk under sets of controls; each set is rated once.

    Args:
        judge: Rates a set.
        weights: What a risk counts, by its value 1 to 5.
        testable: Controls that a campaign can test.
        measurable: Whether there is a campaign at all.
    """

    def __init__(
        self, judge: Judge, weights: Iterable[float], testable: Controls, *, measurable: bool
    ) -> None:
        self._judge = judge
        self._weights = tuple(weights)
        self._testable = testable
        self._measurable = measurable
        self._levels: dict[Controls, tuple[dict[Pair, int], dict[Pair, int]]] = {}

    def rating(self, controls: Controls) -> tuple[tuple[RatedPath, ...], tuple[RatedRisk, ...]]:
        """Rate a set with all its reasons; not kept."""
        return self._judge.rate_set("plan", controls)

    def rated(self, controls: Controls) -> dict[Pair, int]:
        """Return the rated risk of each damage and threat: its highest category."""
        return self._of(controls)[0]

    def if_shown(self, controls: Controls) -> dict[Pair, int]:
        """Return the same, if every untested control were shown to hold."""
        return self._of(controls)[1]

    def open(self, controls: Controls) -> Worth:
        """Return the open risk on both scales."""
        return Worth(self.open_on("measured", controls), self.open_on("expected", controls))

    def open_on(self, scale: Scale, controls: Controls) -> float:
        """Return the open risk: the sum of weights over all pairs of damage and threat.

        On the measured scale controls that no campaign can test are left out, so that only
        executed cases move it.
        """
        if scale == "expected":
            return self._sum(self.if_shown(controls))
        return self._sum(self.rated(controls & self._testable if self._measurable else frozenset()))

    def open_for(self, controls: Controls, threat: str) -> float:
        """Return the expected open risk of one threat."""
        levels = self.if_shown(controls)
        return self._sum({pair: level for pair, level in levels.items() if pair[1] == threat})

    @property
    def sets_rated(self) -> int:
        """How many sets were rated."""
        return len(self._levels)

    def _sum(self, levels: dict[Pair, int]) -> float:
        return sum(self._weights[level - 1] for level in levels.values())

    def _of(self, controls: Controls) -> tuple[dict[Pair, int], dict[Pair, int]]:
        if controls not in self._levels:
            rated: dict[Pair, int] = {}
            shown: dict[Pair, int] = {}
            for risk in self._judge.rate_set("plan", controls)[1]:
                pair = risk.damage, risk.threat
                rated[pair] = max(rated.get(pair, 1), risk.risk)
                shown[pair] = max(shown.get(pair, 1), risk.if_shown)
            self._levels[controls] = rated, shown
        return self._levels[controls]
