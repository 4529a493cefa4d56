"""`voltward tara show` and `diff`: one risk explained, two ratings compared."""

from dataclasses import asdict
from pathlib import Path

from voltward.assurance.tara.rating.explanation import explain
from voltward.assurance.tara.rating.rating_diff import Move, RatingDiff, compare_ratings
from voltward.assurance.tara.rating.rating_file import read_rating_file
from voltward.assurance.tara.rating.records import Rating
from voltward.core.errors import ConfigurationError
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
)
from voltward.interfaces.cli.tara_options import (
    open_rater,
)
from voltward.results.run_layout import RISK_FILE


def show_risk(
    name: str, folder: str | None, runs: tuple[Path, ...], profile: str | None, method: str | None
) -> None:
    """Print the explanation of one risk."""
    for line in explain(open_rater(folder, profile, runs, method), name):
        emit(line)


def show_moves(old: Path, new: Path, *, show_all: bool, as_json: bool) -> None:
    """Print which ratings moved, and why."""
    found = compare_ratings(_rating(old), _rating(new))
    if as_json:
        emit_json({"schema_version": SCHEMA_VERSION, **asdict(found)})
        return
    for line in _lines(found, show_all=show_all):
        emit(line)


def _rating(path: Path) -> Rating:
    """Return the rating that a path stands for: a file, a run folder, or a model to rate."""
    if path.is_dir() and (path / RISK_FILE).is_file():
        path /= RISK_FILE
    if path.is_dir() and (path / "run.json").is_file():
        raise ConfigurationError(
            f"{path}: the run folder holds no {RISK_FILE}",
            hint=f"rate it first: voltward tara rate DIR --run {path} --out FILE.json",
        )
    if path.is_dir() or not path.exists():
        return open_rater(str(path), None, ()).rate()
    return read_rating_file(path).rating


def _lines(found: RatingDiff, *, show_all: bool) -> list[str]:
    lines = [f"{name}: {before} -> {after}" for name, (before, after) in found.settings.items()]
    if found.edited:
        lines.append(f"{len(found.edited)} entries of the model differ: {_few(found)}")
    if found.same:
        return [*lines, "no rating moved"]
    rows = []
    shown = [move for move in found.moves if show_all or move.before != move.after]
    for move in shown:
        causes = move.causes or ("",)
        rows.append((move.id, move.control_set, _value(move), move.detail, causes[0]))
        rows += [("", "", "", "", cause) for cause in causes[1:]]
    if rows:
        lines.append(columns(rows, ("risk", "controls", "moved", "from -> to", "why")))
    risen = sum((move.after or 0) > (move.before or 0) for move in found.moves)
    fallen = sum((move.after or 0) < (move.before or 0) for move in found.moves)
    same = len(found.moves) - risen - fallen
    more = "" if show_all or not same else " (--all)"
    lines.append(
        f"{risen} risks up, {fallen} down; {same} more changed only in impact, feasibility or "
        f"basis{more}"
    )
    return lines


def _few(found: RatingDiff) -> str:
    names = [f"{name} {word}" for name, word in found.edited.items()]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _value(move: Move) -> str:
    before = "-" if move.before is None else str(move.before)
    after = "-" if move.after is None else str(move.after)
    return f"{before} -> {after}"
