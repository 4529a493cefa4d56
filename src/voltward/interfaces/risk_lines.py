"""What a rating prints at the end of a run: risks by value and control set, and their basis."""

from rich.console import Console
from rich.markup import escape

from voltward.assurance.tara.rating.records import Rating
from voltward.interfaces.report.risk_view import RISK_VALUES, RiskView


def print_risk_lines(rating: Rating, screen: Console) -> None:
    """Print how many risks have each value under each control set, and what they rest on.

    Args:
        rating: The rating of the run.
        screen: Where to.
    """
    risk = RiskView(rating)
    total = len(risk.pairs(risk.after))
    width = len(str(len(risk.pairs(risk.before))))
    sets = [
        f"{name} {' '.join(f'{count:>{width}}' for count in risk.values(name))}"
        for name in risk.sets
    ]
    levels = " ".join(f"{value:>{width}}" for value in RISK_VALUES)
    measured, estimated, assumed = risk.bases(risk.after)
    lines = (
        f"[bold]risk[/bold]    damage x threat at {levels}: {escape(' | '.join(sets))}",
        (
            f"        {measured} of {total} rest on measurement, {estimated} on estimates, "
            f"{assumed} on assumptions (set {escape(risk.after)}); profile {escape(risk.profile)}"
        ),
    )
    for line in lines:
        screen.print(line, soft_wrap=True, highlight=False)
