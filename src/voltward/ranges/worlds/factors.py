"""The factors of a world: everything that is drawn, with unit and the range that physics allows.

Each factor is drawn by itself, by the law that a world file states; a law may depend on the outcome
of a choice that stands further up. `world.py` puts the drawn factors together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Quantity:
    """A factor with a number.

    Attributes:
        unit: Of it; "1" for a share or factor.
        low: Lowest value that a law may give.
        high: Highest.
        description: What it is.
    """

    unit: str
    low: float
    high: float
    description: str


@dataclass(frozen=True)
class Choice:
    """A factor with named outcomes.

    Attributes:
        options: All of them, in order.
        description: What it is.
    """

    options: tuple[str, ...]
    description: str


Factor = Quantity | Choice

FACTORS: Mapping[str, Factor] = {
    # Climate, and what the car did before.
    "climate": Choice(("germany", "norway", "arizona", "taiwan"), "region of the car"),
    "month": Choice(MONTHS, "month of the year"),
    "ambient_degC": Quantity("degC", -40.0, 50.0, "outside"),
    "parking": Choice(("outdoors", "garage", "in the sun", "just driven"), "before key-on"),
    "cell_deviation_K": Quantity("K", -15.0, 15.0, "cells against their rest temperature"),
    "sun_rise_K": Quantity("K", 0.0, 20.0, "rise of the cells of a car in the sun"),
    "drive_rise_K": Quantity("K", 0.0, 40.0, "rise of the cells by the drive before"),
    # The duty.
    "cycle": Choice(("udds", "wltc-3b", "hwfet", "us06"), "speed profile of the drive"),
    "cycle_phase": Quantity("1", 0.0, 1.0, "share of the profile at which the drive begins"),
    "soc": Quantity("1", 0.02, 0.98, "SoC at key-on"),
    "charger_power_W": Quantity("W", 500.0, 1e6, "largest power of the charging point"),
    # Health of the pack.
    "age_years": Quantity("year", 0.0, 30.0, "age of the car"),
    "use": Choice(("mixed", "much fast charging", "mostly a.c."), "how it was charged"),
    "fade_rank": Quantity("1", 0.0, 1.0, "its rank among cars of its age, by capacity lost"),
    "fade_scale": Quantity("1", 0.2, 3.0, "fade of other fleets against the one measured"),
    "resistance_per_fade": Quantity(
        "1", 0.0, 10.0, "rise of resistance per share of capacity lost"
    ),
    "resistance_scatter": Quantity("1", 0.3, 3.0, "factor on resistance beside the fade"),
    "weak_group_rank": Quantity("1", 0.0, 1.0, "a pack with a low rank has a weak group"),
    "weak_group_place": Quantity("1", 0.0, 1.0, "where in the string it stands"),
    "weak_group_capacity_loss": Quantity("1", 0.0, 0.6, "share of capacity that it lacks"),
    "weak_group_resistance_rise": Quantity("1", 0.0, 5.0, "its resistance above that of others"),
    # Sensors: errors of gain, constant over a drive; a system file states their offsets.
    "monitor": Choice(("modern", "old"), "cell monitoring chip"),
    "monitor_gain_pct": Quantity("%", -1.0, 1.0, "reference of the monitor: common to all cells"),
    "monitor_drift_ppm": Quantity("ppm", -2000.0, 2000.0, "the same, drift by age"),
    "stack_gain_pct": Quantity("%", -3.0, 3.0, "of the stack voltage"),
    "shunt_gain_pct": Quantity("%", -5.0, 5.0, "of the pack current"),
    "isolation_gain_pct": Quantity("%", -30.0, 30.0, "of the isolation monitor"),
    # What BMS and twin believe when the drive begins.
    "rested": Choice(("rested", "not rested"), "whether the cells rested before key-on"),
    "bms_soc_error": Quantity("1", 0.0, 0.2, "size of the error of the BMS's first SoC"),
    "bms_soc_side": Choice(("low", "high"), "its sign"),
    "twin_soc_error": Quantity("1", 0.0, 0.2, "size of the error of the twin's first SoC"),
    "twin_soc_side": Choice(("low", "high"), "its sign"),
    "capacity_belief_new_pct": Quantity("%", -30.0, 30.0, "error of the capacity believed, new"),
    "capacity_belief_aged_pct": Quantity("%", -30.0, 30.0, "the same, aged pack"),
    "resistance_belief": Quantity("1", 0.3, 3.0, "resistance believed over resistance, warm"),
    "resistance_belief_cold": Quantity("1", 0.3, 3.0, "the same, below 0 degC"),
    "ocv_bias_V": Quantity("V", -0.03, 0.03, "error of the open-circuit table"),
    # The system's link to the cloud.
    "latency_factor": Quantity("1", 0.05, 20.0, "on the link's latency"),
    "outage_factor": Quantity("1", 0.0, 100.0, "on the link's outages per hour"),
    # The attack.
    "onset": Choice(("power-up", "any time", "while charging"), "when the attack begins"),
    "onset_rank": Quantity("1", 0.0, 1.0, "place of the onset within that part of the duty"),
}
