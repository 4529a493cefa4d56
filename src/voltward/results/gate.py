"""Gate expressions: a threshold on the matrix that a pipeline can hold a campaign to.

Grammar: `[max|min] METRIC(STACK[, ATTACK]) OP NUMBER`, several joined by `and`; OP is one of
`<=`, `<`, `>=`, `>`, `==`. METRIC is a numeric column of matrix.csv. Without ATTACK every attack
counts, clean duty does not: `goal_share` is pooled over all their cases, any other metric is judged
by its worst row (the highest for `<=` and `<`, the lowest for `>=` and `>`, the farthest for `==`).
`max` and `min` name the row themselves, for `goal_share` too. Where a row has no value, as the
delay of an attack that nobody detected, the gate fails: an absence proves nothing.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.results.columns import MATRIX_COLUMNS, NO_ATTACK

METRICS = tuple(c.name for c in MATRIX_COLUMNS if c.kind in {"number", "integer"})
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
}
_NAME = r"[A-Za-z0-9_.+-]+"
_TERM = re.compile(
    rf"(?:(?P<pick>max|min)\s+)?(?P<metric>{_NAME})\s*"
    rf"\(\s*(?P<stack>{_NAME})\s*(?:,\s*(?P<attack>{_NAME})\s*)?\)\s*"
    r"(?P<op><=|>=|==|<|>)\s*(?P<limit>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
)
_FORM = "METRIC(STACK[, ATTACK]) OP NUMBER, such as goal_share(full)<=0.05"


@dataclass(frozen=True)
class Term:
    """One comparison of a gate.

    Attributes:
        pick: "max", "min", or empty for the default of the metric.
        metric: Column of the matrix.
        stack: Name of the defence stack.
        attack: Id of the attack, or empty for all attacks.
        op: The comparison.
        limit: In the metric's unit.
    """

    pick: str
    metric: str
    stack: str
    attack: str
    op: str
    limit: float

    def __str__(self) -> str:
        place = f"{self.stack}, {self.attack}" if self.attack else self.stack
        return f"{self.pick} {self.metric}({place}) {self.op} {self.limit:g}".strip()


@dataclass(frozen=True)
class TermVerdict:
    """How one comparison came out.

    Attributes:
        term: The comparison.
        passed: Whether it holds.
        value: What was compared; None where the deciding row has no value.
        reason: One sentence with the numbers.
        rows: The rows of the matrix that decided.
    """

    term: Term
    passed: bool
    value: float | None
    reason: str
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Verdict:
    """How a gate came out: it passes when every term does."""

    expression: str
    passed: bool
    reason: str
    terms: tuple[TermVerdict, ...]

    def as_document(self) -> dict[str, Any]:
        """Return the verdict as plain data, as run.json keeps it."""
        return {
            "expression": self.expression,
            "passed": self.passed,
            "reason": self.reason,
            "terms": [
                {
                    "term": str(v.term),
                    "passed": v.passed,
                    "value": v.value,
                    "reason": v.reason,
                    "rows": [{"attack": r["attack"], "stack": r["stack"]} for r in v.rows],
                }
                for v in self.terms
            ],
        }


def parse_gate(expression: str) -> tuple[Term, ...]:
    """Read a gate expression.

    Args:
        expression: Text in the grammar of this module.

    Raises:
        ConfigurationError: If it does not fit the grammar, or the metric does not exist.
    """
    return tuple(_parse_term(part) for part in re.split(r"\s+and\s+", expression.strip()))


def _parse_term(text: str) -> Term:
    match = _TERM.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(
            f"--gate: cannot read '{text.strip()}'",
            why=f"expected {_FORM}; several are joined by ' and '",
        )
    metric = match["metric"]
    if metric not in METRICS:
        raise ConfigurationError(
            f"--gate: no metric '{metric}'",
            why="a metric is a numeric column of matrix.csv",
            hint=_short_hint(metric),
        )
    return Term(
        match["pick"] or "",
        metric,
        match["stack"],
        match["attack"] or "",
        match["op"],
        float(match["limit"]),
    )


def _short_hint(metric: str) -> str:
    hint = nearest(metric, METRICS)
    return hint if hint.startswith("did") else "the head of matrix.csv lists the metrics"


def judge(expression: str, rows: Sequence[Mapping[str, Any]]) -> Verdict:
    """Hold a matrix to a gate.

    Args:
        expression: Text in the grammar of this module.
        rows: Rows of the matrix.

    Returns:
        The verdict with its reason and the rows that decided.

    Raises:
        ConfigurationError: If the expression is bad, or names a stack or attack without a row.
    """
    terms = tuple(_judge_term(term, rows) for term in parse_gate(expression))
    failed = [verdict for verdict in terms if not verdict.passed]
    return Verdict(
        expression=expression,
        passed=not failed,
        reason="; ".join(verdict.reason for verdict in failed or terms),
        terms=terms,
    )


def check_gate(expression: str, attacks: Iterable[str], stacks: Sequence[str]) -> None:
    """Check a gate before a campaign runs: its grammar, and that its names will have rows.

    Args:
        expression: Text in the grammar of this module.
        attacks: Ids of the attacks that will run, clean duty included when it will.
        stacks: Names of the stacks that will run.

    Raises:
        ConfigurationError: If `judge` would raise one.
    """
    rows = [{"attack": attack, "stack": stack} for attack in attacks for stack in stacks]
    for term in parse_gate(expression):
        _selected(term, rows)


def _judge_term(term: Term, rows: Sequence[Mapping[str, Any]]) -> TermVerdict:
    chosen = _selected(term, rows)
    if term.metric == "goal_share" and not term.pick:
        cases = sum(row["n"] for row in chosen)
        reached = sum(round(row["goal_share"] * row["n"]) for row in chosen)
        share = reached / cases
        guilty = tuple(row for row in chosen if row["goal_share"] > 0.0) or tuple(chosen)
        return _verdict(term, share, f"goal reached in {reached} of {cases} cases", guilty)
    empty = tuple(row for row in chosen if row[term.metric] is None)
    if empty:
        return TermVerdict(
            term, passed=False, value=None, reason=_no_value(term, empty), rows=empty
        )
    row = _worst(term, chosen)
    return _verdict(term, float(row[term.metric]), f"row {row['attack']}, {row['stack']}", (row,))


def _no_value(term: Term, rows: Iterable[Mapping[str, Any]]) -> str:
    attacks = ", ".join(row["attack"] for row in rows)
    return f"{term} fails: no value of {term.metric} for {attacks}"


def _worst(term: Term, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    def value(row: Mapping[str, Any]) -> float:
        return float(row[term.metric])

    if term.pick:
        return max(rows, key=value) if term.pick == "max" else min(rows, key=value)
    if term.op == "==":
        return max(rows, key=lambda row: abs(value(row) - term.limit))
    return max(rows, key=value) if term.op in {"<", "<="} else min(rows, key=value)


def _verdict(
    term: Term, value: float, basis: str, rows: tuple[Mapping[str, Any], ...]
) -> TermVerdict:
    passed = _OPERATORS[term.op](value, term.limit)
    word = "holds" if passed else "fails"
    return TermVerdict(term, passed, value, f"{term} {word}: got {value:.6g} ({basis})", rows)


def _selected(term: Term, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    stacks = list(dict.fromkeys(row["stack"] for row in rows))
    if term.stack not in stacks:
        raise ConfigurationError(
            f"--gate: no stack '{term.stack}' in this campaign", hint=nearest(term.stack, stacks)
        )
    of_stack = [row for row in rows if row["stack"] == term.stack]
    attacks = list(dict.fromkeys(row["attack"] for row in of_stack))
    if term.attack and term.attack not in attacks:
        raise ConfigurationError(
            f"--gate: no attack '{term.attack}' under stack '{term.stack}' in this campaign",
            hint=nearest(term.attack, attacks),
        )
    if term.attack:
        return [row for row in of_stack if row["attack"] == term.attack]
    attacked = [row for row in of_stack if row["attack"] != NO_ATTACK]
    if not attacked:
        raise ConfigurationError(
            f"--gate: stack '{term.stack}' met no attack in this campaign",
            hint=f"name the clean rows: {term.metric}({term.stack}, {NO_ATTACK})",
        )
    return attacked
