"""Controls in force: all are compiled in, arrays say which run has which, and how strong.

Each hook has a function here, which passes its argument through every control that offers the hook:

1. `verify` accepts or rejects a record at a tap.
2. `shape` changes a value at a point of the loop.
3. `watch` scores a view; `accused` says whom the alarms blame.
4. `act` lets the responses that listen ask, and merges what they ask.

`react` is 3 and 4 in one. A control at strength zero, or that a run has not deployed, leaves
everything as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int, UInt64

from voltward.core.control import Accusation, Control, Place
from voltward.core.noise import NoiseSource, uniform
from voltward.core.record import Record
from voltward.core.request import Requests, most_restrictive, no_requests
from voltward.core.taps import TAP_INDEX
from voltward.core.view import BmsView, CloudView, GatewayView

PARAMETER_COLUMNS = 6
# Noise channels of a control's forgeries, one for each tap.
_FORGERY_CHANNELS = 64
ACCUSATIONS = tuple(Accusation)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class InForce:
    """What each run has deployed.

    Attributes:
        enabled: (run, control).
        parameters: (run, control, column); column 0 is the strength.
    """

    enabled: Bool[Array, "run control"]
    parameters: Float[Array, "run control column"]


@dataclass(frozen=True)
class Rules:
    """The controls that are compiled in, in catalogue order."""

    controls: tuple[Control, ...]

    def watches(self, place: Place) -> list[tuple[int, Control]]:
        """Return the watches at a place with their index."""
        return [
            (index, control)
            for index, control in enumerate(self.controls)
            if control.watch is not None and control.watch.place is place
        ]

    def acts(self) -> list[tuple[int, Control]]:
        """Return the responses with their index."""
        return [(i, control) for i, control in enumerate(self.controls) if control.act is not None]


def default_parameters(control: Control) -> np.ndarray:
    """Return the columns of a control with its defaults."""
    columns = np.zeros(PARAMETER_COLUMNS)
    for index, parameter in enumerate(control.all_parameters):
        columns[index] = parameter.default
    return columns


def strength_of(in_force: InForce, index: int) -> Float[Array, " run"]:
    """Return the strength of a control, zero where it is not deployed."""
    return jnp.where(in_force.enabled[:, index], in_force.parameters[:, index, 0], 0.0)


def effective(in_force: InForce, index: int) -> Float[Array, "run column"]:
    """Return a control's columns with the strength zero where it is not deployed."""
    columns = in_force.parameters[:, index]
    return columns.at[:, 0].set(strength_of(in_force, index))


def verify(
    rules: Rules,
    in_force: InForce,
    tap: str,
    record: Record,
    last_sequence: Int[Array, " run"],
    seed: UInt64[Array, " run"],
    tick: Int[Array, ""],
) -> tuple[Record, Bool[Array, " run"]]:
    """Return the record as accepted (absent where rejected) and where one was rejected.

    A proof of n bits made without its key passes with probability 2^-n, drawn per record.
    """
    accepted = jnp.ones_like(record.present)
    for index, control in enumerate(rules.controls):
        rule = control.verify
        if rule is None or tap not in rule.taps:
            continue
        strength = strength_of(in_force, index)
        if rule.secret:
            proven = (record.proofs & jnp.uint32(int(rule.secret))) == jnp.uint32(int(rule.secret))
            guessed = _forgery_draw(index, tap, seed, tick) < 2.0**-strength
            accepted &= proven | guessed
        if rule.freshness:
            accepted &= (record.sequence > last_sequence) | (strength <= 0.0)
    rejected = record.present & ~accepted
    return replace(record, present=record.present & accepted), rejected


def _forgery_draw(
    index: int, tap: str, seed: UInt64[Array, " run"], tick: Int[Array, ""]
) -> Float[Array, " run"]:
    source = NoiseSource.FORGED_PROOF
    places = len(source.channels) // _FORGERY_CHANNELS
    if index >= places:
        source, index = NoiseSource.FORGED_PROOF_OF_FURTHER_CONTROLS, index - places
    return uniform(seed, source, tick, member=_FORGERY_CHANNELS * index + TAP_INDEX[tap])


def refusals(
    *judged: tuple[Record, Bool[Array, " run"]],
) -> Int[Array, "run tap"]:
    """Return, for each pair that `verify` gave: 0 nothing rejected, 1 an honest record, 2 a forged.

    The difference is ground truth for the meter; no rule reads it.
    """
    columns = [rejected.astype(jnp.int32) * (1 + record.tainted) for record, rejected in judged]
    return jnp.stack(columns, axis=1)


