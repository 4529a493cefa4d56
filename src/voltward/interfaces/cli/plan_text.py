"""A plan as text: the table, what the budget buys, what stays open."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from voltward.assurance.plan.left_open import HIGH, OpenRisk, Why
from voltward.assurance.plan.plan import Plan, Row
from voltward.assurance.plan.severity import RULE
from voltward.assurance.tara.rating.verdict import UPPER_BOUND
from voltward.interfaces.cli.output import columns

_HEAD = (
    "rank",
    "control",
    "once kEUR",
    "yearly kEUR",
    "sum kEUR",
    "removed measured",
    "removed expected",
    "per 10 kEUR",
    "CVSS 3.1",
    "worst path made harder",
)
_SHOWN_CONTROLS = 4
_NO_MEASURE = (
    "removed measured is 0 in every row: no test shows that what is bought up to there holds or "
    "lowers a damage;\n"
    "a test counts where every control that was on in it is bought, and shows that they hold where "
    f"the upper 95 % bound of the goal share is at most {UPPER_BOUND:g}"
)
_SHOWN_RISKS = 8


def plan_text(plan: Plan, title: str, runs: str) -> str:
    """Return a plan as text.

    Args:
        plan: The plan.
        title: What was planned for.
        runs: Names of the campaigns, or nothing.
    """
    return "\n".join(
        [
            title,
            *_scales(plan, runs),
            "",
            *_table(plan, runs),
            "",
            *_verdict(plan),
            *_people(plan),
            "",
            *_open_risks(plan),
            *_without_effect(plan),
        ]
    )


def _scales(plan: Plan, runs: str) -> Iterator[str]:
    weights = " ".join(f"{weight:g}" for weight in plan.weights)
    yield (
        "risk removed: sum over damage and threat of the weight of the highest category; "
        f"weights of risk 1 to 5: {weights}"
    )
    yield (f"measured: what {runs} shows, alone" if runs else "measured: nothing, without --run")
    yield "expected: with judged controls, and with untested ones as if they held"
    first, *then = plan.scales
    later = f", then by {then[0]}" if then else ""
    yield f"order: by {first} risk removed per EUR{later}; costs over {plan.horizon_years:g} years"


def _table(plan: Plan, runs: str) -> list[str]:
    if not plan.rows:
        return ["no control of the model removes risk that this organisation can have"]
    lines = columns([_cells(row) for row in plan.rows], _HEAD).split("\n")
    bought = sum(row.within for row in plan.rows)
    if runs and all(row.pick.removed.measured == 0.0 for row in plan.rows):
        lines.append(_NO_MEASURE)
    if bought < len(plan.rows):
        lines.insert(1 + bought, f"---- beyond the budget of {_money(plan.budget_EUR)} ----")
    return lines


def _cells(row: Row) -> tuple[str, ...]:
    pick = row.pick
    deciding = pick.removed.on(pick.decided_by)
    rate = f"{deciding / pick.cost_EUR * 1e4:.2f}" if pick.cost_EUR else "free"
    severity = row.severity
    return (
        str(row.rank),
        _purchase(row),
        f"{pick.price.once_EUR / 1e3:,.1f}",
        f"{pick.price.yearly_EUR / 1e3:,.1f}",
        f"{row.spent_EUR / 1e3:,.1f}",
        f"{pick.removed.measured:g}",
        f"{pick.removed.expected:g}",
        f"{rate} {pick.decided_by}",
        f"{severity.score:.1f}" if severity else "-",
        f"{severity.path} {severity.vector.removeprefix('CVSS:3.1/')}" if severity else "-",
    )


def _purchase(row: Row) -> str:
    pick = row.pick
    text = " + ".join(pick.controls[:_SHOWN_CONTROLS])
    if len(pick.controls) > _SHOWN_CONTROLS:
        text += f" + {len(pick.controls) - _SHOWN_CONTROLS} more ({pick.because})"
    return text + (f" [buys {', '.join(pick.infrastructure)}]" if pick.infrastructure else "")


def _verdict(plan: Plan) -> Iterator[str]:
    within = "without a limit" if plan.budget_EUR is None else _within(plan)
    count = sum(row.within for row in plan.rows)
    yield (
        f"{within}: {_count(len(plan.bought), 'control')} in {_count(count, 'step')}, "
        f"{_money(plan.spent_EUR)} over {plan.horizon_years:g} years"
    )
    before, after = plan.before, plan.after
    yield (
        f"open risk: measured {before.measured:g} -> {after.measured:g}, "
        f"expected {before.expected:g} -> {after.expected:g}"
    )
    if plan.deployed:
        yield f"in place before: {', '.join(plan.deployed)}"


def _within(plan: Plan) -> str:
    return f"within the budget of {_money(plan.budget_EUR)}"


def _people(plan: Plan) -> Iterator[str]:
    parts = [
        f"{skill} {plan.days.get(skill, 0.0):g} of {days:g} days"
        for skill, days in sorted(plan.available.items())
    ]
    yield f"own people over {plan.horizon_years:g} years: {', '.join(parts)}"
    for entry in plan.unstaffed[:_SHOWN_RISKS]:
        yield f"people missing: {entry.control} {entry.lacks}"
    if len(plan.unstaffed) > _SHOWN_RISKS:
        yield f"people missing: {len(plan.unstaffed) - _SHOWN_RISKS} more controls: --json"


def _open_risks(plan: Plan) -> Iterator[str]:
    if not plan.left:
        yield f"no risk of {HIGH} or more is left"
        return
    yield f"risks of {HIGH} or more that stay: {len(plan.left)}"
    order = list(Why)
    by_reason = sorted(plan.left, key=lambda risk: order.index(risk.why))
    for why, group in groupby(by_reason, key=lambda risk: risk.why):
        risks = list(group)
        yield f"  {why}: {len(risks)}"
        cells = [_risk(risk) for risk in risks[:_SHOWN_RISKS]]
        yield from (f"    {line}" for line in columns(cells, _RISK_HEAD).split("\n"))
        if len(risks) > _SHOWN_RISKS:
            yield f"    and {len(risks) - _SHOWN_RISKS} more: --json"


_RISK_HEAD = ("damage", "threat", "risk", "if shown", "why", "controls")


def _risk(risk: OpenRisk) -> tuple[str, ...]:
    return (
        risk.damage,
        risk.threat,
        str(risk.risk),
        str(risk.if_shown),
        risk.detail,
        _listed(risk.controls),
    )


def _without_effect(plan: Plan) -> Iterator[str]:
    if plan.useless:
        yield f"adds nothing to these ({len(plan.useless)}): {_listed(plan.useless, 6)}"
    if any(row.severity for row in plan.rows):
        yield from (f"CVSS {part}" for part in RULE.split("; ", 1))
        yield "CVSS v4.0 vectors, UN R155 ids and mitigations: --json"


def _listed(names: Sequence[str], shown: int = 3) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _money(euro: float | None) -> str:
    return "no limit" if euro is None else f"{euro:,.0f} EUR"
