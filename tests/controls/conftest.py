"""Quiet views and records that the controls' tests start from."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import pytest

from voltward.core.record import honest_record
from voltward.core.taps import COMMAND_SCALARS, TELEMETRY_SCALARS
from voltward.core.view import BmsView, CloudView, GatewayView

jax.config.update("jax_enable_x64", True)

RUNS, CELLS = 3, 12


@dataclass(frozen=True)
class Quiet:
    """A pack at rest at 25 degC with a cloud that agrees."""

    runs: int = RUNS
    cells: int = CELLS

    def telemetry(self, tick, **scalars):
        values = {"pack_voltage_V": 3.7 * self.cells, "soc": 0.5, "isolation_kohm": 5000.0}
        row = [(values | scalars).get(name, 0.0) for name in TELEMETRY_SCALARS]
        wide = (self.wide(3.7), self.wide(25.0) + 0.1 * (tick % 2))
        return honest_record(jnp.tile(jnp.array(row), (self.runs, 1)), jnp.asarray(tick), wide)

    def command(self, tick, *, present=False, **scalars):
        values = {"charge_limit_A": 60.0, "target_soc": 0.9, "charge_enable": 1.0}
        values["conditioning_degC"] = -40.0
        row = [(values | scalars).get(name, 0.0) for name in COMMAND_SCALARS]
        came = jnp.full(self.runs, present)
        table = jnp.tile(jnp.array(row), (self.runs, 1))
        return honest_record(table, jnp.asarray(tick), present=came)

    def wide(self, value):
        return jnp.full((self.runs, self.cells), float(value))

    def flat(self, value):
        return jnp.full(self.runs, float(value))

    def bms(self, tick, **changes):
        flat = self.flat
        view = BmsView(
            tick=jnp.asarray(tick),
            tick_s=1.0,
            voltage_V=self.wide(3.7),
            temperature_degC=self.wide(25.0) + 0.1 * (tick % 2),
            current_A=flat(0.0),
            pack_voltage_V=flat(3.7 * self.cells),
            charger_current_A=flat(0.0),
            charge_request_A=flat(0.0),
            isolation_kohm=flat(5000.0),
            soc=flat(0.5),
            coulomb_soc=flat(0.5),
            innovation_V=flat(0.0),
            innovation_std_V=flat(0.005),
            charging=jnp.zeros(self.runs, bool),
            closed=jnp.ones(self.runs, bool),
            command=self.command(tick),
            command_age_s=flat(10.0),
            loss_W=flat(0.0),
            coolant_degC=flat(25.0),
        )
        return replace(view, **changes)

    def gateway(self, tick, **changes):
        off = jnp.zeros(self.runs, bool)
        view = GatewayView(
            tick=jnp.asarray(tick),
            tick_s=1.0,
            bus=self.telemetry(tick),
            bus_rejected=off,
            command=self.command(tick),
            command_rejected=off,
            command_age_s=self.flat(10.0),
            session_refused=off,
            queued=self.flat(0.0),
        )
        return replace(view, **changes)

    def cloud(self, tick, **changes):
        view = CloudView(
            tick=jnp.asarray(tick),
            tick_s=1.0,
            record=self.telemetry(tick),
            rejected=jnp.zeros(self.runs, bool),
            innovation_V=self.wide(0.0),
            innovation_std_V=self.wide(0.005),
            twin_soc=self.wide(0.5),
            coulomb_soc=self.flat(0.5),
            silence_s=self.flat(0.0),
            model=jnp.tile(jnp.array([1.0, 1.0, 0.0]), (self.runs, 1)),
            command=self.command(tick),
            loss_W=self.flat(0.0),
            overpotential_V=self.wide(0.0),
            ocv_slope_V=self.wide(1.0),
            parallel=1,
        )
        return replace(view, **changes)


@pytest.fixture(scope="session")
def quiet():
    return Quiet()
