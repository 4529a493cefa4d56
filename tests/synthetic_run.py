"""A made-up campaign with the shape of a real one, for tests only: no number in it is measured."""

import hashlib
from pathlib import Path

import numpy as np

from voltward.results.columns import MEASURED_COLUMNS
from voltward.results.consequences import CONSEQUENCES
from voltward.results.run_folder import RunFolder, RunWriter

STACKS = {
    "none": "",
    "prevention": "broker-authentication;frame-mac;message-freshness",
    "detection": "bus-timing;command-plausibility;twin-residual",
    "full": "broker-authentication;bus-timing;command-plausibility;frame-mac;"
    "message-freshness;safe-derate;twin-residual",
}
# id: (layer, title, consequence, unit, scale, stopped by prevention, seen by detection)
ATTACKS = {
    "voltage-bias": ("physical", "Cell voltage reads low", "plated_charge_mAh", 22.0, 0, 1),
    "current-scale": ("physical", "Pack current reads low", "soc_error_pct", 9.0, 0, 1),
    "temperature-freeze": ("physical", "Temperature frozen", "over_temperature_s", 140.0, 0, 0),
    "frame-replay": ("physical", "Old CAN frames again", "over_voltage_s", 260.0, 1, 1),
    "broker-in-the-middle": ("communication", "A false broker", "charging_denied_s", 900.0, 1, 0),
    "uplink-flood": ("communication", "Uplink flooded", "cloud_blind_s", 1200.0, 0, 1),
    "charge-command-spoof": ("cloud", "False charge limit", "plated_charge_mAh", 48.0, 1, 1),
    "model-poisoning": ("cloud", "Twin parameters changed", "twin_soc_error_pct", 12.0, 0, 1),
    "provoked-derate": ("cloud", "Defence turned on its owner", "energy_unserved_Wh", 400.0, 0, 1),
}
CONFIG = 'name = "synthetic"\nseeds = 8\n'
DETECTORS = ("twin-residual", "command-plausibility", "bus-timing")


def make_case(number, attack, stack, seed, rng):
    prevented = stack in {"prevention", "full"}
    watched = stack in {"detection", "full"}
    measured = {column.name: 0.0 for column in MEASURED_COLUMNS}
    measured |= {"peak_voltage_V": 4.18 + 0.01 * rng.random(), "peak_temperature_degC": 31.0}
    measured["soc_error_pct"] = 0.6 + 0.1 * rng.random()
    case = {
        "case_id": f"c{number:05d}",
        "attack": attack,
        "attack_parameters": "" if attack == "no-attack" else "bias=0.05;cells=1",
        "stack": stack,
        "controls": STACKS[stack],
        "seed": seed,
        "world_id": seed,
        "track": "matched",
        "duty": "synthetic-drive",
        "goal_reached": False,
        "any_goal": False,
        "defence_goal": False,
        "goal_margin": 0.0,
        "goals_reached": "",
        "blocked": False,
        "detected": False,
        "detector": "",
        "contained": False,
        "attack_s": None,
        "detect_s": None,
        "safe_s": None,
        "false_alarms": int(watched and rng.random() < 0.03),
        "hours": 1.0 if attack == "no-attack" else 0.25,
        "goal_s": None,
        "compromise": "",
    }
    if attack == "no-attack":
        measured["harm_energy_unserved_Wh"] = 3.0 * rng.random() if watched else 0.0
        return case | measured
    *_, consequence, scale, stoppable, visible = ATTACKS[attack]
    blocked = prevented and stoppable and rng.random() < 0.97
    detected = not blocked and watched and visible and rng.random() < 0.95
    contained = detected and stack == "full" and rng.random() < 0.9
    reached = not blocked and not contained
    delay = float(rng.gamma(2.0, 6.0)) if detected else None
    damage = scale * (0.8 + 0.4 * rng.random()) * (1.0 if reached else 0.04)
    measured[consequence] += damage
    measured["capacity_loss_pct"] = 0.002 * damage
    if attack == "charge-command-spoof" and reached:
        measured["propulsion_lost_s"] = 35.0 + 5.0 * rng.random()
        measured["over_voltage_s"] = 300.0 + 30.0 * rng.random()
    if attack == "provoked-derate" and watched:
        measured["harm_energy_unserved_Wh"] = 120.0 * rng.random()
        measured["harm_propulsion_lost_s"] = 40.0 * rng.random()
    chain = "steal-account>operator account;set-limit>" if attack == "charge-command-spoof" else ""
    return (
        case
        | measured
        | {
            "goal_reached": bool(reached),
            "any_goal": bool(reached),
            "blocked": bool(blocked),
            "detected": bool(detected),
            "detector": str(rng.choice(DETECTORS)) if detected else "",
            "contained": bool(contained),
            "attack_s": 900.0,
            "detect_s": None if delay is None else 900.0 + delay,
            "safe_s": 900.0 + delay + 4.0 if contained else None,
            "goal_s": 900.0 + 200.0 * (1.0 + rng.random()) if reached else None,
            "compromise": chain,
        }
    )


def make_cases(seeds=8, seed=7):
    """Return the rows of a cases table, in order."""
    rng = np.random.default_rng(seed)
    keys = [(a, s, k) for a in (*ATTACKS, "no-attack") for s in STACKS for k in range(seeds)]
    return [make_case(i, attack, stack, k, rng) for i, (attack, stack, k) in enumerate(keys)]


