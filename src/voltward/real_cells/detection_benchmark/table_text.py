"""The table as text: the same cells for the terminal and for Markdown."""

from collections.abc import Sequence

from voltward.real_cells.detection_benchmark.benchmark import Benchmark
from voltward.real_cells.detection_benchmark.matched import (
    CURRENT_NOISE_A,
    TEMPERATURE_NOISE_K,
    VOLTAGE_NOISE_V,
    SmallestBias,
)
from voltward.real_cells.detection_benchmark.tally import Row

HEAD = (
    "track",
    "cell",
    "degC",
    "injected bias",
    "onsets",
    "detected in 600 s",
    "median, p95",
    "in 15 / 60 / 120 s",
    "aim",
    "false alarms",
    "cell named",
    "SoC damage, mean, max",
    "recordings",
)
_MATCHED_NOTE = (
    f"matched: the twin's own circuit makes the recording; noise {1e3 * VOLTAGE_NOISE_V:g} mV, "
    f"{1e3 * CURRENT_NOISE_A:g} mA, {TEMPERATURE_NOISE_K:g} K."
)
NOTES = (
    "Share: with 95 % Wilson interval. Delay: of the detected.",
    "Onsets: random times, both signs; in brackets those during an earlier alarm, not counted.",
    "False alarms: of any detector on clean recordings; those less than 60 s apart count as one.",
    "Hours: those in which one could occur, SoC above 0.12 and after 600 s; 95 % Poisson bound.",
    "SoC damage: how far an estimate was moved until detection, else by the recording's end, in %.",
    _MATCHED_NOTE,
    "mismatched: PyBaMM's DFN, recorded once a profile, biases injected afterwards.",
    "composed: strings made of one measured profile by stated spreads; never measured.",
    "measured: recordings of real cells, biases injected afterwards.",
)


def cells_of(row: Row) -> tuple[str, ...]:
    """Return the cells of one line, in the order of HEAD."""
    first = (row.track, row.cell, f"{row.temperature_degC:g}", row.bias)
    if row.reason:
        return (*first, "-", row.reason, "-", "-", _aim(row), "-", "-", "-", "-")
    onsets = f"{row.onsets}" + (f" ({row.already_in_alarm})" if row.already_in_alarm else "")
    share = "-"
    if row.detected_share is not None:
        low, high = 100.0 * (row.detected_low or 0.0), 100.0 * (row.detected_high or 0.0)
        share = f"{100.0 * row.detected_share:.0f} % ({low:.0f} to {high:.0f})"
    delay = f"{_number(row.delay_median_s)}, {_number(row.delay_p95_s)} s"
    within = (row.within_15_s, row.within_60_s, row.within_120_s)
    bound = _number(row.false_alarms_upper_per_hour, 2)
    named = "-"
    if row.named_share is not None:
        named = f"{100.0 * row.named_share:.0f} %"
        if row.named_aim is not None:
            met = "met" if row.named_share >= row.named_aim else "missed"
            named += f" (aim {100.0 * row.named_aim:g} %: {met})"
    return (
        *first,
        onsets,
        share,
        delay if row.detected else "-",
        " / ".join("-" if value is None else f"{100.0 * value:.0f}" for value in within) + " %",
        _aim(row),
        f"{row.false_alarms} in {row.hours:.1f} h, < {bound}/h",
        named,
        f"{_number(row.damage_mean_pct, 2)}, {_number(row.damage_largest_pct, 2)}",
        str(row.seeds),
    )


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _aim(row: Row) -> str:
    if row.aim_s is None or row.aim_share is None:
        return "-"
    met = {None: "not run", True: "met", False: "missed"}[row.aim_met]
    return f"{100.0 * row.aim_share:g} % in {row.aim_s:g} s: {met}"


def smallest_text(entry: SmallestBias) -> str:
    """Return the smallest detectable bias of the matched track in words."""
    grid = ", ".join(f"{1e3 * bias:g}" for bias in entry.grid_V)
    found = "none of the grid" if entry.bias_V is None else f"{1e3 * entry.bias_V:g} mV"
    return (
        f"matched, {entry.cell}, {entry.temperature_degC:g} degC: smallest voltage bias found in "
        f"99 % within 600 s: {found} (grid {grid} mV; {entry.onsets} seeds; "
        f"{entry.false_alarms} false alarms in {entry.hours:.1f} h, none aimed at)"
    )


def thresholds_text(rows: Sequence[Row]) -> list[str]:
    """Return how the thresholds of each track and cell were set."""
    ways = {(row.track, row.cell, row.thresholds): None for row in rows if row.thresholds}
    return [f"thresholds, {track}, {cell}: {how}" for track, cell, how in ways]


def footnotes(benchmark: Benchmark) -> list[str]:
    """Return the notes below the table."""
    return [
        *[smallest_text(entry) for entry in benchmark.smallest],
        *[f"composed, {text}" for text in benchmark.deviations],
        *thresholds_text(benchmark.rows),
        *NOTES,
    ]


def markdown(benchmark: Benchmark) -> str:
    """Return the whole benchmark as Markdown."""
    lines = ["# Detection benchmark", "", f"| {' | '.join(HEAD)} |", f"|{' --- |' * len(HEAD)}"]
    lines += [f"| {' | '.join(cells_of(row))} |" for row in benchmark.rows]
    lines += ["", *[f"- {text}" for text in footnotes(benchmark)]]
    return "\n".join(lines) + "\n"
