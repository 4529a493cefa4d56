"""The user's own cloud BMS as nested frozen dataclasses: what the engine reads.

Every field says its unit in its name and its range in its type; a system file has the same names.
"""

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Interval

from voltward.documents.settings_table import (
    CellVoltage,
    Current,
    Name,
    NotNegative,
    Percent,
    Positive,
    Share,
    Temperature,
    settings_table,
)


@settings_table
class SpreadSettings:
    """How the cells of one pack differ: standard deviations over the cells.

    Attributes:
        capacity_pct: Of the nominal capacity.
        resistance_pct: Of the nominal resistance.
        initial_soc_pct: Percentage points of SoC at the start.
    """

    capacity_pct: Percent
    resistance_pct: Percent
    initial_soc_pct: Percent


@settings_table
class PackSettings:
    """The pack's layout and electronics.

    Attributes:
        series: Groups in series.
        parallel: Cells in each group.
        spread: How the cells differ.
        bleed_resistance_ohm: Balancing resistor of each group.
        balance_start_V: Cell voltage above which balancing may begin.
        balance_difference_V: Difference to the lowest cell that starts a bleed.
        neighbour_conductance_W_per_K: Heat path between two neighbouring cells.
        coolant_conductance_W_per_K: Heat path of one cell to the coolant while the pump runs.
        passive_conductance_W_per_K: The same path with the pump off.
        coolant_degC: Coolant supply temperature that the chiller holds while it runs.
        cooling_start_degC: Cell temperature at which cooling begins.
        heating_start_degC: Cell temperature below which heating begins while charging.
        cooling_power_W: Electrical power of pump and chiller.
        heater_power_W: Electrical power of the heater.
        fuse_current_A: Rated current of the pack fuse.
        fuse_melting_A2s: Its melting integral.
        precharge_ohm: Pre-charge resistor.
        link_capacitance_F: Capacitance behind the contactors.
        isolation_kohm: Healthy isolation resistance to chassis.
        contactor_break_current_A: Current of the rated electrical life.
        contactor_breaks: Rated number of breaks at that current.
    """

    series: Annotated[int, Interval(ge=1, le=400)]
    parallel: Annotated[int, Interval(ge=1, le=200)]
    spread: SpreadSettings
    bleed_resistance_ohm: Positive
    balance_start_V: CellVoltage
    balance_difference_V: Annotated[float, Interval(gt=0.0, le=0.5)]
    neighbour_conductance_W_per_K: NotNegative
    coolant_conductance_W_per_K: NotNegative
    passive_conductance_W_per_K: NotNegative
    coolant_degC: Temperature
    cooling_start_degC: Temperature
    heating_start_degC: Temperature
    cooling_power_W: NotNegative
    heater_power_W: NotNegative
    fuse_current_A: Current
    fuse_melting_A2s: Positive
    precharge_ohm: Positive
    link_capacitance_F: Annotated[float, Interval(gt=0.0, le=1.0)]
    isolation_kohm: Annotated[float, Interval(gt=0.0, le=60000.0)]
    contactor_break_current_A: Current
    contactor_breaks: Positive


@settings_table
class LimitTier:
    """One tier of limits.

    Attributes:
        voltage_high_V: Of a cell.
        voltage_low_V: Of a cell.
        temperature_high_degC: Of a cell.
        temperature_low_degC: Of a cell.
        charge_current_A: Of the pack, given as a magnitude.
        discharge_current_A: Of the pack, given as a magnitude.
    """

    voltage_high_V: CellVoltage
    voltage_low_V: CellVoltage
    temperature_high_degC: Temperature
    temperature_low_degC: Temperature
    charge_current_A: Current
    discharge_current_A: Current


@settings_table
class LimitSettings:
    """Three tiers; only the violation of the last opens the contactors.

    Attributes:
        operating: The BMS keeps inside by limiting current.
        recommended: A warning is raised.
        maximum: The contactors open after the delay.
        delay_s: Fault name (see `DELAYED_FAULTS`) to the time that the violation must last.
        isolation_kohm: Isolation fault below this.
    """

    operating: LimitTier
    recommended: LimitTier
    maximum: LimitTier
    delay_s: Mapping[str, NotNegative]
    isolation_kohm: Annotated[float, Interval(gt=0.0, le=60000.0)]


@settings_table
class VoltageSensor:
    """A voltage channel; the offset is the standard deviation over sensors of a constant error."""

    noise_V: NotNegative
    resolution_V: NotNegative
    offset_V: NotNegative
    latency_s: NotNegative


@settings_table
class TemperatureSensor:
    """A temperature channel; the offset is as in `VoltageSensor`."""

    noise_K: NotNegative
    resolution_K: NotNegative
    offset_K: NotNegative
    latency_s: NotNegative


@settings_table
class CurrentSensor:
    """A current channel; the offset is as in `VoltageSensor`."""

    noise_A: NotNegative
    resolution_A: NotNegative
    offset_A: NotNegative
    latency_s: NotNegative


@settings_table
class IsolationSensor:
    """The isolation monitor."""

    noise_kohm: NotNegative
    resolution_kohm: NotNegative
    offset_kohm: NotNegative
    latency_s: NotNegative


@settings_table
class SensorSettings:
    """All channels: cells, pack voltage apart from the cells' sum, current, isolation, charger."""

    voltage: VoltageSensor
    temperature: TemperatureSensor
    current: CurrentSensor
    pack_voltage: VoltageSensor
    isolation: IsolationSensor
    charger_current: CurrentSensor


