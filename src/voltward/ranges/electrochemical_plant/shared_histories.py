"""Runs of a batch in step, where runs with the same history of current share one model cell."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from voltward.ranges.electrochemical_plant.stepper import CellStepper, OutOfRangeError, Reading


@dataclass(frozen=True)
class StepCounts:
    """What the model cost.

    Attributes:
        computed: Steps of the model.
        reused: Steps that a run shared with another run of the same history.
        model_s: Wall time in the model.
        gave_up: Per case, when the model gave up, in seconds after the start.
    """

    computed: int = 0
    reused: int = 0
    model_s: float = 0.0
    gave_up: dict[str, float] = field(default_factory=dict)

    def __add__(self, other: "StepCounts") -> "StepCounts":
        return StepCounts(
            self.computed + other.computed,
            self.reused + other.reused,
            self.model_s + other.model_s,
            {**self.gave_up, **other.gave_up},
        )


@dataclass
class _History:
    """One model cell and the runs that it stands for."""

    state: Any
    reading: Reading
    runs: list[int]
    sound: bool = True


class SharedHistories:
    """Steps one model cell for every distinct history of current in a batch.

    The model is deterministic, so runs whose start and currents are equal to the bit have the same
    cell. Where an attack leaves the current as it is, the cell is thereby computed once and every
    injection is made afterwards; from the first tick with another current a run has its own.

    Args:
        stepper: The model.
        tick_s: Length of a tick.
        ticks: Ticks that count; the cell rests untouched in those that pad a duty.
    """

    def __init__(self, stepper: CellStepper, tick_s: float, ticks: int) -> None:
        self._stepper, self._tick_s, self._ticks = stepper, tick_s, ticks
        self._cases: list[str] = []
        self._histories: list[_History] = []
        self._tick = 0
        self.counts = StepCounts()

    def expect(self, case_ids: list[str]) -> None:
        """Name the cases of the next batch; runs beyond them pad it and are not counted."""
        self._cases = case_ids
        self.counts = StepCounts()

    def start(self, soc: np.ndarray) -> np.ndarray:
        """Begin a batch with a rested cell for each run; return rows as `step` does."""
        self._tick = 0
        groups: dict[float, list[int]] = {}
        for run, value in enumerate(soc):
            groups.setdefault(float(value), []).append(run)
        self._histories = [
            _History(*self._stepper.start(value), runs) for value, runs in groups.items()
        ]
        return self._table(len(soc))

    def step(self, current_A: np.ndarray) -> np.ndarray:
        """Advance every run by a tick.

        Args:
            current_A: Of the cell in each run; positive charges.

        Returns:
            Voltage, open-circuit voltage, SoC and whether the model still follows (4, run).
        """
        if self._tick < self._ticks:
            begin = time.perf_counter()
            self._histories = [
                moved for history in self._histories for moved in self._branches(history, current_A)
            ]
            self._tick += 1
            elapsed = time.perf_counter() - begin
            self.counts += StepCounts(model_s=elapsed)
        return self._table(len(current_A))

    def _branches(self, history: _History, current_A: np.ndarray) -> list[_History]:
        """Return what becomes of a history: one branch for each different current."""
        if not history.sound:
            return [history]
        groups: dict[float, list[int]] = {}
        for run in history.runs:
            groups.setdefault(float(current_A[run]), []).append(run)
        return [self._moved(history, value, runs) for value, runs in groups.items()]

    def _moved(self, history: _History, current_A: float, runs: list[int]) -> _History:
        counted = [run for run in runs if run < len(self._cases)]
        self.counts += StepCounts(computed=1, reused=max(len(counted) - 1, 0))
        try:
            state, reading = self._stepper.step(history.state, current_A)
        except OutOfRangeError:
            at_s = self._tick * self._tick_s
            self.counts += StepCounts(gave_up={self._cases[run]: at_s for run in counted})
            return _History(None, history.reading, runs, sound=False)
        return _History(state, reading, runs)

    def _table(self, runs: int) -> np.ndarray:
        table = np.empty((4, runs))
        for history in self._histories:
            reading = history.reading
            column = (reading.voltage_V, reading.open_circuit_V, reading.soc, float(history.sound))
            table[:, history.runs] = np.array(column)[:, None]
        return table
