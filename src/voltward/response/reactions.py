"""Responses to an alarm: each listens to accusations and asks for one thing while they last.

A response does nothing itself. It asks, the arbiter takes the most restrictive of all requests, and
the request stands for a while after the last alarm. Every one of them costs something when the
alarm is false; that harm is measured.

- `derate`: part of the current limits is taken away.
- `stop-charging`: the charging session ends.
- `open-contactors`: the pack goes to its safe state, on strong evidence only.
- `isolate-cloud`: the on-board plan replaces the cloud's.
- `hold-estimate`: measurements no longer correct the estimate.
- `rekey`: keys, sessions and accounts are renewed.
- `rollback-model`: the twin returns to its commissioned parameters.
"""

from collections.abc import Callable
from dataclasses import replace

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.core.control import Accusation, Act, Control, Cost
from voltward.core.parameter import Parameter
from voltward.core.request import Requests, no_requests
from voltward.core.taps import Layer

_OBEYED = Parameter("obeyed", "1", 1.0, 0.0, 1.0, "above one half it acts, 0 is absent")


def ask_for(
    request: str,
) -> Callable[[Bool[Array, " run"], Float[Array, "run column"]], Requests]:
    """Return the rule that asks for one thing, as much as its strength says, while active.

    Args:
        request: A field of `Requests`.
    """

    def rule(active: Bool[Array, " run"], parameters: Float[Array, "run column"]) -> Requests:
        asked = jnp.where(active, parameters[:, 0], 0.0)
        return replace(no_requests(active.shape[0]), **{request: asked})

    return rule


DERATE = Control(
    id="derate",
    title="Derate on alarm",
    layer=Layer.PHYSICAL,
    strength=Parameter("share", "1", 0.5, 0.0, 1.0, "share of the limits taken away"),
    cost=Cost(note="power while an alarm stands; measured as harm"),
    source="limp-home as a fail-operational reaction; the share is an assumption",
    act=Act((Accusation.MEASUREMENT,), 60.0, ask_for("derate")),
)

# Whoever can provoke an alarm can deny charging.
STOP_CHARGING = Control(
    id="stop-charging",
    title="Stop charging on alarm",
    layer=Layer.PHYSICAL,
    strength=_OBEYED,
    cost=Cost(note="charging denied while an alarm stands, and two minutes more; measured as harm"),
    source="IEC 61851-23 lets either side end a session on a fault; the hold is an assumption",
    act=Act((Accusation.MEASUREMENT, Accusation.SAFETY), 120.0, ask_for("stop_charging")),
)

# The most expensive response: a moving vehicle loses propulsion.
OPEN_CONTACTORS = Control(
    id="open-contactors",
    title="Open the contactors on strong evidence",
    layer=Layer.PHYSICAL,
    strength=_OBEYED,
    cost=Cost(
        note="propulsion and charging are lost, and opening under load wears the contactors; "
        "measured",
    ),
    source="UN R100 protection by disconnection; the hold is an assumption",
    act=Act((Accusation.SAFETY,), 600.0, ask_for("open_contactors")),
)

# Whoever can provoke an alarm takes the cloud's benefit away.
ISOLATE_CLOUD = Control(
    id="isolate-cloud",
    title="Isolate the cloud on alarm",
    layer=Layer.COMMUNICATION,
    strength=_OBEYED,
    cost=Cost(note="the careful plan of a BMS without a cloud: longer charging; measured as harm"),
    source="quarantine as in NIST SP 800-61r2, containment; the hold is an assumption",
    act=Act((Accusation.COMMAND, Accusation.LINK), 300.0, ask_for("isolate_cloud")),
)

# A biased current sensor goes into the held estimate.
HOLD_ESTIMATE = Control(
    id="hold-estimate",
    title="Hold the estimate on alarm",
    layer=Layer.CLOUD,
    strength=_OBEYED,
    cost=Cost(
        note="counted charge drifts with the current sensor's offset while held; measured as SoC "
        "error",
    ),
    source="reject and hold as secure estimation (Batteries 2023, 9(7), 382, resilience); the "
    "hold is an assumption",
    act=Act((Accusation.MEASUREMENT,), 30.0, ask_for("hold_estimate")),
)

# Takes secrets and sessions away, never a position on a wire.
REKEY = Control(
    id="rekey",
    title="Renew keys and sessions on alarm",
    layer=Layer.COMMUNICATION,
    strength=_OBEYED,
    cost=Cost(note="operators log in again; the outage of a real key renewal is not modelled"),
    source="incident response of NIST SP 800-61r2, eradication; the hold is an assumption",
    act=Act(
        (Accusation.BUS, Accusation.LINK, Accusation.COMMAND, Accusation.MODEL),
        60.0,
        ask_for("rekey"),
    ),
)

# Nothing new is learned while it is active.
ROLLBACK_MODEL = Control(
    id="rollback-model",
    title="Roll the model back on alarm",
    layer=Layer.CLOUD,
    strength=_OBEYED,
    cost=Cost(note="what the twin had learned of ageing is lost; measured as SoC error"),
    source="rollback to a known good version, The Update Framework 1.0 and UN R156; the hold is "
    "an assumption",
    act=Act((Accusation.MODEL,), 600.0, ask_for("rollback_model")),
)
