"""`voltward tara show` and `diff`: one risk explained, two ratings compared."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from voltward.assurance.tara.explanation import explain
from voltward.assurance.tara.rating_diff import Move, RatingDiff, compare_ratings
from voltward.core.errors import ConfigurationError
from voltward.experiments.run_folder import RISK_FILE
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
    json_option,
    plain,
)
from voltward.interfaces.cli.tara_options import (
    method_option,
    open_rater,
    profile_option,
    run_option,
)

_KEYS = ("model", "profile", "run", "run_sha256", "control_sets", "paths", "risks")


@click.command("show")
@click.argument("name", metavar="ID")
@click.option(
    "--model",
    "folder",
    metavar="DIR",
    help="Model folder; by default the current one if it holds a model, else cbms.",
)
@run_option
@profile_option
@method_option
def show_command(
    name: str, folder: str | None, runs: tuple[Path, ...], profile: str | None, method: str | None
) -> None:
    """Explain a risk: damage, threat, paths as trees, each rating with reason and evidence.

    ID is a risk such as DS-01.TS-01.safety, a damage scenario, a threat scenario or a path.
    """
    for line in explain(open_rater(folder, profile, runs, method), name):
        emit(line)


@click.command("diff")
@click.argument("old", metavar="OLD", type=click.Path(path_type=Path))
@click.argument("new", metavar="NEW", type=click.Path(path_type=Path))
@json_option
def diff_command(old: Path, new: Path, *, as_json: bool) -> None:
    """Say which ratings moved between OLD and NEW, and why.

    Each is a rating written by 'tara rate --out', a run folder with its rating, or a model folder,
    which is rated without a campaign.
    """
    found = compare_ratings(_snapshot(old), _snapshot(new))
    if as_json:
        emit_json({"schema_version": SCHEMA_VERSION, **asdict(found)})
        return
    for line in _lines(found):
        emit(line)


def _snapshot(path: Path) -> dict[str, Any]:
    if path.is_dir() and (path / RISK_FILE).is_file():
        path /= RISK_FILE
    if path.is_dir() and (path / "run.json").is_file():
        raise ConfigurationError(
            f"{path}: the run folder holds no {RISK_FILE}",
            hint=f"rate it first: voltward tara rate DIR --run {path} --out FILE.json",
        )
    if not path.is_file():
        rated = open_rater(str(path), None, ()).rate().as_document()
        copied: dict[str, Any] = json.loads(json.dumps(plain(rated)))
        return copied
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"{path}: is no rating ({error})") from error
    known = document if isinstance(document, dict) else {}
    missing = [key for key in _KEYS if key not in known]
    if missing:
        raise ConfigurationError(
            f"{path}: is no rating, it lacks {', '.join(missing)}",
            hint="write one: voltward tara rate DIR --out FILE.json",
        )
    return known


def _lines(found: RatingDiff) -> list[str]:
    lines = [f"{name}: {before} -> {after}" for name, (before, after) in found.settings.items()]
    if found.edited:
        lines.append(f"{len(found.edited)} entries of the model differ: {_few(found)}")
    if found.same:
        return [*lines, "no rating moved"]
    rows = []
    for move in found.moves:
        causes = move.causes or ("",)
        rows.append((move.id, move.control_set, _value(move), move.detail, causes[0]))
        rows += [("", "", "", "", cause) for cause in causes[1:]]
    lines.append(columns(rows, ("risk", "controls", "moved", "from -> to", "why")))
    risen = sum(1 for move in found.moves if (move.after or 0) > (move.before or 0))
    fallen = sum(1 for move in found.moves if (move.after or 0) < (move.before or 0))
    lines.append(f"{len(found.moves)} ratings moved: {risen} up, {fallen} down")
    return lines


def _few(found: RatingDiff) -> str:
    names = [f"{name} {word}" for name, word in found.edited.items()]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _value(move: Move) -> str:
    before = "-" if move.before is None else str(move.before)
    after = "-" if move.after is None else str(move.after)
    return f"{before} -> {after}"
