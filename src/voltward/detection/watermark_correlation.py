"""The charge current must answer to the keyed mark; a recording of it does not."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.strength import SENSITIVITY
from voltward.core.taps import TELEMETRY_FIELD, Layer
from voltward.core.view import CloudView
from voltward.detection.building_blocks import CLEAN_DUTY
from voltward.physical.charge_watermark import KEY, SHARE, mark

_ARMED_ABOVE = 0.8


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class MarkState:
    """What the test remembers.

    Attributes:
        answer: Mean answer to a change of the mark; 1 is the whole of it.
        armed: Whether the mark has been seen.
        current_A: Of the last record.
        tick: Of the last record.
        charging: Whether the last record was of a session.
    """

    answer: Float[Array, " run"]
    armed: Bool[Array, " run"]
    current_A: Float[Array, " run"]
    tick: Int[Array, " run"]
    charging: Bool[Array, " run"]


def _start(runs: int, _cells: int) -> MarkState:
    zero, off = jnp.zeros(runs), jnp.zeros(runs, bool)
    return MarkState(zero, off, zero, jnp.full(runs, -9, jnp.int64), off)


def _step(
    state: MarkState, view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[MarkState, Float[Array, " run"]]:
    """Correlate changes of the current with changes of the mark, where one changes.

    The current of a tick answers to the request, and so to the mark, of the tick before. The test
    arms itself once it has seen the mark: without the watermark it never alarms.

    Limits:
        Works only while a session draws more than a few amperes; its key must be the vehicle's.
    """
    alpha, threshold, share, least_A = (parameters[:, index] for index in (1, 2, 4, 5))
    key = parameters[:, 3]
    record = view.record
    current_A = record.scalars[:, TELEMETRY_FIELD["current_A"]]
    charging = record.scalars[:, TELEMETRY_FIELD["charging"]] > 0.5
    tick = record.sent_tick
    turn = mark(key, tick - 2) - mark(key, tick - 1)
    usable = record.present & charging & state.charging & (tick == state.tick + 1)
    usable &= (turn != 0.0) & (current_A > least_A) & (share > 0.0)
    step_A = jnp.maximum(share, 1e-6) * jnp.maximum(current_A, least_A)
    answer = jnp.clip((current_A - state.current_A) * turn / step_A, -2.0, 2.0)
    mean = jnp.where(usable, state.answer + alpha * (answer - state.answer), state.answer)
    # A new session starts afresh.
    ended = record.present & ~charging
    mean = jnp.where(ended, 0.0, mean)
    armed = (state.armed & ~ended) | (mean > _ARMED_ABOVE)
    score = jnp.where(armed, (1.0 - mean) / (1.0 - threshold), 0.0)

    def latest(new: Array, old: Array) -> Array:
        return jnp.where(record.present, new, old)

    moved = MarkState(
        mean,
        armed,
        latest(current_A, state.current_A),
        latest(tick, state.tick),
        latest(charging, state.charging),
    )
    return moved, parameters[:, 0] * jnp.maximum(score, 0.0)


WATERMARK_CORRELATION = Control(
    id="watermark-correlation",
    title="Correlation with the watermark",
    layer=Layer.CLOUD,
    strength=SENSITIVITY,
    parameters=(
        Parameter("alpha", "1", 0.08, 0.001, 1.0, "weight of a new answer"),
        Parameter("threshold", "1", 0.3, 0.0, 0.9, "mean answer below which it alarms"),
        KEY,
        SHARE,
        Parameter("least_A", "A", 20.0, 0.1, 1000.0, "charge current needed for a test"),
    ),
    cost=Cost(note="one multiplication a record in the cloud; false alarms are measured"),
    source="Mo and Sinopoli, Allerton 2009; Naha et al., arXiv 2101.01466 (watermark and "
    f"sequential test); the form of the test is ours. {CLEAN_DUTY}",
    watch=Watch(Place.CLOUD, Accusation.MEASUREMENT, _start, _step),
)
