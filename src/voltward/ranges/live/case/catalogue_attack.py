"""From an attack of the catalogue to the kernel's rows on the wire."""

from collections.abc import Mapping

import numpy as np

from voltward.attacks.catalogue import ATTACKS
from voltward.attacks.row import COLUMN, rows_of
from voltward.core.attack import Attack
from voltward.core.errors import ConfigurationError
from voltward.core.taps import TAP_INDEX
from voltward.ranges.configuration.attack_and_stack_choices import read_attacks
from voltward.ranges.live.case.settings import FromCatalogue, Span

# Where each live attacker stands.
CARRIED_TAPS = {
    "man_in_the_middle": ("mqtt.session", "mqtt.up", "mqtt.down"),
    "rogue": ("mqtt.up",),
    "bus_attacker": ("can.up",),
}
_SESSION = "mqtt.session"


def checked_attack(
    attacker: str, name: str, parameters: Mapping[str, float], origin: str
) -> tuple[Attack, dict[str, float]]:
    """Return an attack that a live attacker can carry out, and all its parameters.

    Raises:
        ConfigurationError: It does not exist, a parameter is not allowed, or the attacker does not
            stand where it acts.
    """
    label = f"{origin}: {attacker}"
    (choice,) = read_attacks([{"id": name, **parameters}], label)
    attack = ATTACKS.load(name)
    values = attack.defaults() | dict(choice.parameters)
    if values.pop("start_s", None) is not None:
        raise ConfigurationError(f"{label}: start_s is not set here", hint="its ticks say when")
    for step in attack.steps(values):
        if step.tap not in CARRIED_TAPS[attacker]:
            raise ConfigurationError(
                f"{label}: attack '{name}' acts at '{step.tap}'",
                why=f"this attacker stands at {', '.join(CARRIED_TAPS[attacker])}",
            )
        if step.window_s or step.delay_s:
            raise ConfigurationError(
                f"{label}: attack '{name}' replays or delays",
                why="live attackers change and forge; the man in the middle delays by mode",
            )
    return attack, values


def wire_rows(
    attacker: str, plan: FromCatalogue, span: Span, cells: int, tick_s: float
) -> tuple[np.ndarray, int]:
    """Return the kernel's rows of a live attack, and the capabilities held at its start.

    Args:
        attacker: Its name in CARRIED_TAPS.
        plan: Which attack.
        span: Ticks in which it acts on the wire.
        cells: Of the pack.
        tick_s: Length of a tick.

    What is sent in tick t is read in tick t + 1, and the kernel counts by the reader.
    """
    attack, values = checked_attack(attacker, plan.attack, plan.parameters, "live run")
    rows = rows_of(attack, values, (span.from_tick + 1) * tick_s, cells, tick_s)
    rows[..., COLUMN["stop"]] = np.minimum(rows[..., COLUMN["stop"]], span.to_tick + 1)
    # A session is opened within the tick.
    rows[TAP_INDEX[_SESSION], :, COLUMN["start"]] -= 1
    rows[TAP_INDEX[_SESSION], :, COLUMN["stop"]] -= 1
    return rows, int(attack.holds)
