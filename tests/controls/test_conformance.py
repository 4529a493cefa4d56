"""What every control keeps to, whoever wrote it."""

import pkgutil
from dataclasses import replace
from importlib import import_module

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward import cloud, comms, detection, physical, response
from voltward.controls.catalogue import CONTROLS
from voltward.controls.in_force import (
    ACCUSATIONS,
    PARAMETER_COLUMNS,
    InForce,
    Rules,
    act,
    default_parameters,
    shape,
    start_watches,
    verify,
    watch,
)
from voltward.core.capabilities import SECRETS, Capability
from voltward.core.control import SHAPE_POINTS, Control, Hook, Place
from voltward.core.request import REQUEST_NAMES
from voltward.documents.toml_document import data_folder, read_document

NAMES = CONTROLS.names()
HOOKED = {hook: [n for n in NAMES if hook in CONTROLS.load(n).hooks] for hook in Hook}
# Where the loop calls verify, and where it hands it the number of the last record.
RECEIVERS = {
    "can.up",
    "can.down",
    "firmware",
    "charger.request",
    "contactor",
    "mqtt.session",
    "mqtt.up",
    "mqtt.down",
    "store.write",
    "model.update",
    "service.login",
    "service.command",
}
NUMBERED = {"can.up", "can.down", "mqtt.up", "mqtt.down", "store.write"}


def in_force(control, runs, strength=None, *, enabled=True):
    columns = default_parameters(control)
    if strength is not None:
        columns[0] = strength
    table = jnp.asarray(np.tile(columns, (runs, 1, 1)))
    return Rules((control,)), InForce(jnp.full((runs, 1), enabled), table)


def equal(left, right):
    leaves = zip(jax.tree.leaves(left), jax.tree.leaves(right), strict=True)
    return all(np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True) for a, b in leaves)


def layout(tree):
    return jax.tree.map(lambda leaf: (jnp.shape(leaf), jnp.asarray(leaf).dtype.name), tree)


@pytest.mark.parametrize("name", NAMES)
def test_metadata_is_complete(name):
    control = CONTROLS.load(name)
    assert control.id == name
    assert control.hooks
    assert control.title
    assert control.source
    assert control.cost.note
    assert len(control.all_parameters) <= PARAMETER_COLUMNS
    assert control.strength.low == 0.0
    assert control.strength.default > 0.0
    for parameter in control.all_parameters:
        assert parameter.check(parameter.default, name) == parameter.default
        assert parameter.unit
        assert parameter.description
    parameters = [parameter.name for parameter in control.all_parameters]
    assert len(set(parameters)) == len(parameters)


def test_every_control_offers_what_the_loop_can_use():
    for name in HOOKED[Hook.VERIFY]:
        rule = CONTROLS.load(name).verify
        assert set(rule.taps) <= RECEIVERS, name
        assert bool(rule.secret) or rule.freshness, name
        assert rule.secret == Capability.NONE or rule.secret in SECRETS, name
        if rule.freshness:
            assert set(rule.taps) <= NUMBERED, name
    for name in HOOKED[Hook.SHAPE]:
        assert {rule.point for rule in CONTROLS.load(name).shape} <= set(SHAPE_POINTS), name
    for name in HOOKED[Hook.WATCH]:
        assert CONTROLS.load(name).watch.place in Place, name


def test_no_two_controls_are_one(quiet):
    def program(watch):
        view = quiet_view(watch.place, quiet, 1)
        start = watch.start(quiet.runs, quiet.cells)
        columns = jnp.ones((quiet.runs, PARAMETER_COLUMNS))
        return watch.place, str(jax.make_jaxpr(watch.step)(start, view, columns))

    programs = [program(CONTROLS.load(name).watch) for name in HOOKED[Hook.WATCH]]
    assert len(set(programs)) == len(programs)
    checks = [CONTROLS.load(name).verify for name in HOOKED[Hook.VERIFY]]
    assert len({(c.taps, c.secret, c.freshness) for c in checks}) == len(checks)


