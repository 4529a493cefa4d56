"""What the worlds of a campaign decided: the factor behind each row, and the worst worlds."""

from dataclasses import dataclass
from typing import Any

from voltward.interfaces.report.content import Content
from voltward.interfaces.report.words import NOTHING, number
from voltward.results.columns import NO_ATTACK
from voltward.results.deciding_factors import deciding_factor

# Columns of worlds.parquet that are no factor: names, seeds, and what the grid takes over.
_NO_FACTORS = ("world_id", "noise_seed", "onset_rank")
_WORST_SHOWN = 5
_SHOWN = ("ambient_degC", "cell_degC", "start_soc", "age_years", "cycle", "charger_power_W")


@dataclass(frozen=True)
class FactorRow:
    """The factor that decides an attack under the headline stack.

    Attributes:
        attack: Id; `no-attack` is clean duty.
        title: Of the attack.
        factor: That decides, or a dash.
        correlation: Rank correlation with the way to the nearest goal.
        worlds: How many.
    """

    attack: str
    title: str
    factor: str
    correlation: str
    worlds: int


@dataclass(frozen=True)
class WorstWorld:
    """A world in which a stack fails most.

    Attributes:
        world: Its number.
        goals: Cases in which any goal was met, of all attacks.
        cases: How many there were.
        clean: Goals met on clean duty.
        values: Of the factors shown.
    """

    world: int
    goals: int
    cases: int
    clean: str
    values: tuple[str, ...]


def shown_factors() -> tuple[str, ...]:
    """Return the factors that the table of worst worlds shows."""
    return _SHOWN


def factor_rows(content: Content) -> tuple[FactorRow, ...]:
    """Return for each attack the factor that decides it; empty where no worlds were drawn."""
    worlds = content.folder.worlds()
    rows = []
    for attack in (NO_ATTACK, *content.attacks) if worlds else ():
        cases = [
            c for c in content.cases_of(attack, content.headline) if c["goal_margin"] is not None
        ]
        factors = {
            name: [column[case["world_id"]] for case in cases]
            for name, column in worlds.items()
            if name not in _NO_FACTORS
        }
        if attack != NO_ATTACK:
            factors["onset_s"] = [case["attack_s"] for case in cases]
        found = deciding_factor([case["goal_margin"] for case in cases], factors)
        title = "Clean duty" if attack == NO_ATTACK else content.title(attack)
        if found is None:
            rows.append(FactorRow(attack, title, NOTHING, NOTHING, len(cases)))
        else:
            strength = f"{found.correlation:+.2f}"
            rows.append(FactorRow(attack, title, found.factor, strength, found.worlds))
    return tuple(rows)


def worst_worlds(content: Content) -> tuple[WorstWorld, ...]:
    """Return the worlds in which the headline stack lets most goals be met, worst first."""
    worlds: dict[str, list[Any]] = content.folder.worlds()
    if not worlds:
        return ()
    by_world: dict[int, list[Any]] = {}
    for case in content.cases:
        if case["stack"] == content.headline:
            by_world.setdefault(case["world_id"], []).append(case)
    rows = []
    for world, cases in by_world.items():
        attacked = [case for case in cases if case["attack"] != NO_ATTACK]
        met = sum(bool(case["any_goal"]) for case in attacked)
        clean = [case["goals_reached"] for case in cases if case["attack"] == NO_ATTACK]
        values = tuple(_value(worlds[name][world]) for name in _SHOWN)
        rows.append(WorstWorld(world, met, len(attacked), "; ".join(filter(None, clean)), values))
    rows.sort(key=lambda row: (-row.goals / max(row.cases, 1), row.world))
    return tuple(rows[:_WORST_SHOWN])


def _value(value: Any) -> str:
    return value if isinstance(value, str) else number(float(value))
