"""`voltward plan`: which controls first, calibrated to one organisation."""

import click

from voltward.interfaces.cli.commands.deferred import DeferredCommand
from voltward.interfaces.cli.commands.options import (
    WORKED_MODEL,
    json_option,
    not_empty,
    profile_option,
    run_option,
)


@click.command("plan", cls=DeferredCommand, work="plan:plan_controls")
@click.option(
    "--org",
    "organisation",
    required=True,
    callback=not_empty,
    help="Organisation file, or a shipped name.",
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0.0),
    help="EUR over the horizon; by default there is no limit.",
)
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
    help="The control set to choose from.",
)
@click.option(
    "--by",
    type=click.Choice(["measured", "expected"]),
    default="expected",
    show_default=True,
    help="What decides first.",
)
@json_option
def plan_command() -> None:
    """Order controls by risk removed per cost. Says what the budget leaves open.

    Measured is what executed campaigns support. Expected takes in controls that nobody tested, as
    if they held. The two are never added.

    Examples:
        voltward plan --org small-supplier --budget 250000
        voltward plan --org my-organisation.toml --model my-model --run out/demo --by measured
    """
