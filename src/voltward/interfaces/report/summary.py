"""Page 1: what was tested, the verdict, three numbers, and what is still open."""

from collections.abc import Sequence
from dataclasses import dataclass

from voltward.interfaces.report.content import Content
from voltward.interfaces.report.words import count, joined, number, percent, percent_between
from voltward.results.columns import NO_ATTACK
from voltward.results.matrix import Row, since_attack
from voltward.results.metrics import (
    Interval,
    alarms_over_worlds,
    by_world,
    quantile,
    share_over_worlds,
)

_OPEN_SHOWN = 6


@dataclass(frozen=True)
class Pooled:
    """Goals reached over all attacks under one stack."""

    reached: int
    cases: int
    share: float
    interval: Interval


@dataclass(frozen=True)
class Figure:
    """One of the three numbers: what it is, the number, and how sure it is."""

    label: str
    value: str
    detail: str


@dataclass(frozen=True)
class Summary:
    """The words of page 1.

    Attributes:
        tested: What was tested, one sentence.
        mark: PASS, FAIL or DONE.
        verdict: The verdict in one sentence.
        finding: The main result in one sentence.
        figures: Three numbers.
        open_attacks: Id, title and goal share of attacks that still reach their goal, the most
            frequent first, at most six.
        more_open: How many others there are.
    """

    tested: str
    mark: str
    verdict: str
    finding: str
    figures: tuple[Figure, ...]
    open_attacks: tuple[tuple[str, str, str], ...]
    more_open: int


def pooled(content: Content, stack: str, flag: str = "goal_reached") -> Pooled:
    """Return how often goals were reached under a stack, over all attacks.

    Args:
        content: The campaign.
        stack: Its name.
        flag: Column of the cases that tells it.
    """
    cases = [c for c in content.cases if c["stack"] == stack and c["attack"] != NO_ATTACK]
    reached = sum(bool(case[flag]) for case in cases)
    share = reached / len(cases) if cases else 0.0
    return Pooled(reached, len(cases), share, _interval(cases, flag))


def _interval(cases: Sequence[Row], flag: str) -> Interval:
    ones = [{**case, "runs": 1} for case in cases]
    return share_over_worlds(by_world(cases, flag), by_world(ones, "runs"))


def summarise(content: Content) -> Summary:
    """Return the words of page 1."""
    gate = content.run.get("gate")
    if gate is None:
        mark, verdict = "DONE", "No gate was set; the numbers below are the result."
    else:
        mark, verdict = ("PASS" if gate["passed"] else "FAIL"), str(gate["reason"])
    reached = [row for row in content.rows_of(content.headline) if row["goal_share"] > 0.0]
    still_open = sorted(reached, key=lambda row: -float(row["goal_share"]))
    return Summary(
        tested=_tested(content),
        mark=mark,
        verdict=verdict,
        finding=_finding(content),
        figures=(_goal_figure(content), _noticed_figure(content), _alarm_figure(content)),
        open_attacks=tuple(
            (row["attack"], content.title(row["attack"]), percent(row["goal_share"]))
            for row in still_open[:_OPEN_SHOWN]
        ),
        more_open=max(0, len(still_open) - _OPEN_SHOWN),
    )


def _tested(content: Content) -> str:
    duties = list(dict.fromkeys(case["duty"] for case in content.cases))
    on = joined(duties) if len(duties) <= 4 else count(len(duties), "duty cycle")
    return (
        f"{count(len(content.attacks), 'attack')} against "
        f"{count(len(content.stacks), 'defence stack')} ({', '.join(content.stacks)}), "
        f"{content.seed_words()} each, {count(len(content.cases), 'simulated run')} "
        f"on {on}. Truth track: {content.track}."
    )


def _finding(content: Content) -> str:
    before, after = pooled(content, content.baseline), pooled(content, content.headline)
    with_headline = (
        f"With stack {content.headline} the attacker reached the goal in {after.reached} of "
        f"{after.cases} runs ({percent(after.share)}, 95 % interval "
        f"{percent_between(after.interval)})"
    )
    if content.baseline == content.headline:
        return f"{with_headline}."
    made = pooled(content, content.headline, "defence_goal")
    return (
        f"{with_headline}; with stack {content.baseline} in {before.reached} of {before.cases}. "
        f"In {made.reached} runs ({percent(made.share)}) a goal of the catalogue was met that the "
        "attack alone does not meet: the defence did it."
    )


def _goal_figure(content: Content) -> Figure:
    before = pooled(content, content.baseline, "any_goal")
    after = pooled(content, content.headline, "any_goal")
    return Figure(
        f"attacked runs in which any goal is met, {content.baseline} → {content.headline}",
        f"{percent(before.share)} → {percent(after.share)}",
        f"95 % over {content.draws}: {percent_between(before.interval)} → "
        f"{percent_between(after.interval)}",
    )


def _noticed_figure(content: Content) -> Figure:
    cases = [
        c for c in content.cases if c["stack"] == content.headline and c["attack"] != NO_ATTACK
    ]
    noticed = [{**case, "met": case["blocked"] or case["detected"]} for case in cases]
    share = sum(case["met"] for case in noticed) / len(cases) if cases else None
    delays = since_attack(cases, "detect_s")
    delay = (
        f"alarm after {number(quantile(delays, 0.5))} s (median), "
        f"{number(quantile(delays, 0.95))} s (p95)"
        if delays
        else "no alarm sounded"
    )
    return Figure(
        f"attacks blocked or detected, {content.headline}",
        percent(share),
        f"95 %: {percent_between(_interval(noticed, 'met'))}; {delay}",
    )


def _alarm_figure(content: Content) -> Figure:
    cases = [c for c in content.cases if c["stack"] == content.headline]
    rate = alarms_over_worlds(by_world(cases, "false_alarms"), by_world(cases, "hours"))
    return Figure(
        f"false alarms per hour, {content.headline}",
        f"≤ {number(rate.upper_per_hour)}" if rate.upper_per_hour is not None else "not watched",
        f"{count(rate.count, 'alarm')} in {number(rate.hours)} h; 95 % bound over {content.draws}",
    )
