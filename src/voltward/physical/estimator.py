"""An extended Kalman filter over SoC and two polarisation voltages, split in three.

Predict, innovate and update are apart so that a gate may stand between seeing and believing. The
BMS runs one instance on the mean cell, the cloud another on every cell.
"""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.physical.cell import CellModel
from voltward.physical.circuit import CircuitState, advance, rested, source_V


@dataclass(frozen=True)
class EstimatorTuning:
    """Noise that the filter assumes.

    Attributes:
        voltage_std_V: Of a voltage reading, with the model's own error.
        current_std_A: Of the current reading, per cell.
        soc_std_per_root_s: Random walk of SoC.
        polarisation_std_V_per_root_s: Random walk of the polarisation voltages.
        initial_soc_std: Of the first SoC.

    Limits:
        The values are assumptions of ours; they set how fast voltage corrects counted charge.
    """

    voltage_std_V: float = 0.004
    current_std_A: float = 0.5
    soc_std_per_root_s: float = 1e-6
    polarisation_std_V_per_root_s: float = 1e-4
    initial_soc_std: float = 0.01


def tuning_for(cell: CellModel) -> EstimatorTuning:
    """Return the tuning for a cell: its measured model error does the work where it is known.

    Limits:
        The random walk of SoC (0.6 % in an hour) and the first SoC's deviation are assumptions.
    """
    if not cell.error_V:
        return EstimatorTuning()
    return EstimatorTuning(
        voltage_std_V=0.001,
        current_std_A=cell.capacity_Ah / 500.0,
        soc_std_per_root_s=1e-4,
        initial_soc_std=0.1,
    )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class EstimatorState:
    """Estimate and the six numbers of its covariance, each (run, cell).

    The slowest branch and the hysteresis follow the current alone: a voltage reading cannot tell
    them from SoC.
    """

    circuit: CircuitState
    var_soc: Float[Array, "run cell"]
    cov_soc_fast: Float[Array, "run cell"]
    cov_soc_slow: Float[Array, "run cell"]
    var_fast: Float[Array, "run cell"]
    cov_fast_slow: Float[Array, "run cell"]
    var_slow: Float[Array, "run cell"]

    @property
    def soc(self) -> Float[Array, "run cell"]:
        """Estimated state of charge."""
        return self.circuit.soc

    @property
    def polarised_V(self) -> Float[Array, "run cell"]:
        """Estimated voltage over all branches."""
        return self.circuit.fast_V + self.circuit.slow_V + self.circuit.diffusion_V


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Innovation:
    """What a reading says that the model did not.

    Attributes:
        value_V: Reading less prediction.
        std_V: What the filter expects of it in one tick.
        slope_V: Slope of the open-circuit voltage used.
        gain_std_V: The same, widened because model error stays alike for many ticks: a filter
            that took each tick as fresh evidence would follow the error.
    """

    value_V: Float[Array, "run cell"]
    std_V: Float[Array, "run cell"]
    slope_V: Float[Array, "run cell"]
    gain_std_V: Float[Array, "run cell"]


def start_estimator(soc: Float[Array, "run cell"], tuning: EstimatorTuning) -> EstimatorState:
    """Return a rested state at a given SoC."""
    zero = jnp.zeros_like(soc)
    return EstimatorState(
        circuit=rested(soc),
        var_soc=zero + tuning.initial_soc_std**2,
        cov_soc_fast=zero,
        cov_soc_slow=zero,
        var_fast=zero,
        cov_fast_slow=zero,
        var_slow=zero,
    )


def predict(
    cell: CellModel,
    tuning: EstimatorTuning,
    state: EstimatorState,
    current_A: Float[Array, "run 1"],
    temperature_degC: Float[Array, "run cell"],
    elapsed_s: Float[Array, "run 1"] | float,
    resistance_scale: Float[Array, "run cell"] | float = 1.0,
    capacity_scale: Float[Array, "run cell"] | float = 1.0,
) -> EstimatorState:
    """Advance estimate and covariance by the elapsed time under a constant current."""
    elapsed = jnp.asarray(elapsed_s, dtype=jnp.float64)
    keep_fast, keep_slow, _ = cell.kept(elapsed, temperature_degC)
    charge = elapsed / (3600.0 * cell.capacity_Ah * capacity_scale)
    walk = elapsed * tuning.polarisation_std_V_per_root_s**2
    return EstimatorState(
        circuit=advance(
            cell,
            state.circuit,
            current_A,
            temperature_degC,
            elapsed,
            resistance_scale,
            capacity_scale,
        ),
        var_soc=state.var_soc
        + elapsed * tuning.soc_std_per_root_s**2
        + (charge * tuning.current_std_A) ** 2,
        cov_soc_fast=keep_fast * state.cov_soc_fast,
        cov_soc_slow=keep_slow * state.cov_soc_slow,
        var_fast=keep_fast**2 * state.var_fast + walk,
        cov_fast_slow=keep_fast * keep_slow * state.cov_fast_slow,
        var_slow=keep_slow**2 * state.var_slow + walk,
    )


