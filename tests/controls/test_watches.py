"""Each watch sees what it claims to see, and not at strength zero."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.controls.catalogue import CONTROLS
from voltward.controls.in_force import default_parameters
from voltward.core.control import Hook
from voltward.core.taps import TELEMETRY_SCALARS
from voltward.physical.charge_watermark import KEY, mark

START = 80
# The mark is learned from some twenty of its changes, one in six ticks.
MARK_START = 260
WATCHES = [name for name in CONTROLS.names() if Hook.WATCH in CONTROLS.load(name).hooks]


def _missing(record):
    off = jnp.zeros_like(record.present)
    return replace(record, present=off, copies=jnp.zeros_like(record.copies))


def _marked(quiet, tick, *, replayed):
    """Charging at 80 A with a mark of 2 %, or a recording of the last thirty ticks."""
    made = MARK_START - 30 + (tick - MARK_START) % 30 if replayed else tick
    key = quiet.flat(KEY.default)
    current = 80.0 * (1.0 - 0.02 * mark(key, jnp.asarray(made - 1)))
    record = quiet.telemetry(tick, charging=1.0)
    column = TELEMETRY_SCALARS.index("current_A")
    return quiet.cloud(
        tick, record=replace(record, scalars=record.scalars.at[:, column].set(current))
    )


# What each watch is shown from START on; before it everything is quiet.
PROVOKED = {
    "innovation-cusum": lambda q, t: q.cloud(t, innovation_V=q.wide(0.0).at[:, 1].set(0.03)),
    "innovation-chi-square": lambda q, t: q.cloud(t, innovation_V=q.wide(0.0).at[:, 1].set(0.03)),
    "pack-sum-plausibility": lambda q, t: q.bms(t, voltage_V=q.wide(3.66)),
    "current-redundancy": lambda q, t: q.bms(
        t,
        charging=jnp.ones(q.runs, bool),
        current_A=q.flat(90.0),
        charger_current_A=q.flat(95.0),
    ),
    "cross-cell-comparison": lambda q, t: q.bms(t, voltage_V=q.wide(3.7).at[:, 4].add(-0.05)),
    "cross-cell-residual": lambda q, t: q.cloud(
        t, record=replace(q.telemetry(t), wide=(q.wide(3.7).at[:, 4].add(-0.02), q.wide(25.0)))
    ),
    "thermal-residual": lambda q, t: q.bms(
        t, temperature_degC=q.wide(25.0).at[:, 4].add(-8.0) + 0.1 * (t % 2)
    ),
    "electrochemical-opinion": lambda q, t: q.cloud(
        t, record=replace(q.telemetry(t), wide=(q.wide(3.8), q.wide(25.0)))
    ),
    "residual-jump": lambda q, t: q.cloud(t, innovation_V=q.wide(0.06)),
    "residual-shift": lambda q, t: q.cloud(t, innovation_V=q.wide(0.06)),
    "residual-level": lambda q, t: q.cloud(t, innovation_V=q.wide(0.06)),
    "soc-drift": lambda q, t: q.bms(t, soc=q.flat(0.45)),
    "soc-agreement": lambda q, t: q.cloud(t, record=q.telemetry(t, soc=0.45)),
    "isolation-plausibility": lambda q, t: q.bms(t, isolation_kohm=q.flat(30.0)),
    "unsafe-readings": lambda q, t: q.bms(
        t, voltage_V=q.wide(3.5), innovation_V=q.flat(-0.2 if t < START + 3 else 0.0)
    ),
    "charge-supervision": lambda q, t: q.bms(
        t, charging=jnp.ones(q.runs, bool), charge_request_A=q.flat(50.0)
    ),
    "contactor-supervision": lambda q, t: q.bms(t, closed=jnp.full(q.runs, t % 2 == 0)),
    "watermark-correlation": lambda q, t: _marked(q, t, replayed=True),
    "bus-traffic": lambda q, t: q.gateway(t, bus=_missing(q.telemetry(t))),
    "rejected-frames": lambda q, t: q.gateway(t, bus_rejected=jnp.ones(q.runs, bool)),
    "refused-sessions": lambda q, t: q.gateway(t, session_refused=jnp.ones(q.runs, bool)),
    "rejected-records": lambda q, t: q.cloud(t, rejected=jnp.ones(q.runs, bool)),
    "telemetry-silence": lambda q, t: q.cloud(
        t, record=_missing(q.telemetry(t)), silence_s=q.flat(2.0 * (t - START))
    ),
    "command-silence": lambda q, t: q.bms(t, command_age_s=q.flat(300.0)),
    "command-plausibility": lambda q, t: q.bms(
        t, command=q.command(t, present=True, open_request=1.0)
    ),
    "model-parameter-monitor": lambda q, t: q.cloud(
        t, model=jnp.tile(jnp.array([1.0, 0.8, 0.0]), (q.runs, 1))
    ),
}


def start_of(name):
    return MARK_START if name == "watermark-correlation" else START


def before(name, quiet, tick):
    place = CONTROLS.load(name).watch.place.value
    if name == "watermark-correlation":
        return _marked(quiet, tick, replayed=False)
    return getattr(quiet, place)(tick)


def play(name, quiet, strength=None):
    control = CONTROLS.load(name)
    columns = default_parameters(control)
    if strength is not None:
        columns[0] = strength
    parameters = jnp.asarray(np.tile(columns, (quiet.runs, 1)))
    state, scores = control.watch.start(quiet.runs, quiet.cells), []
    start, step = start_of(name), jax.jit(control.watch.step)
    for tick in range(start + max(70, start // 2)):
        view = before(name, quiet, tick) if tick < start else PROVOKED[name](quiet, tick)
        state, score = step(state, view, parameters)
        scores.append(float(jnp.max(score)))
    return np.array(scores)


def test_every_watch_has_something_to_see():
    assert set(PROVOKED) == set(WATCHES)


@pytest.mark.parametrize("name", WATCHES)
def test_watch_alarms_at_what_it_claims_to_see(name, quiet):
    scores = play(name, quiet)
    assert np.max(scores[: start_of(name)]) <= 1.0
    assert np.max(scores[start_of(name) :]) > 1.0


@pytest.mark.parametrize("name", WATCHES)
def test_sensitivity_multiplies_the_score(name, quiet):
    assert not np.any(play(name, quiet, strength=0.0))
    np.testing.assert_allclose(play(name, quiet, strength=2.0), 2.0 * play(name, quiet))


@pytest.mark.parametrize("bias", [{"pack_voltage_V": 3.5}, {"innovation_V": -0.2}])
def test_one_check_alone_opens_nothing(bias, quiet):
    control = CONTROLS.load("unsafe-readings")
    parameters = jnp.asarray(np.tile(default_parameters(control), (quiet.runs, 1)))
    state = control.watch.start(quiet.runs, quiet.cells)
    values = {name: quiet.flat(v * (quiet.cells if v > 0 else 1)) for name, v in bias.items()}
    for tick in range(100):
        view = quiet.bms(tick, **(values if tick > 5 else {}))
        state, score = control.watch.step(state, view, parameters)
        assert float(jnp.max(score)) <= 1.0


def test_correlation_without_a_watermark_never_alarms(quiet):
    control = CONTROLS.load("watermark-correlation")
    parameters = jnp.asarray(np.tile(default_parameters(control), (quiet.runs, 1)))
    state = control.watch.start(quiet.runs, quiet.cells)
    for tick in range(200):
        record = quiet.telemetry(tick, charging=1.0, current_A=80.0 + 0.05 * (tick % 7))
        state, score = control.watch.step(state, quiet.cloud(tick, record=record), parameters)
        assert not np.any(score)


def test_a_command_nobody_sent_yet_is_not_missed(quiet):
    control = CONTROLS.load("command-silence")
    parameters = jnp.asarray(np.tile(default_parameters(control), (quiet.runs, 1)))
    view = quiet.bms(3, command_age_s=quiet.flat(1e9))
    assert not np.any(control.watch.step(quiet.flat(0.0), view, parameters)[1])


@pytest.mark.parametrize(
    ("asked_A", "given_A", "alarms"),
    [
        # A session for 125 A of 400 V at a charger of 50 kW that shares its power with the next:
        # half, and a third, of what was asked; then one that trickles, and one that gives nothing.
        (125.0, 62.5, False),
        (125.0, 42.0, False),
        (125.0, 12.5, True),
        (125.0, 0.0, True),
        # At the end of a charge so little is asked that nothing is no matter.
        (5.0, 0.0, False),
        # More than asked, beyond the accuracy of a charger.
        (125.0, 131.0, True),
        (125.0, 126.0, False),
    ],
)
def test_a_charger_may_give_less_but_not_next_to_nothing(asked_A, given_A, alarms, quiet):
    control = CONTROLS.load("charge-supervision")
    parameters = jnp.asarray(np.tile(default_parameters(control), (quiet.runs, 1)))
    state, step = control.watch.start(quiet.runs, quiet.cells), jax.jit(control.watch.step)
    scores = []
    for tick in range(120):
        view = quiet.bms(
            tick,
            charging=jnp.ones(quiet.runs, bool),
            charge_request_A=quiet.flat(asked_A),
            charger_current_A=quiet.flat(given_A),
        )
        state, score = step(state, view, parameters)
        scores.append(float(jnp.max(score)))
    assert (max(scores) > 1.0) is alarms
