"""The sign of a recorded current: stated by the user, said by a column of words, or asked.

1. What the map states counts: positive charges, positive discharges, or a magnitude.
2. Else a column of words is compared with the numbers: they agree, or are opposite throughout, or
   the numbers are magnitudes. A file that says both is refused.
3. Without words, a current that is never negative is held against the voltage: where the voltage
   rises in some stretches and falls in others, the direction is not in the file, and it is asked.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.column_map import ColumnMap
from voltward.real_cells.recordings.state_words import UNKNOWN, directions

# A current below this share of the largest is rest; a sign is that of the rows above it.
_REST_SHARE = 0.02
# Rows at the change of a step may carry the current of the step before (assumption).
_AGREE = 0.95
# Either direction must move this much of the charge, in stretches of a constant current, or show
# in this share of the changes between rest and load, for both to be there (assumptions).
_BOTH_SHARE = 0.1
_FEWEST_CHANGES = 4
_STEADY = 0.02
_DRIFT = 0.05
_STRETCH_S = 30.0
_EDGE_SHARE = 0.2
# Over a longer step than so many usual ones anything may have happened.
_GAP_STEPS = 20.0
_MOVED_V = 0.005
# Changes of the load of this share of the largest, so many of them, nearly all of which move the
# voltage the same way, are of one direction: a discharge that relaxes is no charge (assumptions).
_CHANGE_SHARE, _MANY_CHANGES = 0.05, 20


@dataclass(frozen=True)
class SignedCurrent:
    """A current whose positive numbers charge.

    Attributes:
        current_A: Positive charges.
        notes: Where the sign was taken from.
        said: Whether the map or the words of the file say the sign.
    """

    current_A: Float[np.ndarray, " time"]
    notes: tuple[str, ...] = ()
    said: bool = True


def signed_current(
    path: Path,
    columns: ColumnMap,
    current_A: Float[np.ndarray, " time"],
    words: Any,
    time_s: Float[np.ndarray, " time"],
    voltage_V: Float[np.ndarray, " time"] | None,
) -> SignedCurrent:
    """Return the current with positive numbers that charge.

    Args:
        path: For messages.
        columns: That it was read by.
        current_A: As read.
        words: A column of text that says what each row does, or None.
        time_s: Rising.
        voltage_V: Of a cell; None where there is none.

    Raises:
        ConfigurationError: The file does not say the direction; the message says how to state it.
    """
    # 1. Stated.
    stated = columns.current_sign
    if stated == "discharging":
        return SignedCurrent(-current_A)
    if stated == "charging":
        return SignedCurrent(current_A)
    # 2. Said by words.
    loaded = np.abs(current_A) > _REST_SHARE * float(np.max(np.abs(current_A), initial=0.0))
    if words is not None:
        found, unknown = directions(words, columns.direction)
        if np.any(np.abs(found[loaded]) == 1):
            return _by_words(path, columns, current_A, loaded, found, unknown)
    if stated == "magnitude":
        raise ConfigurationError(
            f"{path}: the current is a magnitude, and no row says that it charges or discharges",
            why=f"the column map '{columns.name}' states current_sign = 'magnitude'",
            hint="name the column that says it: " + _direction_text("..."),
        )
    # 3. Asked.
    never_negative = not np.any(columns.entry("current_A").sign * current_A[loaded] < 0.0)
    if (
        voltage_V is not None
        and never_negative
        and _both_ways(time_s, np.abs(current_A), voltage_V)
    ):
        raise ConfigurationError(
            f"{path}: the current is never negative, and the voltage rises under it in some "
            "stretches and falls in others",
            why="the column holds a magnitude; nothing in the file that is known says which rows "
            "charge and which discharge",
            hint="state in a column map (--columns) which column says the direction: "
            + _direction_text("...")
            + '; or, if all of it goes one way, current_sign = "charging" or "discharging"',
        )
    return SignedCurrent(current_A, said=False)


def _direction_text(column: str) -> str:
    return f'direction = {{ column = "{column}", charge = ["..."], discharge = ["..."] }}'


def _by_words(
    path: Path,
    columns: ColumnMap,
    current_A: Float[np.ndarray, " time"],
    loaded: Bool[np.ndarray, " time"],
    found: Int[np.ndarray, " time"],
    unknown: str,
) -> SignedCurrent:
    """Return the current with the signs that the words of each row give it."""
    known = loaded & (np.abs(found) == 1)
    sign = np.sign(current_A)
    agree = float(np.mean(sign[known] == found[known]))
    one_sign = bool(np.all(sign[known] == 1.0) or np.all(sign[known] == -1.0))
    if columns.current_sign != "magnitude":
        if agree >= _AGREE:
            return SignedCurrent(current_A)
        if agree <= 1.0 - _AGREE and not one_sign and columns.entry("current_A").sign == -1:
            raise ConfigurationError(
                f"{path}: the column map '{columns.name}' turns the sign of the current, and the "
                "words of the rows then say the opposite throughout",
                why="a row that says charge has a negative current",
                hint='remove sign = -1, or state current_sign = "charging" if the words are wrong',
            )
        if agree <= 1.0 - _AGREE and not one_sign:
            note = "positive current discharges, as a column of words says: its sign is turned"
            return SignedCurrent(-current_A, (note,))
        if not one_sign:
            raise ConfigurationError(
                f"{path}: the words and the sign of the current agree in "
                f"{100.0 * agree:.0f} % of the rows under load only",
                why="a row that says charge has a negative current, or the other way round",
                hint='state in a column map (--columns): current_sign = "charging" if positive '
                'numbers charge, "discharging" if they discharge, "magnitude" if only the words '
                "say it",
            )
    lost = loaded & (found == UNKNOWN)
    if np.count_nonzero(lost) > (1.0 - _AGREE) * np.count_nonzero(loaded):
        raise ConfigurationError(
            f"{path}: the current has no sign, and '{unknown}' says neither charge nor discharge",
            why=f"{np.count_nonzero(lost)} rows under load have such words",
            hint="say what the words mean in a column map (--columns): " + _direction_text("..."),
        )
    direction = np.where(np.abs(found) == 1, found, 0)
    # A rest has no direction, and a row whose word is unknown that of the row before it.
    at = np.where(known | ~loaded, np.arange(found.size), 0)
    direction = direction[np.maximum.accumulate(at)]
    magnitude = np.where(direction == 0, 0.0, np.abs(current_A))
    note = "the current is a magnitude: its direction is that of a column of words"
    return SignedCurrent(direction * magnitude, (note,))


def _both_ways(
    time_s: Float[np.ndarray, " time"],
    magnitude_A: Float[np.ndarray, " time"],
    voltage_V: Float[np.ndarray, " time"],
) -> bool:
    """Return whether the voltage tells of charge and of discharge under a current of one sign."""
    largest_A = float(np.max(magnitude_A, initial=0.0))
    if magnitude_A.size < 3 or largest_A == 0.0:
        return False
    # Changes from rest to load, and from load to rest, as large as the resistance makes them.
    change_A, change_V = np.diff(magnitude_A), np.diff(voltage_V)
    step_s = np.diff(time_s)
    near = step_s <= _GAP_STEPS * float(np.median(step_s))
    large = near & (np.abs(change_A) > _CHANGE_SHARE * largest_A) & (change_V != 0.0)
    together = float(np.mean(change_A[large] * change_V[large] > 0.0)) if np.any(large) else 0.5
    if np.count_nonzero(large) >= _MANY_CHANGES and not 1.0 - _AGREE < together < _AGREE:
        return False
    rest = magnitude_A < _REST_SHARE * largest_A
    edge = near & (rest[1:] != rest[:-1]) & (np.abs(change_A) > _EDGE_SHARE * largest_A)
    ratio = change_V[edge] / change_A[edge]
    clear = ratio[np.abs(ratio) > 0.5 * float(np.median(np.abs(ratio)))] if ratio.size else ratio
    ups = float(np.mean(clear > 0.0)) if clear.size else 0.0
    if clear.size >= _FEWEST_CHANGES and _BOTH_SHARE <= ups <= 1.0 - _BOTH_SHARE:
        return True
    # Stretches of a constant current that are long enough to move the voltage.
    steady = near & ~rest[1:] & ~rest[:-1] & (np.abs(change_A) <= _STEADY * largest_A)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], steady.astype(np.int8), [0]))))
    moved = {1: 0.0, -1: 0.0}
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        drift_A = float(np.ptp(magnitude_A[start : stop + 1]))
        if drift_A > _DRIFT * largest_A or time_s[stop] - time_s[start] < _STRETCH_S:
            continue
        # A stretch may turn without a rest: it is cut where the voltage is highest and lowest.
        cuts = sorted(
            {
                start,
                start + int(np.argmax(voltage_V[start : stop + 1])),
                start + int(np.argmin(voltage_V[start : stop + 1])),
                stop,
            }
        )
        for begin, end in pairwise(cuts):
            rise_V = float(voltage_V[end] - voltage_V[begin])
            if abs(rise_V) > 4.0 * _MOVED_V:
                charge = float(np.sum(magnitude_A[begin:end] * np.diff(time_s[begin : end + 1])))
                moved[1 if rise_V > 0.0 else -1] += charge
    total = moved[1] + moved[-1]
    return total > 0.0 and min(moved.values()) > _BOTH_SHARE * total
