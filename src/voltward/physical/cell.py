"""The cell: open-circuit voltage, two RC pairs and a series resistance over SoC and temperature."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

ZERO_DEGC_K = 273.15
REFERENCE_K = 298.15
GAS_OVER_FARADAY_V_PER_K = 8.314462618 / 96485.33212


@dataclass(frozen=True)
class TemperatureLaw:
    """ln(R / R_25) = a(SoC) x + b x^2 with x = 1/T - 1/298.15 K.

    Attributes:
        a_K: Arrhenius slope; one number, or a table on uniform SoC knots.
        b_K2: Its curvature; 0 for a plain Arrhenius law.
    """

    a_K: float | np.ndarray | Float[Array, " knot"]
    b_K2: float = 0.0

    def factor(
        self, temperature_degC: Float[Array, "..."], soc: Float[Array, "..."]
    ) -> Float[Array, "..."]:
        """Return the value relative to 25 degC; the slope is held at its ends outside 0 to 1."""
        x = inverse_temperature(temperature_degC)
        slope_K = (
            self.a_K
            if isinstance(self.a_K, float)
            else lookup(self.a_K, jnp.clip(soc, 0.0, 1.0))[0]
        )
        return jnp.exp(x * (slope_K + self.b_K2 * x))


def inverse_temperature(temperature_degC: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return 1/T - 1/298.15 K."""
    return 1.0 / (temperature_degC + ZERO_DEGC_K) - 1.0 / REFERENCE_K


