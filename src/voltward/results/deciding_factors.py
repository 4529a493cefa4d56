"""Which factor of the worlds decides how far a case goes towards a goal.

1. Each factor's rank correlation with the outcome is computed over worlds; an outcome of a choice,
   such as a cycle, counts as 1 where it was drawn and 0 elsewhere.
2. The strongest is named only when it holds against all the others that were tried (Bonferroni).

>>> outcome = [0.1, 0.2, 0.3, 0.5, 0.8, 1.3]
>>> found = deciding_factor(outcome, {"age": [1, 2, 3, 4, 5, 6], "soc": [3, 1, 2, 3, 1, 2]})
>>> found.factor, round(found.correlation, 3), found.worlds
('age', 1.0, 6)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

LEVEL = 0.05
_FEWEST_WORLDS = 5


@dataclass(frozen=True)
class Decisive:
    """The factor that decides an outcome.

    Attributes:
        factor: Its name, with the option where it is a choice.
        correlation: Spearman's rank correlation with the outcome.
        probability: Of one as strong among all factors by chance, at most.
        worlds: How many there were.
    """

    factor: str
    correlation: float
    probability: float
    worlds: int


def deciding_factor(
    outcome: Sequence[float], factors: Mapping[str, Sequence[Any]]
) -> Decisive | None:
    """Return the factor with the strongest rank correlation, or None where none stands out.

    Args:
        outcome: One value for each world.
        factors: Values by factor, in the same order.
    """
    values = np.asarray(outcome, dtype=float)
    if values.size < _FEWEST_WORLDS or np.ptp(values) == 0.0:
        return None
    tried = _columns(factors)
    best = None
    for name, column in tried.items():
        found = stats.spearmanr(column, values)
        strength, chance = float(found.statistic), float(found.pvalue)
        if best is None or abs(strength) > abs(best.correlation):
            best = Decisive(name, strength, min(1.0, chance * len(tried)), values.size)
    return best if best is not None and best.probability < LEVEL else None


def _columns(factors: Mapping[str, Sequence[Any]]) -> dict[str, np.ndarray]:
    columns: dict[str, np.ndarray] = {}
    for name, values in factors.items():
        column = np.asarray(values)
        if column.dtype.kind in "OU":
            options = {f"{name} = {option}": column == option for option in set(column.tolist())}
            columns |= {key: value.astype(float) for key, value in sorted(options.items())}
        else:
            columns[name] = column.astype(float)
    return {name: column for name, column in columns.items() if np.ptp(column) > 0.0}
