"""What a rating prints at the end of a run: risks by value and control set, and their basis."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from voltward.interfaces.report.risk_file import RISK_VALUES, RiskFile


def print_risk_lines(risk: Mapping[str, Any], screen: Console) -> None:
    """Print how many risks stand at each value under each control set, and what they rest on.

    Args:
        risk: The content of a run folder's risk.json.
        screen: Where to.

    Raises:
        ConfigurationError: If the content is of another schema.
    """
    rating = RiskFile.of(risk)
    width = len(str(len(rating.pairs(rating.before))))
    sets = [
        f"{name} {' '.join(f'{count:>{width}}' for count in rating.values(name))}"
        for name in rating.sets
    ]
    levels = " ".join(f"{value:>{width}}" for value in RISK_VALUES)
    measured, estimated, assumed = rating.bases(rating.after)
    total = len(rating.pairs(rating.after))
    screen.print(
        f"[bold]risk[/bold]    damage x threat at {levels}: {escape(' | '.join(sets))}",
        soft_wrap=True,
        highlight=False,
    )
    screen.print(
        f"        {measured} of {total} rest on measurement, {estimated} on estimates, {assumed} "
        f"on assumptions (set {escape(rating.after)}); profile {escape(rating.profile)}",
        soft_wrap=True,
        highlight=False,
    )
