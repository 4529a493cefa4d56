"""What the commands of `voltward tara` open: a model with its campaigns, a finished run."""

from collections.abc import Sequence
from pathlib import Path

from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model_folder import WORKED_MODEL, model_folder
from voltward.assurance.tara.rating.campaign_results import read_campaign
from voltward.assurance.tara.rating.rating import Rater
from voltward.core.files import checked_path
from voltward.interfaces.cli.runs import ROOT, open_run


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
