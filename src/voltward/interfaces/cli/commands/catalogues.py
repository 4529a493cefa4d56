"""`voltward attacks` and `defences`: what can be run, and against what."""

import click

from voltward.interfaces.cli.commands.deferred import CommandGroup
from voltward.interfaces.cli.commands.options import json_option


@click.group("attacks", cls=CommandGroup)
def attacks_group() -> None:
    """List and show attacks.

    Examples:
        voltward attacks list
        voltward attacks show voltage-bias
    """


@attacks_group.command("list", work="attacks:list_attacks")
@json_option
def list_attacks_command() -> None:
    """List all attacks, those of third parties included.

    Examples:
        voltward attacks list
        voltward attacks list --json
    """


@attacks_group.command("show", work="attacks:show_attack")
@click.argument("attack_id", metavar="ID")
@json_option
def show_attack_command() -> None:
    """Show one attack: steps, parameters, goal, expected impact, source.

    Examples:
        voltward attacks show voltage-bias
        voltward attacks show can-flood --json
    """


@click.group("defences", cls=CommandGroup)
def defences_group() -> None:
    """List and show controls and stacks.

    Examples:
        voltward defences list
        voltward defences show full
    """


@defences_group.command("list", work="defences:list_defences")
@json_option
def list_defences_command() -> None:
    """List all controls, those of third parties included, and the stacks.

    Examples:
        voltward defences list
        voltward defences list --json
    """


@defences_group.command("show", work="defences:show_defence")
@click.argument("name", metavar="ID")
@json_option
def show_defence_command() -> None:
    """Show one control, or the controls of one stack.

    Examples:
        voltward defences show full
        voltward defences show telemetry-signature --json
    """
