"""From the user's system to the static parameters of one program."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from voltward.cloud.service import PlanParameters
from voltward.cloud.twin import TwinParameters
from voltward.cloud.twin_guards import adaptation_for
from voltward.comms.link import LINK_COLUMNS
from voltward.controls.cell_calibration import load_calibration, with_calibration
from voltward.controls.in_force import Rules
from voltward.core.control import Control
from voltward.documents.toml_document import find_document
from voltward.physical.abuse import AbuseParameters
from voltward.physical.can.bus_fields import COMMAND, TELEMETRY
from voltward.physical.can.wire_quantisation import BusWire, FieldCodes
from voltward.physical.cell import CellModel
from voltward.physical.cell_file import load_cell
from voltward.physical.estimator import tuning_for
from voltward.physical.foreign_cell import ForeignCell
from voltward.physical.grid import grid_matrices
from voltward.physical.internal_short import InternalShortParameters
from voltward.physical.overcharge import OverchargeParameters
from voltward.physical.plant import PlantParameters
from voltward.physical.plating import load_plating_map, plating_coefficients
from voltward.physical.sensors import sensor_channels
from voltward.ranges.configuration.bus import bus_of
from voltward.ranges.configuration.system_settings import LinkSettings, SystemSettings
from voltward.ranges.virtual.case_arrays import Assembly, FleetParameters

GRID_SUBSTEPS_PER_S = 20
LOG_SLOTS = 512
REKEY_S = 30.0
COMMISSIONING_SHARE = 0.1


def cell_of(system: SystemSettings) -> CellModel:
    """Return the cell that a system names."""
    return load_cell(find_document("cells", system.cell, "cell"))


def _scheduled(system: SystemSettings, controls: Sequence[Control]) -> tuple[Control, ...]:
    """Return the controls under the calibration that lies beside the cell's file, if one does."""
    return with_calibration(controls, load_calibration(find_document("cells", system.cell, "cell")))


def _watching(controls: Sequence[Control], cell: str) -> tuple[Control, ...]:
    """Return all controls, those that do not know the cell without their watch.

    They stay in the list, so that arrays of controls keep their columns.
    """
    return tuple(
        control if control.knows(cell) else replace(control, watch=None) for control in controls
    )


def assemble(
    system: SystemSettings,
    controls: Sequence[Control],
    tick_s: float,
    foreign: ForeignCell | None = None,
) -> Assembly:
    """Return the static parameters of a system with all controls compiled in.

    Args:
        system: The user's own.
        controls: Of the catalogue, in its order.
        tick_s: Length of a tick.
        foreign: A model that leads the plant in place of the twin's.

    Raises:
        ConfigurationError: The cell or a data file cannot be read.
    """
    cell = cell_of(system)
    # On track matched the plant is the circuit itself: what knows the real cell would rightly say
    # that this is another, and accuse honest readings.
    real_cell = cell.name if foreign is not None else ""
    grid, tuning = system.grid, tuning_for(cell)
    return Assembly(
        plant=PlantParameters(
            cell=cell,
            pack=system.pack,
            abuse=AbuseParameters(volume_m3=AbuseParameters().volume_m3 * cell.equivalent_18650),
            overcharge=OverchargeParameters(),
            short=InternalShortParameters(),
            plating=plating_coefficients(load_plating_map("lg-m50")),
            tick_s=tick_s,
            foreign=foreign,
        ),
        limits=system.limits,
        sensors=sensor_channels(system.sensors),
        charging=system.charging,
        vehicle=system.vehicle,
        fleet=FleetParameters(
            matrices=grid_matrices(grid, tick_s, round(GRID_SUBSTEPS_PER_S * min(tick_s, 1.0))),
            packs_moved=grid.fleet_size * grid.share_compromised * grid.synchronised,
            base_W=1e6 * grid.base_MW,
        ),
        tuning=tuning,
        twin=TwinParameters(
            cell=cell, tuning=tuning, tick_s=tick_s, adaptation=adaptation_for(controls)
        ),
        plan=PlanParameters(),
        wire=_wire(system),
        rules=Rules(_watching(_scheduled(system, controls), real_cell)),
        tick_s=tick_s,
        silence_s=max(system.cloud.silence_s, 2.0 * system.cloud.plan_period_s),
        plan_period_s=system.cloud.plan_period_s,
        model_period_s=system.cloud.model_period_s,
        rekey_s=REKEY_S,
        commissioning_share=COMMISSIONING_SHARE,
        log_slots=LOG_SLOTS,
        encrypted_link=system.link.encrypted,
    )


def _wire(system: SystemSettings) -> BusWire:
    """Return what the system's bus carries, and what its receivers take for the rest."""
    bus = bus_of(system)
    up = {name: field.instead for name, field in TELEMETRY.items()}
    down = {name: field.instead for name, field in COMMAND.items()}
    down["target_soc"] = system.charging.target_soc
    return BusWire(
        FieldCodes(bus.telemetry_scales, up),
        FieldCodes(bus.command_scales, down),
    )


def link_columns(link: LinkSettings, tick_s: float) -> np.ndarray:
    """Return a link's probabilities per tick, in the order of LINK_COLUMNS.

    Latency is log-normal between median and 95th percentile; a record is late when it takes longer
    than a tick. Rates become the chance of at least one event in a tick.
    """
    spread = math.log(link.latency_p95_ms / link.latency_median_ms) / 1.6449
    room = math.log(1000.0 * tick_s / link.latency_median_ms)
    late = 0.5 * math.erfc(room / (max(spread, 1e-9) * math.sqrt(2.0)))
    good, bad = link.burst.good_to_bad_per_s, link.burst.bad_to_good_per_s
    # A burst shorter than a tick hits a record with the share of the tick that it fills.
    filled = min(1.0, 1.0 / (bad * tick_s))
    values = {
        "late_share": min(late + link.loss_share, 1.0),
        "to_bad": 1.0 - math.exp(-good * tick_s),
        "to_good": 1.0 - math.exp(-bad * tick_s),
        "bad_loss_share": filled,
        "outage_start": 1.0 - math.exp(-link.outages_per_hour * tick_s / 3600.0),
        "outage_end": 1.0 - math.exp(-tick_s / max(link.outage_mean_s, 1e-9)),
        "reorder_share": link.reorder_share,
    }
    return np.array([values[name] for name in LINK_COLUMNS])
