"""What an attack did to pack and twin, from what the parts showed tick by tick."""

from collections.abc import Sequence

from voltward.ranges.live.case.part import Observation

ALARM_SCORE = 1.0
_SCORES = ("bms_score", "gateway_score", "cloud_score")


def physical_outcome(rows: Sequence[Observation], attack_tick: int) -> dict[str, float]:
    """Return the outcome of a case, by name with unit.

    Args:
        rows: The values of all parts, one row a tick.
        attack_tick: Errors count from here on, 0 in a case without attack.
    """
    last, after = rows[-1], rows[attack_tick:]
    return {
        "bms_soc": last["bms_soc"],
        "bms_soc_error_pct": max(_error_pct(row, "bms_soc") for row in after),
        "peak_current_A": max(row["true_current_A"] for row in rows),
        "peak_temperature_degC": max(row["true_temperature_max_degC"] for row in rows),
        "peak_voltage_V": max(row["true_voltage_max_V"] for row in rows),
        "plated_charge_mAh": last["plated_charge_mAh"],
        "queued_records_peak": max(row["queued_records"] for row in rows),
        "true_soc": last["true_soc"],
        "twin_soc": last["twin_soc"],
        "twin_soc_error_pct": max(_error_pct(row, "twin_soc") for row in after),
    }


def first_alarm(rows: Sequence[Observation], attack_tick: int) -> int | None:
    """Return the first tick from the attack on in which a watch was in alarm, if any."""
    for tick, row in enumerate(rows):
        if tick >= attack_tick and max(row[name] for name in _SCORES) > ALARM_SCORE:
            return tick
    return None


def _error_pct(row: Observation, name: str) -> float:
    return 100.0 * abs(row[name] - row["true_soc"])
