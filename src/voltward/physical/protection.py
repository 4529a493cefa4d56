"""Three tiers of limits with a delay per fault; the innermost protection of every pack."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.core.taps import FIRMWARE_FIELD
from voltward.physical.faults import DELAYED_FAULTS, FAULTS


@dataclass(frozen=True)
class Tier:
    """One tier of limits."""

    voltage_high_V: float
    voltage_low_V: float
    temperature_high_degC: float
    temperature_low_degC: float
    charge_A: float
    discharge_A: float


@dataclass(frozen=True)
class LimitParameters:
    """Limits of the pack.

    Attributes:
        operating: Where the pack is meant to stay; power limits aim at it.
        recommended: Beyond it, current in the offending direction is forbidden.
        maximum: Beyond it for longer than the delay, the contactors open for good.
        delay_s: Per fault.
        isolation_kohm: Least isolation resistance.
        fuse_A: Rating of the fuse; it blows on the square of the overload over time.
        fuse_A2s: Melting integral above the rating.
        parallel: Cells that share the pack's current; tiers are those of one cell.

    Source:
        Tiers as in foxBMS 2 (operating, recommended safety, maximum safety).
    """

    operating: Tier
    recommended: Tier
    maximum: Tier
    delay_s: dict[str, float] = field(default_factory=dict)
    isolation_kohm: float = 40.0
    fuse_A: float = 400.0
    fuse_A2s: float = 3.0e5
    parallel: int = 1


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ProtectionState:
    """Seconds in violation and latched faults, (run, fault)."""

    violation_s: Float[Array, "run fault"]
    latched: Bool[Array, "run fault"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Verdict:
    """What the tiers say.

    Attributes:
        charge_forbidden: Beyond the recommended tier in the charging direction.
        discharge_forbidden: The same in the discharging direction.
        tripped: A fault is latched.
        new_fault: A fault latched in this tick, (run, fault).
    """

    charge_forbidden: Bool[Array, " run"]
    discharge_forbidden: Bool[Array, " run"]
    tripped: Bool[Array, " run"]
    new_fault: Bool[Array, "run fault"]


def start_protection(runs: int) -> ProtectionState:
    """Return a state without violations."""
    shape = (runs, len(FAULTS))
    return ProtectionState(jnp.zeros(shape), jnp.zeros(shape, bool))


def protect(
    limits: LimitParameters,
    state: ProtectionState,
    voltage_V: Float[Array, "run cell"],
    temperature_degC: Float[Array, "run cell"],
    current_A: Float[Array, " run"],
    isolation_kohm: Float[Array, " run"],
    calibration: Float[Array, "run field"],
    enabled: Bool[Array, " run"],
    tick_s: float,
) -> tuple[ProtectionState, Verdict]:
    """Judge readings against the tiers, with the calibration in force.

    Args:
        limits: The tiers.
        state: Counters and latches.
        voltage_V: Cell voltages as read.
        temperature_degC: Cell temperatures as read.
        current_A: Pack current as read.
        isolation_kohm: Isolation as read.
        calibration: Firmware record's scalars, as FIRMWARE_FIELD places them.
        enabled: Whether the factory protection exists in this run.
        tick_s: Length of the tick.
    """
    column = {name: calibration[:, index] for name, index in FIRMWARE_FIELD.items()}
    armed = enabled & (column["protection_disabled"] < 0.5)
    highest, lowest = jnp.max(voltage_V, axis=1), jnp.min(voltage_V, axis=1)
    hottest, coldest = jnp.max(temperature_degC, axis=1), jnp.min(temperature_degC, axis=1)
    scale = 1.0 + column["current_limit_scale"]
    cell_A = current_A / limits.parallel

    def beyond(tier: Tier) -> tuple[Bool[Array, " run"], ...]:
        return (
            highest > tier.voltage_high_V + column["over_voltage_shift_V"],
            lowest < tier.voltage_low_V - column["under_voltage_shift_V"],
            hottest > tier.temperature_high_degC + column["over_temperature_shift_degC"],
            coldest < tier.temperature_low_degC,
            cell_A > tier.charge_A * scale,
            cell_A < -tier.discharge_A * scale,
        )

    recommended = beyond(limits.recommended)
    maximum = (*beyond(limits.maximum), isolation_kohm < limits.isolation_kohm)
    violated = jnp.stack(maximum, axis=1) & armed[:, None]
    delays = jnp.asarray([limits.delay_s[name] for name in DELAYED_FAULTS])
    seconds = jnp.where(violated, state.violation_s[:, :-1] + tick_s, 0.0)
    fuse = state.violation_s[:, -1] + jnp.where(
        jnp.abs(current_A) > limits.fuse_A, (current_A**2 - limits.fuse_A**2) * tick_s, 0.0
    )
    latched = jnp.concatenate(
        [state.latched[:, :-1] | (seconds > delays), (fuse > limits.fuse_A2s)[:, None]], axis=1
    )
    verdict = Verdict(
        charge_forbidden=armed & (recommended[0] | recommended[2] | recommended[3]),
        discharge_forbidden=armed & (recommended[1] | recommended[2]),
        tripped=jnp.any(latched, axis=1),
        new_fault=latched & ~state.latched,
    )
    counters = jnp.concatenate([seconds, fuse[:, None]], axis=1)
    return ProtectionState(counters, latched), verdict
