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
from voltward.physical.cell import CellModel
from voltward.physical.cell_file import load_cell
from voltward.physical.contactors import ContactorParameters
from voltward.physical.estimator import tuning_for
from voltward.physical.foreign_cell import ForeignCell
from voltward.physical.grid import GridParameters, grid_matrices
from voltward.physical.internal_short import InternalShortParameters
from voltward.physical.overcharge import OverchargeParameters
from voltward.physical.pack import PackParameters
from voltward.physical.plant import PlantParameters
from voltward.physical.plating import load_plating_map, plating_coefficients
from voltward.physical.protection import LimitParameters, Tier
from voltward.physical.sensors import Channel, SensorParameters
from voltward.physical.vehicle import VehicleParameters
from voltward.ranges.configuration.system_settings import (
    CurrentSensor,
    IsolationSensor,
    LimitTier,
    LinkSettings,
    SystemSettings,
    TemperatureSensor,
    VoltageSensor,
)
from voltward.ranges.virtual.case_arrays import Assembly, ChargingParameters, FleetParameters

# Coolant: 0.06 kg of water-glycol at 3.4 kJ/(kg K) for each large cell (assumption).
COOLANT_J_PER_K = 200.0
RADIATOR_W_PER_K = 1.0
GRID_SUBSTEPS_PER_S = 20
LOG_SLOTS = 512
REKEY_S = 30.0
COMMISSIONING_SHARE = 0.1


def cell_of(system: SystemSettings) -> CellModel:
    """Return the cell that a system names."""
    return load_cell(find_document("cells", system.cell, "cell"))


def _tier(settings: LimitTier, parallel: int) -> Tier:
    return Tier(
        voltage_high_V=settings.voltage_high_V,
        voltage_low_V=settings.voltage_low_V,
        temperature_high_degC=settings.temperature_high_degC,
        temperature_low_degC=settings.temperature_low_degC,
        charge_A=settings.charge_current_A / parallel,
        discharge_A=settings.discharge_current_A / parallel,
    )


def _voltage(sensor: VoltageSensor, high: float) -> Channel:
    return Channel(
        sensor.noise_V, sensor.offset_V, sensor.resolution_V, 0.0, high, sensor.latency_s
    )


def _temperature(sensor: TemperatureSensor) -> Channel:
    return Channel(
        sensor.noise_K, sensor.offset_K, sensor.resolution_K, -60.0, 1000.0, sensor.latency_s
    )


def _current(sensor: CurrentSensor) -> Channel:
    return Channel(
        sensor.noise_A, sensor.offset_A, sensor.resolution_A, -2000.0, 2000.0, sensor.latency_s
    )


