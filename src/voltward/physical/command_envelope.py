"""A command from afar is cut to what the pack could sensibly be asked, whoever signed it."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Control, Cost, Shape
from voltward.core.parameter import Parameter
from voltward.core.taps import COMMAND_FIELD, Layer
from voltward.core.view import BmsView

# Below this no session ends; a lower target from afar denies charging (assumption).
_LOWEST_TARGET_SOC = 0.5
_NO_CHARGE_BELOW_DEGC = -10.0
_WARMEST_CONDITIONING_DEGC = 30.0


def _rule(
    scalars: Float[Array, "run field"], view: BmsView, parameters: Float[Array, "run column"]
) -> Float[Array, "run field"]:
    """Cut charge current, target, conditioning, derating and opening to the envelope.

    Limits:
        It has no memory: opening from afar waits for a tick with little current, which a vehicle
        at a traffic light offers too. Stopping a session stays allowed.
    """
    rise_A, target_soc, derate, rest_A = (parameters[:, index] for index in range(1, 5))
    coldest = jnp.min(view.temperature_degC, axis=1)
    bounds: dict[str, tuple[float, float | Array]] = {
        "charge_limit_A": (0.0, rise_A * jnp.maximum(coldest - _NO_CHARGE_BELOW_DEGC, 0.0)),
        "target_soc": (_LOWEST_TARGET_SOC, jnp.maximum(target_soc, _LOWEST_TARGET_SOC)),
        "conditioning_degC": (-40.0, _WARMEST_CONDITIONING_DEGC),
        "derate": (0.0, derate),
        "open_request": (0.0, (jnp.abs(view.current_A) < rest_A).astype(jnp.float64)),
    }
    cut = scalars
    for name, (low, high) in bounds.items():
        field = COMMAND_FIELD[name]
        cut = cut.at[:, field].set(jnp.clip(scalars[:, field], low, high))
    return scalars + parameters[:, 0, None] * (cut - scalars)


CONTROL = Control(
    id="command-envelope",
    title="Envelope around remote commands",
    layer=Layer.PHYSICAL,
    strength=Parameter("share", "1", 1.0, 0.0, 1.0, "how far towards the envelope; 0 is absent"),
    parameters=(
        Parameter("rise_A_per_K", "A/K", 6.0, 0.0, 100.0, "charge current above -10 degC"),
        Parameter("target_soc", "1", 0.96, 0.5, 1.0, "highest target"),
        Parameter("derate", "1", 0.6, 0.0, 1.0, "most derating that may be asked from afar"),
        Parameter("rest_A", "A", 3.0, 0.0, 1000.0, "contactors open from afar only below"),
    ),
    cost=Cost(note="a plan that the cloud could justify may be cut; clean harm is measured"),
    source="assumption: bounds of the reference pack. On clean duty (seeds 1000 to 1007) it "
    "costs 0.3 % of the energy of cold-fast-charge and nothing on fast-charge",
    shape=(Shape("bms.command", _rule),),
)