def lookup(
    table: np.ndarray | Float[Array, " knot"], soc: Float[Array, "..."]
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Return value and slope of a table at SoC, linear between knots and beyond the ends."""
    intervals = table.shape[0] - 1
    position = soc * intervals
    index = jnp.clip(position.astype(jnp.int32), 0, intervals - 1)
    steps = jnp.asarray(np.diff(table) if isinstance(table, np.ndarray) else jnp.diff(table))
    slope = steps[index]
    value = jnp.asarray(table[:-1])[index] + slope * (position - index)
    return value, slope * intervals


@dataclass(frozen=True)
class CellModel:
    """Parameters of one cell; tables stand on uniform SoC knots from 0 to 1.

    Attributes:
        name: Short name.
        chemistry: Such as "NMC/graphite".
        capacity_Ah: Nominal capacity.
        ocv_V: Open-circuit voltage on the knots (knot,).
        series_ohm: R0 at 25 degC on the knots.
        fast_ohm: R1 at 25 degC on the knots; at small current where charge transfer is on.
        slow_ohm: R2 at 25 degC on the knots.
        fast_s: Time constant of R1.
        slow_s: Time constant of R2.
        series_law: Temperature law of R0.
        fast_law: Temperature law of R1.
        slow_law: Temperature law of R2.
        hysteresis_V: Half width of the OCV hysteresis; 0 where the chemistry needs none.
        hysteresis_rate: Dimensionless rate at which it turns over with charge.
        heat_capacity_J_per_K: Of one cell.
        surface_m2: Outer surface of one cell.
        volume_m3: Of one cell.
        equivalent_18650: How many 18650 cells have this capacity; scales abuse heat.
        source: Where the numbers come from.
        charge_transfer: Whether R1 is a charge transfer, whose voltage grows as the inverse
            hyperbolic sine of the current.
        diffusion_ohm: R3, the slowest branch, on the knots; None for a cell of two branches.
        diffusion_s: Time constant of R3.
        diffusion_law: Temperature law of R3.
        time_slopes_K: Arrhenius slopes of the time constants of R1, R2 and R3.
        entropy_V_per_K: What the open-circuit voltage gains per kelvin above 25 degC, on knots;
            None where it is not known.
        current_lag_s: By how much the voltages of the records trail their currents, where the
            cell was identified from a recorder with such a skew; replays undo it.
        error_degC: Temperatures of the identification, rising; empty where there was none.
        error_V: Root mean square error of the model there, on the profiles it was fitted to.
        error_s: How long that error stays alike.

    Source:
        Plett, Battery Management Systems vol. 1, Artech House 2015, ch. 2 (circuit, hysteresis);
        asinh: Butler-Volmer kinetics with equal transfer coefficients.
    Limits:
        Accuracy against real cells is a figure of its own, in the cell's fit report.
    """

    name: str
    chemistry: str
    capacity_Ah: float
    ocv_V: np.ndarray
    series_ohm: np.ndarray
    fast_ohm: np.ndarray
    slow_ohm: np.ndarray
    fast_s: float
    slow_s: float
    series_law: TemperatureLaw
    fast_law: TemperatureLaw
    slow_law: TemperatureLaw
    hysteresis_V: float | Float[Array, ""]
    hysteresis_rate: float
    heat_capacity_J_per_K: float
    surface_m2: float
    volume_m3: float
    equivalent_18650: float
    source: str
    charge_transfer: bool = False
    diffusion_ohm: np.ndarray | None = None
    diffusion_s: float = 1000.0
    diffusion_law: TemperatureLaw = TemperatureLaw(0.0)
    time_slopes_K: tuple[float, float, float] = (0.0, 0.0, 0.0)
    entropy_V_per_K: np.ndarray | None = None
    current_lag_s: float = 0.0
    error_degC: tuple[float, ...] = ()
    error_V: tuple[float, ...] = ()
    error_s: float = 0.0

    def ocv(self, soc: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """Return the open-circuit voltage at 25 degC in V, and its slope in V per unit of SoC."""
        return lookup(self.ocv_V, soc)

    def entropic_V(
        self, soc: Float[Array, "..."], temperature_degC: Float[Array, "..."]
    ) -> Float[Array, "..."] | float:
        """Return how the open-circuit voltage differs from 25 degC."""
        if self.entropy_V_per_K is None:
            return 0.0
        slope = lookup(self.entropy_V_per_K, jnp.clip(soc, 0.0, 1.0))[0]
        return slope * (temperature_degC - 25.0)

    def resistances(
        self,
        soc: Float[Array, "..."],
        temperature_degC: Float[Array, "..."],
        current_A: Float[Array, "..."] | float = 0.0,
    ) -> tuple[Float[Array, "..."], Float[Array, "..."], Float[Array, "..."]]:
        """Return R0, R1 and R2 in ohm; held at the end knots outside 0 to 1.

        Args:
            soc: State of charge.
            temperature_degC: Of the cell.
            current_A: Where charge transfer is on, R1 is voltage over current at this current.
        """
        inside = jnp.clip(soc, 0.0, 1.0)
        series = lookup(self.series_ohm, inside)[0]
        fast = lookup(self.fast_ohm, inside)[0]
        slow = lookup(self.slow_ohm, inside)[0]
        fast = fast * self.fast_law.factor(temperature_degC, inside)
        if self.charge_transfer:
            fast = fast * _transfer_share(fast * current_A, temperature_degC)
        return (
            series * self.series_law.factor(temperature_degC, inside),
            fast,
            slow * self.slow_law.factor(temperature_degC, inside),
        )

    def diffusion(
        self, soc: Float[Array, "..."], temperature_degC: Float[Array, "..."]
    ) -> Float[Array, "..."] | float:
        """Return R3 in ohm, 0 for a cell of two branches."""
        if self.diffusion_ohm is None:
            return 0.0
        inside = jnp.clip(soc, 0.0, 1.0)
        value = lookup(self.diffusion_ohm, inside)[0]
        return value * self.diffusion_law.factor(temperature_degC, inside)

    def kept(
        self, elapsed_s: Float[Array, "..."] | float, temperature_degC: Float[Array, "..."]
    ) -> tuple[Float[Array, "..."], Float[Array, "..."], Float[Array, "..."]]:
        """Return the shares of the three polarisation voltages that outlive the elapsed time."""
        times_s = (self.fast_s, self.slow_s, self.diffusion_s)
        fast, slow, diffusion = (
            jnp.exp(-elapsed_s / self._time_s(time_s, slope_K, temperature_degC))
            for time_s, slope_K in zip(times_s, self.time_slopes_K, strict=True)
        )
        return fast, slow, diffusion

    @staticmethod
    def _time_s(
        time_s: float, slope_K: float | Float[Array, ""], temperature_degC: Float[Array, "..."]
    ) -> Float[Array, "..."] | float:
        if isinstance(slope_K, float) and slope_K == 0.0:
            return time_s
        return time_s * jnp.exp(slope_K * inverse_temperature(temperature_degC))

    @property
    def hysteretic(self) -> bool:
        """Whether the open-circuit voltage depends on the direction of the current."""
        # A traced half width counts: the fit moves it.
        return isinstance(self.hysteresis_V, jax.Array) or self.hysteresis_V > 0.0

    def soc_at(self, voltage_V: float) -> float:
        """Return the SoC at which the open-circuit voltage has that value (a rising curve)."""
        knots = np.linspace(0.0, 1.0, self.ocv_V.shape[0])
        return float(np.interp(voltage_V, self.ocv_V, knots))


def _transfer_share(
    linear_V: Float[Array, "..."], temperature_degC: Float[Array, "..."]
) -> Float[Array, "..."]:
    """Return asinh(u)/u, where u is the linear voltage over twice the thermal voltage."""
    u = linear_V / (2.0 * GAS_OVER_FARADAY_V_PER_K * (temperature_degC + ZERO_DEGC_K))
    small = jnp.abs(u) < 1e-4
    safe = jnp.where(small, 1.0, u)
    return jnp.where(small, 1.0 - u * u / 6.0, jnp.arcsinh(safe) / safe)
