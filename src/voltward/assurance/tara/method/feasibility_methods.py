"""Attack feasibility by three methods, as look-ups in plain tuples.

Every method turns a step into one number for each of its parameters, greater being harder, so that
a path is the parameter-wise maximum over its steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from voltward.assurance.tara.method.cvss_metrics import METRICS, Exploitability, exploitability
from voltward.assurance.tara.model.model import Effort
from voltward.assurance.tara.model.words import AttackVector, Feasibility

Values = tuple[int, ...]


class Method(Protocol):
    """A way to rate attack feasibility."""

    @property
    def name(self) -> str:
        """As in a profile: attack-potential, cvss or attack-vector."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in the order of the values."""

    def values(self, effort: Effort, cvss: str, attack_vector: AttackVector | None, /) -> Values:
        """Return one number for each parameter; greater is harder.

        Args:
            effort: Attack potential of a step.
            cvss: Its exploitability metrics; empty is the easiest.
            attack_vector: Where the attacker is; None is the easiest.

        Raises:
            ConfigurationError: The metrics are not a CVSS v3 vector.
        """

    def native(self, values: Values, /) -> int:
        """Return the index of the profile's feasibility level; 0 is the hardest."""

    def reported(self, native: int, /) -> Feasibility:
        """Return the level of ISO/SAE 21434 that a level of the profile is reported as."""

    def potential(self, values: Values, /) -> int | None:
        """Return the attack potential, or None where the method has none."""


@dataclass(frozen=True)
class AttackPotential:
    """By what the attack costs: a number for each parameter, summed or the greatest.

    Attributes:
        parameters: Names, as in `Effort`.
        points: For each parameter, option to number.
        summed: Whether the numbers add up; else the greatest counts.
        levels: For each total, the index of the level.
        reports: For each level, the level it is reported as.
    """

    parameters: tuple[str, ...]
    points: tuple[Mapping[str, int], ...]
    summed: bool
    levels: tuple[int, ...]
    reports: tuple[Feasibility, ...]
    name: str = "attack-potential"

    def values(self, effort: Effort, _cvss: str, _attack_vector: AttackVector | None, /) -> Values:
        """Return the number of each parameter."""
        pairs = zip(self.parameters, self.points, strict=True)
        return tuple(points[getattr(effort, parameter)] for parameter, points in pairs)

    def native(self, values: Values, /) -> int:
        """Return the index of the level of the total."""
        return self.levels[sum(values) if self.summed else max(values)]

    def reported(self, native: int, /) -> Feasibility:
        """Return the reported level."""
        return self.reports[native]

    def potential(self, values: Values, /) -> int | None:
        """Return the total."""
        return sum(values) if self.summed else max(values)


@dataclass(frozen=True)
class CvssExploitability:
    """By the exploitability of CVSS v3.

    Attributes:
        levels: Ranks of the metrics to the index of the level.
        reports: For each level, the level it is reported as.
    """

    levels: Mapping[Values, int]
    reports: tuple[Feasibility, ...]
    name: str = "cvss"
    parameters: tuple[str, ...] = tuple(METRICS)

    def values(self, _effort: Effort, cvss: str, _attack_vector: AttackVector | None, /) -> Values:
        """Return the rank of each metric; no metrics are the easiest."""
        return exploitability(cvss).ranks if cvss else (0,) * len(METRICS)

    def native(self, values: Values, /) -> int:
        """Return the index of the level of the exploitability."""
        return self.levels[values]

    def reported(self, native: int, /) -> Feasibility:
        """Return the reported level."""
        return self.reports[native]

    def potential(self, _values: Values, /) -> int | None:
        """Return None: exploitability is not an attack potential."""
        return None


@dataclass(frozen=True)
class AttackVectorLevel:
    """By where the attacker must be.

    Attributes:
        levels: For each distance, from network to physical, the index of the level.
        reports: For each level, the level it is reported as.
    """

    levels: tuple[int, ...]
    reports: tuple[Feasibility, ...]
    name: str = "attack-vector"
    parameters: tuple[str, ...] = ("attack_vector",)

    def values(self, _effort: Effort, _cvss: str, attack_vector: AttackVector | None, /) -> Values:
        """Return 0 for network, or for none, to 3 for physical."""
        return (0 if attack_vector is None else AttackVector.NETWORK.rank - attack_vector.rank,)

    def native(self, values: Values, /) -> int:
        """Return the index of the level."""
        return self.levels[values[0]]

    def reported(self, native: int, /) -> Feasibility:
        """Return the reported level."""
        return self.reports[native]

    def potential(self, _values: Values, /) -> int | None:
        """Return None: an attack vector is not an attack potential."""
        return None


def every_exploitability() -> tuple[Exploitability, ...]:
    """Return all combinations of the exploitability metrics, both scopes."""
    ranks: Sequence[range] = [range(len(values)) for values in METRICS.values()]
    return tuple(Exploitability(combination) for combination in product(*ranks))
