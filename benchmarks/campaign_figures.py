"""The process pool: how fast a campaign runs on every processor, and how much memory it takes."""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.machine import facts
from voltward.ranges.campaign.campaign import run_campaign
from voltward.ranges.configuration.campaign_file import load_campaign
from voltward.ranges.configuration.system import load_system

SCHEMA_VERSION = 1
ATTACK = "voltage-bias"
STACKS = ("none", "full")
# The clean duty and the attack, each under both stacks.
CASES_PER_SEED = 2 * len(STACKS)
MIB = 2**20
PACKAGES = ("jax", "jaxlib", "numpy", "pyarrow")


class Samples:
    """Resident memory of this process as parts come in, in MiB."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.now_s = now_s
        self.rows: list[dict[str, float]] = []

    def __call__(self, _label: str, done: int, total: int) -> None:
        """Take one; campaigns call it as they go on."""
        self.rows.append(
            {"share": done / max(total, 1), "at_s": self.now_s(), "resident_MiB": resident_MiB()}
        )

    def growth_MiB(self) -> float:
        """How much the second half of the campaign added to what the first half took."""
        if not self.rows:
            return 0.0
        first = [row["resident_MiB"] for row in self.rows if row["share"] <= 0.5]
        return max(row["resident_MiB"] for row in self.rows) - max(first)

    def steady_share_per_s(self) -> float:
        """Share of the campaign per second once every worker has compiled: the later half."""
        late = [row for row in self.rows if row["share"] >= 0.5]
        if len(late) < 2 or late[-1]["at_s"] <= late[0]["at_s"]:
            return 0.0
        return (late[-1]["share"] - late[0]["share"]) / (late[-1]["at_s"] - late[0]["at_s"])


def resident_MiB() -> float:
    """Return the resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def peak_MiB(whom: int) -> float:
    """Return the peak of this process, or of its largest finished child."""
    return resource.getrusage(whom).ru_maxrss * 1024 / MIB


def measure(figure: str, runs: int, keep_in: Path, workers: int = 0) -> dict[str, Any]:
    """Run a campaign of clean and attacked runs of one hour and return what it took.

    Args:
        figure: "pool" or "memory"; the campaign is the same, without or with traces.
        runs: Cases, rounded up to whole seeds.
        keep_in: Folder that gets the campaign while it is measured; it is removed again.
        workers: Processes; 0 takes every processor.
    """
    seeds = -(-runs // CASES_PER_SEED)
    flags = {
        "name": f"benchmark {figure}",
        "attacks": [ATTACK],
        "stacks": list(STACKS),
        "seeds": seeds,
        "keep": "worst" if figure == "memory" else "none",
        "workers": workers,
    }
    settings = load_campaign(flags=flags)
    system = load_system()
    cells = system.pack.series * system.pack.parallel
    ticks = settings.load_duty().ticks
    before = facts(PACKAGES)
    begin = time.perf_counter()
    samples = Samples(lambda: time.perf_counter() - begin)
    keep_in.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=keep_in) as folder:
        result = run_campaign(settings, Path(folder) / "campaign", samples)
        wall_s = time.perf_counter() - begin
        written = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    cell_steps = result.cases * cells * ticks
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": figure,
        "machine": before,
        "load_after": facts(())["load_average"],
        "runs": result.cases,
        "cells": cells,
        "ticks": ticks,
        "workers": workers or os.cpu_count(),
        "wall_s": wall_s,
        "worker_cpu_s": children.ru_utime + children.ru_stime,
        "cell_steps": cell_steps,
        "cell_steps_per_wall_s": cell_steps / wall_s,
        "steady_cell_steps_per_wall_s": cell_steps * samples.steady_share_per_s(),
        "parent_peak_MiB": peak_MiB(resource.RUSAGE_SELF),
        "largest_worker_peak_MiB": peak_MiB(resource.RUSAGE_CHILDREN),
        "parent_growth_in_second_half_MiB": samples.growth_MiB(),
        "written_MiB": written / MIB,
    }


def table(document: dict[str, Any]) -> str:
    """Return the figure as text."""
    load = ", ".join(f"{value:.1f}" for value in document["machine"]["load_average"])
    rows = (
        ("runs x cells x ticks", f"{document['runs']} x {document['cells']} x {document['ticks']}"),
        ("workers", f"{document['workers']}"),
        ("wall, compilation included", f"{document['wall_s']:.1f} s"),
        ("processor time of the workers", f"{document['worker_cpu_s']:.1f} s"),
        ("cell-steps/s of the whole campaign", f"{document['cell_steps_per_wall_s']:.3g}"),
        ("cell-steps/s of its second half", f"{document['steady_cell_steps_per_wall_s']:.3g}"),
        ("peak memory of the parent", f"{document['parent_peak_MiB']:.0f} MiB"),
        ("peak memory of the largest worker", f"{document['largest_worker_peak_MiB']:.0f} MiB"),
        ("growth of the parent, second half",
         f"{document['parent_growth_in_second_half_MiB']:.1f} MiB"),
        ("written", f"{document['written_MiB']:.1f} MiB"),
        ("load before", load),
    )  # fmt: skip
    return "\n".join(f"{name:38s}{value}" for name, value in rows)
