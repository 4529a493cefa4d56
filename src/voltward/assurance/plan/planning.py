"""A plan from names: organisation, model, campaigns and method are read, checked and joined."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from voltward.assurance.plan.plan import Plan, make_plan
from voltward.assurance.plan.reading import check_against, load_organisation
from voltward.assurance.plan.valuation import Scale
from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.method.profile import DEFAULT_PROFILE, load_profile
from voltward.assurance.tara.model.model import Tables, resolved_sets
from voltward.assurance.tara.model.model_folder import model_folder
from voltward.assurance.tara.rating.campaign_results import CampaignResults, read_campaign
from voltward.assurance.tara.rating.rating import Rater
from voltward.controls.catalogue import CONTROLS
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest

EVERY_CONTROL = "every control of the model"


@dataclass(frozen=True)
class PlanSubject:
    """What was planned for, as it is shown.

    Attributes:
        organisation: Its name.
        organisation_file: Name of its file.
        model: Id of the model.
        profile: Name of the method profile.
        runs: Names of the campaigns.
        controls: The control set that was chosen from.
    """

    organisation: str
    organisation_file: str
    model: str
    profile: str
    runs: tuple[str, ...]
    controls: str


def plan_for(
    organisation: str,
    model: str,
    runs: Sequence[Path] = (),
    *,
    budget_EUR: float | None = None,
    profile: str = "",
    control_set: str = "",
    scales: tuple[Scale, ...] = ("expected",),
) -> tuple[Plan, PlanSubject]:
    """Return the order in which an organisation builds the controls of a model.

    Args:
        organisation: Organisation file, or a shipped name.
        model: Model folder, or a shipped name.
        runs: Folders of finished campaigns.
        budget_EUR: Over the horizon; None for no limit.
        profile: Method profile; empty for the model's own.
        control_set: To choose from; empty for every control of the model.
        scales: What decides, in turn.

    Raises:
        ConfigurationError: One of them is not there, or they do not fit one another.
    """
    loaded = load_model(model_folder(model))
    tables = loaded.tables
    who, path = load_organisation(organisation)
    check_against(
        who,
        path,
        controls=[control.id for control in tables.control],
        testable=CONTROLS.names(),
        infrastructure={name for entry in tables.control for name in entry.cost.infrastructure},
    )
    campaigns = [read_campaign(run) for run in runs]
    method = load_profile(profile or (tables.model.profile if tables.model else DEFAULT_PROFILE))
    plan = make_plan(
        tables,
        Rater(loaded, method, campaigns),
        who,
        budget_EUR=budget_EUR,
        among=_among(tables, control_set),
        stacks={test.controls for campaign in campaigns for test in campaign.tested},
        tested=_tested(campaigns),
        scales=scales,
    )
    names = tuple(campaign.name for campaign in campaigns)
    subject = PlanSubject(
        who.name, Path(path).name, loaded.id, method.name, names, control_set or EVERY_CONTROL
    )
    return plan, subject


def _tested(campaigns: Iterable[CampaignResults]) -> dict[str, frozenset[frozenset[str]]]:
    """Return each attack with the sets of controls that it was tested under."""
    found: dict[str, frozenset[frozenset[str]]] = {}
    for campaign in campaigns:
        for test in campaign.tested:
            found[test.attack] = found.get(test.attack, frozenset()) | {test.controls}
    return found


def _among(tables: Tables, name: str) -> frozenset[str] | None:
    if not name:
        return None
    sets = resolved_sets(tables)
    if name not in sets:
        raise ConfigurationError(f"there is no control set '{name}'", hint=nearest(name, sets))
    return sets[name]