@settings_table
class ChargingSettings:
    """The charger and the plan that the BMS follows without the cloud.

    Attributes:
        current_A: Largest current of the charger.
        power_W: Largest power of the charger.
        target_soc: SoC at which a session ends when no plan says otherwise.
        unattended_current_A: Cautious current that the BMS asks for without a cloud plan.
    """

    current_A: Current
    power_W: Positive
    target_soc: Share
    unattended_current_A: Current


@settings_table
class CanSettings:
    """The on-board bus: `dbc` is a shipped name or a file."""

    dbc: Name


@settings_table
class TopicSettings:
    """MQTT topics; `{vehicle}` stands for the vehicle's identity, wildcards are not allowed."""

    telemetry: Name
    command: Name


@settings_table
class CloudSettings:
    """The cloud half.

    Attributes:
        enabled: False is the `no-cloud` variant.
        plan_period_s: Between two charge plans.
        model_period_s: Between two parameter loads of the twin.
        silence_s: Silence after which the BMS falls back to its own plan.
    """

    enabled: bool
    plan_period_s: Positive
    model_period_s: Positive
    silence_s: Positive


@settings_table
class VehicleSettings:
    """The vehicle around the pack.

    Attributes:
        mass_kg: With driver.
        rotating_mass_factor: Equivalent mass of rotating parts.
        drag_area_m2: Drag coefficient times frontal area.
        rolling_resistance: Coefficient.
        drivetrain_efficiency: Battery to wheel, and back.
        regeneration_power_W: Largest power taken back while braking.
        auxiliary_power_W: Always on while driving.
        air_density_kg_per_m3: Of the ambient air.
    """

    mass_kg: Annotated[float, Interval(ge=50.0, le=60000.0)]
    rotating_mass_factor: Annotated[float, Interval(ge=1.0, le=2.0)]
    drag_area_m2: Annotated[float, Interval(gt=0.0, le=20.0)]
    rolling_resistance: Annotated[float, Interval(gt=0.0, le=0.1)]
    drivetrain_efficiency: Annotated[float, Interval(gt=0.0, le=1.0)]
    regeneration_power_W: NotNegative
    auxiliary_power_W: NotNegative
    air_density_kg_per_m3: Annotated[float, Interval(gt=0.5, le=1.6)]


@settings_table
class GridSettings:
    """The grid around a fleet of such packs: one area, per unit of `base_MW`.

    Attributes:
        fleet_size: Packs that are connected.
        share_compromised: Share of them that the attacker moves together.
        synchronised: Share of those that act within one governor time constant.
        base_MW: Load of the area.
        frequency_Hz: Nominal.
        inertia_s: H.
        damping_pu: D.
        droop_pu: R.
        governor_s: Tg.
        turbine_s: Tt.
        integral_gain: Ki of the secondary control; 0 is none.
    """

    fleet_size: Annotated[int, Interval(ge=1, le=100_000_000)]
    share_compromised: Share
    synchronised: Share
    base_MW: Positive
    frequency_Hz: Annotated[float, Interval(ge=16.0, le=60.0)]
    inertia_s: Positive
    damping_pu: NotNegative
    droop_pu: Positive
    governor_s: Positive
    turbine_s: Positive
    integral_gain: NotNegative


@settings_table
class BurstSettings:
    """A two-state (Gilbert-Elliott) link: in the bad state every record is lost.

    Attributes:
        good_to_bad_per_s: Rate of entering the bad state.
        bad_to_good_per_s: Rate of leaving it.
    """

    good_to_bad_per_s: NotNegative
    bad_to_good_per_s: Positive


@settings_table
class LinkSettings:
    """A radio or wire between vehicle and cloud.

    Attributes:
        name: Short name.
        description: One line.
        latency_median_ms: One way, with the way to the data centre.
        latency_p95_ms: The same, 95th percentile; the law is log-normal.
        loss_share: Records lost singly in the good state.
        burst: Losses that come together.
        outages_per_hour: Losses of the link.
        outage_mean_s: Their mean length, exponential.
        reorder_share: Records that arrive after their successor.
        encrypted: Whether it hides content as far as the cloud; a ciphered radio does not.
        source: For each number, where it comes from, or that it is an assumption.
    """

    name: Name
    description: str
    latency_median_ms: Positive
    latency_p95_ms: Positive
    loss_share: Share
    burst: BurstSettings
    outages_per_hour: NotNegative
    outage_mean_s: NotNegative
    reorder_share: Share
    encrypted: bool
    source: Mapping[str, str]


@settings_table
class ControlSettings:
    """The controls that are deployed in this system; they make up the stack `deployed`."""

    deployed: tuple[Name, ...]


@settings_table
class SystemSettings:
    """A cloud BMS and what stands around it.

    Attributes:
        name: Short name.
        cell: Name of a shipped cell, or a cell file.
        link: The link, loaded from its name or file.
        controls: What is deployed.
        source: For each table, where its numbers come from.
    """

    name: Name
    cell: Name
    pack: PackSettings
    limits: LimitSettings
    sensors: SensorSettings
    charging: ChargingSettings
    can: CanSettings
    topics: TopicSettings
    link: LinkSettings
    cloud: CloudSettings
    vehicle: VehicleSettings
    grid: GridSettings
    controls: ControlSettings
    source: Mapping[str, str]