def innovate(
    cell: CellModel,
    tuning: EstimatorTuning,
    state: EstimatorState,
    voltage_V: Float[Array, "run cell"],
    current_A: Float[Array, "run 1"],
    temperature_degC: Float[Array, "run cell"],
    *,
    resistance_scale: Float[Array, "run cell"] | float = 1.0,
    ocv_shift_V: Float[Array, "run 1"] | float = 0.0,
    elapsed_s: float = 1.0,
) -> Innovation:
    """Compare a voltage reading with the prediction.

    Args:
        cell: The cell model.
        tuning: Of the filter.
        state: Predicted.
        voltage_V: As read.
        current_A: As read, for one cell.
        temperature_degC: As read.
        resistance_scale: Factor on the resistances.
        ocv_shift_V: Added to the open-circuit voltage.
        elapsed_s: Usual distance of readings, for how often the same model error is seen.
    """
    behind_V, slope_V = source_V(cell, state.circuit, temperature_degC)
    series_ohm, _, _ = cell.resistances(state.soc, temperature_degC, current_A)
    expected_V = behind_V + ocv_shift_V + resistance_scale * series_ohm * current_A
    from_soc, from_fast, from_slow = _spread(state, slope_V)
    variance = slope_V * from_soc + from_fast + from_slow + tuning.voltage_std_V**2
    # The current's own noise reaches the voltage through the series resistance.
    variance = variance + (series_ohm * tuning.current_std_A) ** 2
    model = model_variance_V2(cell, temperature_degC)
    repeats = 1.0 + 2.0 * cell.error_s / elapsed_s
    return Innovation(
        value_V=voltage_V - expected_V,
        std_V=jnp.sqrt(variance + model),
        slope_V=slope_V,
        gain_std_V=jnp.sqrt(variance + repeats * model),
    )


def model_variance_V2(
    cell: CellModel, temperature_degC: Float[Array, "run cell"]
) -> Float[Array, "run cell"] | float:
    """Return the squared error of the cell model at a temperature; 0 where it is not known."""
    if not cell.error_V:
        return 0.0
    error_V = jnp.interp(temperature_degC, jnp.asarray(cell.error_degC), jnp.asarray(cell.error_V))
    return error_V**2


def _spread(
    state: EstimatorState, slope_V: Float[Array, "run cell"]
) -> tuple[Float[Array, "run cell"], Float[Array, "run cell"], Float[Array, "run cell"]]:
    """Return covariance times the measurement row [slope, 1, 1]."""
    return (
        state.var_soc * slope_V + state.cov_soc_fast + state.cov_soc_slow,
        state.cov_soc_fast * slope_V + state.var_fast + state.cov_fast_slow,
        state.cov_soc_slow * slope_V + state.cov_fast_slow + state.var_slow,
    )


def update(
    state: EstimatorState, innovation: Innovation, gate: Float[Array, "run cell"]
) -> EstimatorState:
    """Correct the state by the gated innovation.

    Args:
        state: The predicted state.
        innovation: Of the reading.
        gate: 1 to believe, 0 to ignore the reading.
    """
    soc_row, fast_row, slow_row = _spread(state, innovation.slope_V)
    inverse = gate / innovation.gain_std_V**2
    soc_gain, fast_gain, slow_gain = soc_row * inverse, fast_row * inverse, slow_row * inverse
    circuit = state.circuit
    return EstimatorState(
        circuit=replace(
            circuit,
            soc=circuit.soc + soc_gain * innovation.value_V,
            fast_V=circuit.fast_V + fast_gain * innovation.value_V,
            slow_V=circuit.slow_V + slow_gain * innovation.value_V,
        ),
        var_soc=state.var_soc - soc_gain * soc_row,
        cov_soc_fast=state.cov_soc_fast - soc_gain * fast_row,
        cov_soc_slow=state.cov_soc_slow - soc_gain * slow_row,
        var_fast=state.var_fast - fast_gain * fast_row,
        cov_fast_slow=state.cov_fast_slow - fast_gain * slow_row,
        var_slow=state.var_slow - slow_gain * slow_row,
    )
