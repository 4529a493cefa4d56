"""What traffic shows whatever it carries: its rate, its counters, its rejections, its silence.

Most of what disturbs a link leaves the content alone: records are lost, doubled, forged without
their proof. A receiver sees that without a model of the battery.

- `bus-traffic`: too many frames, missing frames, repeated counters.
- `rejected-frames`, `refused-sessions`, `rejected-records`: failed verifications, counted at the
  bus, at the session and in the cloud.
- `telemetry-silence`, `command-silence`: a peer that no longer speaks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.strength import SENSITIVITY
from voltward.core.taps import Layer
from voltward.core.view import BmsView, CloudView, GatewayView
from voltward.detection.building_blocks import CLEAN_DUTY, leaky_count, zero_per_run

View = TypeVar("View", GatewayView, CloudView)
_PERIOD = Parameter("period_s", "s", 60.0, 0.1, 1e5, "time after which one of them is forgotten")
# A silence is no shorter than so many ticks.
_FEWEST_TELEMETRY_TICKS = 3.0
_FEWEST_COMMAND_TICKS = 5.0
_NEVER_S = 1e8


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TrafficState:
    """Counter of the last frame, and ticks since one came; negative before the first."""

    sequence: Int[Array, " run"]
    missing: Float[Array, " run"]


def _traffic_start(runs: int, _cells: int) -> TrafficState:
    return TrafficState(jnp.full(runs, -1, jnp.int64), jnp.full(runs, -1e9))


def _traffic_step(
    state: TrafficState, view: GatewayView, parameters: Float[Array, "run column"]
) -> tuple[TrafficState, Float[Array, " run"]]:
    """Score surplus copies, silence and repeated counters.

    Limits:
        A masquerade with the right timing and counter is not seen (Verma et al., taxonomy of
        ROAD, PLoS ONE 2024).
    """
    surplus, silence = parameters[:, 1], parameters[:, 2]
    present = view.bus.present
    missing = jnp.where(present, 0.0, state.missing + 1.0)
    repeated = present & (view.bus.sequence <= state.sequence)
    score = jnp.maximum((view.bus.copies - 1.0) / surplus, missing / silence)
    score = jnp.maximum(score, jnp.where(repeated, 2.0, 0.0))
    last = jnp.where(present, jnp.maximum(view.bus.sequence, state.sequence), state.sequence)
    return TrafficState(last, missing), parameters[:, 0] * jnp.maximum(score, 0.0)


BUS_TRAFFIC = Control(
    id="bus-traffic",
    title="Timing and counters of bus traffic",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(
        Parameter("surplus", "1", 0.5, 0.1, 1000.0, "copies beyond one a tick that alarm"),
        Parameter("silence", "1", 3.0, 1.0, 1e5, "ticks without a frame that alarm"),
    ),
    cost=Cost(note="a counter per identifier in the gateway; false alarms are measured"),
    source="specification-based detection on a bus with fixed periods: Blevins et al., arXiv "
    f"2101.05781. {CLEAN_DUTY}",
    watch=Watch(Place.GATEWAY, Accusation.BUS, _traffic_start, _traffic_step),
)


def counted(
    refused: Callable[[View], Bool[Array, " run"]],
) -> Callable[
    [Float[Array, " run"], View, Float[Array, "run column"]],
    tuple[Float[Array, " run"], Float[Array, " run"]],
]:
    """Return the step of a watch that counts refusals and forgets them slowly.

    Limits:
        Sees nothing where nothing is verified.
    """

    def step(
        count: Float[Array, " run"], view: View, parameters: Float[Array, "run column"]
    ) -> tuple[Float[Array, " run"], Float[Array, " run"]]:
        burst, period_s = parameters[:, 1], parameters[:, 2]
        moved = leaky_count(count, refused(view), burst, period_s, view.tick_s)
        return moved, parameters[:, 0] * moved / burst

    return step


def _bus_rejected(view: GatewayView) -> Bool[Array, " run"]:
    return view.bus_rejected


def _peer_or_command_refused(view: GatewayView) -> Bool[Array, " run"]:
    return view.session_refused | view.command_rejected


def _record_rejected(view: CloudView) -> Bool[Array, " run"]:
    return view.rejected


REJECTED_FRAMES = Control(
    id="rejected-frames",
    title="Rejected bus frames",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(Parameter("burst", "1", 1.5, 0.5, 1000.0, "rejections that alarm"), _PERIOD),
    cost=Cost(note="a counter in the gateway; false alarms are measured"),
    source="failed verifications as security events: AUTOSAR intrusion detection system manager. "
    f"{CLEAN_DUTY}",
    watch=Watch(Place.GATEWAY, Accusation.BUS, zero_per_run, counted(_bus_rejected)),
)

REFUSED_SESSIONS = Control(
    id="refused-sessions",
    title="Refused peers and rejected commands",
    layer=Layer.COMMUNICATION,
    strength=SENSITIVITY,
    parameters=(Parameter("burst", "1", 1.5, 0.5, 1000.0, "refusals that alarm"), _PERIOD),
    cost=Cost(note="a counter in the gateway; false alarms are measured"),
    source="TLS alerts and rejected commands as security events: UN R155 7.2.2.2 (g), "
    f"monitoring. {CLEAN_DUTY}",
    watch=Watch(Place.GATEWAY, Accusation.LINK, zero_per_run, counted(_peer_or_command_refused)),
)

# The link's reordering causes a rejection now and then, hence the higher burst.
REJECTED_RECORDS = Control(
    id="rejected-records",
    title="Rejected telemetry records",
    layer=Layer.CLOUD,
    strength=SENSITIVITY,
    parameters=(Parameter("burst", "1", 3.0, 0.5, 1000.0, "rejections that alarm"), _PERIOD),
    cost=Cost(note="a counter in the cloud; false alarms are measured"),
    source="failed verifications as security events: UN R155 7.2.2.2 (g), monitoring. "
    f"{CLEAN_DUTY}",
    watch=Watch(Place.CLOUD, Accusation.LINK, zero_per_run, counted(_record_rejected)),
)


def _telemetry_silence_step(
    state: Float[Array, " run"], view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[Float[Array, " run"], Float[Array, " run"]]:
    """Score the silence against a limit that outlasts common outages of the link.

    Limits:
        Cannot tell an outage from an attack; records thinned out without a gap pass.
    """
    limit_s = jnp.maximum(parameters[:, 1], _FEWEST_TELEMETRY_TICKS * view.tick_s)
    return state, parameters[:, 0] * view.silence_s / limit_s


TELEMETRY_SILENCE = Control(
    id="telemetry-silence",
    title="Silence of telemetry",
    layer=Layer.COMMUNICATION,
    strength=SENSITIVITY,
    parameters=(Parameter("limit_s", "s", 90.0, 1.0, 1e6, "silence at which it alarms"),),
    cost=Cost(note="nothing; false alarms follow from the link's outages and are measured"),
    source="keep-alive of MQTT 5.0 section 3.1.2.10 with a limit above the link's outages. "
    f"{CLEAN_DUTY}",
    watch=Watch(Place.CLOUD, Accusation.LINK, zero_per_run, _telemetry_silence_step),
)


def _command_silence_step(
    state: Float[Array, " run"], view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[Float[Array, " run"], Float[Array, " run"]]:
    """Score the time since the last command, once there was one.

    Limits:
        A cloud that never spoke is not missed: a pack may have none.
    """
    limit_s = jnp.maximum(parameters[:, 1], _FEWEST_COMMAND_TICKS * view.tick_s)
    heard = view.command_age_s < _NEVER_S
    return state, parameters[:, 0] * jnp.where(heard, view.command_age_s / limit_s, 0.0)


COMMAND_SILENCE = Control(
    id="command-silence",
    title="Silence of commands",
    layer=Layer.COMMUNICATION,
    strength=SENSITIVITY,
    parameters=(Parameter("limit_s", "s", 250.0, 1.0, 1e6, "silence at which it alarms"),),
    cost=Cost(note="nothing; false alarms follow from the link's outages and are measured"),
    source="supervision of a periodic command; four plans of one a minute may be lost. "
    f"{CLEAN_DUTY}",
    watch=Watch(Place.BMS, Accusation.LINK, zero_per_run, _command_silence_step),
)
