"""What a case can break, as a table: cell, vehicle, grid, privacy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Consequence:
    """A column of the cases table.

    Attributes:
        name: Ends in its unit.
        unit: The unit.
        title: A few words.
        description: How it is measured, with what is assumed.
        world: cell, vehicle, grid or data.
    """

    name: str
    unit: str
    title: str
    description: str
    world: str


_ROWS = (
    ("over_voltage_s", "s", "time over voltage", "any cell truly above the last tier", "cell"),
    ("under_voltage_s", "s", "time under voltage", "any cell truly below the last tier", "cell"),
    (
        "over_temperature_s",
        "s",
        "time over temperature",
        "any cell truly above the last tier",
        "cell",
    ),
    ("over_current_s", "s", "time over current", "pack current beyond the last tier", "cell"),
    ("peak_voltage_V", "V", "peak cell voltage", "highest true voltage of any cell", "cell"),
    (
        "peak_temperature_degC",
        "degC",
        "peak cell temperature",
        "highest true temperature of any cell",
        "cell",
    ),
    ("runaway_cells", "1", "cells in thermal runaway", "cells that passed 230 degC", "cell"),
    ("plated_charge_mAh", "mAh", "plated charge", "lithium plated in the worst cell", "cell"),
    ("overcharged_pct", "%", "overcharge", "highest true SoC of any cell beyond 100 %", "cell"),
    ("soc_spread_pct", "%", "SoC spread", "fullest less emptiest cell at the end", "cell"),
    (
        "capacity_loss_pct",
        "%",
        "capacity loss",
        "worst cell: calendar, cycle, overcharge and half of the plated charge (half: assumption)",
        "cell",
    ),
    (
        "capacity_loss_pct_per_year",
        "%/year",
        "capacity loss rate",
        "worst cell, first year with this duty once a day; abrupt loss linearly (extrapolation)",
        "cell",
    ),
    (
        "equivalent_life_years",
        "year",
        "equivalent life",
        "years to 20 % loss by the same extrapolation, at most 1000",
        "cell",
    ),
    ("resistance_growth_pct", "%", "resistance growth", "worst cell over the duty", "cell"),
    ("contactor_wear_pct", "%", "contactor wear", "share of life spent", "cell"),
    ("soc_error_pct", "%", "SoC error of the BMS", "largest since the attack's start", "cell"),
    (
        "twin_soc_error_pct",
        "%",
        "SoC error of the twin",
        "largest since the attack's start, while the twin hears the pack",
        "cell",
    ),
    (
        "propulsion_lost_s",
        "s",
        "propulsion lost",
        "time in which the vehicle cannot follow the wish",
        "vehicle",
    ),
    (
        "propulsion_lost_m",
        "m",
        "distance lost",
        "demanded less covered distance in that time",
        "vehicle",
    ),
    (
        "propulsion_lost_kmh",
        "km/h",
        "speed at first loss",
        "speed when propulsion is lost first",
        "vehicle",
    ),
    (
        "range_error_km",
        "km",
        "range error",
        "SoC error times pack energy over 160 Wh/km (assumption)",
        "vehicle",
    ),
    (
        "charging_denied_s",
        "s",
        "charging denied",
        "session on and target not reached, yet below 0.02 C",
        "vehicle",
    ),
    ("energy_charged_Wh", "Wh", "energy charged", "into the pack in sessions", "vehicle"),
    (
        "energy_unserved_Wh",
        "Wh",
        "energy unserved",
        "asked by drive, grid or profile and refused",
        "vehicle",
    ),
    (
        "frequency_deviation_Hz",
        "Hz",
        "frequency deviation",
        "largest of the area when the compromised share of the fleet does the same at once",
        "grid",
    ),
    ("rocof_Hz_per_s", "Hz/s", "rate of change of frequency", "largest, the same way", "grid"),
    (
        "reserve_unserved_kWh",
        "kWh",
        "unserved reserve",
        "grid power asked and not served, by the compromised share of the fleet",
        "grid",
    ),
    ("records_exposed", "1", "records read", "telemetry read by an eavesdropper", "data"),
    (
        "cloud_blind_s",
        "s",
        "cloud blind",
        "time in which the cloud's newest record is older than 10 s and two ticks",
        "data",
    ),
    ("records_lost", "1", "records lost", "given up by the gateway", "data"),
)

CONSEQUENCES: tuple[Consequence, ...] = tuple(Consequence(*row) for row in _ROWS)
CONSEQUENCE_INDEX = {entry.name: index for index, entry in enumerate(CONSEQUENCES)}
# A level, not an amount: a case is not compared by its difference to the clean run.
LEVELS = (
    "peak_voltage_V",
    "peak_temperature_degC",
    "equivalent_life_years",
    "propulsion_lost_kmh",
    "frequency_deviation_Hz",
    "rocof_Hz_per_s",
)
# Known only after the last tick, because the laws of ageing need a power of the accumulators.
FINAL_ONLY = (
    "capacity_loss_pct",
    "capacity_loss_pct_per_year",
    "equivalent_life_years",
    "resistance_growth_pct",
    "soc_spread_pct",
)
AT_DETECTION = (
    "over_voltage_s",
    "plated_charge_mAh",
    "soc_error_pct",
    "energy_unserved_Wh",
    "propulsion_lost_s",
)
HARMS = (
    "propulsion_lost_s",
    "charging_denied_s",
    "energy_unserved_Wh",
    "plated_charge_mAh",
    "capacity_loss_pct",
)
