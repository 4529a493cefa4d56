"""`voltward plan`: which controls first, calibrated to one organisation."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from voltward.assurance.plan.organisation import Organisation
from voltward.assurance.plan.plan import Plan, make_plan
from voltward.assurance.plan.reading import check_against, load_organisation
from voltward.assurance.plan.severity import RULE
from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.method.profile import DEFAULT_PROFILE, load_profile
from voltward.assurance.tara.model.model import Tables, resolved_sets
from voltward.assurance.tara.model.model_folder import WORKED_MODEL, model_folder
from voltward.assurance.tara.rating.campaign_results import CampaignResults, read_campaign
from voltward.assurance.tara.rating.rating import Rater
from voltward.controls.catalogue import CONTROLS
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.interfaces.cli.output import SCHEMA_VERSION, emit, emit_json, json_option, message
from voltward.interfaces.cli.plan_text import plan_text
from voltward.interfaces.cli.tara_options import find_run, not_empty, profile_option, run_option


@dataclass(frozen=True)
class _Subject:
    """What was planned for, as it is shown."""

    model: str
    profile: str
    runs: tuple[str, ...]
    controls: str


@click.command("plan")
@click.option(
    "--org",
    "organisation",
    required=True,
    callback=not_empty,
    help="Organisation file, or a shipped name.",
)
@click.option("--budget", type=click.FloatRange(min=0.0), help="EUR over the horizon; else none.")
@click.option(
    "--model",
    default=WORKED_MODEL,
    show_default=True,
    callback=not_empty,
    help="Model folder or name.",
)
@run_option
@profile_option
@click.option(
    "--controls",
    "control_set",
    metavar="SET",
    callback=not_empty,
    help="Choose from this set.",
)
@click.option(
    "--by",
    type=click.Choice(["measured", "expected"]),
    default="expected",
    show_default=True,
    help="What decides first.",
)
@json_option
def plan_command(
    organisation: str,
    budget: float | None,
    model: str,
    runs: tuple[Path, ...],
    profile: str | None,
    control_set: str | None,
    by: str,
    *,
    as_json: bool,
) -> None:
    """Order controls by risk removed per cost, and say what the budget leaves open.

    Measured is what executed campaigns support. Expected takes in controls that nobody tested, as
    if they held. The two are never added.
    """
    if by == "measured" and not runs:
        raise ConfigurationError(
            "--by measured: there is no campaign",
            why="without one nothing is measured",
            hint="add --run with a finished run",
        )
    if budget is not None and not math.isfinite(budget):
        raise ConfigurationError(
            f"--budget: {budget} is not a sum of money", hint="leave it out for no limit"
        )
    loaded = load_model(model_folder(model))
    who, path = load_organisation(organisation)
    _check(who, path, loaded.tables)
    campaigns = [read_campaign(find_run(name)) for name in runs]
    head = loaded.tables.model
    method = load_profile(profile or (head.profile if head else DEFAULT_PROFILE))
    plan = make_plan(
        loaded.tables,
        Rater(loaded, method, campaigns),
        who,
        budget_EUR=budget,
        among=_among(loaded.tables, control_set),
        stacks={test.controls for campaign in campaigns for test in campaign.tested},
        tested=_tested(campaigns),
        scales=("measured", "expected") if by == "measured" else ("expected",),
    )
    names = tuple(campaign.name for campaign in campaigns)
    subject = _Subject(loaded.id, method.name, names, control_set or "every control of the model")
    if as_json:
        emit_json(_document(plan, subject, path))
        return
    title = f"{who.name}: model {subject.model}, profile {subject.profile}, from {subject.controls}"
    emit(plan_text(plan, title, ", ".join(names)))
    message(f"{plan.sets_rated} sets of controls rated")


def _check(organisation: Organisation, path: str, tables: Tables) -> None:
    needed = {name for control in tables.control for name in control.cost.infrastructure}
    check_against(
        organisation,
        path,
        controls=[control.id for control in tables.control],
        testable=CONTROLS.names(),
        infrastructure=needed,
    )


def _tested(campaigns: Iterable[CampaignResults]) -> dict[str, frozenset[frozenset[str]]]:
    """Return each attack with the sets of controls that it was tested under."""
    found: dict[str, frozenset[frozenset[str]]] = {}
    for campaign in campaigns:
        for test in campaign.tested:
            found[test.attack] = found.get(test.attack, frozenset()) | {test.controls}
    return found


def _among(tables: Tables, name: str | None) -> frozenset[str] | None:
    if not name:
        return None
    sets = resolved_sets(tables)
    if name not in sets:
        raise ConfigurationError(
            f"--controls: there is no control set '{name}'", hint=nearest(name, sets)
        )
    return sets[name]


def _document(plan: Plan, subject: _Subject, path: str) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "model": subject.model,
        "profile": subject.profile,
        "runs": subject.runs,
        "controls": subject.controls,
        "organisation_file": Path(path).name,
        "cvss_rule": RULE,
        **plan.as_document(),
    }