@pytest.mark.parametrize("name", HOOKED[Hook.VERIFY])
def test_verify_asks_for_the_key_and_for_nothing_at_strength_zero(name, quiet):
    control, runs = CONTROLS.load(name), quiet.runs
    rule = control.verify
    seed, tick = jnp.arange(runs, dtype=jnp.uint64), jnp.asarray(5)
    honest = quiet.telemetry(5)
    stale = jnp.full(runs, 5, jnp.int64)
    fresh = jnp.full(runs, 4, jnp.int64)
    keyless = replace(honest, proofs=honest.proofs & ~jnp.uint32(int(rule.secret)))

    def present(record, last, **choice):
        kept, rejected = verify(
            *in_force(control, runs, **choice), rule.taps[0], record, last, seed, tick
        )
        assert bool(jnp.all(rejected == (record.present & ~kept.present)))
        return bool(jnp.all(kept.present)), bool(jnp.any(kept.present))

    assert present(honest, fresh) == (True, True)
    if rule.secret:
        assert present(keyless, fresh) == (False, False)
        own = replace(keyless, proofs=jnp.full(runs, int(rule.secret), jnp.uint32))
        assert present(own, fresh) == (True, True), "who holds the key gets through"
    if rule.freshness:
        assert present(honest, stale) == (False, False)
    for choice in ({"strength": 0.0}, {"enabled": False}):
        kept, rejected = verify(
            *in_force(control, runs, **choice), rule.taps[0], keyless, stale, seed, tick
        )
        assert equal(kept, keyless)
        assert not bool(jnp.any(rejected))


def shape_inputs(point, quiet):
    """Values and view of a shape point, with something in them that is worth changing."""
    runs = quiet.runs
    wild = quiet.wide(3.7).at[:, 2].add(-0.4)
    command = quiet.command(
        1,
        present=True,
        charge_limit_A=900.0,
        target_soc=1.0,
        conditioning_degC=60.0,
        derate=1.0,
        open_request=1.0,
    ).scalars
    return {
        "bms.voltage": (wild, quiet.bms(3)),
        "bms.command": (command, quiet.bms(3, current_A=quiet.flat(-80.0))),
        "bms.charge_request": (quiet.flat(90.0), quiet.bms(0)),
        "gateway.queue": (jnp.ones(runs), None),
        "gateway.proofs": (jnp.zeros(runs), None),
        "cloud.adaptation": (jnp.zeros(runs), quiet.cloud(3)),
        "cloud.gate": (quiet.wide(1.0), quiet.cloud(3, innovation_V=quiet.wide(0.2))),
        "cloud.model": (
            jnp.tile(jnp.array([3.0, 0.4, 0.1]), (runs, 1)),
            jnp.tile(jnp.array([1.0, 1.0, 0.0]), (runs, 1)),
        ),
    }[point]


@pytest.mark.parametrize("name", HOOKED[Hook.SHAPE])
def test_shape_keeps_its_form_and_is_absent_at_strength_zero(name, quiet):
    control = CONTROLS.load(name)
    for rule in control.shape:
        values, view = shape_inputs(rule.point, quiet)

        def shaped(values=values, view=view, point=rule.point, **choice):
            rules, force = in_force(control, quiet.runs, **choice)
            return shape(rules, force, point, values, view)

        assert layout(shaped()) == layout(values)
        assert equal(shaped(), shaped())
        assert equal(shaped(strength=0.0), values)
        assert equal(shaped(enabled=False), values)
        assert bool(jnp.all(jnp.isfinite(shaped())))


@pytest.mark.parametrize("name", [n for n in HOOKED[Hook.SHAPE] if n != "charge-watermark"])
def test_shape_changes_what_it_claims_to_change(name, quiet):
    control = CONTROLS.load(name)
    for rule in control.shape:
        values, view = shape_inputs(rule.point, quiet)
        rules, force = in_force(control, quiet.runs)
        assert not equal(shape(rules, force, rule.point, values, view), values)


def quiet_view(place, quiet, tick):
    makers = {Place.BMS: quiet.bms, Place.GATEWAY: quiet.gateway, Place.CLOUD: quiet.cloud}
    return makers[place](tick)