def _isolation(sensor: IsolationSensor) -> Channel:
    return Channel(
        sensor.noise_kohm,
        sensor.offset_kohm,
        sensor.resolution_kohm,
        0.0,
        60000.0,
        sensor.latency_s,
    )


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
    pack, limits, sensors = system.pack, system.limits, system.sensors
    cells = pack.series * pack.parallel
    plant = PlantParameters(
        cell=cell,
        pack=PackParameters(
            series=pack.series,
            parallel=pack.parallel,
            bleed_ohm=pack.bleed_resistance_ohm,
            neighbour_W_per_K=pack.neighbour_conductance_W_per_K,
            coolant_W_per_K=pack.coolant_conductance_W_per_K,
            idle_W_per_K=pack.passive_conductance_W_per_K,
            coolant_J_per_K=COOLANT_J_PER_K,
            radiator_W_per_K=RADIATOR_W_PER_K,
            chiller_W=pack.cooling_power_W * 2.0 / cells,
            heater_W=pack.heater_power_W / cells,
            isolation_kohm=pack.isolation_kohm,
        ),
        abuse=AbuseParameters(volume_m3=AbuseParameters().volume_m3 * cell.equivalent_18650),
        overcharge=OverchargeParameters(),
        short=InternalShortParameters(),
        plating=plating_coefficients(load_plating_map("lg-m50")),
        tick_s=tick_s,
        foreign=foreign,
    )
    tuning = tuning_for(cell)
    vehicle, grid = system.vehicle, system.grid
    matrices = grid_matrices(
        GridParameters(
            inertia_s=grid.inertia_s,
            damping_pu=grid.damping_pu,
            droop_pu=grid.droop_pu,
            governor_s=grid.governor_s,
            turbine_s=grid.turbine_s,
            integral_gain_per_s=grid.integral_gain,
            nominal_Hz=grid.frequency_Hz,
            source="the system file",
        ),
        tick_s,
        round(GRID_SUBSTEPS_PER_S * min(tick_s, 1.0)),
    )
    return Assembly(
        plant=plant,
        limits=LimitParameters(
            operating=_tier(limits.operating, pack.parallel),
            recommended=_tier(limits.recommended, pack.parallel),
            maximum=_tier(limits.maximum, pack.parallel),
            delay_s=dict(limits.delay_s),
            isolation_kohm=limits.isolation_kohm,
            fuse_A=pack.fuse_current_A,
            fuse_A2s=pack.fuse_melting_A2s,
            parallel=pack.parallel,
        ),
        sensors=SensorParameters(
            cell_voltage=_voltage(sensors.voltage, 6.5),
            cell_temperature=_temperature(sensors.temperature),
            current=_current(sensors.current),
            pack_voltage=_voltage(sensors.pack_voltage, 2000.0),
            charger_current=_current(sensors.charger_current),
            isolation=_isolation(sensors.isolation),
        ),
        contactors=ContactorParameters(
            precharge_s=5.0 * pack.precharge_ohm * pack.link_capacitance_F,
            rated_A=pack.contactor_break_current_A,
            rated_openings=pack.contactor_breaks,
        ),
        charging=ChargingParameters(
            current_A=system.charging.current_A,
            power_W=system.charging.power_W,
            unattended_C=system.charging.unattended_current_A / (cell.capacity_Ah * pack.parallel),
            balance_start_V=pack.balance_start_V,
            balance_difference_V=pack.balance_difference_V,
            cooling_start_degC=pack.cooling_start_degC,
            heating_start_degC=pack.heating_start_degC,
        ),
        vehicle=VehicleParameters(
            mass_kg=vehicle.mass_kg,
            rotating_mass_factor=vehicle.rotating_mass_factor,
            drag_area_m2=vehicle.drag_area_m2,
            rolling_coefficient=vehicle.rolling_resistance,
            air_density_kg_per_m3=vehicle.air_density_kg_per_m3,
            drive_efficiency=vehicle.drivetrain_efficiency,
            auxiliary_W=vehicle.auxiliary_power_W,
            regeneration_limit_W=vehicle.regeneration_power_W,
        ),
        fleet=FleetParameters(
            matrices=matrices,
            packs_moved=grid.fleet_size * grid.share_compromised * grid.synchronised,
            base_W=1e6 * grid.base_MW,
        ),
        tuning=tuning,
        twin=TwinParameters(
            cell=cell, tuning=tuning, tick_s=tick_s, adaptation=adaptation_for(controls)
        ),
        plan=PlanParameters(),
        rules=Rules(_watching(_scheduled(system, controls), real_cell)),
        tick_s=tick_s,
        silence_s=max(system.cloud.silence_s, 2.0 * system.cloud.plan_period_s),
        plan_period_s=system.cloud.plan_period_s,
        model_period_s=system.cloud.model_period_s,
        rekey_s=REKEY_S,
        spread_pct=(
            pack.spread.capacity_pct,
            pack.spread.resistance_pct,
            pack.spread.initial_soc_pct,
        ),
        commissioning_share=COMMISSIONING_SHARE,
        log_slots=LOG_SLOTS,
        encrypted_link=system.link.encrypted,
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
