"""The sign of a recorded current: stated by the user, said by a column of words, or asked.

1. What the map states counts: positive charges, positive discharges, or a magnitude.
2. Else a column of words is compared with the numbers: they agree, or are opposite throughout, or
   the numbers are magnitudes. A file that says both is refused, and so is a word that is not known,
   unless the current has both signs by itself.
3. Without words, a current that is never negative is taken for a charge only where the voltage
   shows clearly that it charges throughout; else it is asked.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.clock import check_length
from voltward.real_cells.recordings.column_map import ColumnEntry, ColumnMap
from voltward.real_cells.recordings.state_words import (
    CHARGE,
    DISCHARGE,
    REST,
    UNKNOWN,
    Directions,
    are_words,
    directions,
)

# A current below this share of the largest is rest; a sign is that of the rows above it.
_REST_SHARE = 0.02
# Rows at the change of a step may carry the current of the step before (assumption).
_AGREE = 0.95
# Stretches of a constant current as long as this, which move the voltage by as much, show whether
# it charges; one that turns without a rest is cut where the voltage is highest and lowest.
_STEADY = 0.02
_DRIFT = 0.05
_STRETCH_S = 30.0
_MOVED_V = 0.02
# Over a longer step than so many usual ones, or than this time, anything may have happened.
_GAP_STEPS = 20.0
_PROMPT_S = 15.0
# Changes of the load of this share of the largest move the voltage by the resistance. So many of
# them, nearly all of which move it the same way, are of one direction (assumptions).
_CHANGE_SHARE, _MANY_CHANGES = 0.05, 20
_NEARLY_ALL = 0.97
# Without as many, the stretches must hold this share of the charge.
_COVERED = 0.5


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
    loaded = np.abs(current_A) > _REST_SHARE * float(np.max(np.abs(current_A), initial=0.0))
    written = columns.entry("current_A").sign * current_A[loaded]
    both_signs = bool(np.any(written < 0.0) and np.any(written > 0.0))
    notes: tuple[str, ...] = ()
    if stated == "magnitude" and both_signs and columns.signatures:
        # The usual export of a maker has no sign; this one has.
        notes = ("the current has both signs: it is not taken for a magnitude",)
        stated = None
    # 2. Said by words.
    if words is not None and are_words(words):
        found = directions(words, columns.direction)
        signed = _said(path, columns, current_A, loaded, found, stated, notes)
        if signed is not None:
            return signed
    if stated == "magnitude":
        raise ConfigurationError(
            f"{path}: the current is a magnitude, and no row says that it charges or discharges",
            why=f"the column map '{columns.name}' states current_sign = 'magnitude'",
            hint="name the column that says it: " + _direction_text("..."),
        )
    # 3. Asked.
    if voltage_V is not None and written.size and not np.any(written < 0.0):
        _refuse_unclear(path, time_s, np.abs(current_A), voltage_V)
    return SignedCurrent(current_A, notes, said=False)


def _said(
    path: Path,
    columns: ColumnMap,
    current_A: Float[np.ndarray, " time"],
    loaded: Bool[np.ndarray, " time"],
    found: Directions,
    stated: str | None,
    notes: tuple[str, ...],
) -> SignedCurrent | None:
    """Return the current as the words say it; None where no row under load has words."""
    written = columns.entry("current_A").sign * current_A[loaded]
    lost = loaded & (found.rows == UNKNOWN)
    known = bool(np.any(np.abs(found.rows[loaded]) == 1))
    # A magnitude is never negative.
    signed = stated is None and bool(np.any(written < 0.0))
    if np.any(lost) and not signed:
        raise _unknown_words(path, found, lost, loaded)
    if np.any(lost) and not known:
        unknown = f"the words {found.examples(lost)} say neither charge nor discharge: the current"
        return SignedCurrent(current_A, (*notes, f"{unknown} keeps its own sign"), said=False)
    if not known:
        return None
    if stated == "magnitude":
        return _magnitude(path, current_A, loaded, found)
    return _by_words(path, columns, current_A, loaded, found, notes)


def _direction_text(column: str) -> str:
    return f'direction = {{ column = "{column}", charge = ["..."], discharge = ["..."] }}'


def _unknown_words(
    path: Path,
    found: Directions,
    lost: Bool[np.ndarray, " time"],
    loaded: Bool[np.ndarray, " time"],
) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: {found.examples(lost)} says neither charge nor discharge, in "
        f"{np.count_nonzero(lost)} of {np.count_nonzero(loaded)} rows under load, first row "
        f"{int(np.argmax(lost)) + 1}; the current is of one sign",
        why="it may be a magnitude, whose direction is in these words alone",
        hint="say what the words mean in a column map (--columns): "
        + _direction_text("...")
        + '; or, if the sign of the numbers is right, current_sign = "charging" or "discharging"',
    )


def _by_words(
    path: Path,
    columns: ColumnMap,
    current_A: Float[np.ndarray, " time"],
    loaded: Bool[np.ndarray, " time"],
    found: Directions,
    notes: tuple[str, ...],
) -> SignedCurrent:
    """Return the current with the signs that the words of each row give it."""
    known = loaded & (np.abs(found.rows) == 1)
    lost = loaded & (found.rows == UNKNOWN)
    sign = np.sign(current_A)
    agree = float(np.mean(sign[known] == found.rows[known]))
    if np.all(sign[loaded] == sign[loaded][0]):
        both_words = np.any(found.rows[known] == CHARGE) and np.any(found.rows[known] == DISCHARGE)
        if agree == 1.0 and not both_words:
            return SignedCurrent(current_A, notes)
        return _magnitude(path, current_A, loaded, found)
    if np.any(lost):
        notes += (f"the words {found.examples(lost)} say neither charge nor discharge",)
    if agree >= _AGREE:
        return SignedCurrent(current_A, notes)
    opposite = agree <= 1.0 - _AGREE and not np.any(lost)
    if opposite and columns.entry("current_A").sign == -1:
        raise ConfigurationError(
            f"{path}: the column map '{columns.name}' turns the sign of the current, and the "
            "words of the rows then say the opposite throughout",
            why="a row that says charge has a negative current",
            hint='remove sign = -1, or state current_sign = "charging" if the words are wrong',
        )
    if opposite:
        note = "positive current discharges, as a column of words says: its sign is turned"
        return SignedCurrent(-current_A, (*notes, note))
    raise ConfigurationError(
        f"{path}: the words and the sign of the current agree in "
        f"{100.0 * agree:.0f} % of the rows under load only",
        why="a row that says charge has a negative current, or the other way round",
        hint='state in a column map (--columns): current_sign = "charging" if positive '
        'numbers charge, "discharging" if they discharge, "magnitude" if only the words '
        "say it",
    )


def _magnitude(
    path: Path,
    current_A: Float[np.ndarray, " time"],
    loaded: Bool[np.ndarray, " time"],
    found: Directions,
) -> SignedCurrent:
    """Return a magnitude with the direction that the words of each row give it."""
    resting = loaded & (found.rows == REST)
    if np.count_nonzero(resting) > (1.0 - _AGREE) * np.count_nonzero(loaded):
        raise ConfigurationError(
            f"{path}: the current has no sign, and {found.examples(resting)} says rest in "
            f"{np.count_nonzero(resting)} rows under load, first row {int(np.argmax(resting)) + 1}",
            why="a rest has no current",
            hint="say what the words mean in a column map (--columns): " + _direction_text("..."),
        )
    direction = np.where(np.abs(found.rows) == 1, found.rows, 0)
    note = "the current is a magnitude: its direction is that of a column of words"
    return SignedCurrent(direction * np.abs(current_A), (note,))


def _refuse_unclear(
    path: Path,
    time_s: Float[np.ndarray, " time"],
    magnitude_A: Float[np.ndarray, " time"],
    voltage_V: Float[np.ndarray, " time"],
) -> None:
    """Refuse a current that is never negative, unless all of it clearly goes one way."""
    if check_length(time_s, ColumnEntry()):
        # Refused for that.
        return
    ups, downs = _ways(time_s, magnitude_A, voltage_V)
    if ups != downs:
        return
    seen = (
        "the voltage rises under it in some stretches and falls in others"
        if ups
        else "the voltage does not show clearly whether it charges"
    )
    raise ConfigurationError(
        f"{path}: the current is never negative, and {seen}",
        why="the column may hold a magnitude; nothing in the file that is known says which rows "
        "charge and which discharge",
        hint="state in a column map (--columns) which column says the direction: "
        + _direction_text("...")
        + '; or, if all of it goes one way, current_sign = "charging" or "discharging"',
    )


def _ways(
    time_s: Float[np.ndarray, " time"],
    magnitude_A: Float[np.ndarray, " time"],
    voltage_V: Float[np.ndarray, " time"],
) -> tuple[bool, bool]:
    """Return whether the current charges, and whether it discharges; neither where it is unclear.

    1. Changes of the current move the voltage up or down, by the resistance.
    2. Stretches of a constant current move it by the charge.
    3. Many changes suffice; few need stretches of most of the charge, and none against them.
    """
    largest_A = float(np.max(magnitude_A, initial=0.0))
    if magnitude_A.size < 3 or largest_A == 0.0:
        return False, False
    # 1. Changes.
    change_A, change_V, step_s = np.diff(magnitude_A), np.diff(voltage_V), np.diff(time_s)
    near = step_s <= _GAP_STEPS * float(np.median(step_s))
    large = near & (np.abs(change_A) > _CHANGE_SHARE * largest_A) & (step_s <= _PROMPT_S)
    ratio = change_V[large] / change_A[large]
    clear = ratio[np.abs(ratio) > 0.2 * float(np.median(np.abs(ratio)))] if ratio.size else ratio
    rising = float(np.mean(clear > 0.0)) if clear.size else 0.5
    # 2. Stretches.
    moved = _moved(time_s, magnitude_A, voltage_V, near)
    total = moved[0] + moved[1]
    # 3. Together.
    least = (1.0 - _NEARLY_ALL) * total
    ups, downs = moved[0] > least, moved[1] > least
    if clear.size >= _MANY_CHANGES:
        if 1.0 - _NEARLY_ALL < rising < _NEARLY_ALL:
            return True, True
        return ups or rising > 0.5, downs or rising < 0.5
    charge = float(np.sum(magnitude_A[:-1] * step_s))
    if total < _COVERED * charge and not (ups and downs):
        return False, False
    return ups or bool(np.any(clear > 0.0)), downs or bool(np.any(clear < 0.0))


def _moved(
    time_s: Float[np.ndarray, " time"],
    magnitude_A: Float[np.ndarray, " time"],
    voltage_V: Float[np.ndarray, " time"],
    near: Bool[np.ndarray, " step"],
) -> tuple[float, float]:
    """Return the charge of the stretches in which the voltage rises, and in which it falls."""
    largest_A = float(np.max(magnitude_A))
    rest = magnitude_A < _REST_SHARE * largest_A
    steady = near & ~rest[1:] & ~rest[:-1]
    steady &= np.abs(np.diff(magnitude_A)) <= _STEADY * largest_A
    edges = np.flatnonzero(np.diff(np.concatenate(([0], steady.astype(np.int8), [0]))))
    moved = [0.0, 0.0]
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        drift_A = float(np.ptp(magnitude_A[start : stop + 1]))
        if drift_A > _DRIFT * largest_A or time_s[stop] - time_s[start] < _STRETCH_S:
            continue
        part_V = voltage_V[start : stop + 1]
        cuts = sorted({start, start + int(np.argmax(part_V)), start + int(np.argmin(part_V)), stop})
        for begin, end in pairwise(cuts):
            rise_V = float(voltage_V[end] - voltage_V[begin])
            if abs(rise_V) > _MOVED_V:
                charge = float(np.sum(magnitude_A[begin:end] * np.diff(time_s[begin : end + 1])))
                moved[0 if rise_V > 0.0 else 1] += charge
    return moved[0], moved[1]
