"""From the injections of a replay to the rows of the kernel."""

import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from voltward.attacks.row import rows_of
from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.taps import Layer
from voltward.real_cells.replay.catalogue_injection import (
    CatalogueInjection,
    parse_catalogue_injection,
)
from voltward.real_cells.replay.injection import TICK_S, Injection, parse_signal_injection

AnyInjection = Injection | CatalogueInjection


def parse_injection(text: str) -> AnyInjection:
    """Read what `--inject` gives: a signal with transforms, or an attack of the catalogue.

    Raises:
        ConfigurationError: It can be read as neither.
    """
    first = re.search(r"[=:@]", text)
    if first and first.group() == "=":
        return parse_signal_injection(text)
    return parse_catalogue_injection(text)


def injected_rows(
    injections: Sequence[AnyInjection], cells: int
) -> Float[np.ndarray, "tap slot column"]:
    """Return the rows of all injections of one run.

    Args:
        injections: None of them is a clean run.
        cells: In series in the recording.

    Raises:
        ConfigurationError: An injection does not fit the recording, or a tap has too few slots.
    """
    steps: list[Step] = []
    for injection in injections:
        steps.extend(injection.steps(cells))
    return rows_of(_attack_of(tuple(steps)), {}, 0.0, cells, TICK_S)


def changes_nothing(injection: AnyInjection, cells: int) -> bool:
    """Return whether an injection leaves every reading as it is, such as a bias of zero."""
    return not any(
        step.gain
        or step.bias
        or step.ramp_per_s
        or step.noise
        or step.window_s
        or step.delay_s
        or step.shift_cells
        for step in injection.steps(cells)
    )


def start_of(injections: Sequence[AnyInjection]) -> float | None:
    """Return the start of the earliest injection in s, None without any."""
    return min((injection.start_s for injection in injections), default=None)


def _attack_of(steps: tuple[Step, ...]) -> Attack:
    """Return the injections as one attack, the form that rows are made from."""
    return Attack(
        id="--inject",
        title="Injections of a replay",
        layer=Layer.PHYSICAL,
        type=AttackType.DATA_MANIPULATION,
        stride=(Stride.TAMPERING,),
        r155=("32.1",),
        technique="",
        holds=Capability.SENSOR_WIRING,
        parameters=(),
        steps=lambda _values: steps,
        goal=Goal("soc_error_pct", 0.0, "a replay has no goal"),
        duty="",
        start_s=0.0,
        component_impact="",
        system_impact="",
        claimed_by=(),
        stopped_by=(),
        source="the user",
    )
