"""Commands that nothing in the pack asks for, that come too often, or that come in company."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import COMMAND_FIELD, Layer
from voltward.core.view import BmsView

_NEVER_A = -1.0
_WARM_DEGC = 20.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CommandState:
    """Level of the leaky bucket, and the last charge limit, negative before the first."""

    bucket: Float[Array, " run"]
    limit_A: Float[Array, " run"]


def _start(runs: int, cells: int) -> CommandState:
    del cells
    return CommandState(jnp.zeros(runs), jnp.full(runs, _NEVER_A))


def _step(
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


CONTROL = Control(
    id="command-plausibility",
    title="Plausibility of remote commands",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("jump_A", "A", 30.0, 0.1, 1000.0, "change of the charge limit that alarms"),
        Parameter("burst", "1", 5.0, 1.0, 1000.0, "commands beyond the usual that alarm"),
        Parameter("period_s", "s", 50.0, 0.1, 1e5, "time in which one of them is forgiven"),
        Parameter("target_soc", "1", 0.96, 0.5, 1.0, "highest target that is usual"),
    ),
    cost=Cost(note="a few comparisons a command in the BMS; false alarms are measured"),
    source="specification of the command service; bounds are an assumption. Calibrated on clean "
    "duty: seeds 1000 to 1031, eight duties, four links, 256 h, no alarm",
    watch=Watch(Place.BMS, Accusation.COMMAND, _start, _step),
)
