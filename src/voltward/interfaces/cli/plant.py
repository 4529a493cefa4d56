"""`voltward plant`: cells, pack and limits on a duty, with no cloud and no attack."""

from pathlib import Path

from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
    naming,
)
from voltward.ranges.configuration.duty import load_duty
from voltward.ranges.configuration.system import capacities_Ah, load_system
from voltward.ranges.virtual.bare_plant_run import TRACE_FILE, run_bare_plant
from voltward.results.folder_ownership import OwnedFolder


def run_plant(
    duty: str,
    level: str | None,
    column_map: str | None,
    cell: str,
    system: str,
    tick_s: float | None,
    out: Path,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Run the plant alone and print its figures."""
    settings = load_system(system, cell=cell)
    asked = load_duty(
        duty,
        tick_s=tick_s,
        level=level or "",
        columns=column_map or "",
        capacities_Ah=capacities_Ah(settings),
    )
    with OwnedFolder(out, replacing=naming(force=force)) as owned:
        owned.refuse_strangers((out / TRACE_FILE,))
        result = run_bare_plant(settings, asked, owned)
    if as_json:
        emit_json({"schema_version": SCHEMA_VERSION, "duty": asked.name, **result})
        return
    emit(columns([(key, _figure(value)) for key, value in result.items()], ("figure", "value")))
    emit(f"wrote {out}")


def _figure(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
