"""Two ratings compared: what moved, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voltward.results.columns import BASELINE_STACK

Snapshot = Mapping[str, Any]
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


def compare_ratings(old: Snapshot, new: Snapshot) -> RatingDiff:
    """Return what moved from one rating to another, and why.

    Args:
        old: `Rating.as_document()` of the earlier rating.
        new: The same of the later one.
    """
    settings = {
        key: (str(old.get(key, "")), str(new.get(key, "")))
        for key in _SETTINGS
        if old.get(key, "") != new.get(key, "")
    }
    parts = (old.get("parts", {}), new.get("parts", {}))
    edited = _edited(*parts)
    known = {(r["id"], r["control_set"]): r for r in old["risks"]}
    later = {(r["id"], r["control_set"]): r for r in new["risks"]}
    moves = []
    for key in dict.fromkeys((*known, *later)):
        before, after = known.get(key), later.get(key)
        if before is None or after is None or _level(before) != _level(after):
            moves.append(_move(key, before, after, settings, edited, (old, new)))
    return RatingDiff(settings, edited, tuple(moves))


def _level(risk: Mapping[str, Any]) -> tuple[Any, ...]:
    return risk["risk"], risk["impact"], risk["feasibility"], risk["basis"]


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


def _move(
    key: tuple[str, str],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    settings: Mapping[str, tuple[str, str]],
    edited: Mapping[str, str],
    snapshots: tuple[Snapshot, Snapshot],
) -> Move:
    return Move(
        id=key[0],
        control_set=key[1],
        before=before["risk"] if before else None,
        after=after["risk"] if after else None,
        detail=f"{_said(before)} -> {_said(after)}",
        causes=tuple(_causes(key, before, after, settings, edited, snapshots)),
    )


def _said(risk: Mapping[str, Any] | None) -> str:
    if risk is None:
        return "absent"
    return f"{risk['impact']} x {risk['feasibility']} ({risk['basis']})"


def _causes(
    key: tuple[str, str],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    settings: Mapping[str, tuple[str, str]],
    edited: Mapping[str, str],
    snapshots: tuple[Snapshot, Snapshot],
) -> list[str]:
    causes = [
        f"{name}: {settings[name][0]} -> {settings[name][1]}"
        for name in ("profile", "method")
        if name in settings
    ]
    if "profile_sha256" in settings and "profile" not in settings:
        causes.append("the profile's tables were edited")
    touching = _parts_of(key, before, after, snapshots)
    causes += [f"model edit: {name} {word}" for name, word in edited.items() if name in touching]
    first, second = (risk["evidence"] if risk else None for risk in (before, after))
    if first != second:
        causes.append(_evidence_cause(first, second))
        if after:
            causes += [str(reason) for reason in after["reasons"][:1]]
    elif _impact_evidence(before) != _impact_evidence(after) and after:
        causes.append(f"measured damage: {after['reasons'][0]}")
    elif "run_sha256" in settings and not causes:
        causes.append("new campaign: {} -> {}".format(*settings.get("run", settings["run_sha256"])))
    if not causes and edited:
        causes.append(f"model edit elsewhere: {', '.join(list(edited)[:3])}")
    return causes


def _impact_evidence(risk: Mapping[str, Any] | None) -> Any:
    return risk.get("impact_evidence") if risk else None


def _evidence_cause(first: Mapping[str, Any] | None, second: Mapping[str, Any] | None) -> str:
    if first is None and second is not None:
        return f"new campaign: {second['run']} tests {second['attack']} under {second['stack']}"
    if second is None and first is not None:
        return f"no evidence any more: {first['run']} had tested {first['attack']}"
    if first is None or second is None:
        return ""
    shares = (
        f"goal reached by {second['attack']} in {_reached(first)} -> {_reached(second)} under "
        f"{second['stack']}"
    )
    if second["goal_share"] > first["goal_share"] and second["stack"] != BASELINE_STACK:
        return f"failing control: {shares}"
    return f"new campaign: {shares}"


def _reached(evidence: Mapping[str, Any]) -> str:
    return f"{round(evidence['goal_share'] * evidence['n'])} of {evidence['n']} runs"


def _parts_of(
    key: tuple[str, str],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    snapshots: Sequence[Snapshot],
) -> set[str]:
    """Return the names of the model's entries that a risk depends on."""
    names = {f"control_set:{key[1]}"}
    for risk, snapshot in zip((before, after), snapshots, strict=True):
        if risk is None:
            continue
        names |= {f"damage:{risk['damage']}", f"threat:{risk['threat']}"}
        overrides = [part for part in snapshot.get("parts", {}) if part.startswith("override:")]
        names.update(part for part in overrides if risk["damage"] in part.split(":")[1].split("."))
        for path in snapshot["paths"]:
            if path["threat"] == risk["threat"] and path["control_set"] == risk["control_set"]:
                names.add(f"path:{path['id']}")
                names.update(
                    part for part in overrides if part.startswith(f"override:{path['id']}")
                )
                for leaf in path["leaves"]:
                    names |= {f"step:{leaf}", f"capability:{leaf}"}
                names |= {f"control:{control}" for control in path["cut_by"]}
    rules = (name for name in snapshots[1].get("parts", {}) if name.startswith("impact_rule"))
    return names.union(rules)
