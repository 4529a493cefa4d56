"""What the BMS does not take at face value: a stray reading, and a command from outside.

Both guards stand behind authentication: they hold whoever sent the value and whatever it proved.

- `sensor-voting`: a cell voltage that leaves its place beside the others is replaced.
- `command-envelope`: a remote command is cut to what the pack could sensibly be asked.
"""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Control, Cost, Shape
from voltward.core.parameter import Parameter
from voltward.core.taps import COMMAND_FIELD, Layer
from voltward.core.view import BmsView
from voltward.physical.remedian import remedian

# Below this no session ends; a lower remote target denies charging (assumption).
_LOWEST_TARGET_SOC = 0.5
_NO_CHARGE_BELOW_DEGC = -10.0
_WARMEST_CONDITIONING_DEGC = 30.0


def _vote(
    voltage_V: Float[Array, "run cell"], view: BmsView, parameters: Float[Array, "run column"]
) -> Float[Array, "run cell"]:
    """Replace a reading that leaves its place beside the pack's middle.

    A cell's place is its distance to the middle in the last tick, so that a replaced reading stays
    replaced until it comes back to where its neighbours put it.

    Limits:
        A slow ramp passes, and so does a bias on most cells at once.
    """
    place_V = view.voltage_V - remedian(view.voltage_V)[:, None]
    expected_V = remedian(voltage_V)[:, None] + place_V
    tolerance_V = parameters[:, 1, None] / jnp.maximum(parameters[:, 0, None], 1e-9)
    outvoted = jnp.abs(voltage_V - expected_V) > tolerance_V
    return jnp.where(outvoted, expected_V, voltage_V)


SENSOR_VOTING = Control(
    id="sensor-voting",
    title="Vote on cell-voltage readings",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "divides the tolerance; 0 is absent"),
    parameters=(Parameter("tolerance_V", "V", 0.08, 0.005, 1.0, "step tolerated"),),
    cost=Cost(note="a cell that truly fails within one tick is seen late; clean harm is measured"),
    source="redundancy with voting, as in triplicated sensors; the pack's middle stands for the "
    "missing channels. On clean duty (US06, hill climb, grid service, hot standby; seeds "
    "1000 to 1031) the SoC error is unchanged to four digits",
    shape=(Shape("bms.voltage", _vote),),
)


def _cut_to_envelope(
    scalars: Float[Array, "run field"], view: BmsView, parameters: Float[Array, "run column"]
) -> Float[Array, "run field"]:
    """Cut charge current, target, conditioning, derating and opening to the envelope.

    Limits:
        It has no memory: a remote opening waits for a tick with little current, which a vehicle at
        a traffic light offers too. Stopping a session stays allowed.
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


COMMAND_ENVELOPE = Control(
    id="command-envelope",
    title="Envelope around remote commands",
    layer=Layer.PHYSICAL,
    strength=Parameter("share", "1", 1.0, 0.0, 1.0, "how far towards the envelope; 0 is absent"),
    parameters=(
        Parameter("rise_A_per_K", "A/K", 6.0, 0.0, 100.0, "charge current above -10 degC"),
        Parameter("target_soc", "1", 0.96, 0.5, 1.0, "highest target"),
        Parameter("derate", "1", 0.6, 0.0, 1.0, "highest derating a remote command may ask for"),
        Parameter("rest_A", "A", 3.0, 0.0, 1000.0, "current below which contactors open remotely"),
    ),
    cost=Cost(note="a plan that the cloud could justify may be cut; clean harm is measured"),
    source="assumption: bounds of the reference pack. On clean duty (seeds 1000 to 1007) it "
    "costs 0.3 % of the energy of cold-fast-charge and nothing on fast-charge",
    shape=(Shape("bms.command", _cut_to_envelope),),
)
