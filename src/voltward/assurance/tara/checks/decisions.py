"""Checks of a model: control sets, treatments, overrides, claims and rules are consistent."""

from collections.abc import Iterator
from datetime import date

from voltward.assurance.tara.checks.problem import Place, Problem, Severity, places
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
    why = "it is what the other sets are compared with"
    for place, entry in places(model, "control_set"):
        if entry.id == NONE_SET:
            if entry.controls or entry.includes:
                yield place.problem("controls", f"'{NONE_SET}' must be empty", why=why)
            return
    yield Problem(
        model.path.name,
        "control_set",
        f"there is no control set '{NONE_SET}'",
        why=why,
        hint=f'add [[control_set]] with id = "{NONE_SET}" and a title',
    )


def treatments(model: Model) -> Iterator[Problem]:
    """Yield treatments that contradict one another, or lack their goal or claim."""
    decided: dict[tuple[str, str], tuple[Decision, Place]] = {}
    for place, entry in places(model, "treatment"):
        key = (entry.threat, entry.damage)
        if key in decided:
            other, first = decided[key]
            word = "contradicts" if other != entry.decision else "repeats"
            yield place.problem(
                "decision",
                f"'{entry.decision}' for {' and '.join(filter(None, key))} {word} '{other}'",
                why=f"decided before in {first.words()}",
                hint="keep one of them",
            )
        decided.setdefault(key, (entry.decision, place))
        if entry.decision in _NEEDS:
            field, why = _NEEDS[entry.decision]
            if not getattr(entry, field):
                what = f"'{entry.decision}' without {field}"
                yield place.problem(field, what, why=why, hint=f"name one in '{field}'")
        elif entry.goals:
            yield place.problem(
                "goals",
                "'avoid' with goals",
                why="what is avoided has no source left that a goal could guard against",
                hint="choose 'reduce', or take the goals away",
            )


def overrides(model: Model) -> Iterator[Problem]:
    """Yield overrides that do not say exactly what they override, or repeat another one."""
    rated = {damage.id: damage.impact for damage in model.tables.damage}
    seen: set[tuple[str, ...]] = set()
    for place, entry in places(model, "override"):
        of_path = bool(entry.path) and entry.feasibility is not None
        of_damage = bool(entry.damage) and entry.impact is not None and entry.category is not None
        stray = (
            entry.damage or entry.impact or entry.category
            if of_path
            else entry.path or entry.feasibility
        )
        if of_path == of_damage or stray:
            why = "either path and feasibility, or damage, category and impact"
            yield place.problem("", "does not say what it overrides", why=why)
            continue
        if of_damage and entry.category not in rated.get(entry.damage, {entry.category: ""}):
            yield place.problem(
                "category",
                f"{entry.damage} has no impact of category '{entry.category}'",
                why="only what was rated can be overridden",
                hint="rate it in the damage scenario",
            )
        key = (entry.path, entry.damage, str(entry.category), entry.control_set)
        if key in seen:
            what = "overrides what another entry overrides already"
            yield place.problem("", what, hint="keep one of them")
        seen.add(key)


def days(model: Model) -> Iterator[Problem]:
    """Yield dates that no calendar has."""
    for table, key in (("claim", "expires"), ("override", "date")):
        for place, entry in places(model, table):
            try:
                date.fromisoformat(getattr(entry, key))
            except ValueError as error:
                yield place.problem(key, f"'{getattr(entry, key)}': {error}")


def rules(model: Model) -> Iterator[Problem]:
    """Yield impact rules whose thresholds do not rise, or that repeat another one."""
    seen: dict[tuple[str, str], Place] = {}
    for place, rule in places(model, "impact_rule"):
        steps = [value for value in (rule.moderate, rule.major, rule.severe) if value is not None]
        if not steps or steps != sorted(steps):
            yield place.problem(
                "moderate",
                "thresholds must rise with the level",
                why=f"got moderate {rule.moderate}, major {rule.major}, severe {rule.severe}",
                hint="at least one of the three is needed",
            )
        key = (rule.consequence, rule.category)
        if key in seen:
            what = f"'{' '.join(key)}' has a rule already"
            yield place.problem("consequence", what, why=f"see {seen[key].words()}")
        seen.setdefault(key, place)


def expiry_warnings(model: Model, today: date) -> Iterator[Problem]:
    """Yield a warning for every claim that expired before a day.

    Args:
        model: The model.
        today: The day to judge by; a date that no calendar has never expires.
    """
    for place, claim in places(model, "claim"):
        if _has_passed(claim.expires, today):
            yield place.problem(
                "expires",
                f"expired on {claim.expires}",
                why=f"today is {today.isoformat()}, and what it accepts was accepted until then",
                hint=f"{claim.owner} decides again: renew it with a new day, or treat the risk",
                severity=Severity.WARNING,
            )


def _has_passed(day: str, today: date) -> bool:
    try:
        return date.fromisoformat(day) < today
    except ValueError:
        return False
