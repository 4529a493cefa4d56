"""From cases and a duty to the arrays that the program takes."""

import math
from collections.abc import Sequence
from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from voltward.attacks.row import empty_rows, rows_of, stacked
from voltward.controls.in_force import (
    PARAMETER_COLUMNS,
    InForce,
    default_parameters,
)
from voltward.core.control import Control
from voltward.ranges.configuration.case_grid import Case, load_attack
from voltward.ranges.configuration.duty import Duty, DutyMode
from voltward.ranges.configuration.system_settings import LinkSettings, SystemSettings
from voltward.ranges.virtual.assembly import link_columns
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays, DutyTick
from voltward.ranges.virtual.program import DutyArrays, Goals
from voltward.ranges.virtual.world_arrays import drawn_worlds, neutral_world
from voltward.ranges.worlds.world import Worlds
from voltward.results.consequences import CONSEQUENCE_INDEX

BUCKET_TICKS = 900
_UNREACHABLE = 1e300
_NEVER_TICK = 1e9


def duty_arrays(duties: Sequence[Duty], system: SystemSettings) -> DutyArrays:
    """Return the duties of a batch padded to their bucket of ticks: like lengths share a program.

    Args:
        duties: One for each run, all of one length.
        system: The user's own.
    """
    apart = {id(duty): _duty_columns(duty, system) for duty in duties}
    columns = [apart[id(duty)] for duty in duties]
    ticks = {
        name: jnp.asarray(np.stack([each[name] for each in columns], axis=1)) for name in columns[0]
    }
    return DutyArrays(DutyTick(**ticks), duration_s=jnp.asarray(float(duties[0].duration_s)))


def _duty_columns(duty: Duty, system: SystemSettings) -> dict[str, np.ndarray]:
    bucket = BUCKET_TICKS * math.ceil(duty.ticks / BUCKET_TICKS)
    padding = bucket - duty.ticks
    driving = duty.mode == DutyMode.DRIVE
    own_W = np.where(driving, system.vehicle.auxiliary_power_W, 0.0)
    extra_W = np.where(
        np.isnan(duty.auxiliary_power_W), 0.0, np.maximum(duty.auxiliary_power_W - own_W, 0.0)
    )
    free = np.where(duty.mode == DutyMode.CHARGE, 1e9, 0.0)
    pack_W = duty.pack_power_W(system.pack.series * system.pack.parallel)
    columns = {
        "mode": np.where(duty.mode < 0, 0, duty.mode).astype(np.int64),
        "speed_mps": np.nan_to_num(duty.speed_mps),
        "grade": np.nan_to_num(duty.grade),
        "current_A": np.nan_to_num(duty.pack_current_A(system.pack.parallel)),
        "power_W": np.where(np.isnan(pack_W), free, pack_W),
        "ambient_degC": duty.ambient_degC,
        "auxiliary_W": extra_W,
    }
    padded = {name: np.pad(values, (0, padding), mode="edge") for name, values in columns.items()}
    return {"valid": np.arange(bucket) < duty.ticks, **padded}


def control_columns(controls: Sequence[Control], case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return which controls a case has, and their parameters."""
    enabled = np.array([control.id in case.stack.controls for control in controls], dtype=bool)
    rows = []
    for control in controls:
        row = default_parameters(control)
        changes = case.stack.settings.get(control.id, {})
        for column, parameter in enumerate(control.all_parameters):
            row[column] = changes.get(parameter.name, row[column])
        rows.append(row)
    return enabled, np.array(rows).reshape(-1, PARAMETER_COLUMNS)


def case_arrays(
    assembly: Assembly,
    system: SystemSettings,
    duty: Duty,
    cases: Sequence[Case],
    worlds: Worlds | None = None,
) -> tuple[CaseArrays, Goals]:
    """Return the arrays of a batch of cases.

    Args:
        assembly: Static parameters.
        system: The user's own.
        duty: As written.
        cases: One for each run.
        worlds: Those that the cases number; None for the system and the duty as written.
    """
    tick_s, cells = assembly.tick_s, assembly.cells
    rows, enabled, parameters, held, ticks, goals, thresholds = [], [], [], [], [], [], []
    for case in cases:
        attack = load_attack(case.attack)
        on, columns = control_columns(assembly.rules.controls, case)
        enabled.append(on)
        parameters.append(columns)
        if attack is None:
            rows.append(empty_rows())
            held.append(0)
            ticks.append(_NEVER_TICK)
            goals.append(0)
            thresholds.append(_UNREACHABLE)
            continue
        rows.append(rows_of(attack, case.parameters, case.start_s, cells, tick_s))
        held.append(int(attack.holds))
        ticks.append(float(round(case.start_s / tick_s)))
        goals.append(CONSEQUENCE_INDEX[attack.goal.consequence])
        thresholds.append(attack.goal.at_least)
    runs = len(cases)
    if worlds is None:
        world = neutral_world(
            system,
            runs,
            start_soc=duty.initial_soc,
            start_degC=duty.initial_temperature_degC,
        )
        link = np.tile(link_columns(system.link, tick_s), (runs, 1))
    else:
        numbers = [case.world for case in cases]
        world = drawn_worlds(system, worlds, numbers)
        link = np.stack([link_columns(_world_link(system, worlds, n), tick_s) for n in numbers])
    arrays = CaseArrays(
        seed=jnp.asarray(np.array([case.seed for case in cases], dtype=np.uint64)),
        rows=jnp.asarray(stacked(rows)),
        in_force=InForce(jnp.asarray(np.stack(enabled)), jnp.asarray(np.stack(parameters))),
        held=jnp.asarray(np.array(held, dtype=np.uint32)),
        factory=jnp.asarray(np.array([case.stack.factory_protection for case in cases])),
        cloud=jnp.asarray(np.array([system.cloud.enabled and case.stack.cloud for case in cases])),
        link=jnp.asarray(link),
        attack_tick=jnp.asarray(np.array(ticks)),
        errors_from_tick=jnp.asarray([round(case.errors_from_s / tick_s) * 1.0 for case in cases]),
        target_soc=jnp.full(runs, system.charging.target_soc),
        world=world,
    )
    return arrays, Goals(jnp.asarray(np.array(goals)), jnp.asarray(np.array(thresholds)))


def _world_link(system: SystemSettings, worlds: Worlds, number: int) -> LinkSettings:
    """Return the system's link as a world has it."""
    link, slower = system.link, float(worlds.latency_factor[number])
    return replace(
        link,
        latency_median_ms=link.latency_median_ms * slower,
        latency_p95_ms=link.latency_p95_ms * slower,
        outages_per_hour=link.outages_per_hour * float(worlds.outage_factor[number]),
    )
