"""Sensor attacks of the catalogue, injected into a recording by their id."""

from dataclasses import dataclass, replace

from voltward.attacks.catalogue import ATTACKS
from voltward.core.attack import FOREVER_S, Attack, Step
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.real_cells.replay.injection import (
    SIGNALS,
    check_swap,
    shortest,
    split_times,
    written_times,
)

# A recording holds the readings of these sensors, not the quantities behind them.
SENSOR_TAPS = ("cell.voltage", "cell.temperature", "pack.current", "pack.voltage")


@dataclass(frozen=True)
class CatalogueInjection:
    """A sensor attack of the catalogue.

    Attributes:
        attack: Its id.
        parameters: Those that the user set.
        start_s: After the recording's first sample.
        stop_s: End, in the same seconds; FOREVER_S is the recording's end.

    Limits:
        Only what the sensors report changes. An attack that would also change the current, because
        the BMS acts on a false reading, shows its sensor part alone: the recording goes on as it
        was.
    """

    attack: str
    parameters: tuple[tuple[str, float], ...] = ()
    start_s: float = 0.0
    stop_s: float = FOREVER_S

    def __str__(self) -> str:
        values = ",".join(f"{name}={shortest(value)}" for name, value in self.parameters)
        times = written_times(self.start_s, self.stop_s)
        return f"{self.attack}{':' if values else ''}{values}{times}"

    def steps(self, cells: int) -> tuple[Step, ...]:
        """Return the attack's steps, with times from the recording's first sample on.

        Raises:
            ConfigurationError: The first cell of a step does not exist.
        """
        attack = ATTACKS.load(self.attack)
        placed = []
        for step in attack.steps({**attack.defaults(), **dict(self.parameters)}):
            if step.first_cell >= cells:
                raise ConfigurationError(
                    f"--inject {self}: first_cell = {step.first_cell} does not exist",
                    why=f"the recording has {cells} cell{'s' if cells > 1 else ''} in series, "
                    "counted from 0 here",
                    hint=f"choose one of them: {self.attack}:first_cell=0"
                    if "first_cell" in attack.defaults()
                    else "",
                )
            chosen = min(max(round(step.cell_share * cells), 1), cells - step.first_cell)
            check_swap(f"--inject {self}", step.shift_cells, chosen, cells)
            begin_s = self.start_s + step.start_s
            end_s = min(begin_s + step.duration_s, self.stop_s)
            if end_s > begin_s:
                placed.append(replace(step, start_s=begin_s, duration_s=end_s - begin_s))
        if not placed:
            raise ConfigurationError(
                f"--inject {self}: never acts",
                why=f"it is stopped at {self.stop_s:g} s, before the attack's first step",
                hint="stop it later",
            )
        return tuple(placed)


def sensor_attacks() -> tuple[str, ...]:
    """Return the ids of the attacks whose every step acts on a sensor of a recording."""
    return tuple(attack.id for attack in ATTACKS.all() if _at_sensors(attack))


def _at_sensors(attack: Attack) -> bool:
    steps = attack.steps(attack.defaults())
    return bool(steps) and all(step.tap in SENSOR_TAPS for step in steps)


def parse_catalogue_injection(text: str) -> CatalogueInjection:
    """Read an injection of the form ID[:parameter=value,...][@START[-STOP]].

    Raises:
        ConfigurationError: No attack has that id, it acts beyond the sensors, or a parameter is
            unknown or out of its range.
    """
    head, start_s, stop_s = split_times(text)
    name, colon, body = head.partition(":")
    allowed = sensor_attacks()
    if name not in allowed:
        if name not in ATTACKS.names():
            signals = " or ".join(SIGNALS)
            raise ConfigurationError(
                f"--inject {text}: there is no attack '{name}'",
                why=f"allowed are SIGNAL=TRANSFORM:VALUE, with {signals}, and attacks on sensors",
                hint=nearest(name, (*allowed, *SIGNALS)),
            )
        raise ConfigurationError(
            f"--inject {text}: '{name}' acts beyond the sensors",
            why="a recording holds the readings of sensors, not the quantities behind them",
            hint=f"those that work: {', '.join(allowed)}",
        )
    attack = ATTACKS.load(name)
    known = {parameter.name: parameter for parameter in attack.parameters}
    values: list[tuple[str, float]] = []
    for part in body.split(",") if colon else ():
        key, _, value = part.partition("=")
        if key not in known:
            raise ConfigurationError(
                f"--inject {text}: attack '{name}' has no parameter '{key}'",
                hint="give the start as @START" if key == "start_s" else nearest(key, known),
            )
        try:
            number = float(value)
        except ValueError as error:
            raise ConfigurationError(
                f"--inject {text}: {key} = '{value}' is not a number",
                why="allowed is ID:parameter=value,parameter=value@START-STOP",
            ) from error
        values.append((key, known[key].check(number, f"--inject {name}")))
    return CatalogueInjection(name, tuple(values), start_s, stop_s)
