"""A campaign: the grid of cases, run in batches by a pool of processes, streamed to a folder.

1. Duty, system, stacks and the grid of cases; a finished run of them is returned as it is.
2. The folder is opened, and what the run is made of is gathered as files.
3. Batches run in the workers; rows, events and the worst traces are kept as they come.
4. Facts and timing are put together, and the folder is finished.
"""

import multiprocessing
import multiprocessing.connection
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from voltward.attacks.catalogue import ATTACKS
from voltward.core.errors import EnvironmentLacksError, NothingRanError
from voltward.ranges.campaign.campaign_facts import run_facts, timing_facts, truth_facts
from voltward.ranges.campaign.worst_cases import WorstCases
from voltward.ranges.configuration.campaign_file import CampaignSettings
from voltward.ranges.configuration.case_grid import Case, grid
from voltward.ranges.configuration.run_inputs import gather_inputs
from voltward.ranges.configuration.truth_tracks import MISMATCHED
from voltward.ranges.configuration.world_duty import drawn_starts
from voltward.ranges.electrochemical_plant.plant_choice import host_cell, leader_of
from voltward.ranges.electrochemical_plant.shared_histories import StepCounts
from voltward.ranges.virtual.engine import CHUNK, Engine, waiting_words
from voltward.results.against_clean import Goals, against_clean
from voltward.results.columns import NO_ATTACK
from voltward.results.folder_ownership import Replacing
from voltward.results.run_folder import RunFolder, RunWriter, finished_run

Progress = Callable[[str, int, int], None]
# Only runs of one batch share an electrochemical cell, so these batches are larger.
MISMATCHED_CHUNK = 48
# One XLA thread in each worker: the processes share the cores between them. NPROC is what XLA sizes
# its pool of threads by; with more, every small kernel is cut up and handed over, at nearly twice
# the processor time.
ONE_THREAD = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "NPROC": "1"}
_WORKER: dict[str, Engine] = {}


@dataclass(frozen=True)
class Part:
    """What a worker sends back for one batch."""

    index: int
    rows: list[dict[str, Any]]
    events: list[dict[str, Any]]
    traces: dict[str, dict[str, np.ndarray]]
    compile_s: float
    programs: int
    cell_steps: int
    model: StepCounts


@dataclass(frozen=True)
class CampaignResult:
    """A finished campaign.

    Attributes:
        folder: Its files.
        cases: How many cases it holds.
    """

    folder: RunFolder
    cases: int


def _begin_worker(settings: CampaignSettings, chunk: int) -> None:
    """Start a worker that ends with the process that started it, however that ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    _start_worker(settings, chunk)


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _start_worker(settings: CampaignSettings, chunk: int) -> None:
    system, duty = settings.load_system(), settings.load_duty()
    mismatched = settings.track == MISMATCHED
    host = host_cell(leader_of(system, settings.truth_set), duty) if mismatched else None
    _WORKER["engine"] = Engine(system, duty, chunk, host, settings.draw_worlds())


def _run_part(index: int, cases: Sequence[Case], traced: Sequence[str]) -> Part:
    engine = _WORKER["engine"]
    before = engine.programs_compiled
    result = engine.run(cases)
    wanted = set(traced)
    traces = {
        case.case_id: engine.trace_columns(result.traces, place)
        for place, case in enumerate(cases)
        if case.case_id in wanted
    }
    return Part(
        index=index,
        rows=result.rows,
        events=result.events,
        traces=traces,
        compile_s=result.compile_s,
        programs=engine.programs_compiled - before,
        cell_steps=engine.cell_steps_per_case * len(cases),
        model=StepCounts() if engine.host is None else engine.host.histories.counts,
    )


@contextmanager
def _worker_environment() -> Iterator[None]:
    """Give spawned workers their flags and leave this process's environment as it was."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    own = ONE_THREAD["XLA_FLAGS"]
    # Flags are part of a program's name in the cache: said twice, they are another name.
    others = [flag for flag in (before["XLA_FLAGS"] or "").split() if flag != own]
    os.environ.update(ONE_THREAD)
    os.environ["XLA_FLAGS"] = " ".join([*others, own])
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Start workers without the caller's script, which each of them would run again."""
    main: dict[str, Any] = vars(sys.modules["__main__"])
    kept = {name: value for name, value in main.items() if name in {"__file__", "__spec__"}}
    main |= {"__file__": None, "__spec__": None}
    try:
        yield
    finally:
        main.update(kept)


