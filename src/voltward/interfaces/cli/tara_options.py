"""Options that the commands of `voltward tara` share, and what they open."""

from collections.abc import Sequence
from pathlib import Path

import click

from voltward.assurance.tara.campaign_results import read_campaign
from voltward.assurance.tara.loading import load_model
from voltward.assurance.tara.model_folder import WORKED_MODEL, model_folder
from voltward.assurance.tara.profile import load_profile
from voltward.assurance.tara.rating import Rater

model_argument = click.argument("folder", metavar="DIR", required=False)
run_option = click.option(
    "--run",
    "runs",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A finished campaign to rate by; may be given again.",
)
profile_option = click.option(
    "--profile", metavar="NAME", help="Method profile or file; by default the model's."
)
method_option = click.option(
    "--method",
    type=click.Choice(["attack-potential", "cvss", "attack-vector"]),
    help="Feasibility method; by default the profile's.",
)


def open_rater(
    folder: str | None, profile: str | None, runs: Sequence[Path], method: str | None = None
) -> Rater:
    """Return a rater of a model folder, or of the worked model.

    Args:
        folder: Model folder or shipped name; None is the current folder when it holds a model,
            else the worked model.
        profile: Profile, or None for the model's own.
        runs: Campaign folders.
        method: Feasibility method, or None for the profile's own.
    """
    here = Path("model.toml").is_file()
    model = load_model(model_folder(folder or ("." if here else WORKED_MODEL)))
    chosen = profile or (model.tables.model.profile if model.tables.model else "")
    campaigns = tuple(read_campaign(run) for run in runs)
    return Rater(model, load_profile(chosen), campaigns, method or "")