def shape(rules: Rules, in_force: InForce, point: str, values: Any, view: Any) -> Any:
    """Pass values through every shape at a point; one at strength zero leaves them untouched."""
    for index, control in enumerate(rules.controls):
        for rule in control.shape:
            if rule.point != point:
                continue
            shaped = rule.rule(values, view, effective(in_force, index))
            on = strength_of(in_force, index) > 0.0
            values = jax.tree.map(_where_run(on), shaped, values)
    return values


def _where_run(on: Bool[Array, " run"]) -> Callable[[Array, Array], Array]:
    def choose(shaped: Array, plain: Array) -> Array:
        mask = on.reshape(on.shape + (1,) * (plain.ndim - 1))
        return jnp.where(mask, shaped, plain)

    return choose


def start_watches(rules: Rules, place: Place, runs: int, cells: int) -> tuple[Any, ...]:
    """Return the state of every watch at a place."""
    return tuple(
        control.watch.start(runs, cells)
        for _, control in rules.watches(place)
        if control.watch is not None
    )


def watch(
    rules: Rules, in_force: InForce, place: Place, states: tuple[Any, ...], view: Any
) -> tuple[tuple[Any, ...], Float[Array, "run watch"]]:
    """Score what is seen; a score above 1 is an alarm."""
    moved, scores = [], []
    for (index, control), state in zip(rules.watches(place), states, strict=True):
        if control.watch is None:
            continue
        new_state, score = control.watch.step(state, view, effective(in_force, index))
        moved.append(new_state)
        scores.append(jnp.where(strength_of(in_force, index) > 0.0, score, 0.0))
    runs = in_force.enabled.shape[0]
    table = jnp.stack(scores, axis=1) if scores else jnp.zeros((runs, 0))
    return tuple(moved), table


def accused(
    rules: Rules, place: Place, alarms: Bool[Array, "run watch"]
) -> Bool[Array, "run accusation"]:
    """Return which kinds of blame the alarms at a place raise."""
    kinds = [control.watch.accuses for _, control in rules.watches(place) if control.watch]
    columns = []
    for accusation in ACCUSATIONS:
        chosen = [index for index, kind in enumerate(kinds) if kind is accusation]
        columns.append(jnp.any(alarms[:, np.array(chosen, dtype=int)], axis=1))
    return jnp.stack(columns, axis=1)


def act(
    rules: Rules,
    in_force: InForce,
    timers_s: Float[Array, "run act"],
    blame: Bool[Array, "run accusation"],
    tick_s: float,
) -> tuple[Float[Array, "run act"], Requests, Bool[Array, "run act"]]:
    """Ask every response and merge: the most restrictive wins."""
    runs = blame.shape[0]
    merged = no_requests(runs)
    timers, active_flags = [], []
    for position, (index, control) in enumerate(rules.acts()):
        if control.act is None:
            continue
        kinds = np.array([ACCUSATIONS.index(kind) for kind in control.act.listens], dtype=int)
        on = strength_of(in_force, index) > 0.0
        triggered = jnp.any(blame[:, kinds], axis=1) & on
        left = jnp.maximum(timers_s[:, position] - tick_s, 0.0)
        left = jnp.where(triggered, control.act.hold_s, left)
        active = left > 0.0
        asked = control.act.rule(active, effective(in_force, index))
        masked = jax.tree.map(lambda value, on=active: jnp.where(on, value, 0.0), asked)
        merged = most_restrictive(merged, masked)
        timers.append(left)
        active_flags.append(active)
    if not timers:
        return timers_s, merged, jnp.zeros((runs, 0), bool)
    return jnp.stack(timers, axis=1), merged, jnp.stack(active_flags, axis=1)


@dataclass(frozen=True)
class Reaction:
    """What the watches and responses of a place made of a tick.

    Attributes:
        watches: Their state.
        scores: Of the watches.
        alarms: Where a score is above 1.
        timers_s: How long each response still asks.
        requests: What the responses ask.
        acting: Which responses ask.
    """

    watches: tuple[Any, ...]
    scores: Float[Array, "run watch"]
    alarms: Bool[Array, "run watch"]
    timers_s: Float[Array, "run act"]
    requests: Requests
    acting: Bool[Array, "run act"]


def react(
    rules: Rules,
    in_force: InForce,
    place: Place,
    watches: tuple[Any, ...],
    timers_s: Float[Array, "run act"],
    view: BmsView | GatewayView | CloudView,
) -> Reaction:
    """Score a place's view, and let the responses act on the alarms.

    Args:
        rules: Controls compiled in.
        in_force: What each run has deployed.
        place: Whose watches look.
        watches: Their state before.
        timers_s: Of the responses at this place.
        view: What can be seen there.
    """
    watches, scores = watch(rules, in_force, place, watches, view)
    alarms = scores > 1.0
    blame = accused(rules, place, alarms)
    timers_s, requests, acting = act(rules, in_force, timers_s, blame, view.tick_s)
    return Reaction(watches, scores, alarms, timers_s, requests, acting)
