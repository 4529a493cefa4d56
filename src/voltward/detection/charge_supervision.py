"""What the charger delivers against what the BMS asked of it."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import BmsView

# Below this request a charger that gives nothing is no matter (assumption).
_WORTH_ASKING_A = 10.0
_DELIVERED_SHARE = 0.2


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ChargeWatchState:
    """How long the charger has given too much, and how long next to nothing."""

    over_s: Float[Array, " run"]
    under_s: Float[Array, " run"]


def _start(runs: int, cells: int) -> ChargeWatchState:
    del cells
    zero = jnp.zeros(runs)
    return ChargeWatchState(zero, zero)


def _step(
    state: ChargeWatchState, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[ChargeWatchState, Float[Array, " run"]]:
    """Count the time in which the charger gives more than was asked, or next to nothing.

    Limits:
        A charger that gives somewhat less than asked passes: its own power limit may be why.
    """
    tolerance_A, over_s, under_s = (parameters[:, index] for index in range(1, 4))
    charging = view.charging & view.closed
    given_A, asked_A = view.charger_current_A, view.charge_request_A
    over = charging & (given_A > asked_A + tolerance_A)
    under = charging & (asked_A > _WORTH_ASKING_A) & (given_A < _DELIVERED_SHARE * asked_A)
    moved = ChargeWatchState(
        over_s=jnp.where(over, state.over_s + view.tick_s, 0.0),
        under_s=jnp.where(under, state.under_s + view.tick_s, 0.0),
    )
    worst = jnp.maximum(moved.over_s / over_s, moved.under_s / under_s)
    return moved, parameters[:, 0] * worst


CONTROL = Control(
    id="charge-supervision",
    title="Delivered against requested charge current",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("tolerance_A", "A", 3.0, 0.01, 200.0, "excess that is let be"),
        Parameter("over_s", "s", 5.0, 0.1, 600.0, "time of excess at which it alarms"),
        Parameter("under_s", "s", 30.0, 0.1, 3600.0, "time without delivery at which it alarms"),
    ),
    cost=Cost(note="nothing but the link to the charger; false alarms are measured"),
    source="a charger follows the requested current within its accuracy; tolerance and times are "
    "an assumption. Clean duty: no alarm in the reference campaign (seeds 7 to 10)",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, _start, _step),
)
