"""From a recording to the readings of a tick, as injections leave them.

1. Cell voltages, temperature, current and pack voltage cross their taps, where injections act.
2. What a replay or a delay brings back is the recording itself, however long ago.
3. In a hole of the recording the last readings stay.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, UInt64

from voltward.attacks.kernel import Context, Past, lag_ticks, manipulate
from voltward.core.capabilities import POSITIONS
from voltward.core.record import honest_record
from voltward.physical.sensors import Readings

# No recording has an isolation monitor: the readings carry the top of the usual range (assumption).
_ISOLATION_KOHM = 60000.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Profile:
    """A recording at 1 Hz, padded; `pack_voltage_V` is NaN without a meter of its own.

    A tick with a cell voltage that is NaN has no reading: everything keeps its last value.
    """

    voltage_V: Float[Array, "time cell"]
    temperature_degC: Float[Array, " time"]
    current_A: Float[Array, " time"]
    pack_voltage_V: Float[Array, " time"]


def first_readings(profile: Profile, runs: int) -> Readings:
    """Return the readings that are assumed before the first tick.

    A recording may begin with a hole: then the first reading after it is taken.
    """
    cells = profile.voltage_V.shape[1]
    heard = jnp.argmax(jnp.all(jnp.isfinite(profile.voltage_V), axis=1))
    first = jnp.broadcast_to(profile.voltage_V[heard], (runs, cells))
    return Readings(
        voltage_V=first,
        temperature_degC=jnp.full((runs, cells), profile.temperature_degC[0]),
        current_A=jnp.full(runs, profile.current_A[0]),
        pack_voltage_V=jnp.sum(first, axis=1),
        charger_current_A=jnp.zeros(runs),
        isolation_kohm=jnp.full(runs, _ISOLATION_KOHM),
    )


def readings_at(
    profile: Profile,
    rows: Float[Array, "run tap slot column"],
    seed: UInt64[Array, " run"],
    last: Readings,
    tick: Int[Array, ""],
) -> tuple[Readings, Bool[Array, ""]]:
    """Return the readings after the injections, and whether the recording has this tick.

    Args:
        profile: The recording.
        rows: Of the injections.
        seed: Of injected noise.
        last: Readings of the tick before.
        tick: Number of the sample.
    """
    count, cells = last.voltage_V.shape
    held = jnp.full(count, int(POSITIONS), jnp.uint32)
    context = Context(tick=tick, held=held, seed=seed)
    none = jnp.zeros((count, 0))

    def then(tap: str) -> Int[Array, " run"]:
        lag = lag_ticks(rows, tap, context, profile.current_A.shape[0])
        return jnp.maximum(tick - lag, 0)

    def wide(tap: str, now: Array, series: Array, before: Array) -> Array:
        made = honest_record(none, tick, (jnp.broadcast_to(now, (count, cells)),))
        back = then(tap)
        old = jnp.broadcast_to(series[back].reshape(count, -1), (count, cells))
        reported = manipulate(tap, made, rows, context, Past((old,), none, back, back))
        return jnp.where(reported.present[:, None], reported.wide[0], before)

    def scalar(tap: str, now: Array, series: Array, before: Array) -> Array:
        made = honest_record(jnp.broadcast_to(now, (count,))[:, None], tick)
        back = then(tap)
        past = Past((), series[back][:, None], back, back)
        reported = manipulate(tap, made, rows, context, past)
        return jnp.where(reported.present, reported.scalars[:, 0], before)

    here = jnp.all(jnp.isfinite(profile.voltage_V[tick]))
    voltage_V = wide("cell.voltage", profile.voltage_V[tick], profile.voltage_V, last.voltage_V)
    meter_V = profile.pack_voltage_V[tick]
    # Without a meter of its own the BMS can only add up what it reads.
    pack_V = jnp.where(jnp.isnan(meter_V), jnp.sum(voltage_V, axis=1), meter_V)
    reported = Readings(
        voltage_V=voltage_V,
        temperature_degC=wide(
            "cell.temperature",
            profile.temperature_degC[tick],
            profile.temperature_degC,
            last.temperature_degC,
        ),
        current_A=scalar(
            "pack.current", profile.current_A[tick], profile.current_A, last.current_A
        ),
        pack_voltage_V=scalar("pack.voltage", pack_V, profile.pack_voltage_V, last.pack_voltage_V),
        charger_current_A=last.charger_current_A,
        isolation_kohm=last.isolation_kohm,
    )
    # A hole of the recording, or one that is played again, keeps the last reading.
    kept = jax.tree.map(
        lambda new, old: jnp.where(here & jnp.isfinite(new), new, old), reported, last
    )
    return kept, here
