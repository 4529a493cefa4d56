"""What live attackers make of a message: the attack kernel of the virtual range."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from voltward.attacks.kernel import Context, manipulate
from voltward.comms.payload import Kind, Message, silence
from voltward.core.record import Record
from voltward.ranges.live.links.records import message_of, record_of

KIND = {
    "can.up": Kind.TELEMETRY,
    "mqtt.up": Kind.TELEMETRY,
    "mqtt.down": Kind.COMMAND,
}


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

    def as_request(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return asdict(self)


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
        """Return what the attacker makes of a message, or None when he leaves it alone.

        Args:
            tap: Where it passes.
            message: As the sender made it.
            tick: The tick in which it is sent; it is read in the next.
        """
        context = Context(jnp.asarray(tick + 1), self._held, self._seed)
        changed: Record = self._programs[tap](record_of(message), self._rows, context)
        return message_of(changed) if bool(changed.tainted[0]) else None
