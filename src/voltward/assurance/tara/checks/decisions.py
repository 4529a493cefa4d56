"""Checks of a model: control sets, treatments, overrides and rules do not contradict themselves."""

from collections.abc import Iterator
from datetime import date

from voltward.assurance.tara.checks.problem import Problem, problem_at
from voltward.assurance.tara.model.model import NONE_SET
from voltward.assurance.tara.model.model_folder import Model
from voltward.assurance.tara.model.words import Decision

_NEEDS = {
    Decision.REDUCE: ("goals", "a risk that is reduced needs a cybersecurity goal"),
    Decision.SHARE: ("claims", "a risk that is shared needs a cybersecurity claim"),
    Decision.RETAIN: ("claims", "a risk that is retained needs a cybersecurity claim"),
}


def control_sets(model: Model) -> Iterator[Problem]:
    """Yield a missing or filled set `none`."""
    for index, entry in enumerate(model.tables.control_set):
        if entry.id == NONE_SET:
            if entry.controls or entry.includes:
                yield problem_at(
                    model, "control_set", index, "controls", f"'{NONE_SET}' must be empty",
                    why="it is what the other sets are compared with",
                )  # fmt: skip
            return
    yield Problem(
        model.path.name,
        "control_set",
        f"there is no control set '{NONE_SET}'",
        why="it is what the other sets are compared with",
        hint=f'add [[control_set]] with id = "{NONE_SET}" and a title',
    )


def treatments(model: Model) -> Iterator[Problem]:
    """Yield treatments that contradict one another, or lack their goal or claim."""
    decided: dict[tuple[str, str], tuple[Decision, int]] = {}
    for index, entry in enumerate(model.tables.treatment):
        key = (entry.threat, entry.damage)
        if key in decided:
            other, first = decided[key]
            file, place = model.place("treatment", first)
            word = "contradicts" if other != entry.decision else "repeats"
            yield problem_at(
                model, "treatment", index, "decision",
                f"'{entry.decision}' for {' and '.join(filter(None, key))} {word} '{other}'",
                why=f"decided before in {file}: {place}", hint="keep one of them",
            )  # fmt: skip
        decided.setdefault(key, (entry.decision, index))
        if entry.decision in _NEEDS:
            field, why = _NEEDS[entry.decision]
            if not getattr(entry, field):
                yield problem_at(
                    model, "treatment", index, field, f"'{entry.decision}' without {field}",
                    why=why, hint=f"name one in '{field}'",
                )  # fmt: skip
        elif entry.goals:
            yield problem_at(
                model, "treatment", index, "goals", "'avoid' with goals",
                why="what is avoided has no source left that a goal could guard against",
                hint="choose 'reduce', or take the goals away",
            )  # fmt: skip


def overrides(model: Model) -> Iterator[Problem]:
    """Yield overrides that do not say exactly what they override, or say it twice."""
    rated = {damage.id: damage.impact for damage in model.tables.damage}
    seen: set[tuple[str, ...]] = set()
    for index, entry in enumerate(model.tables.override):
        of_path = bool(entry.path) and entry.feasibility is not None
        of_damage = bool(entry.damage) and entry.impact is not None and entry.category is not None
        stray = (
            entry.damage or entry.impact or entry.category
            if of_path
            else entry.path or entry.feasibility
        )
        if of_path == of_damage or stray:
            yield problem_at(
                model, "override", index, "", "does not say what it overrides",
                why="either path and feasibility, or damage, category and impact",
            )  # fmt: skip
            continue
        if of_damage and entry.category not in rated.get(entry.damage, {entry.category: ""}):
            yield problem_at(
                model,
                "override",
                index,
                "category",
                f"{entry.damage} has no impact of category '{entry.category}'",
                why="only what was rated can be overridden",
                hint="rate it in the damage scenario",
            )
        key = (entry.path, entry.damage, str(entry.category), entry.control_set)
        if key in seen:
            yield problem_at(
                model,
                "override",
                index,
                "",
                "overrides what another entry overrides already",
                hint="keep one of them",
            )
        seen.add(key)


def days(model: Model) -> Iterator[Problem]:
    """Yield dates that no calendar has."""
    for table, key in (("claim", "expires"), ("override", "date")):
        for index, entry in enumerate(getattr(model.tables, table)):
            try:
                date.fromisoformat(getattr(entry, key))
            except ValueError as error:
                yield problem_at(model, table, index, key, f"'{getattr(entry, key)}': {error}")


def rules(model: Model) -> Iterator[Problem]:
    """Yield impact rules whose thresholds do not rise, or that speak twice of the same."""
    seen: dict[tuple[str, str], int] = {}
    for index, rule in enumerate(model.tables.impact_rule):
        steps = [value for value in (rule.moderate, rule.major, rule.severe) if value is not None]
        if not steps or steps != sorted(steps):
            yield problem_at(
                model, "impact_rule", index, "moderate", "thresholds must rise with the level",
                why=f"got moderate {rule.moderate}, major {rule.major}, severe {rule.severe}",
                hint="at least one of the three is needed",
            )  # fmt: skip
        key = (rule.consequence, rule.category)
        if key in seen:
            yield problem_at(
                model, "impact_rule", index, "consequence", f"'{' '.join(key)}' has a rule already",
                why="see " + ": ".join(model.place("impact_rule", seen[key])),
            )  # fmt: skip
        seen.setdefault(key, index)
