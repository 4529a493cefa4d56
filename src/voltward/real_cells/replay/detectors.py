"""The detectors that a replay runs by default."""

from collections.abc import Sequence

from voltward.controls.catalogue import CONTROLS
from voltward.core.control import Control, Place
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest

# Those that need nothing but cell voltages, current and temperature, and whose thresholds can be
# set on real cells. Without a calibration they are those of virtual packs.
DEFAULT_DETECTORS = (
    "residual-jump",
    "residual-shift",
    "residual-level",
    "soc-drift",
    "cross-cell-residual",
    "pack-sum-plausibility",
    "electrochemical-opinion",
)


def load_detectors(names: Sequence[str] = (), cell: str = "") -> tuple[Control, ...]:
    """Return watches of the catalogue.

    Args:
        names: Their ids; when there are none, the default ones that know the cell.
        cell: Name of the recorded cell.

    Raises:
        ConfigurationError: No control has that name, it watches no readings, or knows other cells.
    """
    usable = tuple(control for control in CONTROLS.all() if _watches_readings(control))
    known = [control.id for control in usable]
    for name in names:
        if name not in known:
            raise ConfigurationError(
                f"there is no detector '{name}' for recordings", hint=nearest(name, known)
            )
    wanted = names or DEFAULT_DETECTORS
    chosen = tuple(control for control in usable if control.id in wanted)
    for control in chosen:
        if names and not control.knows(cell):
            raise ConfigurationError(
                f"detector '{control.id}' does not know the cell '{cell}'",
                why=f"it is made for {', '.join(control.cells)}",
            )
    return tuple(control for control in chosen if control.knows(cell))


def _watches_readings(control: Control) -> bool:
    return control.watch is not None and control.watch.place is not Place.GATEWAY
