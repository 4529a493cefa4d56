"""Worlds as the loop reads them: drawn factors put together into pack, sensors, beliefs and day.

1. Climate, hour and parking give ambient and cell temperature.
2. Age, use and rank give the capacity lost, and that the resistance and the spread of the cells.
3. Sensors, beliefs of BMS and twin, link and onset are taken over with their signs.

Whatever differs from cell to cell is drawn later, from each world's noise seed and the deviations
that stand here.
"""

from dataclasses import dataclass, fields

import numpy as np
from scipy import special

from voltward.ranges.worlds.draw import Drawn

# Rules that join factors; sources as in the world file.
GARAGE_degC = 15.0  # assumption: a garage pulls the car half of the way to it
HOTTEST_START_degC = 42.0  # assumption: cooling holds the cells below it
COLDEST_START_degC = -30.0  # data sheets: no use below
# Median and deviation of the capacity lost by age, %: fitted to 8,000 tests of cars in the United
# Kingdom (2026): 96.9 % left at 2 to 3 years, 93.5 % at 4 to 5, 85 % at 8 to 12.
FADE_MEDIAN_pct = (1.05, 1.2)
FADE_SD_pct = (1.2, 0.72)
# Geotab 2025/26: 1.5 % a year with a.c. only, up to 3.0 with much fast charging, mean 2.3; 0.4
# more in a hot climate.
USE_FACTOR = {"mixed": 1.0, "much fast charging": 1.3, "mostly a.c.": 0.65}
HOT_FADE_pct_per_year = 0.4
MOST_FADE = 0.35  # beyond it a pack is replaced (assumption)
# Cells drift apart as they age: points of variation per % of capacity lost (assumption).
CAPACITY_SPREAD_PER_FADE = 0.12
RESISTANCE_SPREAD_PER_FADE = 0.25
IMBALANCE_AGED = 2.4  # of a pack of eight years over that of a new one (assumption: 1.2 over 0.5 %)
WEAK_GROUP_SHARE = (0.01, 0.05)  # packs with one, new and at eight years (assumption)
AGED_years = 8.0
DRIFT_years = 12.0


