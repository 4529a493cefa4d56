"""A rating as a pack keeps it: risks before and after, and how many there are of each value."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voltward.core.errors import ConfigurationError

SCHEMA_VERSION = 1
WITHOUT_CONTROLS = "none"
_HEAD = ("schema_version", "model", "model_sha256", "profile", "run", "run_sha256")
_LISTS = ("control_sets", "paths", "risks")
_RATE = "write one with: voltward tara rate MODEL --run RUN --json"
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
        }


def read_rating(path: Path) -> Document:
    """Return a rating as `voltward tara rate --json` writes it.

    Raises:
        ConfigurationError: The file is absent, or no rating; the message names the key.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: there is no such rating", why=error.strerror or "", hint=_RATE
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: not JSON", why=str(error), hint=_RATE) from error
    problem = next(_problems(document), "")
    if problem:
        raise ConfigurationError(f"{path}: no rating", why=problem, hint=_RATE)
    return dict(document)


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
    highest: dict[tuple[str, str, str], int] = {}
    for risk in rating["risks"]:
        pair = (str(risk["control_set"]), str(risk["damage"]), str(risk["threat"]))
        highest[pair] = max(int(risk["risk"]), highest.get(pair, 0))
    found = Counter((pair[0], value) for pair, value in highest.items())
    return {
        str(name): {str(value): found[str(name), value] for value in range(1, 6)}
        for name in rating["control_sets"]
    }


def _part(rating: Document, sets: list[str]) -> dict[str, Any]:
    head = {key: value for key, value in rating.items() if key not in _LISTS}
    entries = {
        key: [entry for entry in rating[key] if entry["control_set"] in sets] for key in _LISTS[1:]
    }
    return {**head, "control_sets": sets, **entries}


def _problems(document: Any) -> Iterator[str]:
    """Yield what is wrong with the shape of a rating; the first one counts."""
    if not isinstance(document, dict):
        yield f"expected an object, got {type(document).__name__}"
        return
    if document.get("schema_version") != SCHEMA_VERSION:
        yield f"schema_version: expected {SCHEMA_VERSION}, got {document.get('schema_version')!r}"
    for key in _HEAD[1:]:
        if not isinstance(document.get(key), str):
            yield f"{key}: expected text, got {document.get(key)!r}"
    sets = document.get("control_sets")
    if not isinstance(sets, list) or WITHOUT_CONTROLS not in sets:
        yield f"control_sets: expected a list with '{WITHOUT_CONTROLS}', got {sets!r}"
        return
    for key in _LISTS[1:]:
        yield from _entry_problems(key, document.get(key), sets)


def _entry_problems(key: str, entries: Any, sets: list[Any]) -> Iterator[str]:
    if not isinstance(entries, list):
        yield f"{key}: expected a list"
        return
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict) or entry.get("control_set") not in sets:
            yield f"{key}[{index}].control_set: not one of {', '.join(map(str, sets))}"
            return
        value = entry.get("risk", 1 if key == "paths" else None)
        if type(value) is not int or not 1 <= value <= 5:
            yield f"{key}[{index}].risk: expected 1 to 5, got {value!r}"
        if key == "risks" and not {"damage", "threat"} <= set(entry):
            yield f"{key}[{index}]: damage and threat are missing"
