"""What `risk.json` of a run folder says, and the look-ups that chapter, figure and line share."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from voltward.assurance.tara.model.words import FEASIBILITIES, IMPACT_LEVELS, Basis
from voltward.core.errors import ConfigurationError
from voltward.results.run_layout import RISK_FILE

Risk = Mapping[str, Any]
RISK_VALUES = (5, 4, 3, 2, 1)
# Page 1 and the terminal speak of risks from this value on.
HIGH_RISK = 4
_SCHEMA_VERSION = 1
_KEYS = ("profile", "run", "control_sets", "paths", "risks")
_RISK_KEYS = (
    *("id", "damage", "threat", "category", "impact", "feasibility", "risk", "cal", "treatment"),
    *("control_set", "basis", "evidence", "path", "reasons", "if_shown", "stakeholders"),
)
_AGAIN = "rate the run again"


@dataclass(frozen=True)
class RiskFile:
    """A rating as the report reads it.

    Attributes:
        document: The content of risk.json.
    """

    document: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "RiskFile | None":
        """Read the rating of a run folder, or return nothing where it has none.

        Raises:
            ConfigurationError: If the file is damaged or of another schema.
        """
        file = folder / RISK_FILE
        if not file.is_file():
            return None
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{file}: not JSON ({error})", hint=_AGAIN) from error
        return cls.of(document, str(file))

    @classmethod
    def of(cls, document: Any, name: str = RISK_FILE) -> "RiskFile":
        """Check a document and wrap it.

        Args:
            document: `Rating.as_document()` with `titles` and `limits`.
            name: What an error calls it.

        Raises:
            ConfigurationError: If it is of another schema.
        """
        got = document.get("schema_version") if isinstance(document, Mapping) else None
        if got != _SCHEMA_VERSION:
            raise ConfigurationError(
                f"{name}: schema_version: expected {_SCHEMA_VERSION}, got {got!r}", hint=_AGAIN
            )
        missing = [key for key in _KEYS if key not in document]
        if missing or not document["control_sets"]:
            raise ConfigurationError(
                f"{name}: no {', '.join(missing) or 'control set'}", hint=_AGAIN
            )
        for number, risk in enumerate(document["risks"]):
            _check_risk(risk, document["control_sets"], f"{name}: risks[{number}]")
        return cls(document)

    @property
    def sets(self) -> tuple[str, ...]:
        """Ids of the control sets in order."""
        return tuple(self.document["control_sets"])

    @property
    def before(self) -> str:
        """The control set that the others are compared with: the first."""
        return self.sets[0]

    @property
    def after(self) -> str:
        """The control set that the sentences speak of: the last."""
        return self.sets[-1]

    @property
    def profile(self) -> str:
        """Name of the profile."""
        return str(self.document["profile"])

    def title(self, name: str) -> str:
        """Return the title of a damage, threat, path or control set, or its id."""
        return str(self.document.get("titles", {}).get(name) or name)

    @cached_property
    def _by_key(self) -> dict[tuple[str, str], Risk]:
        return {(risk["id"], risk["control_set"]): risk for risk in self.document["risks"]}

    def risk(self, name: str, control_set: str) -> Risk | None:
        """Return a risk under a control set."""
        return self._by_key.get((name, control_set))

    def of_set(self, control_set: str) -> list[Risk]:
        """Return the risks under a control set, in order."""
        return [risk for risk in self.document["risks"] if risk["control_set"] == control_set]

    def pairs(self, control_set: str) -> list[Risk]:
        """Return each pair of damage and threat once, at its highest category."""
        highest: dict[tuple[str, str], Risk] = {}
        for risk in self.of_set(control_set):
            key = risk["damage"], risk["threat"]
            if key not in highest or _height(risk) > _height(highest[key]):
                highest[key] = risk
        return list(highest.values())

    def both(self) -> list[tuple[Risk, Risk]]:
        """Return each risk under the first and the last control set."""
        found = ((risk, self.risk(risk["id"], self.after)) for risk in self.of_set(self.before))
        return [(before, after) for before, after in found if after is not None]

    def cut_by(self, paths: Iterable[str], control_set: str) -> tuple[str, ...]:
        """Return the controls that make paths harder under a control set."""
        found = (self._cuts.get((path, control_set), ()) for path in paths)
        return tuple(sorted({control for controls in found for control in controls}))

    @cached_property
    def _cuts(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {
            (path["id"], path["control_set"]): tuple(path["cut_by"])
            for path in self.document["paths"]
        }

    def values(self, control_set: str) -> tuple[int, ...]:
        """Return how many pairs of damage and threat stand at each of `RISK_VALUES`."""
        return values_of(self.pairs(control_set))

    def high(self, control_set: str) -> int:
        """Return how many pairs of damage and threat are at 4 or 5."""
        return sum(risk["risk"] >= HIGH_RISK for risk in self.pairs(control_set))

    def bases(self, control_set: str) -> tuple[int, ...]:
        """Return how many pairs rest on measurement, estimates and assumptions."""
        counted = Counter(risk["basis"] for risk in self.pairs(control_set))
        return tuple(counted[basis] for basis in Basis)

    def value_of(self, impact: str, feasibility: str) -> int | None:
        """Return the risk value of a place in the matrix, or None where it is not known.

        The profile's own matrix stands in the file where the rating wrote it; without, the risks
        that lie there tell.
        """
        known = self.document.get("matrix", {}).get(impact, {}).get(feasibility)
        if known is not None:
            return int(known)
        return self._seen_values.get((impact, feasibility))

    @cached_property
    def _seen_values(self) -> dict[tuple[str, str], int]:
        seen: dict[tuple[str, str], int] = {}
        for risk in self.document["risks"]:
            key = risk["impact"], risk["feasibility"]
            seen[key] = max(risk["risk"], seen.get(key, 1))
        return seen


def values_of(risks: Iterable[Risk]) -> tuple[int, ...]:
    """Return how many risks stand at each of `RISK_VALUES`."""
    counted = Counter(risk["risk"] for risk in risks)
    return tuple(counted[value] for value in RISK_VALUES)


def _height(risk: Risk) -> tuple[int, int]:
    return risk["risk"], IMPACT_LEVELS.index(risk["impact"])


def _check_risk(risk: Any, sets: Sequence[str], place: str) -> None:
    missing = [key for key in _RISK_KEYS if key not in risk]
    if missing:
        raise ConfigurationError(f"{place}: no {', '.join(missing)}", hint=_AGAIN)
    for key, allowed in (
        ("impact", tuple(IMPACT_LEVELS)),
        ("feasibility", tuple(FEASIBILITIES)),
        ("basis", tuple(Basis)),
        ("risk", RISK_VALUES),
        ("control_set", tuple(sets)),
    ):
        if risk[key] not in allowed:
            raise ConfigurationError(
                f"{place}: {key}: got {risk[key]!r}",
                why=f"allowed is {', '.join(map(str, allowed))}",
                hint=_AGAIN,
            )
