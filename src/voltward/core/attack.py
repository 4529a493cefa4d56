"""What an attack is: steps at taps, the goal that makes it one, and where it is catalogued.

An attack is data. It says what is done to a record and never how the receiver takes it:

>>> from voltward.core.parameter import Parameter
>>> def steps(values):
...     return (
...         Step(
...             "read too warm",
...             "cell.temperature",
...             field="temperature_degC",
...             needs=Capability.SENSOR_WIRING,
...             bias=values["bias_K"],
...             cell_share=0.25,
...         ),
...     )
>>> too_warm = Attack(
...     id="too-warm",
...     title="A quarter of the cells read too warm",
...     layer=Layer.PHYSICAL,
...     type=AttackType.DATA_MANIPULATION,
...     stride=(Stride.TAMPERING,),
...     r155=("4.1",),
...     technique="ATT&CK ICS T0856",
...     holds=Capability.SENSOR_WIRING,
...     parameters=(Parameter("bias_K", "K", 30.0, 0.0, 100.0, "added to the reading"),),
...     steps=steps,
...     goal=Goal("charging_denied_s", 60.0, "a minute of a session is lost (assumption)"),
...     duty="fast-charge",
...     start_s=300.0,
...     component_impact="none",
...     system_impact="the vehicle charges later",
...     claimed_by=(),
...     stopped_by=(),
...     source="assumption",
... )
>>> [(step.tap, step.bias) for step in too_warm.steps(too_warm.defaults())]
[('cell.temperature', 30.0)]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

FOREVER_S = 1e9


class AttackType(StrEnum):
    """The three kinds that the literature on cloud BMS distinguishes."""

    DATA_MANIPULATION = "data manipulation"
    DENIAL_OF_SERVICE = "denial of service"
    MAN_IN_THE_MIDDLE = "man in the middle"


class Stride(StrEnum):
    """STRIDE classes."""

    SPOOFING = "spoofing"
    TAMPERING = "tampering"
    REPUDIATION = "repudiation"
    DISCLOSURE = "information disclosure"
    DENIAL = "denial of service"
    ELEVATION = "elevation of privilege"


@dataclass(frozen=True)
class Step:
    """One manipulation at one tap: a row of the kernel.

    The receiver's value becomes `(1 + gain) * y[source, lag] + bias + ramp * t + noise` on the
    chosen cells while the step is active; the other fields act on the record as a whole.

    Attributes:
        name: Unique within the attack.
        tap: Name of the tap.
        field: Name of the manipulated field; empty when only the record as a whole is touched.
        start_s: Seconds after the attack's start.
        duration_s: How long.
        period_s: With duty_share < 1, the step is on for that share of each period.
        duty_share: See period_s.
        needs: Positions without which the step cannot act, and secrets it signs with when held.
        grants: Capabilities gained once a record of this step is accepted by its receiver.
        requires_step: Informative: the step whose grant this one builds on.
        gain: Relative change.
        bias: Absolute change in the field's unit.
        ramp_per_s: Change that grows with time since the step's start.
        noise: Standard deviation of added noise.
        window_s: Replay: repeats the last window_s seconds before the start, over and over.
        delay_s: The stream arrives that much late.
        shift_cells: Values come from the cell that many places on (sensor swapping).
        first_cell: First cell touched.
        cell_share: Share of the pack's cells touched, from first_cell on; 1 is all of them.
        drop_share: Probability that a record is lost.
        inject: The record is the attacker's own, sent beside the honest one.
        copies: How many records a tick the attacker adds (flooding).
        terminate: The attacker ends the session as an impersonated receiver (man in the middle).
        listen: The attacker reads the record.
    """

    name: str
    tap: str
    field: str = ""
    start_s: float = 0.0
    duration_s: float = FOREVER_S
    period_s: float = 1.0
    duty_share: float = 1.0
    needs: Capability = Capability.NONE
    grants: Capability = Capability.NONE
    requires_step: str = ""
    gain: float = 0.0
    bias: float = 0.0
    ramp_per_s: float = 0.0
    noise: float = 0.0
    window_s: float = 0.0
    delay_s: float = 0.0
    shift_cells: int = 0
    first_cell: int = 0
    cell_share: float = 1.0
    drop_share: float = 0.0
    inject: bool = False
    copies: float = 0.0
    terminate: bool = False
    listen: bool = False


@dataclass(frozen=True)
class Goal:
    """The attacker's goal as a condition on a consequence of the case.

    Attributes:
        consequence: Name of a column of the cases table.
        at_least: Threshold in that column's unit.
        description: What it means, and where the threshold comes from.
    """

    consequence: str
    at_least: float
    description: str


class StepMaker(Protocol):
    """Makes the steps of an attack from what the user sets."""

    def __call__(self, values: Mapping[str, float], /) -> tuple[Step, ...]:
        """Return the steps, at most two (`voltward.core.taps.SLOTS`) at each tap.

        Args:
            values: A value for every parameter of the attack, by its name and in its unit.
        """


@dataclass(frozen=True)
class Attack:
    """An entry of the attack catalogue.

    Attributes:
        id: Short name with hyphens.
        title: One line.
        layer: The layer attacked first.
        type: One of the three kinds.
        stride: STRIDE classes.
        r155: Rows of UN R155 Annex 5, Table A1, such as "4.1".
        technique: MITRE ATT&CK for ICS or EMB3D id.
        holds: Capabilities the attacker has at the start (the threat model's assumption).
        parameters: What the user may set; `start_s` is added to every attack by the runner.
        steps: Makes the steps from parameter values, see `StepMaker`.
        goal: When the attacker has won.
        duty: Name of a shipped duty on which the goal is reached without security controls.
        start_s: Default start on that duty.
        component_impact: What breaks in cell, pack or BMS.
        system_impact: What breaks in vehicle or grid.
        claimed_by: Ids of the watch controls that claim to see it.
        stopped_by: Ids of the verify and shape controls that claim to stop it.
        turns_defence: Whether it harms through the defence that it provokes.
        source: Paper, or "assumption" with a reason.
        extra_kernel: Name of a model-based kernel, or empty.
    """

    id: str
    title: str
    layer: Layer
    type: AttackType
    stride: tuple[Stride, ...]
    r155: tuple[str, ...]
    technique: str
    holds: Capability
    parameters: tuple[Parameter, ...]
    steps: StepMaker
    goal: Goal
    duty: str
    start_s: float
    component_impact: str
    system_impact: str
    claimed_by: tuple[str, ...]
    stopped_by: tuple[str, ...]
    source: str
    turns_defence: bool = False
    extra_kernel: str = ""

    def defaults(self) -> dict[str, float]:
        """Return the default of every parameter."""
        return {parameter.name: parameter.default for parameter in self.parameters}
