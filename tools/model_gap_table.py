"""What hides in the gap between circuit and cell: the twin's detectors beside the second opinion.

python tools/model_gap_table.py calibrate    # thresholds, on duties that are not reported
python tools/model_gap_table.py              # the table of docs/explanation/mismatched.md
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voltward.attacks.catalogue import ATTACKS
from voltward.ranges.configuration.case_grid import Case
from voltward.ranges.configuration.duty import Duty, load_duty
from voltward.ranges.configuration.stacks import Stack
from voltward.ranges.configuration.system import load_system
from voltward.ranges.configuration.system_settings import SystemSettings
from voltward.ranges.electrochemical_plant.plant_choice import host_cell, leader_of
from voltward.ranges.virtual.batch import case_arrays
from voltward.ranges.virtual.engine import Engine
from voltward.ranges.virtual.readout import watch_ids
from voltward.results.columns import NO_ATTACK
from voltward.results.metrics import poisson_upper

EXAMPLE = Path(__file__).parents[1] / "examples" / "mismatched"
CUSUM, CHI, OPINION = "innovation-cusum", "innovation-chi-square", "electrochemical-opinion"
# Largest clean score on the calibration duties times this is the threshold.
MARGIN = 1.25
UNBOUNDED = 1000.0
SLACKS = (1.0, 3.0, 9.0)
CALIBRATION = (("duty-udds.toml", "duty-wltc.toml"), (1000, 1001))
# Duty, and when the two attacks of each kind start: in the drive and in the charge.
REPORTED = (("duty.toml", (300.0, 900.0)), ("duty-us06.toml", (300.0, 720.0)))
ATTACK_SEEDS, CLEAN_SEEDS = (7, 8, 9), (7, 8, 9, 10, 11, 12)
BIASES_V = (0.02, 0.03, 0.05)
# What `calibrate` gave; the sum has no threshold, it grows as long as the model errs.
SET = {CHI: {"threshold": 160.0}}
SHIPPED, FITTED = "shipped", "set for lg-m50"


@dataclass(frozen=True)
class Seen:
    """First alarm of every watch and its false onsets, (case, watch)."""

    cases: tuple[Case, ...]
    watches: tuple[str, ...]
    first_s: np.ndarray
    false_onsets: np.ndarray
    worst: np.ndarray
    duty: Duty


def stack(name: str, settings: dict[str, dict[str, float]], *controls: str) -> Stack:
    """Return watches without any response, so that no alarm changes the run."""
    return Stack(name, tuple(sorted(controls)), factory_protection=True, settings=settings)


def engine_of(system: SystemSettings, duty_name: str, chunk: int) -> Engine:
    """Return an engine whose plant is the electrochemical cell."""
    duty = load_duty(str(EXAMPLE / duty_name))
    return Engine(system, duty, chunk, host_cell(leader_of(system, ""), duty))


def run(engine: Engine, cases: tuple[Case, ...]) -> Seen:
    """Run cases in batches."""
    never = np.iinfo(np.int64).max
    first, false, worst = [], [], []
    for begin in range(0, len(cases), engine.chunk):
        part = cases[begin : begin + engine.chunk]
        padded = [*part, *([part[-1]] * (engine.chunk - len(part)))]
        assert engine.host is not None
        engine.host.histories.expect([case.case_id for case in part])
        arrays = case_arrays(engine.assembly, engine.system, padded)
        meter, traces = engine.execute(*arrays)
        alarm = np.asarray(meter.first_alarm)[: len(part)].astype(float)
        first.append(np.where(alarm >= never, np.inf, alarm * engine.duty.tick_s))
        false.append(np.asarray(meter.false_onsets)[: len(part)])
        worst.append(np.asarray(traces)[: engine.duty.ticks, : len(part), -1].max(axis=0))
        print(f"  {begin + len(part)} of {len(cases)} cases", file=sys.stderr, flush=True)
    watches = tuple(watch_ids(engine.assembly.rules))
    tables = [np.concatenate(part) for part in (first, false, worst)]
    return Seen(cases, watches, *tables, engine.duty)


def clean(number: int, chosen: Stack, seed: int) -> Case:
    """Return a case without attack."""
    return Case(f"c{number:05d}", NO_ATTACK, {}, float("inf"), chosen, seed)


def calibrate(system: SystemSettings) -> None:
    """Print thresholds: the largest clean score on the calibration duties, with a margin."""
    stacks = [
        stack(f"{CUSUM} slack {slack:g}", {CUSUM: {"slack": slack, "threshold": UNBOUNDED}}, CUSUM)
        for slack in SLACKS
    ]
    stacks += [stack(CHI, {CHI: {"threshold": UNBOUNDED}}, CHI), stack(OPINION, {}, OPINION)]
    duties, seeds = CALIBRATION
    for duty_name in duties:
        engine = engine_of(system, duty_name, len(stacks) * len(seeds))
        pairs = [(chosen, seed) for chosen in stacks for seed in seeds]
        seen = run(engine, tuple(clean(i, *pair) for i, pair in enumerate(pairs)))
        for case, worst in zip(seen.cases, seen.worst, strict=True):
            sum_or_score = worst * (1.0 if case.stack.name == OPINION else UNBOUNDED)
            hours = seen.duty.duration_s / 3600.0
            name = f"{seen.duty.name:20} {case.stack.name:26} seed {case.seed}"
            print(
                f"{name} {hours:.2f} h: {sum_or_score:.2f}, with margin {MARGIN * sum_or_score:.1f}"
            )


def report(system: SystemSettings) -> None:
    """Print one table for each reported duty, and one of false alarms."""
    watches = (CUSUM, CHI, OPINION)
    stacks = [stack(SHIPPED, {}, *watches), stack(FITTED, SET, CHI)]
    attack = ATTACKS.load("voltage-bias")
    for duty_name, starts in REPORTED:
        asked: list[tuple[str, dict[str, float], float, Stack, int]] = [
            (NO_ATTACK, {}, float("inf"), chosen, seed) for chosen in stacks for seed in CLEAN_SEEDS
        ]
        for bias_V in BIASES_V:
            for sign in (-1.0, 1.0):
                values = attack.defaults() | {"bias_V": sign * bias_V}
                asked += [
                    (attack.id, values, start_s, chosen, seed)
                    for start_s in starts
                    for chosen in stacks
                    for seed in ATTACK_SEEDS
                ]
        cases = tuple(Case(f"c{i:05d}", *entry) for i, entry in enumerate(asked))
        engine = engine_of(system, duty_name, 42)
        seen = run(engine, cases)
        print(f"\n{seen.duty.name}, {seen.duty.duration_s:g} s\n")
        print("| detector | false alarms | 20 mV | 30 mV | 50 mV |\n|---|---|---|---|---|")
        for chosen in stacks:
            for name in chosen.controls:
                print(f"| {name}, {chosen.name} | {_false(seen, chosen, name)} |", end="")
                print("|".join(f" {_delays(seen, chosen, name, b)} " for b in BIASES_V) + "|")


def _rows(seen: Seen, chosen: Stack, attack: str) -> list[int]:
    return [
        index
        for index, case in enumerate(seen.cases)
        if case.stack is chosen and case.attack == attack
    ]


def _false(seen: Seen, chosen: Stack, name: str) -> str:
    rows, column = _rows(seen, chosen, NO_ATTACK), seen.watches.index(name)
    count = int(seen.false_onsets[rows, column].sum())
    hours = len(rows) * seen.duty.duration_s / 3600.0
    return f"{count} in {hours:.2f} h, below {poisson_upper(count) / hours:.2g}/h"


def _delays(seen: Seen, chosen: Stack, name: str, bias_V: float) -> str:
    column = seen.watches.index(name)
    delays: list[Any] = [
        seen.first_s[index, column] - seen.cases[index].start_s
        for index in _rows(seen, chosen, "voltage-bias")
        if np.isclose(abs(seen.cases[index].parameters["bias_V"]), bias_V)
    ]
    found = sorted(delay for delay in delays if np.isfinite(delay))
    words = f"{len(found)} of {len(delays)}"
    return f"{words}, {np.median(found):.0f} s (worst {found[-1]:.0f} s)" if found else words


def main() -> None:
    """Calibrate, or print the tables."""
    system = load_system(str(EXAMPLE / "system.toml"))
    if sys.argv[1:] == ["calibrate"]:
        calibrate(system)
    else:
        report(system)


if __name__ == "__main__":
    main()
