"""Claims that must be looked at again: their day has passed."""

from collections.abc import Iterator
from datetime import date

from voltward.assurance.tara.checks.problem import Problem, Severity, problem_at
from voltward.assurance.tara.model.decisions import Claim
from voltward.assurance.tara.model.model import Tables
from voltward.assurance.tara.model.model_folder import Model


def expired_claims(tables: Tables, today: date) -> tuple[Claim, ...]:
    """Return the claims that expired before a day; a date that no calendar has never expires.

    Args:
        tables: The model.
        today: The day to judge by.
    """
    return tuple(claim for claim in tables.claim if _passed(claim, today))


def expiry_warnings(model: Model, today: date) -> Iterator[Problem]:
    """Yield a warning for every claim that expired before a day."""
    expired = {claim.id for claim in expired_claims(model.tables, today)}
    for index, claim in enumerate(model.tables.claim):
        if claim.id in expired and _passed(claim, today):
            yield problem_at(
                model,
                "claim",
                index,
                "expires",
                f"expired on {claim.expires}",
                why=f"today is {today.isoformat()}, and what it accepts was accepted until then",
                hint=f"{claim.owner} decides again: renew it with a new day, or treat the risk",
                severity=Severity.WARNING,
            )


def _passed(claim: Claim, today: date) -> bool:
    try:
        return date.fromisoformat(claim.expires) < today
    except ValueError:
        return False
