"""The tests that a virtual cell goes through before a model is fitted to it."""

from collections.abc import Callable, Sequence

from voltward.real_cells.electrochemical_truth.cycler import run_protocol
from voltward.real_cells.electrochemical_truth.dfn import simulate
from voltward.real_cells.electrochemical_truth.drive_profile import (
    HARD,
    MILD,
    DriveStyle,
    drive_current_A,
)
from voltward.real_cells.electrochemical_truth.parameter_sets import ElectrochemicalCell
from voltward.real_cells.electrochemical_truth.pulse_protocol import pulse_test, slow_cycle
from voltward.real_cells.recordings.recording import Recording

Progress = Callable[[str, int, int], None]
DRIVE_S = {"hard": 5400, "mild": 7200}
DRIVE_START_SOC = 0.95
STYLES: dict[str, DriveStyle] = {"hard": HARD, "mild": MILD}
# Of the drives that a model is fitted to; scoring uses other seeds.
FIT_SEED = 1001
_TESTS_A_TEMPERATURE = 4
_STAGE = "tests"


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report no progress."""


def slow_cycle_name(temperature_degC: float) -> str:
    """Return the name of the slow cycle's recording at a temperature."""
    return f"{temperature_degC:g}degC_c20"


def virtual_tests(
    cell: ElectrochemicalCell,
    temperatures_degC: Sequence[float],
    *,
    seed: int = FIT_SEED,
    progress: Progress = silent,
) -> list[Recording]:
    """Run pulse test, slow cycle, one hard and one mild drive at every temperature.

    A drive is in the list on purpose: a model fitted to pulses alone is several times worse on
    drives than its own residual says.

    Args:
        cell: Which cell.
        temperatures_degC: Of the cell.
        seed: Of the drives.
        progress: Called with the stage, what is done and the total.

    Returns:
        Four recordings a temperature, with the true state of charge.

    Raises:
        ConfigurationError: The solver failed.
        EnvironmentLacksError: PyBaMM is missing.
    """
    total = _TESTS_A_TEMPERATURE * len(temperatures_degC)
    recordings: list[Recording] = []
    for temperature in temperatures_degC:
        where = f"{temperature:g}degC"
        protocols = {f"{where}_pulses": pulse_test(), slow_cycle_name(temperature): slow_cycle()}
        for name, steps in protocols.items():
            progress(_STAGE, len(recordings), total)
            recordings.append(run_protocol(cell, steps, temperature, name=name))
        for style in STYLES:
            progress(_STAGE, len(recordings), total)
            recordings.append(virtual_drive(cell, style, temperature, seed=seed))
    progress(_STAGE, total, total)
    return recordings


def virtual_drive(
    cell: ElectrochemicalCell, style: str, temperature_degC: float, *, seed: int
) -> Recording:
    """Run one drive, up to a voltage limit where the cell is too cold for the rest.

    Args:
        cell: Which cell.
        style: "hard" or "mild".
        temperature_degC: Of the cell.
        seed: Of the drive.
    """
    current_A = drive_current_A(
        STYLES[style],
        seed=seed,
        seconds=DRIVE_S[style],
        capacity_Ah=cell.capacity_Ah,
        initial_soc=DRIVE_START_SOC,
    )
    name = f"{temperature_degC:g}degC_{style}-{seed}"
    return simulate(cell, current_A, temperature_degC, DRIVE_START_SOC, name=name, until_limit=True)
