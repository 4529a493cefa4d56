"""The machine: one processor for one figure, clocks, and what else was going on."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


@dataclass(frozen=True)
class Taken:
    """Time that one repetition took."""

    wall_s: float
    cpu_s: float


def pin(processor: int | None = None) -> int:
    """Keep this process and its children on one processor, with one XLA thread; before JAX loads.

    Without a wish the last processor is taken: the first one often serves interrupts.
    """
    chosen = max(os.sched_getaffinity(0)) if processor is None else processor
    os.sched_setaffinity(0, {chosen})
    before = os.environ.get("XLA_FLAGS")
    os.environ["XLA_FLAGS"] = f"{before} {ONE_THREAD}" if before else ONE_THREAD
    return chosen


def timed(work: Callable[[], Any]) -> Taken:
    """Return the time that some work takes, on the wall and on the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - wall, time.process_time() - cpu)


def summary(cell_steps: int, repetitions: list[Taken]) -> dict[str, Any]:
    """Return rates of a contestant: the median, the extremes, and how busy the processor was.

    The rate is per second of processor time: on a shared machine the wall clock also counts what
    others do. `wall_over_cpu` says by how much.
    """
    rates = [cell_steps / taken.cpu_s for taken in repetitions]
    middle = statistics.median(rates)
    return {
        "cell_steps": cell_steps,
        "cell_steps_per_s": middle,
        "lowest": min(rates),
        "highest": max(rates),
        "spread_pct": 100.0 * (max(rates) - min(rates)) / middle,
        "wall_over_cpu": statistics.median(taken.wall_s / taken.cpu_s for taken in repetitions),
        "repetitions": [asdict(taken) for taken in repetitions],
    }


def facts(packages: tuple[str, ...]) -> dict[str, Any]:
    """Return what the machine is, its load, and the versions of packages."""
    return {
        "processor": _processor_name(),
        "processors": os.cpu_count(),
        "load_average": list(os.getloadavg()),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in packages},
    }


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
