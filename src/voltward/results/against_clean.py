"""Every case against its own clean run: what was added, which goals were reached, and by whom.

1. The clean run of a case has no attack and no security control, on the same draws of the same
   world. What a case has beyond it was added by the attack, by the defence, or by both.
2. A goal counts as reached when the case adds as much as its threshold; where the consequence is
   a level, such as a temperature, when the case passes the threshold and the clean run does not.
3. All goals of the catalogue are looked at in every case, not only the attack's own. A goal that
   the same attack reaches without security controls is the attack's; one that is reached only with
   them is the defence's; one that the stack also reaches on clean duty is both's.
4. A case is contained when it was detected, a safe state was reached, and no goal at all.
5. Beside it stands what the defence adds to the same attack without it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voltward.core.attack import Goal
from voltward.results.columns import BASELINE_STACK, NO_ATTACK
from voltward.results.consequences import CONSEQUENCES, HARMS, LEVELS

Row = Mapping[str, Any]
ATTACK, DEFENCE, BOTH = "attack", "defence", "both"


@dataclass(frozen=True)
class Goals:
    """Goals of the catalogue.

    Attributes:
        own: By attack.
        every: By consequence, thresholds from low to high.
    """

    own: Mapping[str, Goal]
    every: Mapping[str, Sequence[float]]

    @classmethod
    def of(cls, own: Mapping[str, Goal]) -> "Goals":
        """Return the goals of all attacks.

        Args:
            own: By attack.
        """
        every: dict[str, set[float]] = {}
        for goal in own.values():
            every.setdefault(goal.consequence, set()).add(goal.at_least)
        return cls(own, {name: sorted(values) for name, values in every.items()})


def against_clean(rows: Iterable[Row], goals: Goals) -> list[dict[str, Any]]:
    """Return the rows with the columns filled in that compare cases with one another.

    Where the clean run is missing the columns of what was added stay empty, and goals are judged
    by the values themselves.

    Args:
        rows: Of the cases table; a row of stack `none` without attack is a clean run.
        goals: Of the catalogue.
    """
    kept = [dict(row) for row in rows]
    clean = {_world(row): row for row in kept if _is_clean(row)}
    alone = {_attacked(row): row for row in kept if row["stack"] == BASELINE_STACK}
    defended = {(_world(row), row["stack"]): row for row in kept if row["attack"] == NO_ATTACK}
    reached = {id(row): _reached(row, clean.get(_world(row)), goals) for row in kept}
    for row in kept:
        # 1. What was added.
        reference = clean.get(_world(row))
        for entry in CONSEQUENCES:
            row[f"added_{entry.name}"] = _added(row, reference, entry.name)
        # 2. to 3. Goals.
        found = reached[id(row)]
        by = _by(
            found,
            _of(reached, alone, _attacked(row)),
            _of(reached, defended, (_world(row), row["stack"])),
        )
        row["goals_reached"] = ";".join(
            f"{name}>={value:g}:{by[name]}" for name, value in found.items()
        )
        own = goals.own.get(row["attack"])
        row["goal_reached"] = own is not None and found.get(own.consequence, -1.0) >= own.at_least
        row["any_goal"] = bool(found)
        row["goal_margin"] = _margin(row, reference, goals)
        row["defence_goal"] = DEFENCE in by.values()
        if not row["goal_reached"]:
            row["goal_s"] = None
        # 4. Containment.
        row["contained"] = bool(row["detected"]) and row["safe_s"] is not None and not found
        # 5. The defence against the same attack without it.
        without = alone.get(_attacked(row))
        for name in HARMS:
            more = None if without is None else max(row[name] - without[name], 0.0)
            row[f"harm_{name}"] = more
    return kept


def _world(row: Row) -> tuple[Any, ...]:
    return (row["seed"], row["track"], row["duty"])


def _attacked(row: Row) -> tuple[Any, ...]:
    return (row["attack"], row["attack_parameters"], *_world(row))


def _is_clean(row: Row) -> bool:
    return bool(row["attack"] == NO_ATTACK and row["stack"] == BASELINE_STACK)


def _added(row: Row, reference: Row | None, name: str) -> float | None:
    return None if reference is None else float(row[name]) - float(reference[name])


def _reached(row: Row, reference: Row | None, goals: Goals) -> dict[str, float]:
    """Return the highest threshold reached of every consequence that a goal is about."""
    if reference is row:
        return {}
    found = {}
    for name, thresholds in goals.every.items():
        before = 0.0 if reference is None else float(reference[name])
        value = float(row[name])
        passed = [
            at_least
            for at_least in thresholds
            if (value >= at_least > before if name in LEVELS else value - before >= at_least)
        ]
        if passed:
            found[name] = passed[-1]
    return found


def _margin(row: Row, reference: Row | None, goals: Goals) -> float | None:
    """Return how far a case went towards the nearest goal; from 1 on one is met."""
    if reference is None:
        return None
    shares = [0.0]
    for name, thresholds in goals.every.items():
        before, value = float(reference[name]), float(row[name])
        needed = thresholds[0] - before if name in LEVELS else thresholds[0]
        if needed > 0.0:
            shares.append((value - before) / needed)
    return max(shares)


def _of(
    reached: Mapping[int, Mapping[str, float]], rows: Mapping[Any, Row], key: Any
) -> Mapping[str, float]:
    row = rows.get(key)
    return {} if row is None else reached[id(row)]


def _by(
    found: Mapping[str, float], alone: Mapping[str, float], defended: Mapping[str, float]
) -> dict[str, str]:
    by = {}
    for name, at_least in found.items():
        if alone.get(name, -1.0) < at_least:
            by[name] = DEFENCE
        else:
            by[name] = BOTH if defended.get(name, -1.0) >= at_least else ATTACK
    return by