def run_campaign(
    settings: CampaignSettings,
    out: Path,
    progress: Progress,
    *,
    resume: bool = False,
    replacing: Replacing | None = None,
) -> CampaignResult:
    """Run every case of a campaign and write its folder.

    Args:
        settings: Checked.
        out: The run folder.
        progress: Called as (label, done, total); what follows ": " in a label is a remark.
        resume: Keep the finished parts of an interrupted run with the same configuration; a
            finished run is returned as it is.
        replacing: Called with each file that is replaced though no run wrote it; None
            refuses to.

    Returns:
        The finished folder.

    Raises:
        ConfigurationError: A file that the settings name is not usable, or the folder is another's.
        NothingRanError: The grid is empty.
    """
    started_at, begin = datetime.now(UTC), time.perf_counter()
    # 1. What is to run.
    duty, system = settings.load_duty(), settings.load_system()
    stacks, worlds = settings.resolved_stacks(), settings.draw_worlds()
    cases = grid(
        settings.attacks,
        stacks,
        settings.seeds,
        settings.seed,
        duty.duration_s,
        settings.proof_seeds,
        None if worlds is None else drawn_starts(duty, worlds),
        settings.baseline_stack(),
    )
    if not cases:
        raise NothingRanError("the campaign has no case", hint="name at least one stack")
    if settings.track == MISMATCHED:
        leader_of(system, settings.truth_set)  # a worker could not say what is wrong
    done = finished_run(out, settings.config_sha256) if resume else None
    if done is not None:
        return CampaignResult(done, len(cases))
    # 2. The folder.
    most = MISMATCHED_CHUNK if settings.track == MISMATCHED else CHUNK
    chunk = settings.chunk or min(most, len(cases))
    batches = [cases[at : at + chunk] for at in range(0, len(cases), chunk)]
    plan = {"config_sha256": settings.config_sha256, "chunk": chunk, "cases": len(cases)}
    inputs = gather_inputs(settings)
    opened = RunWriter.begin(
        out,
        inputs.config_text,
        plan,
        inputs=inputs.files,
        resume=resume,
        replacing=replacing,
    )
    with closing(opened) as writer:
        # 3. The batches.
        worst = WorstCases(
            writer, settings.keep, [stack.name for stack in stacks], drawn=worlds is not None
        )
        for row in writer.parts.cases().to_pylist():
            worst.consider(row)
        finished = writer.parts.finished()
        todo = [index for index in range(len(batches)) if index not in finished]
        workers = min(settings.workers or os.cpu_count() or 1, len(todo))
        count = len(batches) - len(todo)
        progress(f"campaign: {waiting_words()}" if todo else "campaign", count, len(batches))
        compile_s, programs, cell_steps, model = 0.0, 0, 0, StepCounts()
        for part in _parts(settings, chunk, batches, todo, worst.candidates(cases), workers):
            for row in part.rows:
                if worst.consider(row) and row["case_id"] in part.traces:
                    worst.keep(row, part.traces[row["case_id"]])
            writer.parts.write(part.index, part.rows, part.events)
            compile_s, programs = max(compile_s, part.compile_s), max(programs, part.programs)
            cell_steps, model = cell_steps + part.cell_steps, model + part.model
            count += 1
            progress("campaign", count, len(batches))
        # 4. The rest of the folder.
        facts = run_facts(settings, system, duty, stacks)
        timing = {
            **timing_facts(settings, started_at, model),
            "wall_s": round(time.perf_counter() - begin, 3),
            "compile_s": round(compile_s, 3),
            "programs_compiled": programs,
            "cell_steps": cell_steps,
            "workers": workers,
            "batches_kept": len(finished),
        }
        folder = writer.finish(
            {**facts, **truth_facts(settings, system, model)},
            gate=settings.gate,
            complete=partial(against_clean, goals=_goals(settings)),
            worlds=None if worlds is None else pa.table(worlds.table()),
            timing=timing,
        )
    return CampaignResult(folder, len(cases))


def _goals(settings: CampaignSettings) -> Goals:
    """Return the goals of the catalogue, and those of attacks that third parties brought."""
    chosen = (choice.id for choice in settings.attacks if choice.id != NO_ATTACK)
    names = dict.fromkeys((*ATTACKS.shipped, *chosen))
    return Goals.of({name: ATTACKS.load(name).goal for name in names})


def _parts(
    settings: CampaignSettings,
    chunk: int,
    batches: Sequence[Sequence[Case]],
    todo: Sequence[int],
    traced: Sequence[str],
    workers: int,
) -> Iterator[Part]:
    """Yield finished parts; at most two batches a worker are under way, so memory stays bounded."""
    if workers == 0:
        return
    if workers == 1 and multiprocessing.parent_process() is None and len(todo) == 1:
        _start_worker(settings, chunk)
        yield _run_part(todo[0], batches[todo[0]], traced)
        return
    context = multiprocessing.get_context("spawn")
    waiting = list(reversed(todo))
    others = set(multiprocessing.active_children())
    with (
        _worker_environment(),
        ProcessPoolExecutor(
            workers, mp_context=context, initializer=_begin_worker, initargs=(settings, chunk)
        ) as pool,
    ):
        running: set[Future[Part]] = set()
        try:
            while waiting or running:
                while waiting and len(running) < 2 * workers:
                    index = waiting.pop()
                    ids = {case.case_id for case in batches[index]}
                    wanted = [name for name in traced if name in ids]
                    with _main_hidden():
                        running.add(pool.submit(_run_part, index, batches[index], wanted))
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
        except BrokenProcessPool as error:
            raise EnvironmentLacksError(
                "a worker process of the campaign was ended from outside",
                why="it was killed, or memory ran out; finished parts are kept",
                hint="continue with the same command and --resume; --workers 1 needs least memory",
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            # A worker that compiles would go on for half a minute.
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()
            raise
