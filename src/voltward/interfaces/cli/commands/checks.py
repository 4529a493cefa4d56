"""`voltward config`, `validate` and `doctor`: files, physics and this environment, checked."""

import click

from voltward.interfaces.cli.commands.deferred import CommandGroup, DeferredCommand
from voltward.interfaces.cli.commands.options import (
    ANY_PATH,
    KINDS,
    TARA_KINDS,
    json_option,
    level_option,
)


@click.group("config", cls=CommandGroup)
def config_group() -> None:
    """Check configuration files, print their schema.

    Examples:
        voltward config check campaign.toml
        voltward config schema system
    """


@config_group.command("check", work="config:check_file")
@click.argument("file", type=ANY_PATH)
@click.option(
    "--kind", type=click.Choice(KINDS), help="What the file is; by default its keys tell."
)
@level_option
@json_option
def check_command() -> None:
    """Check a file without running it. It is a campaign, system, duty, link or recorded profile.

    Examples:
        voltward config check examples/own-system.toml
        voltward config check drive.csv --level cell
    """


@config_group.command("schema", work="config:print_schema")
@click.argument("kind", type=click.Choice([*KINDS, *TARA_KINDS]), default=KINDS[0])
def schema_command() -> None:
    """Print the JSON Schema of a kind of file.

    Examples:
        voltward config schema
        voltward config schema tara-model
    """


@click.command("validate", cls=DeferredCommand, work="validate:validate_physics")
@json_option
def validate_command() -> None:
    """Compare the shipped physics with published figures. A difference exits 3.

    Examples:
        voltward validate
        voltward validate --json
    """


@click.command("doctor", cls=DeferredCommand, work="doctor:examine_environment")
@json_option
def doctor_command() -> None:
    """Say what this environment has and lacks. Something missing exits 6.

    Examples:
        voltward doctor
        voltward doctor --json
    """
