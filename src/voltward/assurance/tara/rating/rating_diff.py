"""Two ratings compared: what moved, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from voltward.assurance.tara.rating.records import Evidence, RatedRisk, Rating
from voltward.results.columns import BASELINE_STACK

_SETTINGS = (
    "model",
    "profile",
    "profile_sha256",
    "method",
    "run",
    "run_sha256",
    "control_sets",
)


@dataclass(frozen=True)
class Move:
    """One rating that moved.

    Attributes:
        id: Of the risk.
        control_set: Under which set.
        before: Risk value, or None when the risk is new.
        after: Risk value, or None when it is gone.
        detail: Impact, feasibility and basis before and after.
        causes: Why, most telling first.
    """

    id: str
    control_set: str
    before: int | None
    after: int | None
    detail: str
    causes: tuple[str, ...]


@dataclass(frozen=True)
class RatingDiff:
    """What differs between two ratings.

    Attributes:
        settings: Profile, model, campaign or control sets that differ: name to (before, after).
        edited: Entries of the model that were added, removed or changed.
        moves: Risks that moved.
    """

    settings: Mapping[str, tuple[str, str]]
    edited: Mapping[str, str]
    moves: tuple[Move, ...]

    @property
    def same(self) -> bool:
        """Whether nothing moved."""
        return not self.moves


@dataclass(frozen=True)
class _Risks:
    """One risk in both ratings; None where a rating does not have it."""

    before: RatedRisk | None
    after: RatedRisk | None

    @property
    def moved(self) -> bool:
        return _levels(self.before) != _levels(self.after)


def compare_ratings(old: Rating, new: Rating) -> RatingDiff:
    """Return what moved from one rating to another, and why.

    Args:
        old: The earlier rating.
        new: The later one.
    """
    return _Comparison(old, new).diff()


class _Comparison:
    """Two ratings, with what differs between them apart from the risks."""

    def __init__(self, old: Rating, new: Rating) -> None:
        self.old, self.new = old, new
        self.settings = {
            key: (_setting(old, key), _setting(new, key))
            for key in _SETTINGS
            if getattr(old, key) != getattr(new, key)
        }
        self.edited = _edited(old.parts, new.parts)

    def diff(self) -> RatingDiff:
        known = {(risk.id, risk.control_set): risk for risk in self.old.risks}
        later = {(risk.id, risk.control_set): risk for risk in self.new.risks}
        keys = dict.fromkeys((*known, *later))
        found = {key: _Risks(known.get(key), later.get(key)) for key in keys}
        return RatingDiff(
            self.settings,
            self.edited,
            tuple(self._move(*key, risks) for key, risks in found.items() if risks.moved),
        )

    def _move(self, name: str, control_set: str, risks: _Risks) -> Move:
        before, after = risks.before, risks.after
        return Move(
            id=name,
            control_set=control_set,
            before=before.risk if before else None,
            after=after.risk if after else None,
            detail=f"{_level_words(before)} -> {_level_words(after)}",
            causes=tuple(self._causes(control_set, risks)),
        )

    def _causes(self, control_set: str, risks: _Risks) -> list[str]:
        causes = [
            f"{name}: {self.settings[name][0]} -> {self.settings[name][1]}"
            for name in ("profile", "method")
            if name in self.settings
        ]
        if "profile_sha256" in self.settings and "profile" not in self.settings:
            causes.append("the profile's tables were edited")
        touching = self._parts_of(control_set, risks)
        causes += [
            f"model edit: {name} {word}" for name, word in self.edited.items() if name in touching
        ]
        before, after = risks.before, risks.after
        first, second = (risk.evidence if risk else None for risk in (before, after))
        of_impact = [risk.impact_evidence if risk else None for risk in (before, after)]
        if first != second:
            causes.append(_evidence_cause(first, second))
            causes += after.reasons[:1] if after else ()
        elif of_impact[0] != of_impact[1] and after:
            causes.append(f"measured damage: {after.reasons[0]}")
        elif "run_sha256" in self.settings and not causes:
            runs = self.settings.get("run", self.settings["run_sha256"])
            causes.append("new campaign: {} -> {}".format(*runs))
        if not causes and self.edited:
            causes.append(f"model edit elsewhere: {', '.join(islice(self.edited, 3))}")
        return causes

    def _parts_of(self, control_set: str, risks: _Risks) -> set[str]:
        """Return the names of the model's entries that a risk depends on."""
        names = {f"control_set:{control_set}"}
        for risk, rating in ((risks.before, self.old), (risks.after, self.new)):
            if risk is not None:
                names.update(_parts_in(rating, risk))
        return names.union(name for name in self.new.parts if name.startswith("impact_rule"))


def _parts_in(rating: Rating, risk: RatedRisk) -> Iterator[str]:
    """Yield the names of the entries that a risk of one rating depends on."""
    yield f"damage:{risk.damage}"
    yield f"threat:{risk.threat}"
    overrides = [part for part in rating.parts if part.startswith("override:")]
    yield from (part for part in overrides if risk.damage in part.split(":")[1].split("."))
    for path in rating.paths:
        if path.threat == risk.threat and path.control_set == risk.control_set:
            yield f"path:{path.id}"
            yield from (part for part in overrides if part.startswith(f"override:{path.id}"))
            for leaf in path.leaves:
                yield f"step:{leaf}"
                yield f"capability:{leaf}"
            yield from (f"control:{control}" for control in path.cut_by)


def _setting(rating: Rating, key: str) -> str:
    value = getattr(rating, key)
    return str(list(value) if isinstance(value, tuple) else value)


def _levels(risk: RatedRisk | None) -> tuple[object, ...]:
    return (risk.risk, risk.impact, risk.feasibility, risk.basis) if risk else ()


def _level_words(risk: RatedRisk | None) -> str:
    return f"{risk.impact} x {risk.feasibility} ({risk.basis})" if risk else "absent"


def _edited(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    words = {}
    for name in sorted({*old, *new}):
        if name not in old:
            words[name] = "added"
        elif name not in new:
            words[name] = "removed"
        elif old[name] != new[name]:
            words[name] = "changed"
    return words


def _evidence_cause(first: Evidence | None, second: Evidence | None) -> str:
    if second is None:
        return f"no evidence any more: {first.run} had tested {first.attack}" if first else ""
    if first is None:
        return f"new campaign: {second.run} tests {second.attack} under {second.stack}"
    shares = (
        f"goal reached by {second.attack} in {_reached(first)} -> {_reached(second)} under "
        f"{second.stack}"
    )
    if second.goal_share > first.goal_share and second.stack != BASELINE_STACK:
        return f"failing control: {shares}"
    return f"new campaign: {shares}"


def _reached(evidence: Evidence) -> str:
    return f"{evidence.reached} of {evidence.n} runs"
