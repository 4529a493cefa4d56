"""`voltward can`: filters of CAN logs, from a file or standard input to standard output."""

from pathlib import Path

import click

from voltward.interfaces.cli.commands.deferred import CommandGroup
from voltward.interfaces.cli.commands.options import FILE_TO_READ
from voltward.physical.can.secured_profile import PROFILES

_FILE_OR_INPUT = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_log_argument = click.argument("log", type=_FILE_OR_INPUT, default="-")
_dbc_option = click.option(
    "--dbc", type=FILE_TO_READ, help="A DBC file in place of the shipped pack network."
)
_lenient_option = click.option(
    "--lenient",
    is_flag=True,
    help="Read a faulty DBC too: name its faults, and leave out the statements that have them.",
)
_key_option = click.option(
    "--key-file",
    type=FILE_TO_READ,
    required=True,
    help="File with the AES-128 key: 32 hexadecimal digits.",
)
_profile_option = click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="1",
    show_default=True,
    help="SecOC profile, or 'wide' with a 64-bit authenticator.",
)
_lines_option = click.option(
    "--json", "as_json", is_flag=True, help="Write one JSON object a line, not a table."
)


@click.group("can", cls=CommandGroup)
def can_group() -> None:
    """Filter CAN logs. Filters read LOG or standard input, and write standard output.

    LOG is of candump (`-L`, `-l` or the view), .asc, .blf, .trc, .csv of python-can or .mf4, each
    also packed by gzip. What is no data frame is left out and named on standard error.

    Examples:
        candump -L can0 | voltward can decode
        voltward can verify bus.log --key-file key.hex
    """


@can_group.command("decode", work="can:decode")
@_log_argument
@_dbc_option
@_lenient_option
@click.option(
    "--j1939",
    is_flag=True,
    help="Find messages of 29-bit identifiers by their parameter group, whoever sends them; "
    "messages that the DBC marks as J1939 are found so anyway.",
)
@_lines_option
def decode_command() -> None:
    """Show frames as messages and signals in physical units.

    With --json each line has the data of its frame and, under notes, why a signal has no value.

    Examples:
        voltward can decode bus.log
        voltward can decode bus.log --dbc own.dbc --json
    """


@can_group.command("encode", work="can:encode")
@click.argument("records", type=_FILE_OR_INPUT, default="-")
@_dbc_option
@_lenient_option
@click.option(
    "--channel", default="vcan0", show_default=True, help="Channel of a record that names none."
)
def encode_command() -> None:
    """Turn JSON lines {message, signals} into candump lines.

    A record may also have timestamp_s and channel. What `decode --json` writes is accepted and
    gives the same frames; there, signals that are given another value change the data. Without
    data, signals that are left out or null are sent as not available.

    Examples:
        voltward can encode records.jsonl --channel can0
        voltward can decode bus.log --json | voltward can encode
    """


@can_group.command("authenticate", work="can:authenticate")
@_log_argument
@_key_option
@_profile_option
@click.option(
    "--freshness",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="First freshness value of each identifier; each frame adds one.",
)
@click.option(
    "--secured-identifiers",
    is_flag=True,
    help="Add 0x400 to each identifier, as the secured messages of the shipped DBC have it.",
)
def authenticate_command() -> None:
    """Add a freshness value and an authenticator to frames.

    Examples:
        voltward can authenticate bus.log --key-file key.hex --secured-identifiers
        voltward can authenticate bus.log --key-file key.hex --profile wide --freshness 1000
    """


@can_group.command("verify", work="can:verify")
@_log_argument
@_key_option
@_profile_option
@click.option(
    "--last-freshness",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Freshness value of the last frame accepted before this log, of each identifier.",
)
@click.option(
    "--window",
    type=click.IntRange(min=1),
    help="Largest accepted step of the freshness value.  [default: 2^(bits sent)]",
)
@_lines_option
def verify_command() -> None:
    """Check secured frames; exit 3 when any is rejected.

    A line that cannot be read counts as rejected, for nothing says that it held no frame.

    Examples:
        voltward can verify secured.log --key-file key.hex
        voltward can verify secured.log --key-file key.hex --last-freshness 999 --window 10
    """
