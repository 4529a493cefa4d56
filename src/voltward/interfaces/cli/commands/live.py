"""`voltward live`: cases in separate processes, over a real bus and a real broker."""

from pathlib import Path

import click

from voltward.interfaces.cli.commands.deferred import CommandGroup
from voltward.interfaces.cli.commands.options import (
    FILE_TO_READ,
    FOLDER_TO_WRITE,
    force_option,
    json_option,
)


@click.group("live", cls=CommandGroup)
def live_group() -> None:
    """Run cases with real processes, CAN frames, TLS and MQTT. Nothing leaves loopback.

    Examples:
        voltward live run examples/live-minimal.toml
        voltward live schema --of file
    """


@live_group.command("run", work="live:run_cases")
@click.argument("file", type=FILE_TO_READ)
@click.option(
    "--out",
    type=FOLDER_TO_WRITE,
    default=Path("out/live"),
    show_default=True,
    help="Folder for live.json, ticks.csv, physics.csv and the broker's logs.",
)
@force_option
@json_option
def run_command() -> None:
    """Run every case of FILE, then end every process that was started.

    SIGINT and SIGTERM end a run early: processes, sockets and keys are removed.

    Examples:
        voltward live run examples/live-minimal.toml
        voltward live run cases.toml --out out/broker --json
    """


@live_group.command("schema", work="live:print_schema")
@click.option(
    "--of",
    "subject",
    type=click.Choice(["file", "live.json"]),
    default="live.json",
    show_default=True,
    help="The file that a run reads, or the report that it writes.",
)
def schema_command() -> None:
    """Print the JSON Schema of live.json, or of the file of a run.

    Examples:
        voltward live schema
        voltward live schema --of file
    """
