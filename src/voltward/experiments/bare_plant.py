"""The bare plant: cells, pack, limits and on-board BMS on a duty, with no cloud and no attack."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from voltward.experiments.choices import AttackChoice
from voltward.experiments.duty import Duty
from voltward.experiments.run_tables import trace_table, write_parquet
from voltward.experiments.schemas import NO_ATTACK
from voltward.experiments.settings import SystemSettings
from voltward.experiments.stacks import StackChoice, resolve_stack
from voltward.experiments.virtual.case import grid
from voltward.experiments.virtual.engine import Engine

SEED = 7


def run_bare_plant(system: SystemSettings, duty: Duty, out: Path) -> dict[str, Any]:
    """Run a duty without cloud and write `trace.parquet`.

    Args:
        system: The user's own.
        duty: What is asked.
        out: Folder of the trace.

    Returns:
        The consequences of the duty.
    """
    alone = replace(system, cloud=replace(system.cloud, enabled=False))
    stack = resolve_stack(StackChoice("none", "none"), alone)
    cases = grid([AttackChoice(NO_ATTACK)], [stack], 1, SEED, duty.duration_s)
    engine = Engine(alone, duty, chunk=1)
    result = engine.run(cases)
    out.mkdir(parents=True, exist_ok=True)
    write_parquet(out / "trace.parquet", trace_table(engine.trace_columns(result.traces, 0)))
    row = result.rows[0]
    return {
        name: value
        for name, value in row.items()
        if isinstance(value, float) and not name.startswith(("twin_", "cloud_", "records_"))
    }
