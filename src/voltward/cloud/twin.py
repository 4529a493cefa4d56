"""The digital twin: one estimator per cell, with parameters carried per run as modifiers."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float, Int

from voltward.cloud.adaptation import (
    AdaptationParameters,
    AdaptationState,
    adapt,
    start_adaptation,
)
from voltward.cloud.ageing_evidence import AgeingInput, sample_ageing
from voltward.core.record import Record
from voltward.core.taps import TELEMETRY_FIELD
from voltward.physical.cell import CellModel
from voltward.physical.estimator import (
    EstimatorState,
    EstimatorTuning,
    Innovation,
    innovate,
    predict,
    start_estimator,
    update,
)

COMMISSIONED = (1.0, 1.0, 0.0)
OCV_SHIFT = 2  # its place among them


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TwinState:
    """State of the twin.

    Attributes:
        estimate: Of every cell.
        coulomb_soc: Charge counted from the records, from the same start.
        last_tick: Stamp of the last record taken in.
        silence_s: Since the last record taken in.
        temperature_degC: Last temperatures taken in.
        current_A: Last current taken in.
        anchor_soc: Estimate at the last anchor of the capacity check.
        anchor_Ah: Charge count there.
        soh: Capacity relative to nominal, as the twin measures it; 1 where it adapts, for there
            its own factors carry the fade.
        adaptation: Factors of ageing, in a twin that adapts.
    """

    estimate: EstimatorState
    coulomb_soc: Float[Array, " run"]
    last_tick: Int[Array, " run"]
    silence_s: Float[Array, " run"]
    temperature_degC: Float[Array, "run cell"]
    current_A: Float[Array, " run"]
    anchor_soc: Float[Array, " run"]
    anchor_Ah: Float[Array, " run"]
    soh: Float[Array, " run"]
    adaptation: AdaptationState | None = None


@dataclass(frozen=True)
class TwinParameters:
    """What the twin is built with.

    Attributes:
        cell: The cell model it uses.
        tuning: Its filter.
        tick_s: Length of a tick.
        longest_gap_s: A longer step is predicted as this one; the estimate waits for readings.
        soh_window: SoC span after which the capacity is measured anew.
        adaptation: How it follows ageing; None for a twin that stays as commissioned.
    """

    cell: CellModel
    tuning: EstimatorTuning
    tick_s: float
    longest_gap_s: float = 120.0
    soh_window: float = 0.1
    adaptation: AdaptationParameters | None = None


def start_twin(
    parameters: TwinParameters,
    soc: Float[Array, "run cell"],
    temperature_degC: Float[Array, "run cell"],
) -> TwinState:
    """Return a twin that starts from a rested pack whose SoC it has read off."""
    runs = soc.shape[0]
    zero = jnp.zeros(runs)
    mean = jnp.mean(soc, axis=1)
    return TwinState(
        estimate=start_estimator(soc, parameters.tuning),
        coulomb_soc=mean,
        last_tick=jnp.full(runs, -1, jnp.int64),
        silence_s=zero,
        temperature_degC=temperature_degC,
        current_A=zero,
        anchor_soc=mean,
        anchor_Ah=zero,
        soh=zero + 1.0,
        adaptation=None if parameters.adaptation is None else start_adaptation(soc),
    )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Observation:
    """The twin after predicting up to a record and comparing, before believing it.

    Attributes:
        state: Predicted.
        innovation: Of every cell.
        temperature_degC: Used for the comparison.
        current_A: Used for the comparison.
        loss_W: Heat made in the mean cell, as the model has it.
        overpotential_V: Predicted voltage less open-circuit voltage, of every cell.
        ageing: The record again, for what it says about ageing, in a twin that adapts.
    """

    state: TwinState
    innovation: Innovation
    temperature_degC: Float[Array, "run cell"]
    current_A: Float[Array, " run"]
    loss_W: Float[Array, " run"]
    overpotential_V: Float[Array, "run cell"]
    ageing: AgeingInput | None = None


def observe(
    parameters: TwinParameters,
    state: TwinState,
    record: Record,
    model: Float[Array, "run parameter"],
    known_capacity: Float[Array, "run cell"],
    known_resistance: Float[Array, "run cell"],
    parallel: int,
) -> Observation:
    """Predict up to the record's stamp and compare.

    Args:
        parameters: Of the twin.
        state: Before.
        record: Telemetry; where absent the state only grows silent.
        model: Modifiers in force: resistance scale, capacity scale, OCV shift.
        known_capacity: Factors of the cells from commissioning.
        known_resistance: The same for resistance.
        parallel: Cells in a group.
    """
    cell = parameters.cell
    present = record.present
    current = jnp.where(present, record.scalars[:, TELEMETRY_FIELD["current_A"]], state.current_A)
    temperature = jnp.where(present[:, None], record.wide[1], state.temperature_degC)
    ticks = jnp.where(
        state.last_tick < 0, 1, jnp.maximum(record.sent_tick - state.last_tick, 0)
    ).astype(jnp.float64)
    elapsed_s = jnp.where(
        present, jnp.minimum(ticks * parameters.tick_s, parameters.longest_gap_s), 0.0
    )
    cell_A = (current / parallel)[:, None]
    resistance = known_resistance * model[:, 0:1]
    capacity = known_capacity * model[:, 1:2]
    pack_capacity = model[:, 1]
    if state.adaptation is not None:
        resistance = resistance * state.adaptation.resistance
        capacity = capacity * state.adaptation.capacity
        pack_capacity = pack_capacity * jnp.mean(state.adaptation.capacity, axis=1)
    predicted = predict(
        cell,
        parameters.tuning,
        state.estimate,
        cell_A,
        temperature,
        elapsed_s[:, None],
        resistance,
        capacity,
    )
    innovation = innovate(
        cell,
        parameters.tuning,
        predicted,
        record.wide[0],
        cell_A,
        temperature,
        resistance_scale=resistance,
        ocv_shift_V=model[:, 2:3],
        elapsed_s=parameters.tick_s,
    )
    charge_Ah = current * elapsed_s / 3600.0
    counted = state.coulomb_soc + charge_Ah / (cell.capacity_Ah * parallel * pack_capacity)
    series, _, _ = cell.resistances(counted, jnp.mean(temperature, axis=1), cell_A[:, 0])
    polarised = jnp.mean(predicted.polarised_V, axis=1)
    loss_W = cell_A[:, 0] * (series * cell_A[:, 0] + polarised)
    moved = replace(
        state,
        estimate=predicted,
        coulomb_soc=counted,
        last_tick=jnp.where(
            present, jnp.maximum(record.sent_tick, state.last_tick), state.last_tick
        ),
        silence_s=jnp.where(present, 0.0, state.silence_s),
        temperature_degC=temperature,
        current_A=current,
        anchor_Ah=state.anchor_Ah + charge_Ah,
    )
    expected_V = record.wide[0] - innovation.value_V
    overpotential_V = expected_V - cell.ocv(predicted.soc)[0]
    ageing = None
    if state.adaptation is not None:
        ageing = AgeingInput(
            soc=state.estimate.soc,
            voltage_V=record.wide[0],
            cell_A=cell_A,
            temperature_degC=temperature,
            elapsed_s=elapsed_s,
            resistance=resistance,
            capacity=capacity,
            ocv_shift_V=model[:, 2:3],
            score=innovation.value_V / innovation.std_V,
            present=present,
        )
    return Observation(moved, innovation, temperature, current, loss_W, overpotential_V, ageing)


def believe(
    parameters: TwinParameters,
    observed: Observation,
    gate: Float[Array, "run cell"],
    present: Bool[Array, " run"],
    parallel: int,
    learning: Float[Array, " run"] | None = None,
) -> TwinState:
    """Correct the estimate by the gated innovation, and measure the capacity when it is time.

    Args:
        parameters: Of the twin.
        observed: What `observe` returned.
        gate: Share of the update that is applied.
        present: Where there was a record.
        parallel: Cells in a group.
        learning: Share of the adaptation's rates in force, all of it by default; of no effect in
            a twin that does not adapt.

    Limits:
        The capacity check divides counted charge by the change of an estimate that leans on the
        same charge: it sees slow fade, not a fault within one window.
    """
    state = observed.state
    estimate = update(state.estimate, observed.innovation, gate * present[:, None])
    mean = jnp.mean(estimate.soc, axis=1)
    moved = mean - state.anchor_soc
    due = jnp.abs(moved) > parameters.soh_window
    nominal = parameters.cell.capacity_Ah * parallel
    measured = state.anchor_Ah / (nominal * jnp.where(due, moved, 1.0))
    soh = jnp.where(due, 0.8 * state.soh + 0.2 * jnp.clip(measured, 0.5, 1.2), state.soh)
    adaptation = state.adaptation
    if parameters.adaptation is not None and adaptation is not None and observed.ageing is not None:
        share = jnp.ones_like(state.soh) if learning is None else learning
        adaptation = _adapted(parameters, adaptation, observed.ageing, gate, share)
        soh = jnp.where(share > 0.0, 1.0, soh)
    return replace(
        state,
        estimate=estimate,
        anchor_soc=jnp.where(due, mean, state.anchor_soc),
        anchor_Ah=jnp.where(due, 0.0, state.anchor_Ah),
        soh=soh,
        adaptation=adaptation,
    )


def _adapted(
    parameters: TwinParameters,
    adaptation: AdaptationState,
    given: AgeingInput,
    gate: Float[Array, "run cell"],
    learning: Float[Array, " run"],
) -> AdaptationState:
    rules = parameters.adaptation
    if rules is None:
        return adaptation

    def learn() -> AdaptationState:
        sample = sample_ageing(parameters.cell, adaptation.circuit, given)
        return adapt(rules, adaptation, sample, gate, learning)

    # Where no run adapts the batch may skip it all.
    return lax.cond(jnp.any(learning > 0.0), learn, lambda: adaptation)
