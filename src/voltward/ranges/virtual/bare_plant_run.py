"""`voltward plant`: the bare plant on a duty, with its trace."""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import numpy as np
import pyarrow as pa

from voltward.physical.ageing import capacity_loss
from voltward.ranges.configuration.attack_and_stack_choices import AttackChoice
from voltward.ranges.configuration.case_grid import grid
from voltward.ranges.configuration.duty import Duty
from voltward.ranges.configuration.stacks import StackChoice, resolve_stack
from voltward.ranges.configuration.system_settings import SystemSettings
from voltward.ranges.virtual.assembly import assemble
from voltward.ranges.virtual.bare_plant import PLANT_COLUMNS, run_plant
from voltward.ranges.virtual.batch import case_arrays, duty_arrays
from voltward.results.columns import NO_ATTACK
from voltward.results.folder_ownership import OwnedFolder
from voltward.results.run_tables import write_parquet

SEED = 7
TRACE_FILE = "trace.parquet"


def run_bare_plant(
    system: SystemSettings,
    duty: Duty,
    out: OwnedFolder | None = None,
    seed: int = SEED,
) -> dict[str, Any]:
    """Run a duty without cloud and write `trace.parquet`.

    Args:
        system: The user's own.
        duty: What is asked.
        out: Folder of the trace; None writes nothing.
        seed: Of noise and spread.

    Returns:
        Figures of the duty: end state, extremes, charge and energy through the terminals.

    Raises:
        ConfigurationError: A trace that voltward did not write stands there, or nothing can be
            written.
    """
    jax.config.update("jax_enable_x64", True)
    alone = replace(duty.charging(system), cloud=replace(system.cloud, enabled=False))
    stack = resolve_stack(StackChoice(name="none"), alone)
    cases = grid([AttackChoice(NO_ATTACK)], [stack], 1, seed, duty.duration_s)
    assembly = assemble(alone, (), duty.tick_s)
    case, _ = case_arrays(assembly, alone, duty, cases)
    last, traced = jax.jit(partial(run_plant, assembly))(case, duty_arrays([duty], alone))
    table = np.asarray(traced)[: duty.ticks, 0]
    columns = {name: table[:, index] for index, name in enumerate(PLANT_COLUMNS)}
    columns = {"time_s": np.arange(duty.ticks) * duty.tick_s, **columns}
    if out is not None:
        write_parquet(out.path / TRACE_FILE, pa.table(columns), out.write)
    loss = capacity_loss(last.plant.ageing, assembly.plant.cell.capacity_Ah)
    return {
        "duration_s": duty.duration_s,
        "cells": assembly.cells,
        "end_soc": float(columns["true_soc"][-1]),
        "end_bms_soc": float(columns["bms_soc"][-1]),
        "lowest_voltage_V": float(columns["true_voltage_min_V"].min()),
        "highest_voltage_V": float(columns["true_voltage_max_V"].max()),
        "highest_temperature_degC": float(columns["true_temperature_max_degC"].max()),
        "charged_Ah": float(np.clip(columns["true_current_A"], 0, None).sum() * duty.tick_s / 3600),
        "discharged_Ah": float(
            -np.clip(columns["true_current_A"], None, 0).sum() * duty.tick_s / 3600
        ),
        "plated_charge_mAh": 1000.0 * float(last.plant.plated_Ah.max()),
        "capacity_loss_pct": 100.0 * float(loss.max()),
    }