def make_events(case):
    """Return the events of one case."""
    names = ("case_id", "time_s", "kind", "source", "tap", "detail")
    if case["attack_s"] is None:
        return []
    rows = [(case["case_id"], case["attack_s"], "attack_start", case["attack"], "can.up", "")]
    if case["blocked"]:
        rows.append((case["case_id"], 901.0, "reject", "frame-mac", "can.up", "proof missing"))
    if case["detected"]:
        rows.append((case["case_id"], case["detect_s"], "alarm", case["detector"], "", "score 1.2"))
        rows.append((case["case_id"], case["detect_s"] + 1, "request", "safe-derate", "", "derate"))
    return [dict(zip(names, row, strict=True)) for row in rows]


def make_trace(case, length=1800):
    """Return a trace with the shape of a charge under a biased voltage."""
    rng = np.random.default_rng(case["seed"])
    time_s = np.arange(0.0, length)
    soc = 0.45 + 0.35 * time_s / length
    current_A = np.where(time_s % 300 < 240, 60.0, -20.0)
    attacked = (time_s >= 900.0) & (not case["blocked"])
    stopped = attacked & (time_s > (case["safe_s"] or 1e9))
    current_A = np.where(stopped, 0.0, current_A)
    voltage_V = 3.4 + 0.9 * soc + 0.0008 * current_A + 0.001 * rng.standard_normal(length)
    bias_V = np.where(attacked, -0.12, 0.0)
    return {
        "time_s": time_s,
        "true_voltage_min_V": voltage_V - 0.02,
        "true_voltage_max_V": voltage_V + 0.02,
        "true_voltage_target_V": voltage_V,
        "reported_voltage_target_V": voltage_V + bias_V,
        "twin_voltage_target_V": voltage_V + 0.15 * bias_V,
        "true_current_A": current_A,
        "reported_current_A": current_A + 0.2 * rng.standard_normal(length),
        "twin_current_A": current_A,
        "twin_temperature_max_degC": 25.0 + 6.0 * time_s / length,
        "queued_records": np.zeros(length),
        "worst_score": np.where(attacked, 1.2, 0.4),
        "true_temperature_max_degC": 25.0 + 6.0 * time_s / length,
        "reported_temperature_max_degC": 25.0 + 6.0 * time_s / length,
        "true_soc": soc,
        "bms_soc": soc + np.where(attacked, -0.0001 * (time_s - 900.0), 0.0),
        "twin_soc": soc + np.where(attacked, -0.00002 * (time_s - 900.0), 0.0),
        "speed_mps": np.full(length, 0.0),
        "contactor_closed": np.where(stopped, 0.0, 1.0),
    }


def make_run(**changes):
    """Return the keys of run.json that the campaign states."""
    attacks = {
        name: {
            "title": title,
            "layer": layer,
            "goal": f"{consequence} of at least {scale / 3:.3g} (made up)",
            "source": "made up for tests",
            "claimed_by": ["twin-residual"] if visible else [],
            "stopped_by": ["frame-mac"] if stoppable else [],
            "component_impact": "cells age faster than the BMS believes",
            "system_impact": "less range, and propulsion may be lost",
        }
        for name, (layer, title, consequence, scale, stoppable, visible) in ATTACKS.items()
    }
    controls = {
        name: {
            "title": name.replace("-", " ").capitalize(),
            "layer": "physical",
            "hooks": ["act" if "derate" in name else "watch" if name in DETECTORS else "verify"],
            "source": "made up for tests",
            "cost": {"bytes_per_record": 8.0, "latency_ms": 0.1, "note": "made up"},
        }
        for name in STACKS["full"].split(";")
    }
    consequences = {
        entry.name: {"unit": entry.unit, "title": entry.title, "description": entry.description}
        for entry in CONSEQUENCES
    }
    return {
        "name": "Synthetic campaign (test data, nothing measured)",
        "seed": 7,
        "config_sha256": hashlib.sha256(CONFIG.encode()).hexdigest(),
        "versions": {"voltward": "0.1.0", "jax": "0.0"},
        "track": "matched",
        "command": "voltward run examples/reference.toml --seed 7 --out out/demo",
        "catalogue": {"attacks": attacks, "controls": controls, "consequences": consequences},
        "gate": {
            "expression": "goal_share(full)<=0.05",
            "passed": False,
            "reason": "goal_share(full) <= 0.05 fails: got 0.25 (made up)",
        },
    } | changes


def make_folder(folder: Path, *, part_size=40, backwards=False, traces=True, **changes):
    """Write a whole synthetic run folder."""
    cases = make_cases()
    writer = RunWriter.begin(folder, CONFIG, {"config_sha256": "synthetic"})
    parts = [cases[i : i + part_size] for i in range(0, len(cases), part_size)]
    order = list(enumerate(parts))
    for index, part in reversed(order) if backwards else order:
        writer.parts.write(index, part, [event for case in part for event in make_events(case)])
    wanted = {("voltage-bias", "none"), ("voltage-bias", "full"), ("frame-replay", "none")}
    for case in cases if traces else ():
        if case["seed"] == 0 and (case["attack"], case["stack"]) in wanted:
            writer.write_trace(case["case_id"], make_trace(case))
    return writer.finish(make_run(**changes))


def open_folder(folder: Path) -> RunFolder:
    """Open a folder that `make_folder` wrote."""
    return RunFolder.open(folder)
