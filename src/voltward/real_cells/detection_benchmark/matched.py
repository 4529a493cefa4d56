"""The matched track: recordings that the twin's own circuit makes, with stated sensor noise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from voltward.controls.catalogue import CONTROLS
from voltward.controls.in_force import default_parameters
from voltward.physical.cell import CellModel
from voltward.real_cells.composed_strings.circuit_run import circuit_run
from voltward.real_cells.detection_benchmark.attacks import (
    BIAS_GRID_V,
    BIASES,
    WINDOW_S,
    InjectedBias,
)
from voltward.real_cells.detection_benchmark.tally import CleanHours, Row, row_of
from voltward.real_cells.detection_benchmark.trial import (
    Outcome,
    Trial,
    draw_biases,
    factor_from,
    false_alarms,
    outcomes,
    run_trial,
    scored_part,
    traced_runs,
)
from voltward.real_cells.electrochemical_truth.drive_profile import HARD, MILD, drive_current_A
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.session import ReplaySession, replay_stage

TRACK = "matched"
# Readings of a good analogue front end and a good shunt at 1 Hz (assumptions).
VOLTAGE_NOISE_V = 0.0005
CURRENT_NOISE_A = 0.01
TEMPERATURE_NOISE_K = 0.05
# 30 min of driving and 4 min more, in one compiled length.
_DRIVE_S, _REST_S = 1800, 230
_CALIBRATION_SEED = 1_000_000
_SCORED_SEED = 10_000
# Wider than on real cells: without model error there is room, and none is to alarm falsely. It was
# chosen on seeds below 1000, which are not scored.
_MARGIN = 1.5
_DETECTORS = ("residual-jump", "residual-shift", "residual-level", "soc-drift")
_SHARE = 0.99
_BATCH = 50
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class MatchedBench:
    """The cell with what is compiled for it: sessions for clean recordings and for injections."""

    cell: CellModel
    quiet: ReplaySession
    injected: ReplaySession
    columns: Float[np.ndarray, "control column"]


def matched_bench(cell: CellModel) -> MatchedBench:
    """Return a bench; detectors have no calibration, their thresholds come from clean seeds."""
    controls = tuple(CONTROLS.load(name) for name in _DETECTORS)
    return MatchedBench(
        cell=cell,
        quiet=ReplaySession(cell, controls, traced=1),
        injected=ReplaySession(cell, controls, traced=traced_runs()),
        columns=np.array([default_parameters(control) for control in controls]),
    )


@dataclass(frozen=True)
class SmallestBias:
    """The smallest voltage bias that is found, with all larger ones of the grid.

    Attributes:
        cell: Of the twin and of the recordings.
        temperature_degC: Nominal.
        bias_V: None where not even the largest of the grid is found.
        shares: Detected share for each bias of the grid.
        grid_V: The grid.
        onsets: Injections of each bias.
        false_alarms: On the clean recordings.
        hours: Clean hours.
    """

    cell: str
    temperature_degC: float
    bias_V: float | None
    shares: tuple[float, ...]
    grid_V: tuple[float, ...]
    onsets: int
    false_alarms: int
    hours: float


def matched_recordings(
    cell: CellModel, temperature_degC: float, seeds: Sequence[int]
) -> list[Recording]:
    """Return one recording a seed: profile, start and noise follow from it.

    Args:
        cell: Model that makes the voltage, and that the twin uses.
        temperature_degC: At the start; the cell warms by up to 3 K over the drive.
        seeds: One for each.
    """
    made = []
    for begin in range(0, len(seeds), _BATCH):
        made += _batch(cell, temperature_degC, seeds[begin : begin + _BATCH])
    return made


def _batch(cell: CellModel, temperature_degC: float, seeds: Sequence[int]) -> list[Recording]:
    draws = [np.random.default_rng(seed) for seed in seeds]
    start = np.array([random.uniform(0.6, 0.95) for random in draws])
    current_A = np.stack(
        [
            drive_current_A(
                HARD if seed % 2 else MILD,
                seed=seed,
                seconds=_DRIVE_S,
                capacity_Ah=cell.capacity_Ah,
                initial_soc=float(soc),
                rest_s=_REST_S,
            )
            for seed, soc in zip(seeds, start, strict=True)
        ],
        axis=1,
    )
    ticks = current_A.shape[0]
    warm_K = np.stack([np.linspace(0.0, random.uniform(0.0, 3.0), ticks) for random in draws], 1)
    temperature = temperature_degC + warm_K
    voltage_V, soc = circuit_run(cell, current_A, temperature, start)
    return [
        Recording(
            name=f"matched-{seed}",
            time_s=np.arange(float(ticks)),
            voltage_V=voltage_V[:, [place]]
            + VOLTAGE_NOISE_V * draws[place].standard_normal((ticks, 1)),
            current_A=current_A[:, place] + CURRENT_NOISE_A * draws[place].standard_normal(ticks),
            temperature_degC=temperature[:, place]
            + TEMPERATURE_NOISE_K * draws[place].standard_normal(ticks),
            soc=soc[:, place],
        )
        for place, seed in enumerate(seeds)
    ]


def matched_rows(
    bench: MatchedBench,
    temperature_degC: float,
    seeds: int,
    calibration_seeds: int,
    progress: Progress,
) -> tuple[list[Row], SmallestBias]:
    """Return the lines of the matched track at one temperature, and the smallest bias.

    Args:
        bench: With the cell of plant and twin.
        temperature_degC: Nominal.
        seeds: Scored recordings.
        calibration_seeds: Others, that thresholds are set on.
        progress: Called with the stage, what is done and the total.
    """
    cell = bench.cell
    stage = f"matched {temperature_degC:g} degC"
    total = seeds + calibration_seeds

    def trial(recording: Recording, biases: Sequence[InjectedBias], seed: int) -> Trial:
        soc = recording.soc if recording.soc is not None else np.zeros(0)
        random = np.random.default_rng((seed, 1))
        injections = [
            replace(entry, sign=float(random.choice((-1.0, 1.0))))
            for entry in draw_biases(biases, 1, scored_part(recording, soc), 1, random)
        ]
        return run_trial(bench.injected, recording, soc, injections, bench.columns)

    calibration = []
    first = _CALIBRATION_SEED
    progress(replay_stage(stage, 0), 0, total)
    made = matched_recordings(cell, temperature_degC, range(first, first + calibration_seeds))
    for place, recording in enumerate(made):
        progress(replay_stage(stage, place), place, total)
        soc = recording.soc if recording.soc is not None else np.zeros(0)
        calibration.append(run_trial(bench.quiet, recording, soc, (), bench.columns))
    factor = factor_from(calibration, _MARGIN)
    grid = [InjectedBias(f"grid {size_V:g} V", "voltage", "bias", size_V) for size_V in BIAS_GRID_V]
    found: dict[str, list[Outcome]] = {}
    alarms, hours = 0, 0.0
    for seed in range(seeds):
        if seed % _BATCH == 0:
            several = range(seed, min(seed + _BATCH, seeds))
            numbers = [_SCORED_SEED + number for number in several]
            made = matched_recordings(cell, temperature_degC, numbers)
        progress(stage, calibration_seeds + seed, total)
        tried = trial(made[seed % _BATCH], [*BIASES, *grid], seed)
        alarms += false_alarms(tried, factor)
        hours += tried.hours
        for outcome in outcomes(tried, factor):
            found.setdefault(outcome.injection.bias.label, []).append(outcome)
    progress(stage, total, total)
    clean = CleanHours(alarms, hours)
    how = f"{calibration_seeds} other seeds, {_MARGIN:g} x largest clean score"
    rows = [
        row_of(TRACK, cell.name, temperature_degC, bias, found[bias.label], clean, seeds, how)
        for bias in BIASES
    ]
    shares = tuple(_share(found[bias.label]) for bias in grid)
    return rows, SmallestBias(
        cell=cell.name,
        temperature_degC=temperature_degC,
        bias_V=_smallest(shares),
        shares=shares,
        grid_V=BIAS_GRID_V,
        onsets=seeds,
        false_alarms=alarms,
        hours=hours,
    )


def _share(found: Sequence[Outcome]) -> float:
    seen = [outcome.delay_s is not None and outcome.delay_s <= WINDOW_S for outcome in found]
    return sum(seen) / len(seen)


def _smallest(shares: Sequence[float]) -> float | None:
    """Return the smallest bias from which on every one of the grid is found."""
    smallest = None
    for bias_V, share in zip(reversed(BIAS_GRID_V), reversed(shares), strict=True):
        if share < _SHARE:
            break
        smallest = bias_V
    return smallest
