"""What a set of controls is worth: ratings of control sets, each rated once, as weighted sums."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from voltward.assurance.tara.rating.records import Pair, RatedPath, RatedRisk, by_pair

Controls = frozenset[str]
# Rated risk, and the risk if every untested control were shown to hold.
Levels = dict[Pair, tuple[int, int]]
SET_NAME = "plan"
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
    """Open risk under sets of controls.

    A threat's risks depend on the controls that can touch it and on the tested stacks that a set
    holds whole, so a set is rated only where one of the threats meets a new choice of these.

    Args:
        judge: Rates a set.
        weights: What a risk counts, by its value 1 to 5.
        near: Threat to the controls that can touch it; a threat left out never changes.
        stacks: What campaigns tested; none when there is no campaign.
        testable: Controls that a campaign can test.
    """

    def __init__(
        self,
        judge: Judge,
        weights: Iterable[float],
        near: Mapping[str, Controls],
        stacks: Collection[Controls],
        testable: Controls,
    ) -> None:
        self._judge = judge
        self._weights = tuple(weights)
        self._near = near
        self._stacks = tuple(stacks)
        self._testable = testable if stacks else frozenset()
        self._kept: dict[tuple[str, Controls, tuple[bool, ...]], Levels] = {}
        self._threats = self._rate(frozenset())
        self.sets_rated = 1

    def rating(self, controls: Controls) -> tuple[tuple[RatedPath, ...], tuple[RatedRisk, ...]]:
        """Rate a set with all its reasons; not kept."""
        return self._judge.rate_set(SET_NAME, controls)

    def rated(self, controls: Controls) -> dict[Pair, int]:
        """Return the rated risk of each damage and threat: its highest category."""
        return {pair: rated for pair, (rated, _) in self._levels(controls)}

    def if_shown(self, controls: Controls) -> dict[Pair, int]:
        """Return the risks of the pairs if every untested control were shown to hold."""
        return {pair: shown for pair, (_, shown) in self._levels(controls)}

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
        return self._sum(self.rated(controls & self._testable))

    def open_for(self, controls: Controls, threat: str) -> float:
        """Return the expected open risk of one threat."""
        levels = self._of(threat, controls)
        return self._sum({pair: shown for pair, (_, shown) in levels.items()})

    def _sum(self, levels: Mapping[Pair, int]) -> float:
        return sum(self._weights[level - 1] for level in levels.values())

    def _levels(self, controls: Controls) -> Iterator[tuple[Pair, tuple[int, int]]]:
        for threat in self._threats:
            yield from self._of(threat, controls).items()

    def _of(self, threat: str, controls: Controls) -> Levels:
        key = self._key(threat, controls)
        if key not in self._kept:
            self._rate(controls)
            self.sets_rated += 1
        return self._kept.get(key, {})

    def _key(self, threat: str, controls: Controls) -> tuple[str, Controls, tuple[bool, ...]]:
        whole = tuple(stack <= controls for stack in self._stacks)
        return threat, controls & self._near.get(threat, frozenset()), whole

    def _rate(self, controls: Controls) -> tuple[str, ...]:
        found: dict[str, Levels] = {}
        for pair, rated in by_pair(self._judge.rate_set(SET_NAME, controls)[1]).items():
            found.setdefault(rated.worst.threat, {})[pair] = rated.worst.risk, rated.if_shown
        for threat, levels in found.items():
            self._kept[self._key(threat, controls)] = levels
        return tuple(found)
