"""One chapter per attack: its goal, what happened in words, what enabled what, and the damage."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voltward.interfaces.report.content import Content
from voltward.interfaces.report.words import (
    between,
    joined,
    number,
    percent,
    percent_between,
)
from voltward.results.columns import AVOIDED, CONSEQUENCE_COLUMNS, NO_ATTACK
from voltward.results.matrix import Row
from voltward.results.metrics import Interval, quantile

# Two means that differ by less than this share of the larger one say nothing about an attack.
_SAME = 0.01
EVENTS_SHOWN = 12


@dataclass(frozen=True)
class DamageRow:
    """One consequence under every stack; `avoided` is of the headline stack."""

    title: str
    unit: str
    values: tuple[str, ...]
    avoided: str


@dataclass(frozen=True)
class Chapter:
    """What the report says of one attack."""

    attack: str
    title: str
    layer: str
    goal: str
    sentences: tuple[str, ...]
    chain: tuple[tuple[str, str], ...]
    damage: tuple[DamageRow, ...]
    facts: tuple[tuple[str, str], ...]
    label: str
    events: tuple[Mapping[str, Any], ...]
    events_of: str
    parameters: str


def write_chapter(content: Content, attack: str, events: Mapping[str, Sequence[Row]]) -> Chapter:
    """Return the chapter of an attack.

    Args:
        content: The campaign.
        attack: Id of the attack.
        events: First events of the traced cases, by case id.
    """
    rows = [row for stack in content.stacks if (row := content.row(attack, stack))]
    base = content.cases_of(attack, content.baseline)
    cases = [case for case in content.cases if case["attack"] == attack]
    traced = content.traced.get(attack, ())
    shown = next((case for case in reversed(traced) if events.get(case["case_id"])), None)
    facts = (
        ("Component impact", content.attack_fact(attack, "component_impact")),
        ("System impact", content.attack_fact(attack, "system_impact")),
        ("Controls that claim to see it", content.attack_fact(attack, "claimed_by")),
        ("Controls that claim to stop it", content.attack_fact(attack, "stopped_by")),
        ("Source", content.attack_fact(attack, "source")),
    )
    return Chapter(
        attack=attack,
        title=content.title(attack),
        layer=content.layer(attack),
        goal=content.attack_fact(attack, "goal"),
        sentences=tuple(_story(content, row) for row in rows),
        chain=_chain(base or cases),
        damage=_damage(content, attack),
        facts=tuple((name, text) for name, text in facts if text),
        label=f"track {content.track} · {content.seed_words(cases)} · 95 % intervals",
        events=tuple(events[shown["case_id"]]) if shown else (),
        events_of=f"{shown['case_id']}, stack {shown['stack']}, seed {shown['seed']}"
        if shown
        else "",
        parameters=joined(sorted({case["attack_parameters"] or "defaults" for case in cases})[:4]),
    )


def _story(content: Content, row: Row) -> str:
    """Say in one or two sentences what happened under one stack."""
    cases = content.cases_of(row["attack"], row["stack"])
    count = int(row["n"])
    reached = round(row["goal_share"] * count)
    times = [c["goal_s"] - c["attack_s"] for c in cases if None not in (c["goal_s"], c["attack_s"])]
    after = (
        f", on median {number(quantile(times, 0.5))} s after the attack's start" if times else ""
    )
    interval = percent_between(Interval(row["goal_low"], row["goal_high"]))
    text = f"{row['stack']}: goal reached in {reached} of {count} runs ({interval}){after}."
    parts = []
    if row["blocked_share"] > 0.0:
        parts.append(f"blocked in {percent(row['blocked_share'])}")
    if row["detected_share"] > 0.0:
        first = Counter(case["detector"] for case in cases if case["detector"]).most_common(1)
        by = f", most often first by {first[0][0]}" if first else ""
        parts.append(
            f"detected in {percent(row['detected_share'])} after {number(row['delay_median_s'])} s "
            f"(p95 {number(row['delay_p95_s'])} s){by}"
        )
    if row["contained_share"] > 0.0:
        parts.append(f"contained in {percent(row['contained_share'])}")
    if row["safe_median_s"] is not None:
        parts.append(f"safe state after {number(row['safe_median_s'])} s")
    if not parts:
        return f"{text} Nothing blocked it and no alarm sounded."
    said = "; ".join(parts)
    return f"{text} {said[0].upper()}{said[1:]}."


def _chain(cases: Sequence[Row]) -> tuple[tuple[str, str], ...]:
    """Return the most common chain of steps and the capabilities they gained."""
    chains = Counter(case["compromise"] for case in cases if case["compromise"])
    if not chains:
        return ()
    most = max(chains.items(), key=lambda item: (item[1], item[0]))[0]
    steps = (link.partition(">") for link in most.split(";") if link)
    return tuple((step.strip(), granted.strip()) for step, _, granted in steps)


def _damage(content: Content, attack: str) -> tuple[DamageRow, ...]:
    """Return the consequences that differ between stacks or from clean duty."""
    rows = {stack: content.row(attack, stack) for stack in content.stacks}
    clean = content.row(NO_ATTACK, content.baseline)
    found = []
    for column in CONSEQUENCE_COLUMNS:
        values = [row[column.name] if row else None for row in rows.values()]
        known = [value for value in values if value is not None]
        if clean is not None and clean[column.name] is not None:
            known.append(clean[column.name])
        largest = max((abs(value) for value in known), default=0.0)
        if not known or max(known) - min(known) <= _SAME * largest:
            continue
        found.append(
            DamageRow(
                title=content.consequence_title(column.name),
                unit=content.consequence_unit(column.name),
                values=tuple(number(value) for value in values),
                avoided=_avoided(column.name, rows.get(content.headline)),
            )
        )
    return tuple(found)


def _avoided(name: str, row: Row | None) -> str:
    if row is None or name not in AVOIDED or row[f"avoided_{name}"] is None:
        return ""
    interval = between(row[f"avoided_{name}_low"], row[f"avoided_{name}_high"])
    return f"{number(row[f'avoided_{name}'])} ({interval})"
