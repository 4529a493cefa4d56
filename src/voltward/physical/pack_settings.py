"""The pack as a system file states it: layout, balancing, heat paths, fuse and contactors."""

from typing import Annotated

from annotated_types import Interval

from voltward.documents.settings_table import (
    CellVoltage,
    Current,
    NotNegative,
    Percent,
    Positive,
    Temperature,
    settings_table,
)

# Heat moved for each joule of electricity (assumption: a vehicle's chiller at mild ambient).
CHILLER_PERFORMANCE = 2.0


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
        coolant_degC: Coolant temperature below which the chiller does not drive it.
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

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.series * self.parallel

    @property
    def chiller_W_per_cell(self) -> float:
        """Heat that pump and chiller take from the coolant, for each cell."""
        return self.cooling_power_W * CHILLER_PERFORMANCE / self.cells

    @property
    def heater_W_per_cell(self) -> float:
        """Heat that the heater gives to the coolant, for each cell."""
        return self.heater_power_W / self.cells

    @property
    def precharge_s(self) -> float:
        """Time that the pre-charge path needs: five time constants leave 0.7 % of the voltage."""
        return 5.0 * self.precharge_ohm * self.link_capacitance_F
