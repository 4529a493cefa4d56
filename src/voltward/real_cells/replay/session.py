"""A replay session: one cell model and one set of detectors, fed recording after recording."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.attacks.row import empty_rows, stacked
from voltward.cloud.adaptation import AdaptationParameters
from voltward.cloud.twin import TwinParameters, start_twin
from voltward.controls.in_force import InForce, Rules, default_parameters
from voltward.core.control import Control, Place
from voltward.core.errors import ConfigurationError
from voltward.core.program_cache import compilation_words, use_program_cache
from voltward.physical.cell import CellModel
from voltward.physical.estimator import EstimatorTuning, tuning_for
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.injection import TICK_S
from voltward.real_cells.replay.pointing import POINTERS
from voltward.real_cells.replay.recorded_readings import Profile
from voltward.real_cells.replay.scan import (
    CHUNK_TICKS,
    Chunk,
    Parts,
    Runs,
    compiled,
    start_carry,
)

Rows = Float[np.ndarray, "tap slot column"]
# One bit of an alarm word for each watch.
_MOST_WATCHES = 64


@dataclass(frozen=True)
class Replay:
    """Results of a replay, run by run; run 0 is the recording as it is.

    Attributes:
        recording: The recording.
        initial_soc: Where the twin began, mean of the cells.
        detectors: Ids of the watches, in the order of the columns.
        pointing: Which of them point at a cell, in the order of `pointed`.
        alarm_bits: One bit for each detector.
        pointed: Cell from 0.
        soc: Estimate, mean of the cells.
        soc_moved: Largest distance of a cell's estimate to that of run 0.
        open_loop_V: Recorded voltage less that of the open-loop twin.
        current_A: As reported, traced runs.
        voltage_V: As reported, traced runs.
        temperature_degC: As reported, traced runs.
        innovation_V: Traced runs.
        expected_V: What the filter expects of the innovation, traced runs.
        overpotential_V: Of the twin, traced runs.
        ocv_slope_V: Of the twin, traced runs.
        cell_soc: Estimates, traced runs.
        scores: Traced runs.
    """

    recording: Recording
    initial_soc: float
    detectors: tuple[str, ...]
    pointing: tuple[str, ...]
    alarm_bits: Int[np.ndarray, "time run"]
    pointed: Int[np.ndarray, "time run watch"]
    soc: Float[np.ndarray, "time run"]
    soc_moved: Float[np.ndarray, "time run"]
    open_loop_V: Float[np.ndarray, "time cell"]
    current_A: Float[np.ndarray, "time traced"]
    voltage_V: Float[np.ndarray, "time traced cell"]
    temperature_degC: Float[np.ndarray, "time traced cell"]
    innovation_V: Float[np.ndarray, "time traced cell"]
    expected_V: Float[np.ndarray, "time traced cell"]
    overpotential_V: Float[np.ndarray, "time traced cell"]
    ocv_slope_V: Float[np.ndarray, "time traced cell"]
    cell_soc: Float[np.ndarray, "time traced cell"]
    scores: Float[np.ndarray, "time traced watch"]

    def alarms(self, run: int) -> Bool[np.ndarray, "time watch"]:
        """Return which detectors are in alarm at each time."""
        bits = self.alarm_bits[:, run, None] >> np.arange(len(self.detectors), dtype=np.uint64)
        return (bits & np.uint64(1)).astype(bool)


def replay_stage(stage: str, done: int) -> str:
    """Return the label of a stage of replays; with what it waits for, before anything is done."""
    return stage if done else f"{stage}: {compilation_words('chunk')}"


class ReplaySession:
    """Compiles a twin with its detectors once for each length bucket and number of runs.

    Args:
        cell: The twin's cell model.
        controls: Watches of BMS or cloud, in the order in which ties are resolved.
        tuning: Of the twin's filter; by default the cell's own.
        traced: How many runs keep wide traces, from run 0 on.
        adaptation: Of a twin that follows ageing; by default it stays as identified.

    Raises:
        ConfigurationError: A control watches nothing that a recording holds.
    """

    def __init__(
        self,
        cell: CellModel,
        controls: Sequence[Control],
        tuning: EstimatorTuning | None = None,
        traced: int = 2,
        adaptation: AdaptationParameters | None = None,
    ) -> None:
        for control in controls:
            if control.watch is None or control.watch.place is Place.GATEWAY:
                raise ConfigurationError(
                    f"control '{control.id}' does not watch readings",
                    why="a recording has voltages, currents and temperatures, but no messages",
                )
        if len(controls) > _MOST_WATCHES:
            raise ConfigurationError(f"{len(controls)} detectors: allowed are {_MOST_WATCHES}")
        jax.config.update("jax_enable_x64", True)
        use_program_cache()
        self.cell = cell
        self.traced = traced
        twin = TwinParameters(
            cell=cell,
            tuning=tuning or tuning_for(cell),
            tick_s=TICK_S,
            adaptation=adaptation,
        )
        self._parts = Parts(twin=twin, rules=Rules(tuple(controls)), traced=traced)
        self._program: Chunk = compiled(self._parts)
        watches = [*self._rules.watches(Place.BMS), *self._rules.watches(Place.CLOUD)]
        self.detectors = tuple(control.id for _, control in watches)
        self.pointing = tuple(name for name in self.detectors if name in POINTERS)

    @property
    def _rules(self) -> Rules:
        return self._parts.rules

    def replay(
        self,
        recording: Recording,
        initial_soc: Float[np.ndarray, " cell"] | float,
        injected: Sequence[Rows] = (),
        parameters: Float[np.ndarray, "control column"] | None = None,
        seed: int = 0,
    ) -> Replay:
        """Run the recording as it is, and once more for each set of rows, side by side.

        Args:
            recording: At 1 Hz.
            initial_soc: Where the twin begins, one for all cells or one for each.
            injected: Rows of runs 1 on, from `injected_rows`.
            parameters: Columns of the controls, strength first; by default their own.
            seed: Of injected noise.

        Raises:
            ConfigurationError: The recording is not at 1 Hz.
        """
        _require_regular(recording)
        rows = stacked([empty_rows(), *injected])
        count, cells, ticks = rows.shape[0], recording.cells, recording.time_s.shape[0]
        profile = _profile_of(recording)
        controls = self._rules.controls
        columns = parameters
        if columns is None:
            columns = np.array([default_parameters(control) for control in controls])
        runs = Runs(
            rows=jnp.asarray(rows),
            seed=jnp.arange(count, dtype=jnp.uint64) + jnp.uint64(seed),
            in_force=InForce(
                enabled=jnp.ones((count, len(controls)), bool),
                parameters=jnp.broadcast_to(columns, (count, *columns.shape)),
            ),
        )
        soc = jnp.broadcast_to(jnp.asarray(initial_soc, dtype=jnp.float64), (count, cells))
        temperature = jnp.full((count, cells), profile.temperature_degC[0])
        twin = start_twin(self._parts.twin, soc, temperature)
        carry = start_carry(self._parts, profile, runs, twin)
        pieces = []
        for begin in range(0, ticks, CHUNK_TICKS):
            carry, row = self._program(profile, runs, carry, begin)
            pieces.append(jax.tree.map(np.asarray, row))

        def whole(name: str) -> np.ndarray:
            return np.concatenate([getattr(piece, name) for piece in pieces])[:ticks]

        return Replay(
            recording=recording,
            initial_soc=float(jnp.mean(soc[0])),
            detectors=self.detectors,
            pointing=self.pointing,
            alarm_bits=whole("alarms"),
            pointed=whole("pointed"),
            soc=whole("soc"),
            soc_moved=whole("soc_moved"),
            open_loop_V=whole("open_loop_V"),
            current_A=whole("current_A"),
            voltage_V=whole("voltage_V"),
            temperature_degC=whole("temperature_degC"),
            innovation_V=whole("innovation_V"),
            expected_V=whole("expected_V"),
            overpotential_V=whole("overpotential_V"),
            ocv_slope_V=whole("ocv_slope_V"),
            cell_soc=whole("cell_soc"),
            scores=whole("scores"),
        )


def _require_regular(recording: Recording) -> None:
    step_s = np.diff(recording.time_s)
    wrong = np.flatnonzero(np.abs(step_s - TICK_S) > 1e-6)
    if wrong.size:
        at = int(wrong[0])
        backwards = step_s[at] <= 0.0
        raise ConfigurationError(
            f"{recording.name}: sample {at + 2} comes {step_s[at]:g} s after the previous one",
            why=f"a replay takes one sample each {TICK_S:g} s, in the order of time",
            hint="sort the rows by time" if backwards else "bring the recording to 1 Hz first",
        )


def _profile_of(recording: Recording) -> Profile:
    """Return the recording stretched to its bucket by its last sample, so that programs are few."""
    ticks = recording.time_s.shape[0]
    bucket = CHUNK_TICKS
    while bucket < ticks:
        bucket *= 2

    def padded(values: np.ndarray) -> Array:
        width = [(0, bucket - ticks), *([(0, 0)] * (values.ndim - 1))]
        return jnp.asarray(np.pad(values.astype(np.float64), width, mode="edge"))

    meter_V = recording.pack_voltage_V
    return Profile(
        voltage_V=padded(recording.voltage_V),
        temperature_degC=padded(
            _without_holes(recording.temperature_degC, recording.name, "temperature")
        ),
        current_A=padded(_without_holes(recording.current_A, recording.name, "current")),
        pack_voltage_V=padded(np.full(ticks, np.nan) if meter_V is None else meter_V),
    )


def _without_holes(
    values: Float[np.ndarray, " time"], name: str, what: str
) -> Float[np.ndarray, " time"]:
    """Return a series in which holes keep the value before them; leading ones that after."""
    known = np.flatnonzero(np.isfinite(values))
    if not known.size:
        raise ConfigurationError(
            f"{name}: holds no {what}", why="the twin needs voltage, current and temperature"
        )
    last = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(values.size), known[0]))
    return np.asarray(values[last])
