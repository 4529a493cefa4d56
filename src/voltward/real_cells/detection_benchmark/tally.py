"""A row of the table: counts, intervals and aims, from outcomes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from voltward.real_cells.detection_benchmark.attacks import WINDOW_S, InjectedBias
from voltward.real_cells.detection_benchmark.trial import Outcome
from voltward.results.metrics import mean, poisson_upper, quantile, wilson_interval

WITHIN_S = (15.0, 60.0, 120.0)
# Fields whose key in the published format differs from their name.
_KEYS = {"bias": "lie", "already_in_alarm": "ringing"}


@dataclass(frozen=True)
class CleanHours:
    """False alarms on clean recordings, with the hours in which they could occur."""

    false_alarms: int
    hours: float

    @property
    def upper_per_hour(self) -> float | None:
        """One-sided 95 % Poisson bound of the rate."""
        return poisson_upper(self.false_alarms) / self.hours if self.hours > 0.0 else None


@dataclass(frozen=True)
class Row:
    """One line of the table; a line that was not run has a reason and no figures.

    Attributes:
        track: matched, mismatched, composed or measured.
        cell: Of the twin.
        temperature_degC: Nominal.
        bias: Label of the bias.
        magnitude: In the unit of the signal.
        reason: Why there are no figures; empty where there are.
        onsets: Injections that count.
        already_in_alarm: Further injections that began while a detector was in alarm.
        detected: Of the onsets, within 600 s.
        detected_low: Lower end of the 95 % Wilson interval of the share.
        detected_high: Upper end.
        delay_median_s: Of the detected ones.
        delay_p95_s: 95th percentile, of the detected ones.
        within_15_s: Share of the onsets detected within 15 s.
        within_60_s: Share of the onsets detected within 60 s.
        within_120_s: Share of the onsets detected within 120 s.
        aim_s: Time that is aimed at; None without an aim.
        aim_share: Share that is aimed at.
        aim_met: Whether it was met.
        false_alarms: On the clean recordings of this track, cell and temperature.
        hours: Clean hours.
        false_alarms_upper_per_hour: Poisson bound, 95 %.
        named_share: Right cell named, of those for which one was named.
        named_aim: Share that is aimed at.
        damage_largest_pct: Largest movement of an SoC, until detection, else to the end.
        damage_mean_pct: Mean over the onsets of the same movement.
        seeds: Recordings or strings that went in.
        thresholds: How they were set.
    """

    track: str
    cell: str
    temperature_degC: float
    bias: str
    magnitude: float
    reason: str = ""
    onsets: int = 0
    already_in_alarm: int = 0
    detected: int = 0
    detected_low: float | None = None
    detected_high: float | None = None
    delay_median_s: float | None = None
    delay_p95_s: float | None = None
    within_15_s: float | None = None
    within_60_s: float | None = None
    within_120_s: float | None = None
    aim_s: float | None = None
    aim_share: float | None = None
    aim_met: bool | None = None
    false_alarms: int | None = None
    hours: float = 0.0
    false_alarms_upper_per_hour: float | None = None
    named_share: float | None = None
    named_aim: float | None = None
    damage_largest_pct: float | None = None
    damage_mean_pct: float | None = None
    seeds: int = 0
    thresholds: str = ""

    @property
    def detected_share(self) -> float | None:
        """Of the onsets, within 600 s."""
        return self.detected / self.onsets if self.onsets else None

    def as_document(self) -> dict[str, Any]:
        """Return the fields as a JSON document; `lie` and `ringing` are keys of its format."""
        fields = {_KEYS.get(name, name): value for name, value in asdict(self).items()}
        return fields | {"detected_share": self.detected_share}


def absent_row(
    track: str, cell: str, temperature_degC: float, bias: InjectedBias, reason: str
) -> Row:
    """Return a line that was not run."""
    aim_s, aim_share = _aim(bias, track, temperature_degC)
    return Row(
        track,
        cell,
        temperature_degC,
        bias.label,
        bias.magnitude,
        reason=reason,
        aim_s=aim_s,
        aim_share=aim_share,
        named_aim=bias.named_share,
    )


def row_of(
    track: str,
    cell: str,
    temperature_degC: float,
    bias: InjectedBias,
    found: Sequence[Outcome],
    clean: CleanHours,
    seeds: int,
    thresholds: str,
) -> Row:
    """Return the line of one bias.

    Args:
        track: Truth track.
        cell: Name of the twin's cell.
        temperature_degC: Nominal.
        bias: What was injected.
        found: Outcomes of this bias.
        clean: Of the same recordings.
        seeds: Recordings or strings that went in.
        thresholds: How they were set.
    """
    counted = [outcome for outcome in found if not outcome.already_in_alarm]
    delays = [o.delay_s for o in counted if o.delay_s is not None and o.delay_s <= WINDOW_S]
    share = wilson_interval(len(delays), len(counted))
    within = [
        sum(delay <= limit for delay in delays) / len(counted) if counted else None
        for limit in WITHIN_S
    ]
    aim_s, aim_share = _aim(bias, track, temperature_degC)
    met = None
    if aim_s is not None and aim_share is not None and counted:
        met = sum(delay <= aim_s for delay in delays) / len(counted) >= aim_share
    named = [float(outcome.named) for outcome in counted if outcome.named is not None]
    damage = [outcome.damage_pct for outcome in counted]
    return Row(
        track=track,
        cell=cell,
        temperature_degC=temperature_degC,
        bias=bias.label,
        magnitude=bias.magnitude,
        onsets=len(counted),
        already_in_alarm=len(found) - len(counted),
        detected=len(delays),
        detected_low=share.low,
        detected_high=share.high,
        delay_median_s=quantile(delays, 0.5),
        delay_p95_s=quantile(delays, 0.95),
        within_15_s=within[0],
        within_60_s=within[1],
        within_120_s=within[2],
        aim_s=aim_s,
        aim_share=aim_share,
        aim_met=met,
        false_alarms=clean.false_alarms,
        hours=clean.hours,
        false_alarms_upper_per_hour=clean.upper_per_hour,
        named_share=mean(named),
        named_aim=bias.named_share,
        damage_largest_pct=max(damage, default=None),
        damage_mean_pct=mean(damage),
        seeds=seeds,
        thresholds=thresholds,
    )


def _aim(
    bias: InjectedBias, track: str, temperature_degC: float
) -> tuple[float | None, float | None]:
    """Return the aim that holds: on matched, 99 % of 5 mV and more within the window."""
    if track == "matched":
        large = bias.signal == "voltage" and bias.magnitude >= 0.005
        return (WINDOW_S, 0.99) if large else (None, None)
    if bias.aim is None or track == "mismatched" or temperature_degC != 25.0:
        return None, None
    return bias.aim.within_s, bias.aim.share
