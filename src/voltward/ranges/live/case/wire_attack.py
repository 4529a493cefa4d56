"""An attack of the catalogue on the wire, by the attack kernel of the virtual range.

1. `checked_attack` finds out, when the file is read, whether a live attacker can carry it out.
2. `forger_settings` turns it into the kernel's rows, counted in the ticks of the wire.
3. A `Forger` in the attacker's process applies the rows to one message after the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from voltward.attacks.catalogue import ATTACKS
from voltward.attacks.kernel import Context, manipulate
from voltward.attacks.row import COLUMN, rows_of
from voltward.comms.payload import Kind, Message, silence
from voltward.core.attack import Attack
from voltward.core.capabilities import Capability
from voltward.core.errors import ConfigurationError
from voltward.core.record import Record
from voltward.core.taps import TAP_INDEX
from voltward.ranges.configuration.attack_and_stack_choices import read_attacks
from voltward.ranges.live.case.settings import FromCatalogue, LiveSettings, Span
from voltward.ranges.live.links.messages import message_of, record_of

# The taps at which each live attacker acts.
CARRIED_TAPS = {
    "man_in_the_middle": ("mqtt.session", "mqtt.up", "mqtt.down"),
    "rogue": ("mqtt.up",),
    "bus_attacker": ("can.up",),
}
KIND = {"can.up": Kind.TELEMETRY, "mqtt.up": Kind.TELEMETRY, "mqtt.down": Kind.COMMAND}
_SESSION = "mqtt.session"


def checked_attack(
    attacker: str, name: str, parameters: Mapping[str, float], origin: str
) -> tuple[Attack, dict[str, float]]:
    """Return an attack that a live attacker can carry out, and all its parameters.

    Raises:
        ConfigurationError: It does not exist, a parameter is not allowed, or it acts at a tap that
            the attacker does not reach.
    """
    label = f"{origin}: {attacker}"
    (choice,) = read_attacks([{"id": name, **parameters}], label)
    attack = ATTACKS.load(name)
    values = attack.defaults() | dict(choice.parameters)
    if values.pop("start_s", None) is not None:
        raise ConfigurationError(
            f"{label}: start_s is not set here", hint="the attacker's ticks set the start"
        )
    for step in attack.steps(values):
        if step.tap not in CARRIED_TAPS[attacker]:
            raise ConfigurationError(
                f"{label}: attack '{name}' acts at '{step.tap}'",
                why=f"this attacker acts at {', '.join(CARRIED_TAPS[attacker])}",
            )
        if step.window_s or step.delay_s:
            raise ConfigurationError(
                f"{label}: attack '{name}' replays or delays",
                why="live attackers change and forge; the man in the middle delays by mode",
            )
    return attack, values


@dataclass(frozen=True)
class ForgerSettings:
    """What a forger is made from, as it travels to the attacker's process.

    Attributes:
        rows: Of the kernel (tap, slot, column).
        held: Capabilities that the attacker has, as bits.
        seed: Of the kernel's draws.
        cells: Of the pack.
    """

    rows: list[Any]
    held: int
    seed: int
    cells: int


def forger_settings(
    attacker: str, plan: FromCatalogue, span: Span, settings: LiveSettings, cells: int
) -> ForgerSettings:
    """Return what an attacker's process makes its forger from.

    Args:
        attacker: Its name in CARRIED_TAPS.
        plan: Which attack.
        span: Ticks in which it acts on the wire.
        settings: Of the run.
        cells: Of the pack.
    """
    rows, held = wire_rows(attacker, plan, span, cells, settings.tick_s)
    if attacker == "man_in_the_middle":
        # Rewriting needs the plain text, which only the impersonated broker has.
        held |= int(Capability.SESSION_TERMINATED)
    return ForgerSettings(rows.tolist(), held, settings.seed, cells)


def wire_rows(
    attacker: str, plan: FromCatalogue, span: Span, cells: int, tick_s: float
) -> tuple[np.ndarray, int]:
    """Return the kernel's rows of a live attack, and the capabilities held at its start.

    What is sent in tick t is read in tick t + 1, and the kernel counts by the reader.
    """
    attack, values = checked_attack(attacker, plan.attack, plan.parameters, "live run")
    rows = rows_of(attack, values, (span.from_tick + 1) * tick_s, cells, tick_s)
    rows[..., COLUMN["stop"]] = np.minimum(rows[..., COLUMN["stop"]], span.to_tick + 1)
    # A session is opened within the tick.
    rows[TAP_INDEX[_SESSION], :, COLUMN["start"]] -= 1
    rows[TAP_INDEX[_SESSION], :, COLUMN["stop"]] -= 1
    return rows, int(attack.holds)


class Forger:
    """Forges at some taps; compiles the kernel when made.

    Args:
        settings: Rows, capabilities, seed.
        taps: Where.
    """

    def __init__(self, settings: ForgerSettings, taps: Sequence[str]) -> None:
        jax.config.update("jax_enable_x64", True)
        self._rows = jnp.asarray(settings.rows)[None]
        self._held = jnp.asarray([settings.held], dtype=jnp.uint32)
        self._seed = jnp.asarray([settings.seed], dtype=jnp.uint64)
        self._programs = {tap: jax.jit(partial(manipulate, tap)) for tap in taps}
        for tap in taps:  # compiled now, not in the middle of a tick
            self.forge(tap, silence(KIND[tap], settings.cells), -1)

    def forge(self, tap: str, message: Message, tick: int) -> Message | None:
        """Return what the attack makes of a message, or None when it leaves it unchanged.

        Args:
            tap: Where it passes.
            message: As the sender made it.
            tick: The tick in which it is sent; it is read in the next.
        """
        context = Context(jnp.asarray(tick + 1), self._held, self._seed)
        changed: Record = self._programs[tap](record_of(message), self._rows, context)
        return message_of(changed) if bool(changed.tainted[0]) else None