def scores_of(control, views, runs, cells, **choice):
    """Return the score at every view, and check the state's form on the way."""
    rules, force = in_force(control, runs, **choice)
    place = control.watch.place
    states = start_watches(rules, place, runs, cells)
    form, scores = layout(states), []
    for view in views:
        states, score = watch(rules, force, place, states, view)
        assert layout(states) == form, "a scan carries the state: its form must not change"
        assert score.shape == (runs, 1)
        scores.append(np.asarray(score[:, 0]))
    return np.array(scores)


@pytest.mark.parametrize("name", HOOKED[Hook.WATCH])
def test_watch_is_silent_when_nothing_happens(name, quiet):
    control = CONTROLS.load(name)
    views = [quiet_view(control.watch.place, quiet, tick) for tick in range(70)]
    scores = scores_of(control, views, quiet.runs, quiet.cells)
    assert np.all(np.isfinite(scores))
    assert np.all(scores >= 0.0)
    assert np.all(scores < 0.5)
    assert np.array_equal(scores, scores_of(control, views, quiet.runs, quiet.cells))


def request_table(requests):
    return jnp.stack(jax.tree.leaves(requests), axis=1)


@pytest.mark.parametrize("name", HOOKED[Hook.ACT])
def test_act_asks_only_when_accused_and_in_force(name, quiet):
    control, runs = CONTROLS.load(name), quiet.runs
    response = control.act
    timers, nobody = jnp.zeros((runs, 1)), jnp.zeros((runs, len(ACCUSATIONS)), bool)
    blamed = nobody.at[0, ACCUSATIONS.index(response.listens[0])].set(True)

    def asked(blame, start=timers, **choice):
        return act(*in_force(control, runs, **choice), start, blame, 1.0)

    _, requests, active = asked(nobody)
    assert not bool(jnp.any(request_table(requests)))
    assert not bool(jnp.any(active))
    left, requests, active = asked(blamed)
    table = request_table(requests)
    assert table.shape == (runs, len(REQUEST_NAMES))
    assert bool(active[0, 0])
    assert float(jnp.sum(table[0] > 0.0)) == 1.0, "one thing is asked for"
    assert not bool(jnp.any(table[1:])), "only of the run that is accused"
    assert bool(jnp.all((table >= 0.0) & (table <= 1.0)))
    _, later, _ = asked(nobody, left)
    assert equal(later, requests), "the request stands while it is held"
    for choice in ({"strength": 0.0}, {"enabled": False}):
        _, requests, active = asked(blamed, **choice)
        assert not bool(jnp.any(request_table(requests)))
        assert not bool(jnp.any(active))
    others = [kind for kind in ACCUSATIONS if kind not in response.listens]
    for kind in others:
        _, requests, _ = asked(nobody.at[:, ACCUSATIONS.index(kind)].set(True))
        assert not bool(jnp.any(request_table(requests)))


def test_the_dearest_response_listens_to_strong_evidence_only():
    assert [kind.value for kind in CONTROLS.load("open-contactors").act.listens] == ["safety"]


def test_stacks_name_controls_that_exist_and_full_has_all_of_them():
    stacks = read_document(data_folder() / "stacks.toml")["stack"]
    named = {name for stack in stacks.values() for name in stack["controls"]}
    assert named == set(NAMES)
    full = {name for part in stacks["full"]["includes"] for name in stacks[part]["controls"]}
    assert full == set(NAMES)
    assert stacks["none"]["controls"] == []


def test_the_table_names_every_control_and_no_other():
    found = {}
    for room in (physical, comms, cloud, detection, response):
        for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            for attribute, value in vars(import_module(module.name)).items():
                if isinstance(value, Control):
                    assert attribute == value.id.replace("-", "_").upper()
                    assert value.id not in found, f"{value.id} appears twice"
                    found[value.id] = value
    assert set(found) == set(NAMES)
    assert all(CONTROLS.load(name) is found[name] for name in NAMES)
