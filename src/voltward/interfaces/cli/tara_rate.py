"""`voltward tara rate`: every risk under every control set, side by side."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from voltward.assurance.tara.checks.model_counts import work_products
from voltward.assurance.tara.model.words import Basis
from voltward.assurance.tara.rating.rating import Rater
from voltward.assurance.tara.rating.rating_file import looks_like_rating
from voltward.assurance.tara.rating.records import Pair, RatedPair, Rating
from voltward.assurance.tara.rating.risk_gate import RiskVerdict, judge_risks
from voltward.core.errors import ConfigurationError, ExitCode
from voltward.core.files import checked_path, is_stream, pretty_json, write_text
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
    leave,
    plain,
)
from voltward.interfaces.cli.tara_options import (
    open_rater,
)

ROWS_SHOWN = 25


def rate_model(
    folder: str | None,
    runs: tuple[Path, ...],
    profile: str | None,
    method: str | None,
    controls: str | None,
    gate: str | None,
    out: Path | None,
    *,
    show_all: bool,
    as_json: bool,
) -> None:
    """Rate a model, write the rating and print the highest risks."""
    rater = open_rater(folder, profile, runs, method)
    rating = rater.rate([] if controls is None else [controls])
    verdict = judge_risks(gate, rating) if gate is not None else None
    if out:
        _refuse_other_files(out)
        write_text(out, pretty_json(plain(rating.as_document())))
    if as_json:
        emit_json(_document(rater, rating, verdict))
    else:
        _print(rater, rating, None if show_all else ROWS_SHOWN)
        emit(_next_command(rating, folder, profile, runs, method))
        if verdict:
            emit(f'{"PASS" if verdict.passed else "FAIL"}    gate "{verdict.expression}"')
    if verdict and not verdict.passed:
        leave(ExitCode.GATE_FAILED, f"gate failed: {verdict.reason}", why=verdict.expression)


def _refuse_other_files(out: Path) -> None:
    """Replace a rating only: a model file of that name would be lost."""
    checked_path(out, "--out")
    if is_stream(out) or not (out.is_file() or out.is_symlink()):
        return
    if out.is_symlink() or not looks_like_rating(out):
        raise ConfigurationError(
            f"{out}: exists and is not a rating file",
            why="--out replaces nothing but a rating",
            hint="give another name",
        )


def _next_command(
    rating: Rating,
    folder: str | None,
    profile: str | None,
    runs: tuple[Path, ...],
    method: str | None,
) -> str:
    """Return the command that explains the highest risk as it was rated."""
    if not rating.risks:
        return "next    write a [[threat]] with a [[path]]"
    worst = max(rating.of_set(rating.control_sets[0]), key=lambda risk: risk.risk)
    given = (("--model", folder), ("--profile", profile), ("--method", method))
    options = [f"{name} {value}" for name, value in given if value]
    options += [f"--run {run}" for run in runs]
    return " ".join(("next    voltward tara show", f"{worst.damage}.{worst.threat}", *options))


def _document(rater: Rater, rating: Rating, verdict: RiskVerdict | None) -> dict[str, Any]:
    tables = rater.model.tables
    return {
        **rating.as_document(),
        "schema_version": SCHEMA_VERSION,
        "goals": [asdict(goal) for goal in tables.goal],
        "claims": [asdict(claim) for claim in tables.claim],
        "work_products": [asdict(product) for product in work_products(rater.model)],
        "gate": asdict(verdict) if verdict else None,
    }


def _print(rater: Rater, rating: Rating, most: int | None) -> None:
    sets = rating.control_sets
    of_sets = {name: rating.pairs(name) for name in sets}
    first, last = of_sets[sets[0]], of_sets[sets[-1]]
    order = sorted(first, key=lambda pair: (-first[pair].worst.risk, -last[pair].worst.risk, pair))
    rows = [_row(pair, of_sets, sets) for pair in order[:most]]
    head = ("risk", "category", "impact", "feasibility", *sets, "cal", "treatment", "rests on")
    emit(columns(rows, head))
    if len(order) > len(rows):
        emit(f"{len(order) - len(rows)} more: --all")
    emit("")
    tables = rater.model.tables
    if tables.goal:
        goals = [
            (g.id, g.owner, _highest_of_goal(rater, g.id, of_sets, sets), g.statement)
            for g in tables.goal
        ]
        emit(columns(goals, ("goal", "owner", "highest risk", "statement")))
        emit("")
    if tables.claim:
        claims = [(c.id, c.owner, c.expires, c.statement) for c in tables.claim]
        emit(columns(claims, ("claim", "owner", "expires", "statement")))
        emit("")
    for line in summary_lines(rating):
        emit(line)


def _row(
    pair: Pair, of_sets: dict[str, dict[Pair, RatedPair]], sets: tuple[str, ...]
) -> tuple[str, ...]:
    rated = [of_sets[name][pair] for name in sets]
    first, last = rated[0], rated[-1]
    worst = first.worst
    return (
        ".".join(pair),
        worst.category,
        worst.impact,
        worst.feasibility,
        *map(_value, rated),
        str(worst.cal or "-"),
        worst.treatment or "-",
        first.basis if first.basis == last.basis else f"{first.basis} -> {last.basis}",
    )


def _value(pair: RatedPair) -> str:
    risk = pair.worst.risk
    return f"{risk} ({pair.if_shown})" if pair.if_shown < risk else str(risk)


def _highest_of_goal(
    rater: Rater,
    goal: str,
    of_sets: dict[str, dict[Pair, RatedPair]],
    sets: tuple[str, ...],
) -> str:
    treated = {
        (entry.threat, entry.damage)
        for entry in rater.model.tables.treatment
        if goal in entry.goals
    }
    values = [
        max(
            (
                rated.worst.risk
                for (damage, threat), rated in of_sets[name].items()
                if (threat, damage) in treated or (threat, "") in treated
            ),
            default=0,
        )
        for name in sets
    ]
    return " -> ".join(str(value) for value in values)


def summary_lines(rating: Rating) -> list[str]:
    """Return the counts of a rating: risks by level and what they rest on, set by set."""
    lines = []
    for name in rating.control_sets:
        pairs = rating.pairs(name).values()
        levels = Counter(pair.worst.risk for pair in pairs)
        bases = Counter(pair.basis for pair in pairs)
        by_level = "  ".join(f"{levels[value]:3d} of {value}" for value in (5, 4, 3, 2, 1))
        by_basis = ", ".join(f"{bases[basis]} {basis}" for basis in Basis)
        lines.append(f"{name:10s} {by_level}   {by_basis}")
    lines.append(
        f"{'':10s} pairs of damage and threat at their highest category, profile {rating.profile}, "
        f"method {rating.method}; in brackets: if each control were shown to hold"
    )
    if rating.run:
        paths = [path for path in rating.paths if path.control_set == rating.control_sets[0]]
        tested = sum(path.basis is Basis.MEASURED for path in paths)
        lines.append(
            f"{'':10s} {tested} of {len(paths)} paths executed by {rating.run}: on a simulator, "
            "within its tested scope"
        )
    else:
        lines.append(f"{'':10s} no campaign: nothing is measured (--run RUN)")
    return lines
