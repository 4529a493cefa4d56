"""The biases that the benchmark injects, and the aim for each."""

from dataclasses import dataclass

from voltward.real_cells.replay.injection import Injection


@dataclass(frozen=True)
class Aim:
    """Detection within a time in a share of the onsets."""

    within_s: float
    share: float


@dataclass(frozen=True)
class InjectedBias:
    """A row of the table: a step in one signal.

    Attributes:
        label: Name in the table.
        signal: Name of the signal in `--inject`.
        transform: Name of the transform in `--inject`.
        magnitude: In the signal's unit; both signs are injected.
        aim: Aim at 25 degC; None without an aim.
        named_share: Share in which the right cell is to be named; None for a bias on all cells.
    """

    label: str
    signal: str
    transform: str
    magnitude: float
    aim: Aim | None = None
    named_share: float | None = None

    @property
    def one_cell(self) -> bool:
        """Whether the bias is injected on one cell of a string."""
        return self.named_share is not None

    def injection(self, start_s: float, *, sign: float, cell: int | None = None) -> Injection:
        """Return the bias as an injection from a time on; `cell` counts from 1."""
        return Injection(
            signal=self.signal,
            transforms=((self.transform, sign * self.magnitude),),
            cells=None if cell is None else (cell, cell),
            start_s=start_s,
        )


# Aims: facts of the project, for 25 degC: published figures come from matched simulations.
VOLTAGE_BIASES = (
    InjectedBias("voltage bias 5 mV", "voltage", "bias", 0.005),
    InjectedBias("voltage bias 10 mV", "voltage", "bias", 0.010),
    InjectedBias("voltage bias 20 mV", "voltage", "bias", 0.020, Aim(120.0, 0.95)),
    InjectedBias("voltage bias 50 mV", "voltage", "bias", 0.050, Aim(15.0, 0.95)),
)
OTHER_BIASES = (
    InjectedBias("current bias 50 mA", "current", "bias", 0.05),
    InjectedBias("current bias 200 mA", "current", "bias", 0.2),
    InjectedBias("current bias 1 A", "current", "bias", 1.0),
    InjectedBias("current gain 1 %", "current", "gain", 0.01),
    InjectedBias("current gain 2 %", "current", "gain", 0.02),
    InjectedBias("current gain 5 %", "current", "gain", 0.05),
    InjectedBias("temperature bias 10 K", "temperature", "bias", 10.0),
)
STRING_BIASES = (
    InjectedBias("one cell 5 mV", "voltage", "bias", 0.005, Aim(60.0, 0.95), 0.97),
    InjectedBias("one cell 10 mV", "voltage", "bias", 0.010, None, 0.97),
    InjectedBias("one cell 20 mV", "voltage", "bias", 0.020, None, 0.97),
)
BIASES = (*VOLTAGE_BIASES, *OTHER_BIASES)
# Grid of the smallest detectable bias, in V.
BIAS_GRID_V = (0.0002, 0.0005, 0.0007, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.005)
# A bias counts as detected within this time.
WINDOW_S = 600.0
TEMPERATURES_DEGC = (25.0, 10.0, 0.0, -10.0)
