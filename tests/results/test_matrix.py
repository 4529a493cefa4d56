import runpy
from pathlib import Path

import pytest

from voltward.results.columns import MATRIX_COLUMNS
from voltward.results.matrix import matrix_rows, rounded

SYNTHETIC = runpy.run_path(str(Path(__file__).parents[1] / "synthetic_run.py"))
CASES = SYNTHETIC["make_cases"]()


def row_of(rows, attack, stack):
    return next(row for row in rows if (row["attack"], row["stack"]) == (attack, stack))


def test_rows_keep_the_order_of_the_cases_and_all_columns():
    rows = matrix_rows(CASES)
    pairs = list(dict.fromkeys((case["attack"], case["stack"]) for case in CASES))
    assert [(row["attack"], row["stack"]) for row in rows] == pairs
    assert all(list(row) == [column.name for column in MATRIX_COLUMNS] for row in rows)


def test_shares_delays_and_alarms_by_hand():
    base = next(case for case in CASES if case["attack"] == "voltage-bias")
    quiet = {"goal_reached": False, "detected": False, "detect_s": None, "attack_s": 100.0}
    cases = [
        base | quiet | {"seed": 0, "goal_reached": True, "false_alarms": 1, "hours": 2.0},
        base | quiet | {"seed": 1, "detected": True, "detect_s": 104.0, "hours": 2.0},
        base | quiet | {"seed": 2, "detected": True, "detect_s": 110.0, "hours": 2.0},
        base | quiet | {"seed": 3, "hours": 2.0},
    ]
    (row,) = matrix_rows(cases)
    assert row["goal_share"] == 0.25
    assert row["detected_share"] == 0.5
    assert row["delay_median_s"] == 7.0
    assert row["delay_p95_s"] == pytest.approx(9.7)
    assert (row["false_alarms"], row["hours"]) == (1, 8.0)
    assert row["false_alarms_per_hour_upper"] == pytest.approx(4.743864518 / 8.0)


def test_damage_avoided_is_paired_by_seed():
    base = next(case for case in CASES if case["attack"] == "voltage-bias")
    none = [
        base | {"stack": "none", "seed": s, "plated_charge_mAh": d}
        for s, d in ((0, 10.0), (1, 20.0))
    ]
    full = [
        base | {"stack": "full", "seed": s, "plated_charge_mAh": d}
        for s, d in ((1, 19.0), (0, 9.0))
    ]
    rows = matrix_rows(none + full)
    assert row_of(rows, "voltage-bias", "full")["avoided_plated_charge_mAh"] == 1.0
    # Unpaired spread would be large; paired differences are 1 and 1.
    assert row_of(rows, "voltage-bias", "full")["avoided_plated_charge_mAh_low"] == 1.0
    assert row_of(rows, "voltage-bias", "none")["avoided_plated_charge_mAh"] == 0.0


def test_without_a_baseline_nothing_is_avoided():
    rows = matrix_rows([case for case in CASES if case["stack"] != "none"])
    assert all(row["avoided_plated_charge_mAh"] is None for row in rows)


def test_a_defence_that_makes_it_worse_shows_negative():
    base = next(case for case in CASES if case["attack"] == "voltage-bias")
    rows = matrix_rows(
        [base | {"stack": s, "energy_unserved_Wh": d} for s, d in (("none", 1.0), ("full", 5.0))]
    )
    assert row_of(rows, "voltage-bias", "full")["avoided_energy_unserved_Wh"] == -4.0


def test_numbers_have_nine_significant_digits():
    assert rounded(1.0 / 3.0) == 0.333333333
    assert str(rounded(-0.0)) == "0.0"


def test_damage_is_compared_on_the_same_duty():
    """The same seed on another duty is another trip: its damage is no baseline."""
    base = next(case for case in CASES if case["attack"] == "voltage-bias") | {"seed": 3}
    damage = {("none", "a"): 10.0, ("none", "b"): 50.0, ("full", "a"): 9.0, ("full", "b"): 47.0}
    cases = [
        base | {"stack": stack, "duty": duty, "plated_charge_mAh": value}
        for (stack, duty), value in damage.items()
    ]
    # By hand: 10 - 9 and 50 - 47; against either duty alone it would be -18 or 22.
    row = row_of(matrix_rows(cases), "voltage-bias", "full")
    assert row["avoided_plated_charge_mAh"] == pytest.approx(2.0)
