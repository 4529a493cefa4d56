"""What the files of a pack are, by kind: what leaves the house, and what may be withheld."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

RESULTS, PACK_ITSELF = "results", "the pack itself"
# Kind, the names it covers, and whether a pack makes sense without it. The first that fits counts.
_KINDS: tuple[tuple[str, str, bool], ...] = (
    ("system", r"run/inputs/(system|link)\.toml", True),
    ("cells", r"run/inputs/cell(\.calibration)?\.toml", True),
    ("dbc", r"run/inputs/.*\.dbc", True),
    # The draws of a world tell of the world as much as its file does.
    ("duty", r"run/(inputs/(duty|world).*|worlds\.parquet)", True),
    ("traces", r"run/traces/.*", True),
    ("report", r"run/(report\.html|figures/.*)", True),
    ("model", r"tara/model/.*", True),
    (RESULTS, r"run/.*", False),
    (PACK_ITSELF, r".*", False),
)
WITHHOLDABLE = tuple(kind for kind, _, optional in _KINDS if optional)
# What still tells of a kind that was withheld.
_TELLING = {
    "report": {"system", "cells", "duty"},
    "traces": {"duty", "cells"},
}


@dataclass(frozen=True)
class Leaving:
    """Files of one kind that are copied into a pack.

    Attributes:
        kind: As in `WITHHOLDABLE`, or results.
        files: How many.
        size_bytes: Of all of them.
        names: Paths in the pack.
    """

    kind: str
    files: int
    size_bytes: int
    names: tuple[str, ...]


def kind_of(name: str) -> str:
    """Return the kind of a file by its path in the pack."""
    return next(kind for kind, pattern, _ in _KINDS if re.fullmatch(pattern, name))


def leaving(sources: Mapping[str, Path]) -> list[Leaving]:
    """Return what leaves the house, kind by kind.

    Args:
        sources: Path in the pack to the file that is copied there.
    """
    by_kind: dict[str, list[str]] = {kind: [] for kind, *_ in _KINDS}
    for name in sorted(sources):
        by_kind[kind_of(name)].append(name)
    return [
        Leaving(kind, len(names), sum(sources[n].stat().st_size for n in names), tuple(names))
        for kind, names in by_kind.items()
        if names
    ]


def still_told(withheld: Collection[str], present: Collection[str]) -> list[str]:
    """Return the kinds in a pack that show much of what is withheld.

    Args:
        withheld: Kinds that stay with the signer.
        present: Kinds that leave.
    """
    return [kind for kind, shown in _TELLING.items() if kind in present and shown & {*withheld}]
