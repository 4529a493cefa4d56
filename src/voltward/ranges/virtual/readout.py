"""From the meter to rows of the cases table and to events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from voltward.controls.in_force import Rules
from voltward.core.attack import Attack
from voltward.core.capabilities import POSITIONS, SECRETS, Capability
from voltward.core.control import Place
from voltward.physical.faults import FAULTS
from voltward.ranges.configuration.case_grid import Case, load_attack
from voltward.ranges.configuration.duty import Duty
from voltward.ranges.configuration.truth_tracks import MATCHED
from voltward.ranges.virtual.meter import REFUSING_TAPS, Meter
from voltward.results.consequences import AT_DETECTION, CONSEQUENCE_INDEX, HARMS

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Readout:
    """Rows and events of a batch."""

    rows: list[dict[str, Any]]
    events: list[dict[str, Any]]


def watch_ids(rules: Rules) -> list[str]:
    """Return the ids of the watches in the order of the meter's columns."""
    return [control.id for place in Place for _, control in rules.watches(place)]


def act_labels(rules: Rules) -> list[tuple[str, str]]:
    """Return id and place of every response in the order of the meter's columns."""
    return [(control.id, place.value) for place in Place for _, control in rules.acts()]


def read_meter(
    meter: Meter,
    cases: Sequence[Case],
    rules: Rules,
    duty: Duty,
    tick_s: float,
    track: str = MATCHED,
) -> Readout:
    """Return the rows and events of the first len(cases) runs of a batch."""
    table = {
        name: np.asarray(getattr(meter, name))
        for name in Meter.__dataclass_fields__
        if name != "grid"
    }
    rows, events = [], []
    for run, case in enumerate(cases):
        one = {name: values[run] for name, values in table.items()}
        row, happened = _read_one(one, case, rules, duty, tick_s)
        rows.append({**row, "track": track})
        events.extend(happened)
    return Readout(rows, events)


def _seconds(tick: Any, tick_s: float) -> float | None:
    return None if int(tick) == _NEVER else float(tick) * tick_s


def _read_one(
    one: Mapping[str, Any], case: Case, rules: Rules, duty: Duty, tick_s: float
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    attack = load_attack(case.attack)
    values = {name: float(one["values"][index]) for name, index in CONSEQUENCE_INDEX.items()}
    detected = attack is not None and int(one["detected_tick"]) != _NEVER
    goal = attack is not None and int(one["goal_tick"]) != _NEVER
    refused = int(one["forged_refused"])
    safe_s = _seconds(one["safe_tick"], tick_s) if attack is not None else None
    start_s = case.start_s if attack is not None else None
    clean_s = duty.duration_s if start_s is None else min(start_s, duty.duration_s)
    snapshot = {
        f"{name}_at_detection": float(one["at_detection"][CONSEQUENCE_INDEX[name]])
        if detected
        else None
        for name in AT_DETECTION
    }
    row: dict[str, Any] = {
        "case_id": case.case_id,
        "attack": case.attack,
        "attack_parameters": case.parameters_text,
        "stack": case.stack.name,
        "controls": ";".join(case.stack.controls),
        "seed": case.seed,
        "world_id": case.world,
        "track": "",
        "duty": duty.name,
        "goal_reached": goal,
        "any_goal": goal,
        "defence_goal": False,
        "goal_margin": None,
        "goals_reached": "",
        # Forged records came and not one of them was accepted anywhere.
        "blocked": attack is not None and refused > 0 and int(one["taken_in"]) == 0,
        "detected": detected,
        "detector": watch_ids(rules)[int(one["detector"])] if detected else "",
        "contained": detected and safe_s is not None and not goal,
        "attack_s": start_s,
        "detect_s": _seconds(one["detected_tick"], tick_s) if detected else None,
        "safe_s": safe_s,
        "false_alarms": int(one["false_onsets"].sum()),
        "hours": clean_s / 3600.0,
        "goal_s": _seconds(one["goal_tick"], tick_s) if goal else None,
        "compromise": _compromise(one, attack) if attack is not None else "",
        **values,
        **snapshot,
        **{f"added_{name}": None for name in CONSEQUENCE_INDEX},
        **{f"harm_{name}": None for name in HARMS},
    }
    return row, _events(one, case, attack, rules, duty, tick_s)


def _grants(one: Mapping[str, Any], attack: Attack) -> list[tuple[int, str, str, str]]:
    """Return (tick, step, tap, capability) for what was gained during the run, in order."""
    held = int(attack.holds)
    gained = []
    for bit in range(32):
        flag = 1 << bit
        tick = int(one["first_held"][bit])
        if tick == _NEVER or held & flag:
            continue
        name = Capability(flag).name or str(flag)
        for step in attack.steps(attack.defaults()):
            if int(step.grants) & flag:
                gained.append((tick, step.name, step.tap, name))
                break
    return sorted(gained)


def _compromise(one: Mapping[str, Any], attack: Attack) -> str:
    held = attack.holds
    start = [flag.name or "" for flag in Capability if flag & held and flag & (POSITIONS | SECRETS)]
    chain = [f"start>{'+'.join(start) or 'nothing'}"]
    chain += [f"{step}>{capability}" for _, step, _, capability in _grants(one, attack)]
    return ";".join(chain)


def _events(
    one: Mapping[str, Any],
    case: Case,
    attack: Attack | None,
    rules: Rules,
    duty: Duty,
    tick_s: float,
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def add(tick: Any, kind: str, source: str, tap: str = "", detail: str = "") -> None:
        seconds = _seconds(tick, tick_s)
        if seconds is not None and seconds <= duty.duration_s:
            found.append(
                {
                    "case_id": case.case_id,
                    "time_s": seconds,
                    "kind": kind,
                    "source": source,
                    "tap": tap,
                    "detail": detail,
                }
            )

    for tick, *words in _attack_events(one, case, attack, duty, tick_s):
        add(tick, *words)
    for index, tap in enumerate(REFUSING_TAPS):
        count = int(one["refused"][index])
        add(one["first_refused"][index], "reject", "verify", tap, f"{count} records in all")
    for index, name in enumerate(watch_ids(rules)):
        add(one["first_alarm"][index], "alarm", name)
    for index, (name, place) in enumerate(act_labels(rules)):
        add(one["first_request"][index], "request", name, "", f"at {place}")
    for index, fault in enumerate(FAULTS):
        add(one["first_fault"][index], "limit", fault, "", "last tier, after its delay")
    add(one["first_open"], "contactor", "bms", "contactor", "opened")
    order = ("attack_start", "grant", "reject", "alarm", "request", "limit", "contactor")
    rank = {kind: index for index, kind in enumerate(order)}
    return sorted(found, key=lambda e: (e["time_s"], rank.get(e["kind"], 9), e["source"]))


def _attack_events(
    one: Mapping[str, Any], case: Case, attack: Attack | None, duty: Duty, tick_s: float
) -> list[tuple[int, str, str, str, str]]:
    if attack is None:
        return []
    found = []
    for step in attack.steps(case.parameters):
        begin_s = case.start_s + step.start_s
        end_s = begin_s + step.duration_s
        words = (case.attack, step.tap, step.name)
        found.append((round(begin_s / tick_s), "attack_start", *words))
        if end_s < duty.duration_s:
            found.append((round(end_s / tick_s), "attack_stop", *words))
    for tick, step_name, tap, capability in _grants(one, attack):
        found.append((tick, "grant", step_name, tap, capability))
    renewed = "keys, sessions and accounts renewed"
    found.append((int(one["revoked_tick"]), "revoke", "rekey", "", renewed))
    return found
