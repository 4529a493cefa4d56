"""What moved the risks between the first and the last control set, and why others stayed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from voltward.interfaces.report.risk_file import HIGH_RISK, Risk, RiskFile

_GROUPS_SHOWN = 10
_REASONS_SHOWN = 4
_THREATS_SHOWN = 4
_TOO_FEW = "Tested, but too little to show that a control holds"
_UNTESTED = "Controls of the set lie on the path, but no test of this campaign covers them"
_FAILED = "Tested, and the attack still reaches its goal"
_NONE = "No control of the set lies on the deciding path"
_LOWEST = "Already at the lowest value"


@dataclass(frozen=True)
class Move:
    """Risks that moved for one reason.

    Attributes:
        controls: Controls that hold on their paths, joined by commas.
        reason: The first reason of the rating.
        first: The first control set under which they moved.
        risks: How many they are.
        steps: Such as "4 × 5 → 2": four risks fell from 5 to 2.
        threats: Ids of the first few threats.
        more: How many threats are left out.
    """

    controls: str
    reason: str
    first: str
    risks: int
    steps: str
    threats: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class Moved:
    """Groups of risks that moved, the most removed first."""

    risks: int
    groups: tuple[Move, ...]
    more_groups: int
    more_risks: int


@dataclass(frozen=True)
class Stay:
    """Risks that did not move, of one kind.

    Attributes:
        what: The kind.
        risks: How many they are.
        high: How many of them are at 4 or 5.
        if_shown: How many would be lower if the untested controls were shown to hold.
        reasons: The most common first reasons with their counts.
        more: How many further reasons there are.
    """

    what: str
    risks: int
    high: int
    if_shown: int
    reasons: tuple[tuple[str, int], ...]
    more: int


@dataclass(frozen=True)
class Unmoved:
    """Kinds of risks that stayed where they were."""

    risks: int
    kinds: tuple[Stay, ...]


def moved(risk: RiskFile) -> Moved:
    """Return the risks whose value differs between the first and the last control set."""
    groups: dict[tuple[str, str, str], list[tuple[Risk, Risk]]] = {}
    for before, after in _both(risk):
        if before["risk"] != after["risk"]:
            controls = ", ".join(risk.cut_by(after["threat"], risk.after))
            key = controls, _first_reason(after), _first_set(risk, before)
            groups.setdefault(key, []).append((before, after))
    ordered = sorted(groups.items(), key=lambda item: (-_removed(item[1]), item[0]))
    hidden = ordered[_GROUPS_SHOWN:]
    return Moved(
        risks=sum(len(members) for members in groups.values()),
        groups=tuple(_move(*key, members) for key, members in ordered[:_GROUPS_SHOWN]),
        more_groups=len(hidden),
        more_risks=sum(len(members) for _, members in hidden),
    )


def unmoved(risk: RiskFile) -> Unmoved:
    """Return the risks that stayed, by the kind of reason."""
    kinds: dict[str, list[Risk]] = {
        kind: [] for kind in (_TOO_FEW, _UNTESTED, _FAILED, _NONE, _LOWEST)
    }
    if risk.before == risk.after:
        return Unmoved(0, ())
    for before, after in _both(risk):
        if before["risk"] == after["risk"]:
            kinds[_kind(before, after)].append(after)
    return Unmoved(
        risks=sum(len(members) for members in kinds.values()),
        kinds=tuple(_stay(kind, members) for kind, members in kinds.items() if members),
    )


def _both(risk: RiskFile) -> list[tuple[Risk, Risk]]:
    found = ((before, risk.risk(before["id"], risk.after)) for before in risk.of_set(risk.before))
    return [(before, after) for before, after in found if after is not None]


def _first_reason(risk: Risk) -> str:
    return str(risk["reasons"][0]) if risk["reasons"] else "no reason was written"


def _first_set(risk: RiskFile, before: Risk) -> str:
    for name in risk.sets[1:]:
        other = risk.risk(before["id"], name)
        if other is not None and other["risk"] != before["risk"]:
            return name
    return risk.after


def _removed(members: Sequence[tuple[Risk, Risk]]) -> int:
    return sum(before["risk"] - after["risk"] for before, after in members)


def _move(controls: str, reason: str, first: str, members: Sequence[tuple[Risk, Risk]]) -> Move:
    steps = Counter((before["risk"], after["risk"]) for before, after in members)
    threats = tuple(dict.fromkeys(after["threat"] for _, after in members))
    return Move(
        controls=controls,
        reason=reason,
        first=first,
        risks=len(members),
        steps=", ".join(
            f"{times} × {old} → {new}".replace(" ", "\u00a0")
            for (old, new), times in sorted(steps.items(), reverse=True)
        ),
        threats=threats[:_THREATS_SHOWN],
        more=max(0, len(threats) - _THREATS_SHOWN),
    )


def _kind(before: Risk, after: Risk) -> str:
    if after["risk"] == 1:
        return _LOWEST
    evidence = after["evidence"]
    # The deciding test of the risk without controls is no test of a control.
    tested = evidence and evidence["stack"] != (before["evidence"] or {}).get("stack")
    if after["if_shown"] < after["risk"]:
        return _TOO_FEW if tested else _UNTESTED
    return _FAILED if tested and evidence["goal_share"] > 0.0 else _NONE


def _stay(kind: str, members: Sequence[Risk]) -> Stay:
    reasons = Counter(_first_reason(risk) for risk in members)
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return Stay(
        what=kind,
        risks=len(members),
        high=sum(risk["risk"] >= HIGH_RISK for risk in members),
        if_shown=sum(risk["if_shown"] < risk["risk"] for risk in members),
        reasons=tuple(ordered[:_REASONS_SHOWN]) if kind != _LOWEST else (),
        more=max(0, len(ordered) - _REASONS_SHOWN) if kind != _LOWEST else 0,
    )
