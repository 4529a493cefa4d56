"""The charge counter of a recorder, held against the counted current; one of steps is composed.

1. Counter and counted current are compared in blocks of the recording.
2. One that only rises, or starts again with every step, agrees in size alone: the direction of the
   current makes a counter of the whole test of it, with a note.
3. A counter that agrees in its sign and size is used as it is.
4. Any other disagreement is a finding.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from voltward.real_cells.recordings.clock import holes
from voltward.real_cells.recordings.column_map import ColumnEntry
from voltward.real_cells.recordings.direction import charge_Ah
from voltward.real_cells.recordings.finding import Finding

# Of so many samples at least, or the edges of steps count for too much.
_BLOCKS, _LEAST_SAMPLES = 100, 20
# Of the block that moves most; smaller ones compare noise.
_MOVED_SHARE = 0.1
_AGREE = (0.9, 1.1)
_MOST_BLOCKS = 0.9
# A recorder counts between its samples too, which a current that moves fast does not show.
_USED = (0.5, 2.0)
# A counter that falls more often is no counter that starts again.
_RESET_SHARE = 0.1


@dataclass(frozen=True)
class Counter:
    """A charge counter.

    Attributes:
        charge_Ah: Rises with charge; None where it cannot be used.
        findings: What was compared, composed or refused.
    """

    charge_Ah: Float[np.ndarray, " time"] | None
    findings: tuple[Finding, ...] = ()


def checked_counter(
    time_s: Float[np.ndarray, " time"],
    current_A: Float[np.ndarray, " time"],
    counter_Ah: Float[np.ndarray, " time"],
    entry: ColumnEntry,
) -> Counter:
    """Return a counter that agrees with the current.

    Args:
        time_s: Rising.
        current_A: At those times; positive charges.
        counter_Ah: As read.
        entry: Column map entry of the counter.
    """
    # 1. Blocks.
    hole = holes(time_s, current_A)
    counted = np.where(hole, 0.0, np.diff(charge_Ah(time_s, current_A)))
    read = np.where(hole, 0.0, np.diff(counter_Ah))
    fell = read < 0.0
    size = np.where(fell, np.abs(counted), read)
    count = int(np.clip(counted.size // _LEAST_SAMPLES, 1, _BLOCKS))
    blocks = np.array_split(np.arange(counted.size), count)
    sums = np.array(
        [
            (
                counted[block].sum(),
                read[block].sum(),
                np.abs(counted[block]).sum(),
                size[block].sum(),
            )
            for block in blocks
        ]
    )
    moved = np.abs(sums[:, 0]) > _MOVED_SHARE * np.abs(sums[:, 0]).max()
    if not moved.any() or np.abs(sums[:, 0]).max() < 1e-6:
        return Counter(counter_Ah)
    signed = sums[moved, 1] / sums[moved, 0]
    ratio = float(np.median(signed))
    # 2. Of steps.
    unsigned = sums[moved, 3] / sums[moved, 2]
    both_ways = bool(np.any(sums[moved, 0] > 0.0) and np.any(sums[moved, 0] < 0.0))
    resets = int(np.count_nonzero(fell))
    few = resets <= max(1.0, _RESET_SHARE * fell.size)
    sizes_agree = np.mean(_close(unsigned)) >= _MOST_BLOCKS > np.mean(_close(signed))
    if few and (both_ways or resets) and sizes_agree:
        steps = np.where(fell, counted, np.sign(counted) * np.abs(read))
        composed = np.concatenate(([0.0], np.cumsum(steps)))
        again = f", starts again {resets} times" if resets else ""
        note = Finding(
            "note",
            f"charge_Ah ('{entry.column}') counts without a sign{again}: it was composed with the "
            "direction of the current",
        )
        return Counter(composed, (note,))
    # 3. As it is.
    if _AGREE[0] < ratio < _AGREE[1]:
        return Counter(counter_Ah)
    # 4. A finding.
    return _disagreement(counter_Ah, ratio, entry)


def _close(ratios: Float[np.ndarray, " block"]) -> np.ndarray:
    return (ratios > _AGREE[0]) & (ratios < _AGREE[1])


def _disagreement(
    counter_Ah: Float[np.ndarray, " time"], ratio: float, entry: ColumnEntry
) -> Counter:
    if -_AGREE[1] < ratio < -_AGREE[0]:
        reversed_sign = Finding(
            "refuse",
            "charge_Ah falls where current_A charges",
            "one of the two has its sign reversed",
            f"if it is the counter: {entry.then(-1.0).text('charge_Ah')}",
        )
        return Counter(None, (reversed_sign,))
    another_unit = not 0.01 <= abs(ratio) <= 100.0
    used = _USED[0] < ratio < _USED[1]
    finding = Finding(
        "refuse" if another_unit else "note",
        f"charge_Ah moves {ratio:.3g} times as much as current_A over time_s says",
        "one of the three is in another unit"
        if another_unit
        else f"the state of charge {'follows' if used else 'does not follow'} the counter",
        "see the scales of charge_Ah, current_A and time_s in the column map",
    )
    return Counter(counter_Ah if used else None, (finding,))
