"""A rating as a pack keeps it: risks before and after, and how many there are of each value."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voltward.assurance.tara.model.model import NONE_SET as WITHOUT_CONTROLS
from voltward.assurance.tara.model.words import Basis
from voltward.assurance.tara.rating.rating_file import read_rating_file
from voltward.assurance.tara.rating.records import RatedPair, rating_adapter
from voltward.core.errors import ConfigurationError

# From the firmest to the weakest.
BASES = tuple(Basis)
_LISTS = ("control_sets", "paths", "risks")
_RATE = "write one with: voltward tara rate MODEL --run RUN --out FILE"
# Between the campaigns of one rating.
JOINED = " + "
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """Risks before and after, as the pack's two documents.

    Attributes:
        before: Without controls, or an earlier rating.
        after: With them, or the rating of now.
    """

    before: Document
    after: Document

    def summary(self) -> dict[str, Any]:
        """Return what the signed statement says of the risks."""
        return {
            "model": self.after["model"],
            "model_sha256": self.after["model_sha256"],
            "profile": self.after["profile"],
            "rated_run_sha256": self.after["run_sha256"],
            # Objects of canonical JSON are sorted by name, so the order stands apart.
            "control_sets": list(
                dict.fromkeys([*self.before["control_sets"], *self.after["control_sets"]])
            ),
            "before": counts(self.before),
            "after": counts(self.after),
            "basis": {"before": bases(self.before), "after": bases(self.after)},
        }


def read_rating(path: Path) -> Document:
    """Return a rating that can be split into before and after.

    Raises:
        ConfigurationError: The file is absent, no rating, or has no control set without controls.
    """
    rating = read_rating_file(path).document
    if WITHOUT_CONTROLS not in rating["control_sets"]:
        raise ConfigurationError(
            f"{path}: control_sets: there is no '{WITHOUT_CONTROLS}'",
            why="it is what the others are compared with",
            hint=_RATE,
        )
    return rating


def split_rating(rating: Document, earlier: Document | None = None) -> Snapshot:
    """Return the snapshot of a rating.

    Args:
        rating: The rating of now.
        earlier: An earlier rating, which then is `before` as a whole; without it `before` is what
            the rating of now says without controls.
    """
    if earlier is not None:
        return Snapshot(earlier, rating)
    sets = [str(name) for name in rating["control_sets"]]
    with_controls = [name for name in sets if name != WITHOUT_CONTROLS]
    return Snapshot(_part(rating, [WITHOUT_CONTROLS]), _part(rating, with_controls))


def counts(rating: Document) -> dict[str, dict[str, int]]:
    """Return control set to risk value ("1" to "5") to number of pairs of damage and threat.

    A pair counts at its highest category.
    """
    found = Counter((control_set, pair.worst.risk) for control_set, pair in _pairs(rating))
    return {
        str(name): {str(value): found[str(name), value] for value in range(1, 6)}
        for name in rating["control_sets"]
    }


def bases(rating: Document) -> dict[str, dict[str, int]]:
    """Return control set to basis ("measured", ...) to number of pairs of damage and threat.

    A pair counts once, with the weakest basis among its highest categories.
    """
    found = Counter((control_set, pair.basis) for control_set, pair in _pairs(rating))
    return {
        str(name): {basis.value: found[str(name), basis] for basis in BASES}
        for name in rating["control_sets"]
    }


def _pairs(rating: Document) -> Iterator[tuple[str, RatedPair]]:
    """Yield every pair of damage and threat with its control set."""
    checked = rating_adapter().validate_python(rating)
    for name in checked.control_sets:
        for pair in checked.pairs(name).values():
            yield name, pair


def _part(rating: Document, sets: list[str]) -> dict[str, Any]:
    head = {key: value for key, value in rating.items() if key not in _LISTS}
    entries = {
        key: [entry for entry in rating[key] if entry["control_set"] in sets] for key in _LISTS[1:]
    }
    return {**head, "control_sets": sets, **entries}
