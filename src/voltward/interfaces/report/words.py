"""Numbers as people read them."""

from voltward.results.metrics import Interval

NOTHING = "–"


def number(value: float | None) -> str:
    """Return three significant digits, thousands spaced, and a dash for nothing."""
    if value is None:
        return NOTHING
    if value == 0:
        return "0"
    large = abs(value) >= 1000
    text = f"{value:,.0f}".replace(",", "\u202f") if large else f"{value:.3g}"
    return f"\u2212{text[1:]}" if text.startswith("-") else text


def percent(share: float | None) -> str:
    """Return a share in percent, without decimals but at the very ends."""
    if share is None:
        return NOTHING
    value = 100.0 * share
    if 0.0 < value < 1.0 or 99.0 < value < 100.0:
        return f"{value:.1f} %"
    return f"{value:.0f} %"


def between(low: float | None, high: float | None) -> str:
    """Return an interval, or a dash."""
    return NOTHING if low is None or high is None else f"{number(low)} to {number(high)}"


def percent_between(interval: Interval) -> str:
    """Return an interval of shares in percent."""
    return f"{100 * interval.low:.0f} to {100 * interval.high:.0f} %"


def count(amount: int, noun: str) -> str:
    """Return an amount with its noun in the right number."""
    return f"{number(float(amount))} {noun if amount == 1 else noun + 's'}"


def joined(parts: list[str]) -> str:
    """Return "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
