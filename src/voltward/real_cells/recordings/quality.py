"""The quality of a recording: all checks, from arrays alone."""

from voltward.real_cells.recordings.clock import (
    check_holes,
    check_length,
    check_order,
    check_steps,
)
from voltward.real_cells.recordings.column_map import ColumnMap
from voltward.real_cells.recordings.direction import check_direction, evidence_of
from voltward.real_cells.recordings.finding import Finding
from voltward.real_cells.recordings.magnitude import (
    check_current,
    check_pack_voltage,
    check_temperature,
    check_voltage,
)
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.recordings.stuck import check_stuck

_NATIVE = ColumnMap(name="voltward", columns={})


def check_recording(
    recording: Recording, *, capacity_Ah: float | None = None, columns: ColumnMap = _NATIVE
) -> tuple[Finding, ...]:
    """Return all refusals and notes on a recording; refusals first.

    Args:
        recording: As read, without NaN.
        capacity_Ah: Of the cell where it is known; sharpens the check of the current.
        columns: How the recording was read, so that a hint names the entry to write.

    Returns:
        Findings. When the clock or a unit is refused, later checks are skipped: they would use a
        wrong scale.
    """
    clock = check_order(recording.time_s, columns.entry("time_s"))
    if not clock:
        clock = check_length(recording.time_s, columns.entry("time_s"))
        if not clock:
            clock = check_steps(recording.time_s, recording.current_A, columns.entry("time_s"))
    if any(finding.refuses for finding in clock):
        return clock
    evidence = evidence_of(recording)
    voltage = check_voltage(recording, columns)
    units = (*voltage, *check_temperature(recording, columns))
    if not voltage:
        units += check_current(recording, evidence, columns, capacity_Ah)
        units += check_pack_voltage(recording, columns)
        units += check_direction(evidence, columns.entry("current_A"))
    if any(finding.refuses for finding in units):
        return tuple(sorted((*clock, *units), key=lambda finding: not finding.refuses))
    rest = (
        *check_stuck(recording, evidence.resistance_ohm),
        *check_holes(recording.time_s, recording.current_A),
    )
    found = (*clock, *units, *rest)
    return tuple(sorted(found, key=lambda finding: not finding.refuses))
