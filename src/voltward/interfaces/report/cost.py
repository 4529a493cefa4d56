"""What the defences themselves cost: harm on clean duty and when provoked, and false alarms."""

from dataclasses import dataclass
from operator import itemgetter

from voltward.interfaces.report.content import Content
from voltward.interfaces.report.words import NOTHING, between, number
from voltward.results.columns import NO_ATTACK
from voltward.results.consequences import HARMS
from voltward.results.metrics import alarms_over_worlds, by_world


@dataclass(frozen=True)
class HarmRow:
    """Harm of one stack in one unit: on clean duty, and under the attack that provokes most."""

    stack: str
    title: str
    unit: str
    clean: str
    provoked: str
    attack: str


@dataclass(frozen=True)
class AlarmRow:
    """False alarms of one stack with exact bounds."""

    stack: str
    alarms: int
    hours: str
    per_hour: str
    upper: str
    interval: str


@dataclass(frozen=True)
class ControlRow:
    """One control: where it acts, what it costs by construction, and its source."""

    name: str
    title: str
    hooks: str
    cost: str
    source: str
    stacks: str


def harm_rows(content: Content) -> tuple[HarmRow, ...]:
    """Return the harm of each defended stack; rows without any harm are left out."""
    rows = []
    for stack in content.defended:
        clean = content.row(NO_ATTACK, stack)
        for name in HARMS:
            column = f"harm_{name}"
            at_rest = clean[column] if clean else None
            provoked = [r for r in content.rows_of(stack) if r[column] is not None]
            worst = max(provoked, key=itemgetter(column), default=None)
            most = worst[column] if worst else None
            if not at_rest and not most:
                continue
            rows.append(
                HarmRow(
                    stack=stack,
                    title=content.consequence_title(name),
                    unit=content.consequence_unit(name),
                    clean=number(at_rest),
                    provoked=number(most),
                    attack=content.title(worst["attack"]) if worst and most else NOTHING,
                )
            )
    return tuple(rows)


def alarm_rows(content: Content) -> tuple[AlarmRow, ...]:
    """Return false alarms per stack over all cases, attacked ones up to the attack's start."""
    rows = []
    for stack in content.stacks:
        cases = [case for case in content.cases if case["stack"] == stack]
        rate = alarms_over_worlds(by_world(cases, "false_alarms"), by_world(cases, "hours"))
        both = rate.interval_per_hour
        rows.append(
            AlarmRow(
                stack=stack,
                alarms=rate.count,
                hours=number(rate.hours),
                per_hour=number(rate.per_hour),
                upper=number(rate.upper_per_hour),
                interval=NOTHING if both is None else between(both.low, both.high),
            )
        )
    return tuple(rows)


def control_rows(content: Content) -> tuple[ControlRow, ...]:
    """Return the controls that were enabled in some stack, in the order of the catalogue."""
    used: dict[str, list[str]] = {}
    for case in content.cases:
        for name in filter(None, case["controls"].split(";")):
            stacks = used.setdefault(name, [])
            if case["stack"] not in stacks:
                stacks.append(case["stack"])
    catalogue = content.run["catalogue"]["controls"]
    names = [n for n in catalogue if n in used] + sorted(set(used) - set(catalogue))
    rows = []
    for name in names:
        fact = catalogue.get(name, {})
        rows.append(
            ControlRow(
                name=name,
                title=str(fact.get("title", name)),
                hooks=", ".join(fact.get("hooks", ())),
                cost=_cost(fact.get("cost", "")),
                source=str(fact.get("source", "")),
                stacks=", ".join(used[name]),
            )
        )
    return tuple(rows)


def _cost(cost: object) -> str:
    """Return a cost in words; the catalogue gives a text or named numbers."""
    if not isinstance(cost, dict):
        return str(cost) or NOTHING
    units = (
        ("bytes_per_record", "B per record"),
        ("latency_ms", "ms per record"),
        ("energy_mJ_per_record", "mJ per record"),
    )
    parts = [f"{number(float(cost[key]))} {unit}" for key, unit in units if cost.get(key)]
    return ", ".join(parts) or NOTHING
