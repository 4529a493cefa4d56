"""`voltward plan`: which controls first, calibrated to one organisation."""

import math
from pathlib import Path
from typing import Any

from voltward.assurance.plan.plan import Plan
from voltward.assurance.plan.planning import PlanSubject, plan_for
from voltward.assurance.plan.severity import RULE
from voltward.core.errors import ConfigurationError
from voltward.interfaces.cli.output import SCHEMA_VERSION, emit, emit_json, message
from voltward.interfaces.cli.plan_text import plan_text
from voltward.interfaces.cli.tara_options import find_run


def plan_controls(
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
    """Plan for an organisation and print the order of controls."""
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
