"""Orders and what became of them: charger, contactors and remote commands, seen by the BMS.

The BMS knows what it asked for and what the pack needs. An actuator that does something else, or a
command that nothing in the pack calls for, was ordered by somebody else.

- `charge-supervision`: what the charger delivers against what was asked of it.
- `contactor-supervision`: contactors that open under load or move too often.
- `command-plausibility`: commands that are unusual, too frequent, or sent twice.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.strength import SENSITIVITY
from voltward.core.taps import COMMAND_FIELD, Layer
from voltward.core.view import BmsView
from voltward.detection.building_blocks import CLEAN_DUTY, leaky_count

# Below this request a charger that delivers nothing does not matter (assumption).
_WORTH_ASKING_A = 10.0
_DELIVERED_SHARE = 0.2
_NEVER_A = -1.0
_WARM_DEGC = 20.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ChargeWatchState:
    """How long the charger has given too much, and how long next to nothing."""

    over_s: Float[Array, " run"]
    under_s: Float[Array, " run"]


def _charge_start(runs: int, _cells: int) -> ChargeWatchState:
    zero = jnp.zeros(runs)
    return ChargeWatchState(zero, zero)


def _charge_step(
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


CHARGE_SUPERVISION = Control(
    id="charge-supervision",
    title="Delivered against requested charge current",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(
        Parameter("tolerance_A", "A", 3.0, 0.01, 200.0, "excess tolerated"),
        Parameter("over_s", "s", 5.0, 0.1, 600.0, "time of excess at which it alarms"),
        Parameter("under_s", "s", 30.0, 0.1, 3600.0, "time without delivery at which it alarms"),
    ),
    cost=Cost(note="nothing but the link to the charger; false alarms are measured"),
    source="a charger follows the requested current within its accuracy; tolerance and times are "
    "an assumption. Clean duty: no alarm in the reference campaign (seeds 7 to 10)",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, _charge_start, _charge_step),
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ContactorWatchState:
    """Position and current of the last tick, and a leaky count of movements."""

    closed: Bool[Array, " run"]
    current_A: Float[Array, " run"]
    moves: Float[Array, " run"]


def _contactor_start(runs: int, _cells: int) -> ContactorWatchState:
    zero = jnp.zeros(runs)
    return ContactorWatchState(jnp.ones(runs, bool), zero, zero)


def _contactor_step(
    state: ContactorWatchState, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[ContactorWatchState, Float[Array, " run"]]:
    """Score an opening by the current that it broke, and movements by their number.

    Limits:
        An opening that a fault or a response asked for is accused too: why it was asked for is
        not known here. An opening at rest passes.
    """
    load_A, burst, period_s = (parameters[:, index] for index in range(1, 4))
    opened = state.closed & ~view.closed
    moved = state.closed != view.closed
    moves = leaky_count(state.moves, moved, burst, period_s, view.tick_s)
    broken = jnp.where(opened, jnp.abs(state.current_A) / load_A, 0.0)
    score = parameters[:, 0] * jnp.maximum(broken, moves / burst)
    return ContactorWatchState(view.closed, view.current_A, moves), score


CONTACTOR_SUPERVISION = Control(
    id="contactor-supervision",
    title="Supervision of the contactors",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(
        Parameter("load_A", "A", 10.0, 0.1, 1000.0, "current broken that alarms"),
        Parameter("burst", "1", 2.5, 0.5, 1000.0, "movements that alarm"),
        Parameter("period_s", "s", 60.0, 0.1, 1e5, "time after which one of them is forgotten"),
    ),
    cost=Cost(note="a comparison a tick in the BMS; false alarms are measured"),
    source="contactors are opened at rest in normal use; bounds are an assumption. On clean duty "
    "(seeds 1000 to 1031, four links) contactors never move",
    watch=Watch(Place.BMS, Accusation.BUS, _contactor_start, _contactor_step),
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CommandState:
    """Level of the leaky bucket, and the last charge limit, negative before the first."""

    bucket: Float[Array, " run"]
    limit_A: Float[Array, " run"]


def _command_start(runs: int, _cells: int) -> CommandState:
    return CommandState(jnp.zeros(runs), jnp.full(runs, _NEVER_A))


def _command_step(
    state: CommandState, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[CommandState, Float[Array, " run"]]:
    """Score what an accepted command asks, how much it changes, and how often one comes.

    Limits:
        A false command inside the plan's usual range passes. A response of the cloud that opens
        contactors or stops a session is accused too: the BMS cannot tell why it was sent.
    """
    jump_A, burst, period_s, target_soc = (parameters[:, index] for index in range(1, 5))
    came = view.command.present
    field = {name: view.command.scalars[:, index] for name, index in COMMAND_FIELD.items()}
    limit_A = field["charge_limit_A"]
    known = state.limit_A >= 0.0
    risen_A = jnp.where(known, limit_A - state.limit_A, 0.0)
    warm = jnp.min(view.temperature_degC, axis=1) > _WARM_DEGC
    unasked = (
        (field["open_request"] > 0.5)
        | (field["charge_enable"] < 0.5)
        | (field["target_soc"] > target_soc)
        | (field["target_soc"] < 0.5)
        | (field["derate"] > 0.6)
        | (warm & (field["conditioning_degC"] > _WARM_DEGC))
    )
    # Commands that carry a response come each tick; they do not count as a burst.
    calm = came & (field["derate"] <= 0.0) & (field["charge_enable"] > 0.5)
    leak = view.tick_s / period_s
    bucket = jnp.clip(state.bucket + calm - leak, 0.0, 4.0 * burst)
    score = jnp.maximum(jnp.where(unasked, 2.0, 0.0), jnp.abs(risen_A) / jump_A)
    score = jnp.maximum(jnp.where(came, score, 0.0), (view.command.copies - 1.0) / 0.5)
    score = jnp.maximum(score, bucket / burst)
    moved = CommandState(bucket, jnp.where(came, limit_A, state.limit_A))
    return moved, parameters[:, 0] * jnp.maximum(score, 0.0)


COMMAND_PLAUSIBILITY = Control(
    id="command-plausibility",
    title="Plausibility of remote commands",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(
        Parameter("jump_A", "A", 30.0, 0.1, 1000.0, "change of the charge limit that alarms"),
        Parameter("burst", "1", 5.0, 1.0, 1000.0, "commands beyond the usual that alarm"),
        Parameter("period_s", "s", 50.0, 0.1, 1e5, "time after which one of them is forgotten"),
        Parameter("target_soc", "1", 0.96, 0.5, 1.0, "highest target that is usual"),
    ),
    cost=Cost(note="a few comparisons a command in the BMS; false alarms are measured"),
    source=f"specification of the command service; bounds are an assumption. {CLEAN_DUTY}",
    watch=Watch(Place.BMS, Accusation.COMMAND, _command_start, _command_step),
)
