"""A virtual cycler: runs a protocol on the electrochemical cell within its voltage limits."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from voltward.core.errors import ConfigurationError
from voltward.physical.cell import ZERO_DEGC_K
from voltward.real_cells.electrochemical_truth.dfn import CONVENTION, model_of
from voltward.real_cells.electrochemical_truth.parameter_sets import (
    ElectrochemicalCell,
    pybamm_module,
)
from voltward.real_cells.electrochemical_truth.pulse_protocol import MoveTo, Step
from voltward.real_cells.recordings.recording import Recording

_FROM, _TO, _START = "Current before [A]", "Current after [A]", "Start of step [s]"
_RAMP_S = 1.0
# A pulse that a limit cuts shorter than this is not informative and is left out (assumption).
_SHORTEST_S = 3


@dataclass(frozen=True)
class _Piece:
    """Result of one step: samples after its start, and the state that the next begins at."""

    current_A: np.ndarray
    voltage_V: np.ndarray
    limit: str | None
    solution: Any


@dataclass(frozen=True)
class _Bench:
    """A cell connected to the cycler."""

    cell: ElectrochemicalCell
    model: Any
    solver: Any

    def ramp_and_hold(
        self, before: _Piece | None, start_s: float, current_A: float, seconds: int
    ) -> _Piece:
        """Go to a current within a second and hold it; stop at the last full second in limits."""
        pybamm = pybamm_module()
        held_A = 0.0 if before is None else float(before.current_A[-1])
        inputs = {_FROM: held_A, _TO: current_A, _START: start_s}
        try:
            solution = self.solver.step(
                None if before is None else before.solution,
                self.model,
                float(seconds),
                t_eval=np.array([0.0, float(seconds)]),
                t_interp=np.arange(seconds + 1, dtype=np.float64),
                save=False,
                inputs={name: -value if "[A]" in name else value for name, value in inputs.items()},
            )
        except pybamm.SolverError as error:
            raise ConfigurationError(
                f"{self.cell.name}: the solver failed at {current_A:.3g} A, {start_s:.0f} s into "
                f"the test ({str(error).splitlines()[0]})",
                hint="check the diffusivities and the electrolyte of the parameter set",
            ) from error
        limit = None if solution.termination == "final time" else str(solution.termination)
        voltage = np.ravel(solution["Voltage [V]"].entries)[1:]
        if limit is not None:
            voltage = voltage[:-1]
        current = np.full(voltage.size, current_A)
        return _Piece(current, voltage, limit, solution)


def run_protocol(
    cell: ElectrochemicalCell,
    steps: tuple[Step, ...],
    temperature_degC: float,
    *,
    initial_soc: float = 1.0,
    name: str = "protocol",
) -> Recording:
    """Run a protocol from equilibrium.

    A step that reaches a voltage limit ends at the last full second before it, as on a cycler; what
    was cut is in the notes. The test ends where a `MoveTo` can no longer move.

    Args:
        cell: Which cell.
        steps: What to do.
        temperature_degC: Of the cell.
        initial_soc: Where it begins.
        name: Of the recording.

    Returns:
        The recording every second, with the true state of charge.

    Raises:
        ConfigurationError: The solver failed.
        EnvironmentLacksError: PyBaMM is missing.
    """
    bench = _bench_of(cell, temperature_degC, initial_soc)
    pieces: list[_Piece] = []
    notes: list[str] = [CONVENTION]
    soc, seconds_run = initial_soc, 0
    for step in steps:
        current_A, seconds = _current_and_seconds(step, soc, cell.capacity_Ah)
        if seconds < 1:
            continue
        before = pieces[-1] if pieces else None
        tried = bench.ramp_and_hold(before, seconds_run, current_A, seconds)
        piece: _Piece | None = tried
        if tried.limit is not None:
            notes.append(_cut_note(step, current_A, soc, tried))
            piece = _within_limits(bench, before, seconds_run, tried, current_A)
        if piece is None and isinstance(step, MoveTo):
            break
        if piece is None:
            continue
        soc += _charge_As(before, piece) / (3600.0 * cell.capacity_Ah)
        seconds_run += piece.voltage_V.size
        pieces.append(piece)
    return _recording(cell, pieces, temperature_degC, initial_soc, (name, *notes))


def _bench_of(cell: ElectrochemicalCell, temperature_degC: float, soc: float) -> _Bench:
    pybamm = pybamm_module()
    given = pybamm.InputParameter
    share = pybamm.minimum((pybamm.t - given(_START)) / _RAMP_S, 1.0)
    kelvin = temperature_degC + ZERO_DEGC_K
    simulation, solver = model_of(
        cell,
        {
            "Current function [A]": given(_FROM) + (given(_TO) - given(_FROM)) * share,
            "Ambient temperature [K]": kelvin,
            "Initial temperature [K]": kelvin,
        },
    )
    simulation.build(initial_soc=soc, inputs={_FROM: 0.0, _TO: 0.0, _START: 0.0})
    return _Bench(cell, simulation.built_model, solver)


def _current_and_seconds(step: Step, soc: float, capacity_Ah: float) -> tuple[float, int]:
    if isinstance(step, MoveTo):
        seconds = round(abs(step.soc - soc) * 3600.0 / step.rate_C)
        rate = step.rate_C if step.soc > soc else -step.rate_C
        return rate * capacity_Ah, seconds
    return step.rate_C * capacity_Ah, step.seconds


def _within_limits(
    bench: _Bench, before: _Piece | None, start_s: float, cut: _Piece, current_A: float
) -> _Piece | None:
    """Return the step again, up to the last full second before its limit; None when too short."""
    seconds = cut.voltage_V.size
    # A long step meets its limit a little earlier or later when it is run again.
    for margin_s in (0, 1, 2, 4, 8, 16, 32):
        if seconds - margin_s < _SHORTEST_S:
            return None
        piece = bench.ramp_and_hold(before, start_s, current_A, seconds - margin_s)
        if piece.limit is None:
            return piece
    return None


def _charge_As(before: _Piece | None, piece: _Piece) -> float:
    """Return the charge of a step in As: its first second is a ramp."""
    held = 0.0 if before is None else float(before.current_A[-1])
    return float(piece.current_A.sum()) + 0.5 * (held - float(piece.current_A[0]))


def _cut_note(step: Step, current_A: float, soc: float, piece: _Piece) -> str:
    kind = "move" if isinstance(step, MoveTo) else "hold"
    return (
        f"{kind} of {current_A:.3g} A from SoC {soc:.3f} ended after {piece.voltage_V.size} s: "
        f"{piece.limit}"
    )


def _recording(
    cell: ElectrochemicalCell,
    pieces: list[_Piece],
    temperature_degC: float,
    initial_soc: float,
    words: tuple[str, ...],
) -> Recording:
    if not pieces:
        raise ConfigurationError(
            f"{cell.name}: not one step of '{words[0]}' stays within the voltage limits",
            hint="begin at another state of charge",
        )
    current = np.concatenate([piece.current_A for piece in pieces])
    voltage = np.concatenate([piece.voltage_V for piece in pieces])
    # Charge up to every sample: the first second of a step runs from the last current to its own.
    steps_A = 0.5 * (current + np.concatenate(([0.0], current[:-1])))
    soc = initial_soc + np.cumsum(steps_A) / (3600.0 * cell.capacity_Ah)
    return Recording(
        name=words[0],
        time_s=np.arange(current.size, dtype=np.float64),
        voltage_V=voltage[:, np.newaxis],
        current_A=current,
        temperature_degC=np.full(current.size, temperature_degC),
        soc=soc,
        notes=words[1:],
    )
