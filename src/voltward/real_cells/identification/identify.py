"""From recordings to a cell: capacity, slow curve, fit, and how far the model is from the cell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.physical.cell import CellModel, TemperatureLaw
from voltward.real_cells.identification.cell_facts import AH_OF_18650, CellFacts
from voltward.real_cells.identification.fit_record import (
    FitRecord,
    batch,
    fit_record,
    voltage_lag_s,
)
from voltward.real_cells.identification.layout import cell_of_vector, circuit_layout
from voltward.real_cells.identification.model_error import ModelError, model_error
from voltward.real_cells.identification.open_circuit import SlowCurve, each_file, rising
from voltward.real_cells.identification.physical_range import FitFinding, fit_findings
from voltward.real_cells.identification.solve import Solution, simulate, solve
from voltward.real_cells.recordings.recording import Recording


@dataclass(frozen=True)
class RecordFit:
    """How the model meets one recording, in open loop.

    Attributes:
        record: The recording as fitted.
        predicted_V: (step,).
        held_out: Whether it took no part in the fit.
    """

    record: FitRecord
    predicted_V: Float[np.ndarray, " step"]
    held_out: bool

    @property
    def name(self) -> str:
        """Of the recording."""
        return self.record.name

    @property
    def error_V(self) -> Float[np.ndarray, " step"]:
        """Measured less predicted."""
        return self.record.voltage_V - self.predicted_V

    @property
    def rmse_V(self) -> float:
        """Root mean square error where it is scored; NaN where nothing is."""
        scored = self.error_V[self.record.scored]
        return float(np.sqrt(np.mean(scored**2))) if scored.size else float("nan")

    @property
    def temperature_degC(self) -> float:
        """Median case temperature."""
        return float(np.median(self.record.temperature_degC))


@dataclass(frozen=True)
class Identification:
    """A cell, and how it was obtained.

    Attributes:
        cell: With plain numbers.
        curve: The slow discharge that it starts from.
        fits: Every recording against the model.
        solution: Of the least squares.
        facts: What the recordings do not contain.
        findings: Errors and warnings on the fit, errors first.
    """

    cell: CellModel
    curve: SlowCurve
    fits: tuple[RecordFit, ...]
    solution: Solution
    facts: CellFacts
    findings: tuple[FitFinding, ...]

    @property
    def errors(self) -> tuple[str, ...]:
        """Findings for which the numbers should not be used as they are."""
        return tuple(f.text for f in self.findings if f.severity == "error")


def identify(
    recordings: Sequence[Recording],
    checks: Sequence[Recording],
    curve: SlowCurve,
    facts: CellFacts,
    progress: Callable[[int, float], None],
) -> Identification:
    """Fit the cell model to recordings.

    Args:
        recordings: To fit, each of one cell with its true SoC.
        checks: Held out; the stated model error is theirs where there are any.
        curve: Slow discharge; gives capacity and first open-circuit voltage.
        facts: What the recordings do not contain.
        progress: Called with the round and the error in V.

    Raises:
        ConfigurationError: The recordings cannot be used.
    """
    lag_s = voltage_lag_s(recordings)
    used = [fit_record(recording, curve.capacity_Ah, lag_s) for recording in recordings]
    kept_out = [fit_record(recording, curve.capacity_Ah, lag_s) for recording in checks]
    if not any(record.drive for record in used):
        raise ConfigurationError(
            "no recording is a profile, a drive or a discharge at random currents",
            why="pulses and slow curves alone leave the error under a drive several times larger. "
            + each_file([(record.name, record.not_a_profile) for record in used]),
            hint="add a drive, or a discharge whose current changes at random, best one for each "
            "temperature",
        )
    if not any(np.any(record.weight > 0.0) for record in used):
        raise ConfigurationError(
            "no recording has a sample to fit",
            why="samples count above a state of charge of 0.03, outside holes",
            hint="check the capacity and the state of charge at the start",
        )
    base = _base(curve, facts, lag_s)
    layout = circuit_layout(curve.capacity_Ah)
    arrays, weight = batch(used)
    # Single precision rounds the charge of a record to more than the fit can bear.
    with jax.enable_x64(True):
        solution = solve(layout, base, arrays, weight, progress)
        cell = _plain(cell_of_vector(layout, jnp.asarray(solution.vector), base))
        fits = _fits(cell, used, held_out=False) + _fits(cell, kept_out, held_out=True)
    drives = [fit for fit in fits if fit.record.drive and np.any(fit.record.scored)]
    judged = [fit for fit in drives if fit.held_out] or drives
    if judged:
        error = model_error(
            [(fit.temperature_degC, fit.error_V[fit.record.scored]) for fit in judged]
        )
        cell = _with_error(cell, error)
    findings = fit_findings(cell, base, solution, fits)
    return Identification(cell, curve, fits, solution, facts, findings)


def _base(curve: SlowCurve, facts: CellFacts, lag_s: float) -> CellModel:
    ones = np.ones(curve.voltage_V.size)
    flat = TemperatureLaw(0.0)
    return CellModel(
        name=facts.name,
        chemistry=facts.chemistry,
        capacity_Ah=curve.capacity_Ah,
        ocv_V=curve.voltage_V,
        series_ohm=ones,
        fast_ohm=ones,
        slow_ohm=ones,
        fast_s=1.0,
        slow_s=1.0,
        series_law=flat,
        fast_law=flat,
        slow_law=flat,
        hysteresis_V=0.0,
        hysteresis_rate=1.0,
        heat_capacity_J_per_K=facts.heat_capacity_J_per_K,
        surface_m2=facts.surface_m2,
        volume_m3=facts.volume_m3,
        equivalent_18650=curve.capacity_Ah / AH_OF_18650,
        source=facts.source,
        charge_transfer=True,
        current_lag_s=lag_s,
    )


def _plain(cell: CellModel) -> CellModel:
    """Return the cell with NumPy tables and Python floats in place of traced arrays."""

    def law(value: TemperatureLaw) -> TemperatureLaw:
        return TemperatureLaw(np.asarray(value.a_K), float(value.b_K2))

    tables = ("ocv_V", "entropy_V_per_K", "series_ohm", "fast_ohm", "slow_ohm", "diffusion_ohm")
    numbers = ("hysteresis_V", "hysteresis_rate", "fast_s", "slow_s", "diffusion_s")
    laws = ("series_law", "fast_law", "slow_law", "diffusion_law")
    fast, slow, diffusion = (float(slope) for slope in cell.time_slopes_K)
    fields: dict[str, Any] = {name: np.asarray(getattr(cell, name)) for name in tables}
    fields |= {name: float(getattr(cell, name)) for name in numbers}
    fields |= {name: law(getattr(cell, name)) for name in laws}
    # A correction may bend a flat curve down; estimators and files need a rising one.
    fields["ocv_V"] = rising(fields["ocv_V"])
    return replace(cell, **fields, time_slopes_K=(fast, slow, diffusion))


def _with_error(cell: CellModel, error: ModelError) -> CellModel:
    return replace(
        cell,
        error_degC=error.temperature_degC,
        error_V=error.error_V,
        error_s=error.correlation_s,
    )


def _fits(
    cell: CellModel, records: Sequence[FitRecord], *, held_out: bool
) -> tuple[RecordFit, ...]:
    if not records:
        return ()
    arrays, _ = batch(records)
    given = {name: jnp.asarray(values) for name, values in arrays.items()}
    predicted_V = np.asarray(jax.jit(lambda known: simulate(cell, known))(given))
    return tuple(
        RecordFit(record, predicted_V[: record.voltage_V.size, column], held_out)
        for column, record in enumerate(records)
    )
