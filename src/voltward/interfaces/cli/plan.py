"""`voltward plan`: which controls first, calibrated to one organisation."""

import math
from pathlib import Path
from typing import Any

import click

from voltward.assurance.plan.plan import Plan
from voltward.assurance.plan.planning import PlanSubject, plan_for
from voltward.assurance.plan.severity import RULE
from voltward.assurance.tara.model.model_folder import WORKED_MODEL
from voltward.core.errors import ConfigurationError
from voltward.interfaces.cli.output import SCHEMA_VERSION, emit, emit_json, json_option, message
from voltward.interfaces.cli.plan_text import plan_text
from voltward.interfaces.cli.tara_options import find_run, not_empty, profile_option, run_option


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
    plan, subject = plan_for(
        organisation,
        model,
        [find_run(name) for name in runs],
        budget_EUR=budget,
        profile=profile or "",
        control_set=control_set or "",
        scales=("measured", "expected") if by == "measured" else ("expected",),
    )
    if as_json:
        emit_json(_document(plan, subject))
        return
    title = (
        f"{subject.organisation}: model {subject.model}, profile {subject.profile}, "
        f"from {subject.controls}"
    )
    emit(plan_text(plan, title, ", ".join(subject.runs)))
    message(f"{plan.sets_rated} sets of controls rated")


def _document(plan: Plan, subject: PlanSubject) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "model": subject.model,
        "profile": subject.profile,
        "runs": subject.runs,
        "controls": subject.controls,
        "organisation_file": subject.organisation_file,
        "cvss_rule": RULE,
        **plan.as_document(),
    }
