"""Recordings that two sets share: the same file, a copy of it, or a recording with the same rows.

An error or a threshold found on what was fitted says nothing of other hours: it is in-sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voltward.core.files import sha256_of
from voltward.real_cells.recordings.recording import Recording

# Share of the shorter recording's steps that another has too: up to 0.29 between different pulse
# tests, with their long rests (69 recordings of two cells); all in a cut or re-encoded copy.
_SHARED_STEPS = 0.5
# Fewer different steps than this are no profile.
_FEWEST_STEPS = 30


@dataclass(frozen=True)
class Shared:
    """A recording of one set that is in the other too, under this or another name."""

    name: str
    other: str

    def __str__(self) -> str:
        return self.name if self.name == self.other else f"{self.name} (the same as {self.other})"


def shared_files(files: Sequence[Path], others: Sequence[Path]) -> list[Shared]:
    """Return the files whose content another set has too, whatever they are called there.

    Args:
        files: Of one set.
        others: Of the other.
    """
    known = {_content(path): path for path in others}
    pairs = ((path, known.get(_content(path))) for path in files)
    return [Shared(str(path), str(other)) for path, other in pairs if other is not None]


def repeated_files(files: Sequence[Path]) -> list[Shared]:
    """Return the files of one set whose content an earlier one has."""
    return [
        shared
        for place, path in enumerate(files)
        for shared in shared_files([path], files[:place])[:1]
    ]


def shared_recordings(recordings: Sequence[Recording], others: Sequence[Recording]) -> list[Shared]:
    """Return the recordings most of whose steps another set has too, also in another file format.

    Args:
        recordings: Of one set.
        others: Of the other.

    Limits:
        A recording that was resampled or rounded is not recognised.
    """
    known = [(other.name, _steps(other)) for other in others]
    found = []
    for recording in recordings:
        steps = _steps(recording)
        for name, there in known:
            fewest = min(len(steps), len(there))
            if fewest >= _FEWEST_STEPS and len(steps & there) > _SHARED_STEPS * fewest:
                found.append(Shared(recording.name, name))
                break
    return found


def _content(path: Path) -> str:
    """Return the digest of a file; a missing one is its own, and is refused when it is read."""
    return sha256_of(path) if path.is_file() else str(path)


def _steps(recording: Recording) -> frozenset[bytes]:
    """Return the different steps of a recording: the readings of two samples in a row."""
    rows = np.column_stack([recording.voltage_V, recording.current_A])
    # In steps of 10 uV and 10 uA, so that decimal and binary numbers agree.
    whole = np.round(rows * 1e5).astype(np.int64)
    pairs = np.hstack([whole[:-1], whole[1:]])[np.any(whole[:-1] != whole[1:], axis=1)]
    return frozenset(row.tobytes() for row in pairs)
