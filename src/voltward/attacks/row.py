"""Rows of the attack kernel: what a step becomes once its tap, times and parameters are known."""

from collections.abc import Mapping, Sequence

import numpy as np

from voltward.core.attack import FOREVER_S, Attack, Step
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.core.taps import SLOTS, TAP_INDEX, TAPS, tap_named

COLUMNS = (
    "used", "start", "stop", "period", "duty", "needs", "grants", "field", "gain", "bias",
    "ramp", "noise", "window", "delay", "shift", "first", "count", "drop", "inject", "copies",
    "terminate", "listen",
)  # fmt: skip
COLUMN = {name: index for index, name in enumerate(COLUMNS)}
SHAPE = (len(TAPS), SLOTS, len(COLUMNS))


def empty_rows() -> np.ndarray:
    """Return the rows of a run without attack, (tap, slot, column)."""
    return np.zeros(SHAPE)


def rows_of(
    attack: Attack, values: Mapping[str, float], start_s: float, cells: int, tick_s: float
) -> np.ndarray:
    """Return the rows of one attack with its parameters, (tap, slot, column).

    Args:
        attack: From the catalogue.
        values: A value for every parameter of the attack.
        start_s: When the attack begins.
        cells: Cells of the pack, to turn shares into counts.
        tick_s: Length of the tick.

    Raises:
        ConfigurationError: A step names a tap or a field that does not exist, or a tap gets more
            steps than it has slots.
    """
    rows = empty_rows()
    taken = dict.fromkeys(TAP_INDEX, 0)
    for step in attack.steps(values):
        if step.tap not in TAP_INDEX:
            raise ConfigurationError(
                f"attack '{attack.id}', step '{step.name}': there is no tap '{step.tap}'",
                hint=nearest(step.tap, TAP_INDEX),
            )
        slot = taken[step.tap]
        if slot == SLOTS:
            raise ConfigurationError(
                f"attack '{attack.id}': tap '{step.tap}' has {SLOTS} slots and gets more steps"
            )
        taken[step.tap] = slot + 1
        rows[TAP_INDEX[step.tap], slot] = _row(attack, step, start_s, cells, tick_s)
    return rows


def _row(attack: Attack, step: Step, start_s: float, cells: int, tick_s: float) -> np.ndarray:
    tap = tap_named(step.tap)
    field = -1
    if step.field:
        try:
            field = tap.field_index(step.field)
        except KeyError as error:
            raise ConfigurationError(
                f"attack '{attack.id}': tap '{tap.name}' has no field '{step.field}'",
                hint=nearest(step.field, tap.wide + tap.scalars),
            ) from error
    begin_s = start_s + step.start_s
    end_s = min(begin_s + step.duration_s, FOREVER_S)
    begin = round(begin_s / tick_s)
    values = {
        "used": 1.0,
        "start": begin,
        # A step shorter than a tick still acts once.
        "stop": max(round(end_s / tick_s), begin + 1),
        "period": max(round(step.period_s / tick_s), 1),
        "duty": step.duty_share,
        "needs": int(step.needs),
        "grants": int(step.grants),
        "field": field,
        "gain": step.gain,
        "bias": step.bias,
        "ramp": step.ramp_per_s * tick_s,
        "noise": step.noise,
        "window": round(step.window_s / tick_s),
        "delay": round(step.delay_s / tick_s),
        "shift": step.shift_cells,
        "first": step.first_cell,
        "count": max(round(step.cell_share * cells), 1),
        "drop": step.drop_share,
        "inject": step.inject,
        "copies": step.copies,
        "terminate": step.terminate,
        "listen": step.listen,
    }
    return np.array([float(values[name]) for name in COLUMNS])


def stacked(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Return the rows of many runs, (run, tap, slot, column)."""
    return np.stack(rows)
