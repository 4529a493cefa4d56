"""The engine: one compiled program, fed batch after batch."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from voltward.controls.catalogue import CONTROLS
from voltward.core.program_cache import compilation_words, use_program_cache
from voltward.ranges.configuration.case_grid import Case
from voltward.ranges.configuration.duty import Duty
from voltward.ranges.configuration.system_settings import SystemSettings
from voltward.ranges.configuration.truth_tracks import MATCHED, MISMATCHED
from voltward.ranges.configuration.world_duty import world_duty
from voltward.ranges.electrochemical_plant.host_cell import HostCell
from voltward.ranges.virtual.assembly import assemble
from voltward.ranges.virtual.batch import case_arrays, duty_arrays
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays
from voltward.ranges.virtual.meter import Meter
from voltward.ranges.virtual.program import DutyArrays, Goals, compiled, run_loop
from voltward.ranges.virtual.readout import read_meter
from voltward.ranges.virtual.trace import TRACE_NAMES
from voltward.ranges.worlds.world import Worlds

# Of 8, 16, 24 and 32 runs of 96 cells: more than 24 gains nothing worth its memory.
CHUNK = 24


def waiting_words() -> str:
    """Return what a user waits for before the first batch is there."""
    return compilation_words(run_loop.__name__)


@dataclass(frozen=True)
class BatchResult:
    """What a batch gave.

    Attributes:
        rows: Of the cases table.
        events: Of the cases.
        traces: (tick, case, column), valid ticks only.
        compile_s: Time spent compiling for this batch.
    """

    rows: list[dict[str, Any]]
    events: list[dict[str, Any]]
    traces: np.ndarray
    compile_s: float


class Engine:
    """Runs batches of one system on one duty.

    Args:
        system: The user's own.
        duty: What is asked.
        chunk: Runs in a batch; shorter ones are padded.
        host: Leads the plant on track mismatched.
        worlds: Those that cases number; None for the system and the duty as written.
    """

    def __init__(
        self,
        system: SystemSettings,
        duty: Duty,
        chunk: int = CHUNK,
        host: HostCell | None = None,
        worlds: Worlds | None = None,
    ) -> None:
        jax.config.update("jax_enable_x64", True)
        use_program_cache()
        self.system = duty.charging(system)
        self.duty = duty
        self.chunk = chunk
        self.host = host
        self.assembly: Assembly = assemble(self.system, CONTROLS.all(), duty.tick_s, host)
        self.worlds = worlds
        self._duties: dict[int, Duty] = {}
        self._program = compiled(self.assembly)
        self._executable: Any = None
        self.programs_compiled = 0
        self.compile_s = 0.0

    def run(self, cases: Sequence[Case]) -> BatchResult:
        """Run up to `chunk` cases."""
        padded = [*cases, *([cases[-1]] * (self.chunk - len(cases)))]
        if self.host is not None:
            self.host.histories.expect([case.case_id for case in cases])
        compile_before_s = self.compile_s
        meter, traces = self.execute(*self.arrays(padded))
        compile_s = self.compile_s - compile_before_s
        track = MATCHED if self.host is None else MISMATCHED
        readout = read_meter(
            meter, cases, self.assembly.rules, self.duty, self.assembly.tick_s, track
        )
        kept = np.asarray(traces)[: self.duty.ticks, : len(cases)]
        return BatchResult(readout.rows, readout.events, kept, compile_s)

    def arrays(self, cases: Sequence[Case]) -> tuple[CaseArrays, Goals, DutyArrays]:
        """Return what the program takes for a batch of cases."""
        made, goals = case_arrays(self.assembly, self.system, self.duty, cases, self.worlds)
        return made, goals, duty_arrays([self._duty_of(case) for case in cases], self.system)

    def _duty_of(self, case: Case) -> Duty:
        if self.worlds is None:
            return self.duty
        if case.world not in self._duties:
            self._duties[case.world] = world_duty(self.duty, self.worlds, case.world)
        return self._duties[case.world]

    def execute(self, arrays: CaseArrays, goals: Goals, duty: DutyArrays) -> tuple[Meter, Any]:
        """Run arrays of `chunk` runs; the first call compiles the program."""
        if self._executable is None:
            begin = time.perf_counter()
            self._executable = self._program.lower(arrays, goals, duty).compile()
            self.compile_s += time.perf_counter() - begin
            self.programs_compiled += 1
        return self._executable(arrays, goals, duty)

    @property
    def cell_steps_per_case(self) -> int:
        """Cells times ticks that count; padding does not."""
        return self.assembly.cells * self.duty.ticks

    def trace_columns(self, traces: np.ndarray, index: int) -> dict[str, np.ndarray]:
        """Return the trace of one case of a batch, time first."""
        time_s = np.arange(self.duty.ticks) * self.duty.tick_s
        columns = {name: traces[:, index, at] for at, name in enumerate(TRACE_NAMES)}
        return {"time_s": time_s, **columns}
