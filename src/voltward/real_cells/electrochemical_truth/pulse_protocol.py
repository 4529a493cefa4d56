"""The pulse test as data: the steps for a cycler, independent of any cell."""

from dataclasses import dataclass

# Rates in multiples of the capacity per hour, with the length of their pulses: long at the gentle
# rates, so that all move a like share of the charge. Lengths and the hour of rest follow the hybrid
# pulse tests of INL/EXT-15-34184 (USABC manual, 2015, section 3.4), which has one rate and 10 %.
PULSES = ((0.5, 30), (1.0, 20), (2.0, 10))
SOC_STEP = 0.05
BETWEEN_PULSES_S = 120
EQUILIBRIUM_S = 3600
STEP_RATE_C = 0.5
SLOW_RATE_C = 0.05


@dataclass(frozen=True)
class Hold:
    """Hold a current; 0 is a rest. Ends early at a voltage limit.

    Attributes:
        rate_C: Multiples of the capacity per hour; positive charges.
        seconds: How long.
    """

    rate_C: float
    seconds: int


@dataclass(frozen=True)
class MoveTo:
    """Charge or discharge to a state of charge. Ends early at a voltage limit.

    Attributes:
        soc: Target.
        rate_C: Multiples of the capacity per hour, without sign.
    """

    soc: float
    rate_C: float


Step = Hold | MoveTo


def pulse_test(soc_step: float = SOC_STEP) -> tuple[Step, ...]:
    """Return the pulse test, from full to one step above empty.

    At every level: an hour of rest, then for each rate a discharge and a charge pulse of the same
    length, so that a level keeps its charge unless a limit cut a pulse short.

    Args:
        soc_step: Between levels.
    """
    levels = round(1.0 / soc_step) - 1
    steps: list[Step] = [Hold(0.0, BETWEEN_PULSES_S)]
    for level in range(levels, 0, -1):
        steps.append(MoveTo(level * soc_step, STEP_RATE_C))
        steps.append(Hold(0.0, EQUILIBRIUM_S))
        for rate, seconds in PULSES:
            for sign in (-1.0, 1.0):
                steps.append(Hold(sign * rate, seconds))
                steps.append(Hold(0.0, BETWEEN_PULSES_S))
    return tuple(steps)


def slow_cycle() -> tuple[Step, ...]:
    """Return a discharge at C/20 from full to the lower limit, and the charge back to full."""
    whole_s = round(3600 / SLOW_RATE_C)
    # A tenth longer than the capacity asks for: the voltage limits end both ways.
    return (
        Hold(0.0, BETWEEN_PULSES_S),
        Hold(-SLOW_RATE_C, whole_s * 11 // 10),
        Hold(0.0, EQUILIBRIUM_S),
        Hold(SLOW_RATE_C, whole_s * 11 // 10),
        Hold(0.0, EQUILIBRIUM_S),
    )
