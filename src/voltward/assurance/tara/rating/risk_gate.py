"""Gate expressions over a rating: `METRIC(SET) OP NUMBER`, several joined by `and`.

METRIC is one of `METRICS`, SET a control set of the rating, OP one of `<=`, `<`, `>=`, `>`, `==`.
"""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voltward.assurance.tara.model.words import Basis
from voltward.assurance.tara.rating.records import RatedRisk, Rating, by_pair
from voltward.core.errors import ConfigurationError, NothingRanError
from voltward.core.suggestion import nearest


def _highest(risks: Sequence[RatedRisk]) -> int:
    return max((risk.risk for risk in risks), default=1)


def _at_least(value: int) -> Callable[[Sequence[RatedRisk]], int]:
    return lambda risks: sum(pair.worst.risk >= value for pair in by_pair(risks).values())


def _untested(risks: Sequence[RatedRisk]) -> int:
    return len({risk.pair for risk in risks if risk.basis is not Basis.MEASURED})


METRICS: dict[str, tuple[Callable[[Sequence[RatedRisk]], int], str]] = {
    "max_risk": (_highest, "the highest risk value"),
    "risks_of_5": (_at_least(5), "pairs of damage and threat with a risk of 5"),
    "risks_of_4": (_at_least(4), "pairs of damage and threat with a risk of 4 or 5"),
    "risks_of_3": (_at_least(3), "pairs of damage and threat with a risk of 3 or more"),
    "untested": (_untested, "pairs of damage and threat that rest on no measurement"),
}
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
}
_TERM = re.compile(r"(\w+)\s*\(\s*([\w.-]+)\s*\)\s*(<=|>=|==|<|>)\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class RiskVerdict:
    """How a gate over a rating came out.

    Attributes:
        expression: The gate.
        passed: Whether every term holds.
        reason: The numbers, and the risks that broke it.
    """

    expression: str
    passed: bool
    reason: str


def judge_risks(expression: str, rating: Rating) -> RiskVerdict:
    """Hold a rating to a gate.

    Raises:
        ConfigurationError: The expression cannot be read, or names an unknown metric or set.
        NothingRanError: There is no risk at all, and an absence proves nothing.
    """
    if not rating.risks:
        raise NothingRanError(
            f"model {rating.model} has no risk to judge",
            hint="write a threat that leads to a damage",
        )
    reasons = []
    passed = True
    for term in re.split(r"\s+and\s+", expression.strip()):
        holds, reason = _term(term, rating)
        passed &= holds
        reasons.append((holds, reason))
    deciding = [reason for holds, reason in reasons if passed or not holds]
    return RiskVerdict(expression, passed, "; ".join(deciding))


def _term(text: str, rating: Rating) -> tuple[bool, str]:
    match = _TERM.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(
            f"--gate: cannot read '{text.strip()}'",
            why="expected METRIC(SET) OP NUMBER, several joined by ' and '",
            hint='such as "max_risk(all)<=3"',
        )
    metric, control_set, sign, number = match.groups()
    if metric not in METRICS:
        raise ConfigurationError(f"--gate: no metric '{metric}'", hint=nearest(metric, METRICS))
    if control_set not in rating.control_sets:
        raise ConfigurationError(
            f"--gate: no control set '{control_set}' in this rating",
            hint=nearest(control_set, rating.control_sets),
        )
    risks = rating.of_set(control_set)
    got = METRICS[metric][0](risks)
    holds = _OPERATORS[sign](got, float(number))
    word = "holds" if holds else "fails"
    worst = [risk.id for risk in risks if risk.risk == _highest(risks)]
    more = f" and {len(worst) - 3} more" if len(worst) > 3 else ""
    named = "" if holds else f" ({', '.join(worst[:3])}{more})"
    return holds, f"{metric}({control_set}) {sign} {number} {word}: got {got}{named}"
