"""The charge plan is careful where a wrong estimate would hurt, and the command obeys everyone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.cloud.service import (
    COMMAND_FIELD,
    PlanParameters,
    charge_plan_A,
    command_scalars,
    start_service,
)
from voltward.core.request import no_requests
from voltward.documents.toml_document import find_document
from voltward.physical.cell_file import load_cell
from voltward.physical.plating import load_plating_map, plating_coefficients, plating_limit_C

jax.config.update("jax_enable_x64", True)
CELL = load_cell(find_document("cells", "reference-nmc", "cell"))
PLAN = PlanParameters()
PLATING = plating_coefficients(load_plating_map("lg-m50"))
# Well beyond what any cell takes: the plan's own bound decides.
UNLIMITED_C = 100.0


def plan_C(soc, limit_C=UNLIMITED_C, parallel=1):
    planned_A = charge_plan_A(CELL, PLAN, jnp.asarray([soc]), jnp.asarray([limit_C]), parallel)
    return float(planned_A[0]) / (CELL.capacity_Ah * parallel)


def test_the_plan_fades_over_the_last_three_percent():
    """By hand: half the current at half of the way from 97 % to full, and nothing beyond."""
    full_C = plan_C(0.5)
    for soc, share in ((0.80, 1.0), (0.97, 1.0), (0.985, 0.5), (0.99, 1.0 / 3.0), (1.0, 0.0)):
        assert plan_C(soc) == pytest.approx(share * full_C, abs=1e-9)
    assert plan_C(1.05) == 0.0


def test_a_charge_to_ninety_percent_is_not_slowed_by_the_fade():
    assert plan_C(0.9) == plan_C(0.5)


def test_the_plan_allows_what_fast_charging_cells_are_rated_for():
    """1 C is the usual standard charge of power cells, beyond 2 C only special ones go."""
    assert 1.0 <= plan_C(0.5) <= 2.0


def test_the_plan_is_that_of_all_cells_of_a_group():
    planned_A = charge_plan_A(CELL, PLAN, jnp.asarray([0.5]), jnp.asarray([0.5]), 3)
    one_A = charge_plan_A(CELL, PLAN, jnp.asarray([0.5]), jnp.asarray([0.5]), 1)
    assert float(planned_A[0]) == pytest.approx(3.0 * float(one_A[0]))


@pytest.mark.parametrize("temperature_degC", [-10.0, 0.0, 10.0, 25.0])
@pytest.mark.parametrize("soc", [0.2, 0.5, 0.8, 0.9])
def test_a_usual_error_of_estimate_and_sensor_does_not_plate(soc, temperature_degC):
    """The cell may be 3 % fuller and 1.5 K colder than the twin believes; no tenfold caution."""

    def limit_C(at_soc, at_degC):
        limit = plating_limit_C(jnp.asarray([[at_soc]]), jnp.asarray([[at_degC]]), PLATING)
        return float(limit[0, 0])

    believed_C = limit_C(soc, temperature_degC)
    planned_C = plan_C(soc, believed_C)
    assert planned_C <= limit_C(soc + 0.03, temperature_degC - 1.5)
    assert planned_C >= min(0.5 * believed_C, PLAN.most_C)


def test_nobody_is_heated_without_a_wish():
    """Below any temperature of use: the default wish warms no pack."""
    wishes = start_service(PLAN, jnp.asarray([0.9])).wishes
    assert float(wishes[0, COMMAND_FIELD["conditioning_degC"]]) <= -30.0


def test_the_most_careful_voice_decides():
    wishes = start_service(PLAN, jnp.asarray([0.9])).wishes
    quiet = no_requests(1)
    field = COMMAND_FIELD
    asked = wishes.at[:, field["charge_limit_A"]].set(50.0).at[:, field["derate"]].set(0.2)
    for plan_A, expected_A in ((80.0, 50.0), (20.0, 20.0)):
        scalars = np.asarray(command_scalars(asked, jnp.asarray([plan_A]), quiet))[0]
        assert scalars[field["charge_limit_A"]] == expected_A
        assert scalars[field["derate"]] == 0.2
        assert scalars[field["charge_enable"]] == 1.0
