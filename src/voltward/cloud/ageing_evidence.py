"""What records say about ageing: voltage against overpotential, counted charge against rests."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.physical.cell import CellModel
from voltward.physical.circuit import CircuitState, advance, source_V

# Counted charge below which a cell has not left its rest, as a share of capacity (assumption).
_STILL = 0.005


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class AgeingSample:
    """What one record said, without the corrections by which the filter hides part of it.

    Attributes:
        present: Whether there was a record.
        elapsed_s: Since the last one.
        circuit: Polarisation under the current alone, at the estimate's SoC.
        residual_V: Reading less what that circuit makes of it.
        overpotential_V: Voltage of that circuit less its open-circuit voltage.
        slope_V: Of the open-circuit voltage.
        counted_soc: Change of SoC by counted charge, with the capacity in use.
        score: Innovation of the filter over its standard deviation.
    """

    present: Bool[Array, " run"]
    elapsed_s: Float[Array, " run"]
    circuit: CircuitState
    residual_V: Float[Array, "run cell"]
    overpotential_V: Float[Array, "run cell"]
    slope_V: Float[Array, "run cell"]
    counted_soc: Float[Array, "run cell"]
    score: Float[Array, "run cell"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class AgeingInput:
    """One record, and what the twin made of it.

    Attributes:
        soc: Estimate before the record.
        voltage_V: Of the cells.
        cell_A: Current for one cell.
        temperature_degC: Of the cells.
        elapsed_s: Since the last record; 0 without one.
        resistance: Factor in use.
        capacity: Factor in use.
        ocv_shift_V: Added to the open-circuit voltage.
        score: Innovation of the filter over its standard deviation.
        present: Whether there was a record.
    """

    soc: Float[Array, "run cell"]
    voltage_V: Float[Array, "run cell"]
    cell_A: Float[Array, "run 1"]
    temperature_degC: Float[Array, "run cell"]
    elapsed_s: Float[Array, " run"]
    resistance: Float[Array, "run cell"]
    capacity: Float[Array, "run cell"]
    ocv_shift_V: Float[Array, "run 1"]
    score: Float[Array, "run cell"]
    present: Bool[Array, " run"]


def sample_ageing(cell: CellModel, before: CircuitState, given: AgeingInput) -> AgeingSample:
    """Compare a record with a circuit that follows the current alone.

    Args:
        cell: The cell model.
        before: The circuit at the last record.
        given: The record.
    """
    circuit = advance(
        cell,
        replace(before, soc=given.soc),
        given.cell_A,
        given.temperature_degC,
        given.elapsed_s[:, None],
        given.resistance,
        given.capacity,
    )
    behind_V, slope_V = source_V(cell, circuit, given.temperature_degC)
    series_ohm, _, _ = cell.resistances(circuit.soc, given.temperature_degC, given.cell_A)
    expected_V = behind_V + given.resistance * series_ohm * given.cell_A
    return AgeingSample(
        present=given.present,
        elapsed_s=given.elapsed_s,
        circuit=circuit,
        residual_V=given.voltage_V - expected_V - given.ocv_shift_V,
        overpotential_V=expected_V - cell.ocv(circuit.soc)[0],
        slope_V=slope_V,
        counted_soc=circuit.soc - given.soc,
        score=given.score,
    )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class AgeingEvidence:
    """Sums since the last step or hold.

    Attributes:
        mean_overpotential_V: Slow mean.
        mean_residual_V: Slow mean.
        cross_V2: Sum of the products of both, less their means.
        power_V2: Sum of the squared overpotential, less its mean.
        rested_s: How long the cell has rested.
        anchor_soc: SoC that the voltage of the last rest says.
        anchored: Whether there was a rest.
        counted_soc: Counted since then.
        charge_error: Relative error of the capacity in use, from the last charging window.
        discharge_error: From the last discharging window.
        has_charge: Whether there is a charging window that no step has used.
        has_discharge: The same for discharge.
        capacity_pending: Error that the steps have not walked off yet.
    """

    mean_overpotential_V: Float[Array, "run cell"]
    mean_residual_V: Float[Array, "run cell"]
    cross_V2: Float[Array, "run cell"]
    power_V2: Float[Array, "run cell"]
    rested_s: Float[Array, "run cell"]
    anchor_soc: Float[Array, "run cell"]
    anchored: Bool[Array, "run cell"]
    counted_soc: Float[Array, "run cell"]
    charge_error: Float[Array, "run cell"]
    discharge_error: Float[Array, "run cell"]
    has_charge: Bool[Array, "run cell"]
    has_discharge: Bool[Array, "run cell"]
    capacity_pending: Float[Array, "run cell"]

    def resistance_error(
        self, power_V2: float
    ) -> tuple[Float[Array, "run cell"], Bool[Array, "run cell"]]:
        """Return the relative error of the resistance in use, and whether it is known yet.

        Args:
            power_V2: Squared overpotential to have seen.
        """
        error = self.cross_V2 / jnp.maximum(self.power_V2, power_V2)
        return error, self.power_V2 >= power_V2

    def capacity_error(
        self,
    ) -> tuple[Float[Array, "run cell"], Float[Array, "run cell"], Bool[Array, "run cell"]]:
        """Return the relative error of the capacity in use, and how far to trust it.

        The second value is half of what charge and discharge differ by, the third whether both are
        there. A current offset or a voltage that creeps errs in opposite ways in charge and
        discharge: it cancels in the mean and shows in the difference.
        """
        error = 0.5 * (self.charge_error + self.discharge_error)
        half = 0.5 * jnp.abs(self.charge_error - self.discharge_error)
        return error, half, self.has_charge & self.has_discharge


def start_evidence(soc: Float[Array, "run cell"]) -> AgeingEvidence:
    """Return no evidence."""
    zero, no = jnp.zeros_like(soc), jnp.zeros(soc.shape, bool)
    return AgeingEvidence(zero, zero, zero, zero, zero, soc, no, zero, zero, zero, no, no, zero)


def gathered(
    evidence: AgeingEvidence,
    sample: AgeingSample,
    gathers: Bool[Array, "run cell"],
    high_pass_s: float,
    excited_V: float,
    rested_V: float,
    rest_s: float,
    window: float,
) -> AgeingEvidence:
    """Add one record; where a cell does not gather, what it had is thrown away.

    Resistance is the slope of the residual over the overpotential, both less their slow means, so
    that a constant or slowly moving bias on voltage has no share in it. Capacity is the charge
    counted between two rests over what their voltages say of SoC.

    Limits:
        A duty without rests says nothing about capacity.
    """
    present = sample.present[:, None]
    follow = (1.0 - jnp.exp(-sample.elapsed_s / high_pass_s))[:, None]
    over_V = sample.overpotential_V - evidence.mean_overpotential_V
    new_V = jnp.where(present, sample.residual_V - evidence.mean_residual_V, 0.0)
    excited = present & (jnp.abs(over_V) > excited_V) & gathers
    mean_over_V = evidence.mean_overpotential_V + follow * over_V
    mean_V = evidence.mean_residual_V + follow * new_V
    counted = evidence.counted_soc + jnp.where(present, sample.counted_soc, 0.0)
    still = jnp.abs(sample.overpotential_V) < rested_V
    rested_s = jnp.where(still, evidence.rested_s + sample.elapsed_s[:, None], 0.0)
    rests = present & (rested_s >= rest_s)
    read_soc = sample.circuit.soc + mean_V / sample.slope_V
    change = read_soc - evidence.anchor_soc
    done = rests & gathers & evidence.anchored & (jnp.abs(change) > window)
    error = counted / jnp.where(done, change, 1.0) - 1.0
    charged, discharged = done & (change > 0.0), done & (change < 0.0)
    # A rest goes on moving its anchor: its last reading is its best.
    again = rests & gathers & (~evidence.anchored | (jnp.abs(counted) < _STILL))
    restart = done | again
    return AgeingEvidence(
        mean_overpotential_V=mean_over_V,
        mean_residual_V=mean_V,
        cross_V2=jnp.where(gathers, evidence.cross_V2 + excited * over_V * new_V, 0.0),
        power_V2=jnp.where(gathers, evidence.power_V2 + excited * over_V**2, 0.0),
        rested_s=rested_s,
        anchor_soc=jnp.where(restart, read_soc, evidence.anchor_soc),
        anchored=(evidence.anchored | restart) & gathers,
        counted_soc=jnp.where(restart, 0.0, counted),
        charge_error=jnp.where(charged, error, evidence.charge_error),
        discharge_error=jnp.where(discharged, error, evidence.discharge_error),
        has_charge=(evidence.has_charge | charged) & gathers,
        has_discharge=(evidence.has_discharge | discharged) & gathers,
        capacity_pending=jnp.where(gathers, evidence.capacity_pending, 0.0),
    )


def corrected(
    evidence: AgeingEvidence,
    resistance_step: Float[Array, "run cell"],
    capacity_pending: Float[Array, "run cell"],
    free: Bool[Array, "run cell"],
    keep: Float[Array, "run 1"],
) -> AgeingEvidence:
    """Return what is left after a step: without what the step explains, and faded.

    Args:
        evidence: Before.
        resistance_step: Relative, as taken.
        capacity_pending: Error of the capacity that the step left.
        free: Cells that may learn; the others lose everything.
        keep: Share of the resistance evidence that outlives the step.
    """
    used = evidence.has_charge & evidence.has_discharge
    left = evidence.cross_V2 - resistance_step * evidence.power_V2
    return replace(
        evidence,
        cross_V2=jnp.where(free, keep * left, 0.0),
        power_V2=jnp.where(free, keep * evidence.power_V2, 0.0),
        has_charge=evidence.has_charge & ~used & free,
        has_discharge=evidence.has_discharge & ~used & free,
        capacity_pending=jnp.where(free, capacity_pending, 0.0),
    )