@dataclass(frozen=True)
class Worlds:
    """Worlds, one entry each (world,).

    Attributes:
        noise_seed: Of the noise, and of what differs from cell to cell.
        ambient_degC: Outside.
        cell_degC: All cells at key-on.
        cycle: Name of the speed profile.
        cycle_phase: Share of it at which the drive begins.
        start_soc: At key-on, mean of the cells.
        charger_power_W: Largest of the charging point.
        age_years: Of the pack.
        capacity_factor: Capacity over that of a new pack.
        resistance_factor: Resistance over that of a new pack.
        capacity_spread_pct: Added by age to the system's spread of capacity.
        resistance_spread_pct: The same, resistance.
        imbalance_factor: On the system's spread of the first SoC.
        weak_group: Whether one group is weak.
        weak_group_place: Where it stands, share of the string.
        weak_group_capacity: Its capacity over that of the others.
        weak_group_resistance: Its resistance over that of the others.
        monitor_gain: Error common to all cell voltages, share.
        stack_gain: Error of the stack voltage, share.
        shunt_gain: Error of the pack current, share.
        isolation_gain: Error of the isolation monitor, share.
        bms_soc_error: First SoC of the BMS less the true one.
        twin_soc_error: The same, twin.
        believed_capacity: Capacity that BMS and twin believe, over the pack's true mean.
        believed_resistance: The same, resistance.
        ocv_bias_V: Error of the open-circuit table of BMS and twin.
        latency_factor: On its latency.
        outage_factor: On its outages per hour.
        onset: When an attack begins.
        onset_rank: Place within that part of the duty.
    """

    noise_seed: np.ndarray
    ambient_degC: np.ndarray
    cell_degC: np.ndarray
    cycle: np.ndarray
    cycle_phase: np.ndarray
    start_soc: np.ndarray
    charger_power_W: np.ndarray
    age_years: np.ndarray
    capacity_factor: np.ndarray
    resistance_factor: np.ndarray
    capacity_spread_pct: np.ndarray
    resistance_spread_pct: np.ndarray
    imbalance_factor: np.ndarray
    weak_group: np.ndarray
    weak_group_place: np.ndarray
    weak_group_capacity: np.ndarray
    weak_group_resistance: np.ndarray
    monitor_gain: np.ndarray
    stack_gain: np.ndarray
    shunt_gain: np.ndarray
    isolation_gain: np.ndarray
    bms_soc_error: np.ndarray
    twin_soc_error: np.ndarray
    believed_capacity: np.ndarray
    believed_resistance: np.ndarray
    ocv_bias_V: np.ndarray
    latency_factor: np.ndarray
    outage_factor: np.ndarray
    onset: np.ndarray
    onset_rank: np.ndarray

    def __len__(self) -> int:
        return int(self.noise_seed.size)

    def table(self) -> dict[str, np.ndarray]:
        """Return number and columns of every world, as `worlds.parquet` holds them."""
        texts = {name: values.astype(str) for name, values in self.columns().items()}
        columns = self.columns()
        kept = {n: v if v.dtype != object else texts[n] for n, v in columns.items()}
        return {"world_id": np.arange(len(self)), **kept}

    def columns(self) -> dict[str, np.ndarray]:
        """Return every column by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def put_together(drawn: Drawn, noise_seed: np.ndarray) -> Worlds:
    """Return the worlds that drawn factors make up.

    Args:
        drawn: By factor (world,).
        noise_seed: Of each world (world,).
    """
    # 1. The day.
    ambient_degC = drawn["ambient_degC"]
    cell_degC = _cell_temperature(drawn, ambient_degC)
    # 2. The pack.
    age_years = drawn["age_years"]
    fade = _fade(drawn)
    aged = np.clip(age_years / AGED_years, 0.0, 1.0)
    weak_share = WEAK_GROUP_SHARE[0] + aged * (WEAK_GROUP_SHARE[1] - WEAK_GROUP_SHARE[0])
    weak = drawn["weak_group_rank"] < weak_share
    # 3. Sensors and beliefs.
    drift = 1e-6 * drawn["monitor_drift_ppm"] * np.sqrt(age_years / DRIFT_years)
    new_pct, aged_pct = (drawn[f"capacity_belief_{kind}_pct"] for kind in ("new", "aged"))
    return Worlds(
        noise_seed=noise_seed,
        ambient_degC=ambient_degC,
        start_soc=drawn["soc"],
        cell_degC=cell_degC,
        capacity_factor=1.0 - fade,
        resistance_factor=(1.0 + drawn["resistance_per_fade"] * fade) * drawn["resistance_scatter"],
        capacity_spread_pct=CAPACITY_SPREAD_PER_FADE * 100.0 * fade,
        resistance_spread_pct=RESISTANCE_SPREAD_PER_FADE * 100.0 * fade,
        imbalance_factor=1.0 + aged * (IMBALANCE_AGED - 1.0),
        weak_group=weak,
        weak_group_capacity=1.0 - weak * drawn["weak_group_capacity_loss"],
        weak_group_resistance=1.0 + weak * drawn["weak_group_resistance_rise"],
        monitor_gain=0.01 * drawn["monitor_gain_pct"] + drift,
        stack_gain=0.01 * drawn["stack_gain_pct"],
        shunt_gain=0.01 * drawn["shunt_gain_pct"],
        isolation_gain=0.01 * drawn["isolation_gain_pct"],
        bms_soc_error=_signed(drawn, "bms"),
        twin_soc_error=_signed(drawn, "twin"),
        believed_capacity=1.0 + 0.01 * np.where(aged < 0.5, new_pct, aged_pct),
        believed_resistance=np.where(
            cell_degC < 0.0, drawn["resistance_belief_cold"], drawn["resistance_belief"]
        ),
        **{name: drawn[name] for name in _TAKEN_OVER},
    )


_TAKEN_OVER = (
    "cycle",
    "cycle_phase",
    "charger_power_W",
    "age_years",
    "weak_group_place",
    "ocv_bias_V",
    "latency_factor",
    "outage_factor",
    "onset",
    "onset_rank",
)


def _cell_temperature(drawn: Drawn, ambient_degC: np.ndarray) -> np.ndarray:
    parking = drawn["parking"]
    rest_degC = np.where(parking == "garage", 0.5 * (ambient_degC + GARAGE_degC), ambient_degC)
    rise_K = np.select(
        [parking == "in the sun", parking == "just driven"],
        [drawn["sun_rise_K"], drawn["drive_rise_K"]],
        0.0,
    )
    start_degC = rest_degC + rise_K + drawn["cell_deviation_K"]
    return np.clip(start_degC, COLDEST_START_degC, HOTTEST_START_degC)


def _signed(drawn: Drawn, who: str) -> np.ndarray:
    size = drawn[f"{who}_soc_error"]
    return np.where(drawn[f"{who}_soc_side"] == "low", -size, size)


def _fade(drawn: Drawn) -> np.ndarray:
    """Return the share of capacity lost: a gamma law of median and deviation by age."""
    age_years = drawn["age_years"]
    use = np.array([USE_FACTOR[use] for use in drawn["use"]])
    hot_pct = HOT_FADE_pct_per_year * age_years * (drawn["climate"] == "arizona")
    shape, scale_pct = fade_law(age_years)
    of_rank_pct = scale_pct * special.gammaincinv(shape, np.clip(drawn["fade_rank"], 0.0, 0.999))
    fade_pct = of_rank_pct * drawn["fade_scale"] * use + hot_pct
    return np.clip(0.01 * fade_pct, 0.0, MOST_FADE)


def fade_law(age_years: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shape and scale (%) of the gamma law of the capacity lost by cars of an age.

    Median and standard deviation are those of `FADE_MEDIAN_pct` and `FADE_SD_pct`; their ratio
    rises with the shape, so that halving an interval finds it.

    >>> [round(float(value[0]), 2) for value in fade_law(np.array([4.5]))]
    [3.87, 1.8]
    """
    age = np.maximum(age_years, 0.05)
    median_pct = FADE_MEDIAN_pct[0] * age ** FADE_MEDIAN_pct[1]
    sd_pct = FADE_SD_pct[0] * age ** FADE_SD_pct[1]
    low, high = np.full(age.shape, -3.0), np.full(age.shape, 6.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        shape = np.exp(middle)
        below = special.gammaincinv(shape, 0.5) / np.sqrt(shape) < median_pct / sd_pct
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    shape = np.exp(0.5 * (low + high))
    return shape, sd_pct / np.sqrt(shape)
