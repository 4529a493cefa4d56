"""`voltward attacks`, `defences` and `worlds`: what can be run, against what, and where."""

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


@click.group("worlds", cls=CommandGroup)
def worlds_group() -> None:
    """List, show and draw worlds: what differs between packs and days.

    Examples:
        voltward worlds list
        voltward worlds show everyday
    """


@worlds_group.command("list", work="worlds:list_worlds")
@json_option
def list_worlds_command() -> None:
    """List the shipped worlds.

    Examples:
        voltward worlds list
        voltward worlds list --json
    """


@worlds_group.command("show", work="worlds:show_world")
@click.argument("world", metavar="NAME[,factor=value...]")
@json_option
def show_world_command() -> None:
    """Show the factors of a world: law, what it gives, source.

    Examples:
        voltward worlds show everyday
        voltward worlds show cold,soc=0.75 --json
    """


@worlds_group.command("draw", work="worlds:draw_world")
@click.argument("world", metavar="NAME[,factor=value...]")
@click.option(
    "--worlds",
    type=click.IntRange(1, 100_000),
    default=10,
    show_default=True,
    help="How many.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**53), default=7, show_default=True, help="Of the draw."
)
@json_option
def draw_world_command() -> None:
    """Draw worlds and print them as CSV.

    They are those that a run with the same seed has.

    Examples:
        voltward worlds draw everyday
        voltward worlds draw cold --worlds 64 --seed 11 > worlds.csv
    """
