"""The rating of a run folder, with the look-ups that chapter, figure and terminal lines share."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from voltward.assurance.tara.model.words import Basis, Feasibility, ImpactLevel
from voltward.assurance.tara.rating.rating_file import (
    Presentation,
    RatingFile,
    read_rating_file,
)
from voltward.assurance.tara.rating.records import RatedPair, RatedRisk, Rating
from voltward.results.run_layout import RISK_FILE

RISK_VALUES = (5, 4, 3, 2, 1)
# Page 1 and the terminal speak of risks from this value on.
HIGH_RISK = 4


@dataclass(frozen=True)
class RiskView:
    """A rating as the report reads it.

    Attributes:
        rating: The rating.
        presentation: Titles, the profile's matrix, and limits.
    """

    rating: Rating
    presentation: Presentation = field(default_factory=Presentation)

    @classmethod
    def of(cls, file: RatingFile) -> "RiskView":
        """Return the view of a rating that was read back."""
        return cls(file.rating, file.presentation)

    @classmethod
    def read(cls, folder: Path) -> "RiskView | None":
        """Read the rating of a run folder, or return nothing where it has none.

        Raises:
            ConfigurationError: The file is damaged or of another schema.
        """
        file = folder / RISK_FILE
        return cls.of(read_rating_file(file)) if file.is_file() else None

    @property
    def sets(self) -> tuple[str, ...]:
        """Ids of the control sets in order."""
        return self.rating.control_sets

    @property
    def before(self) -> str:
        """The control set that the others are compared with: the first."""
        return self.sets[0]

    @property
    def after(self) -> str:
        """The control set that the sentences speak of: the last."""
        return self.sets[-1]

    @property
    def profile(self) -> str:
        """Name of the profile."""
        return self.rating.profile

    def title(self, name: str) -> str:
        """Return the title of a damage, threat, path or control set, or its id."""
        return self.presentation.titles.get(name) or name

    @cached_property
    def _by_key(self) -> dict[tuple[str, str], RatedRisk]:
        return {(risk.id, risk.control_set): risk for risk in self.rating.risks}

    def risk(self, name: str, control_set: str) -> RatedRisk | None:
        """Return a risk under a control set."""
        return self._by_key.get((name, control_set))

    @cached_property
    def _pairs(self) -> dict[str, tuple[RatedPair, ...]]:
        return {name: tuple(self.rating.pairs(name).values()) for name in self.sets}

    def pairs(self, control_set: str) -> tuple[RatedPair, ...]:
        """Return each pair of damage and threat once, at its highest category."""
        return self._pairs[control_set]

    def both(self) -> list[tuple[RatedRisk, RatedRisk]]:
        """Return each risk under the first and the last control set."""
        of_first = self.rating.of_set(self.before)
        found = ((risk, self.risk(risk.id, self.after)) for risk in of_first)
        return [(before, after) for before, after in found if after is not None]

    def cut_by(self, paths: Iterable[str], control_set: str) -> tuple[str, ...]:
        """Return the controls that make paths harder under a control set."""
        found = (self._cuts.get((path, control_set), ()) for path in paths)
        return tuple(sorted({control for controls in found for control in controls}))

    @cached_property
    def _cuts(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {(path.id, path.control_set): path.cut_by for path in self.rating.paths}

    def values(self, control_set: str) -> tuple[int, ...]:
        """Return how many pairs of damage and threat have each of `RISK_VALUES`."""
        counted = Counter(pair.worst.risk for pair in self.pairs(control_set))
        return tuple(counted[value] for value in RISK_VALUES)

    def high(self, control_set: str) -> int:
        """Return how many pairs of damage and threat are at 4 or 5."""
        return sum(pair.worst.risk >= HIGH_RISK for pair in self.pairs(control_set))

    def bases(self, control_set: str) -> tuple[int, ...]:
        """Return how many pairs rest on measurement, estimates and assumptions."""
        counted = Counter(pair.basis for pair in self.pairs(control_set))
        return tuple(counted[basis] for basis in Basis)

    def value_of(self, impact: ImpactLevel, feasibility: Feasibility) -> int | None:
        """Return the risk value of a cell of the matrix, or None where it is not known.

        The profile's own matrix is in the file where the rating wrote it; without it, the risks of
        that cell tell.
        """
        known = self.presentation.matrix.get(impact, {}).get(feasibility)
        return known if known is not None else self._seen_values.get((impact, feasibility))

    @cached_property
    def _seen_values(self) -> dict[tuple[ImpactLevel, Feasibility], int]:
        seen: dict[tuple[ImpactLevel, Feasibility], int] = {}
        for risk in self.rating.risks:
            key = risk.impact, risk.feasibility
            seen[key] = max(risk.risk, seen.get(key, 1))
        return seen
