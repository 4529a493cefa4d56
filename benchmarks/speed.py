"""The comparison: every contestant in every round, on one processor, on one current profile."""

import importlib
import json
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.machine import Taken, facts, summary, timed
from benchmarks.peer import Peer

SCHEMA_VERSION = 1
ROUNDS = 5
BARE_RUNS = 24
BOUND_RUNS = 24
COMPARED_TICKS = 400
AGREEMENT = 1e-9
PEER_NAME = "PyBaMM ECM"
PACKAGES = ("jax", "jaxlib", "numpy", "numba", "pybamm")


@dataclass
class Contestant:
    """One line of the table.

    Attributes:
        name: As printed.
        work: What differs in the work, in a few words.
        cell_steps: Of one repetition.
        once: Runs one repetition and says how long it took.
        taken: Repetitions so far.
    """

    name: str
    work: str
    cell_steps: int
    once: Callable[[], Taken]
    taken: list[Taken] = field(default_factory=list)


def our_contestants(notes: dict[str, Any]) -> list[Contestant]:
    """Return the program, the bare loop and the bound, each compiled; notes get what it took."""
    # JAX is loaded here, after the process has been pinned.
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    bare_loop = importlib.import_module("benchmarks.bare_loop")
    demo = importlib.import_module("benchmarks.demo_program")
    profile = importlib.import_module("benchmarks.load_profile")
    found: list[Contestant] = []

    begin = time.perf_counter()
    engine = demo.demo_engine()
    clean = demo.batch(engine)
    clean.execute()
    notes["program"] = {
        "compile_s": round(engine.compile_s, 2),
        "start_s": round(time.perf_counter() - begin, 2),
        "runs": engine.chunk,
        "cells": engine.assembly.cells,
        "controls": len(engine.assembly.rules.controls),
    }
    work = "closed loop over vehicle, gateway and cloud; every control, meter and trace"
    found.append(Contestant("program, clean", work, clean.cell_steps, lambda: timed(clean.execute)))
    for attack in demo.ATTACKED:
        attacked = demo.batch(engine, attack)
        found.append(
            Contestant(
                f"program, {attack}",
                "the same, under attack from 600 s on",
                attacked.cell_steps,
                lambda attacked=attacked: timed(attacked.execute),
            )
        )
    found.append(
        Contestant(
            "program with readout",
            "the same, clean, with case arrays, rows, events and traces as a worker makes them",
            clean.cell_steps,
            lambda: timed(clean.run),
        )
    )

    assembly = bare_loop.bare_assembly()
    drive_A = profile.current_C() * assembly.plant.cell.capacity_Ah
    loop, arguments = bare_loop.prepared(
        assembly, BARE_RUNS, profile.INITIAL_SOC, len(drive_A), drive_A
    )
    found.append(
        Contestant(
            "bare loop (JAX)",
            "plant, sensors, one EKF per cell, one CUSUM, protection",
            BARE_RUNS * assembly.cells * len(drive_A),
            lambda: timed(lambda: jax.block_until_ready(loop(*arguments))),
        )
    )
    bound = _bound(bare_loop, assembly, profile, drive_A, notes)
    return found if bound is None else [*found, bound]


def _bound(
    bare_loop: Any, assembly: Any, profile: Any, drive_A: Any, notes: dict[str, Any]
) -> Contestant | None:
    try:
        numba_bound = importlib.import_module("benchmarks.numba_bound")
    except ModuleNotFoundError as error:
        notes["bound"] = {"left_out": str(error)}
        return None
    short, arguments = bare_loop.prepared(assembly, 2, profile.INITIAL_SOC, COMPARED_TICKS, drive_A)
    fixed, seed = arguments[0], arguments[1]
    begin = time.perf_counter()
    once = numba_bound.prepared(assembly, fixed, seed, drive_A[:COMPARED_TICKS])
    difference = numba_bound.largest_difference(short(*arguments), once())
    notes["bound"] = {
        "compile_s": round(time.perf_counter() - begin, 2),
        "compared_ticks": COMPARED_TICKS,
        "largest_difference": difference,
    }
    if not difference <= AGREEMENT:
        message = f"the bound differs from the bare loop by {difference:g}, allowed {AGREEMENT:g}"
        raise RuntimeError(message)
    jnp = importlib.import_module("jax.numpy")
    seeds = jnp.arange(BOUND_RUNS, dtype=jnp.uint64)
    fixed = bare_loop.drawn(assembly, seeds, profile.INITIAL_SOC)
    run = numba_bound.prepared(assembly, fixed, seeds, drive_A)
    run()
    return Contestant(
        "bound (Numba by hand)",
        "the bare loop's arithmetic, the same results, run after run in the first cache",
        BOUND_RUNS * assembly.cells * len(drive_A),
        lambda: timed(run),
    )


def compare(python: str | None, rounds: int = ROUNDS) -> dict[str, Any]:
    """Run the comparison and return its document; without an interpreter the peer is left out."""
    notes: dict[str, Any] = {}
    before = facts(PACKAGES)
    with ExitStack() as stack:
        contestants = our_contestants(notes)
        if python is not None:
            peer = stack.enter_context(Peer(python))
            notes["peer"] = peer.facts
            contestants.append(
                Contestant(
                    PEER_NAME,
                    "2RC Thevenin with heat, open loop: no sensors, estimator or detector; "
                    "adaptive steps at rtol 1e-4, output each second; CPU of the solve alone",
                    peer.facts["cells"] * 3600,
                    peer.solve,
                )
            )
        for _ in range(rounds):
            for contestant in contestants:
                contestant.taken.append(contestant.once())
    rows = [
        {"name": each.name, "work": each.work, **summary(each.cell_steps, each.taken)}
        for each in contestants
    ]
    peer_rates = [each.cell_steps / t.cpu_s for each in contestants if each.name == PEER_NAME
                  for t in each.taken]  # fmt: skip
    for row, each in zip(rows, contestants, strict=True):
        rates = [each.cell_steps / taken.cpu_s for taken in each.taken]
        row["times_peer"] = (
            statistics.median(ours / theirs for ours, theirs in zip(rates, peer_rates, strict=True))
            if peer_rates
            else None
        )
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "speed",
        "unit": "cell-steps per second of processor time, one core, steps of 1 s, float64",
        "profile": "seeded synthetic drive, 3600 s, the same C-rate for every cell model",
        "rounds": rounds,
        "machine": before,
        "load_after": facts(())["load_average"],
        "notes": notes,
        "contestants": rows,
    }


def table(document: dict[str, Any]) -> str:
    """Return the comparison as text."""
    lines = [f"{'':28s}{'cell-steps/s':>13s}{'spread':>9s}{'wall/CPU':>10s}{'x PyBaMM':>10s}"]
    for row in document["contestants"]:
        times = "" if row["times_peer"] is None else f"{row['times_peer']:.3g}"
        lines.append(
            f"{row['name']:28s}{row['cell_steps_per_s']:13.3g}{row['spread_pct']:8.0f}%"
            f"{row['wall_over_cpu']:10.2f}{times:>10s}"
        )
        lines.append(f"    {row['work']}")
    machine = document["machine"]
    load = ", ".join(f"{value:.1f}" for value in machine["load_average"])
    lines.append(f"{machine['processor']}, {machine['processors']} processors, load {load}")
    lines.append(f"unit: {document['unit']}; medians of {document['rounds']} rounds")
    return "\n".join(lines)


def write(document: dict[str, Any], path: Path) -> None:
    """Write a document as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
