"""Cases against their clean runs: who met which goal."""

import numpy as np
import pytest

from voltward.core.attack import Goal
from voltward.results.against_clean import Goals, against_clean
from voltward.results.consequences import CONSEQUENCES
from voltward.results.deciding_factors import deciding_factor

GOALS = Goals.of(
    {
        "bias": Goal("soc_error_pct", 5.0, ""),
        "stop": Goal("charging_denied_s", 600.0, ""),
        "small": Goal("soc_error_pct", 2.0, ""),
        "heat": Goal("peak_temperature_degC", 60.0, ""),
    }
)


def case(attack, stack, seed=1, *, detected=False, **values):
    row = {
        "attack": attack,
        "attack_parameters": "",
        "stack": stack,
        "seed": seed,
        "track": "matched",
        "duty": "d",
        "detected": detected,
        "safe_s": 5.0 if detected else None,
        "goal_s": 7.0,
        "peak_temperature_degC": 30.0,
    }
    return {**{entry.name: 0.0 for entry in CONSEQUENCES}, **row, **values}


def judged(*rows):
    made = against_clean(rows, GOALS)
    return {(row["attack"], row["stack"], row["seed"]): row for row in made}


CLEAN = case("no-attack", "none", soc_error_pct=1.0)
QUIET = case("no-attack", "full", soc_error_pct=1.0)


@pytest.mark.parametrize(
    ("alone", "quiet", "defended", "by"),
    [
        (700.0, 0.0, 700.0, "charging_denied_s>=600:attack"),
        (0.0, 0.0, 700.0, "charging_denied_s>=600:defence"),
        (700.0, 650.0, 700.0, "charging_denied_s>=600:both"),
        (0.0, 650.0, 700.0, "charging_denied_s>=600:defence"),
        (700.0, 0.0, 500.0, ""),
    ],
)
def test_a_goal_is_laid_at_the_door_of_whoever_met_it(alone, quiet, defended, by):
    found = judged(
        CLEAN,
        QUIET | {"charging_denied_s": quiet},
        case("bias", "none", soc_error_pct=1.0, charging_denied_s=alone),
        case("bias", "full", soc_error_pct=1.0, charging_denied_s=defended, detected=True),
    )
    row = found["bias", "full", 1]
    assert row["goals_reached"] == by
    assert row["defence_goal"] == by.endswith("defence")
    assert row["contained"] == (not by)
    assert not row["goal_reached"]


def test_what_the_clean_run_does_itself_is_nobodys_goal():
    found = judged(
        case("no-attack", "none", soc_error_pct=4.0), case("bias", "none", soc_error_pct=8.0)
    )
    row = found["bias", "none", 1]
    assert row["added_soc_error_pct"] == 4.0
    assert not row["goal_reached"]
    # The smaller goal of another attack was met, and says so.
    assert row["goals_reached"] == "soc_error_pct>=2:attack"
    assert row["goal_margin"] == 2.0
    assert row["goal_s"] is None


def test_an_own_goal_is_met_by_what_was_added():
    row = judged(CLEAN, case("bias", "none", soc_error_pct=6.0))["bias", "none", 1]
    assert row["goal_reached"]
    assert row["any_goal"]
    assert row["goal_s"] == 7.0


@pytest.mark.parametrize(("clean", "attacked", "met"), [(30.0, 61.0, True), (61.0, 70.0, False)])
def test_a_level_counts_where_the_clean_run_stays_below(clean, attacked, met):
    found = judged(
        CLEAN | {"peak_temperature_degC": clean},
        case("heat", "none", soc_error_pct=1.0, peak_temperature_degC=attacked),
    )
    assert found["heat", "none", 1]["goal_reached"] is met


def test_each_case_has_the_clean_run_of_its_own_world():
    found = judged(
        CLEAN,
        case("no-attack", "none", seed=2, soc_error_pct=5.5),
        case("bias", "none", soc_error_pct=6.5),
        case("bias", "none", seed=2, soc_error_pct=6.5),
    )
    assert found["bias", "none", 1]["goal_reached"]
    assert not found["bias", "none", 2]["goal_reached"]


def test_without_a_clean_run_the_values_themselves_are_judged():
    row = judged(case("bias", "full", soc_error_pct=6.0))["bias", "full", 1]
    assert row["goal_reached"]
    assert row["added_soc_error_pct"] is None
    assert row["goal_margin"] is None


def test_a_factor_is_named_only_when_it_stands_out():
    rng = np.random.default_rng(3)
    named = 0
    for _ in range(200):
        factors = {f"f{n}": rng.random(32) for n in range(20)}
        named += deciding_factor(rng.random(32), factors) is not None
    assert named <= 20  # 5 % of 200, with room for chance
    cold = rng.random(32)
    found = deciding_factor(np.exp(-3 * cold), {"cold": cold, **factors})
    assert found.factor == "cold"
    assert found.correlation == pytest.approx(-1.0)


def test_an_outcome_of_a_choice_can_decide():
    cycle = ["udds", "us06"] * 16
    found = deciding_factor([1.0 if c == "us06" else 0.1 for c in cycle], {"cycle": cycle})
    assert found.factor in {"cycle = us06", "cycle = udds"}
