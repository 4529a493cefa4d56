"""Options that the commands of `voltward tara` share, and what they open."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model_folder import WORKED_MODEL, model_folder
from voltward.assurance.tara.rating.campaign_results import read_campaign
from voltward.assurance.tara.rating.rating import Rater
from voltward.core.files import checked_path
from voltward.interfaces.cli.runs import ROOT, open_run


def not_empty(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
    """Refuse an empty text, which would otherwise mean the default.

    Raises:
        BadParameter: It is empty, as of a shell variable that is not set.
    """
    if value == "" or (isinstance(value, tuple) and "" in value):
        raise click.BadParameter("is empty: a variable that is not set?")
    return value


def path_not_empty(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Return a path, or all of several; refuse an empty one, which would be the current folder."""
    given = not_empty(context, parameter, value)
    if isinstance(given, tuple):
        return tuple(Path(name) for name in given)
    return None if given is None else Path(given)


model_argument = click.argument("folder", metavar="DIR", required=False, callback=not_empty)
run_option = click.option(
    "--run",
    "runs",
    metavar="RUN",
    multiple=True,
    callback=path_not_empty,
    help="A finished campaign to rate by, or its name below out; may be given again.",
)
profile_option = click.option(
    "--profile",
    metavar="NAME",
    callback=not_empty,
    help="Method profile or file; by default the model's.",
)
method_option = click.option(
    "--method",
    type=click.Choice(["attack-potential", "cvss", "attack-vector"]),
    help="Feasibility method; by default the profile's.",
)


def find_run(name: str | Path) -> Path:
    """Return the folder of a finished run, given as such or by its name below `out`.

    Raises:
        ConfigurationError: There is no such folder.
    """
    checked_path(name, "run")
    for path in (Path(name), ROOT / name):
        if path.is_dir():
            return path
    # Refuses it with the nearest run there is.
    return open_run(str(name), ROOT).path


def open_rater(
    folder: str | None, profile: str | None, runs: Sequence[Path], method: str | None = None
) -> Rater:
    """Return a rater of a model folder, or of the worked model.

    Args:
        folder: Model folder or shipped name; None is the current folder when it holds a model,
            else the worked model.
        profile: Profile, or None for the model's own.
        runs: Campaign folders, or their names below `out`.
        method: Feasibility method, or None for the profile's own.

    Raises:
        ConfigurationError: One of them is not there or not sound, or a name is empty.
    """
    here = "." if Path("model.toml").is_file() else WORKED_MODEL
    model = load_model(model_folder(here if folder is None else folder))
    own = model.tables.model.profile if model.tables.model else ""
    campaigns = tuple(read_campaign(find_run(run)) for run in runs)
    return Rater(model, load_profile(own if profile is None else profile), campaigns, method or "")
