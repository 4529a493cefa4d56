"""The command `voltward`: its commands, and what becomes of what goes wrong."""

import errno
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click

from voltward import __version__
from voltward.core.errors import ExitCode, VoltwardError
from voltward.core.termination import ended_by_signals
from voltward.interfaces.cli.commands.campaigns import plant_command, run_command, runs_group
from voltward.interfaces.cli.commands.can import can_group
from voltward.interfaces.cli.commands.catalogues import (
    attacks_group,
    defences_group,
    worlds_group,
)
from voltward.interfaces.cli.commands.checks import config_group, doctor_command, validate_command
from voltward.interfaces.cli.commands.deferred import CommandGroup
from voltward.interfaces.cli.commands.evidence import evidence_group
from voltward.interfaces.cli.commands.live import live_group
from voltward.interfaces.cli.commands.plan import plan_command
from voltward.interfaces.cli.commands.recordings import (
    benchmark_group,
    calibrate_command,
    identify_command,
    import_bpx_command,
    replay_command,
)
from voltward.interfaces.cli.commands.tara import tara_group
from voltward.interfaces.cli.output import set_verbosity, show_error

# What a shell reports of a program that SIGPIPE ended.
OUTPUT_CLOSED = 141
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@click.group(cls=CommandGroup, context_settings={"auto_envvar_prefix": "VOLTWARD"})
@click.version_option(__version__, prog_name="voltward")
@click.option("-q", "--quiet", is_flag=True, help="No messages, no progress.")
@click.option("-v", "--verbose", is_flag=True, help="More messages.")
@click.option("--no-color", is_flag=True, help="No colour; NO_COLOR does the same.")
def cli(*, quiet: bool, verbose: bool, no_color: bool) -> None:
    """Attack a cloud battery management system, measure what breaks and what a defence saves.

    Results go to standard output, messages to standard error. Exit codes: 0 done, 1 bug, 2 usage or
    configuration, 3 gate failed or fit unsound, 4 evidence not valid, 5 nothing ran, 6 the
    environment lacks something, 130 interrupted, 141 the reader of the output left, 143 terminated.

    Examples:
        voltward run examples/demo.toml --out out/demo
        voltward attacks show voltage-bias
    """
    set_verbosity(quiet=quiet, verbose=verbose, no_color=no_color)


# In the order of the help.
for _command in (
    run_command,
    attacks_group,
    defences_group,
    worlds_group,
    runs_group,
    config_group,
    identify_command,
    calibrate_command,
    import_bpx_command,
    replay_command,
    benchmark_group,
    tara_group,
    plan_command,
    evidence_group,
    plant_command,
    validate_command,
    can_group,
    live_group,
    doctor_command,
):
    cli.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code; a bug raises.

    Args:
        arguments: Without the program's name.
    """
    output, errors = sys.stdout, sys.stderr
    try:
        return _run(arguments)
    except BrokenPipeError:
        return OUTPUT_CLOSED
    except SystemExit:
        # The command line library replaces a closed output and ends the process.
        if sys.stdout is output:
            raise
        sys.stdout, sys.stderr = output, errors
        return OUTPUT_CLOSED
    except OSError as error:
        if error.errno not in _FULL:
            raise
        return _full(error)


def _run(arguments: Sequence[str]) -> int:
    """Run the command line; what is expected to go wrong is shown."""
    as_json = "--json" in arguments
    try:
        with ended_by_signals():
            result: Any = cli.main(
                args=list(arguments), prog_name="voltward", standalone_mode=False
            )
    except VoltwardError as error:
        return show_error(error.what, error.why, error.hint, error.exit_code, as_json=as_json)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return ExitCode.USAGE
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"see '{context.command_path} --help'" if context else ""
        return show_error(error.format_message(), "", hint, ExitCode.USAGE, as_json=as_json)
    except (KeyboardInterrupt, click.exceptions.Abort):
        return show_error("interrupted", "", "", ExitCode.INTERRUPTED, as_json=as_json)
    return result if isinstance(result, int) else ExitCode.DONE


def _full(error: OSError) -> int:
    place = f"{error.filename}: " if error.filename else ""
    what = f"{place}cannot write: {(error.strerror or 'no space').lower()}"
    return show_error(what, "", "make room, or write elsewhere", ExitCode.USAGE, as_json=False)


def heed_interrupts() -> None:
    """Let SIGINT interrupt this process although it inherited that the signal is ignored.

    A shell without job control, as in a script, starts a command before `&` with SIGINT ignored,
    and Python leaves it so: `kill -INT` would do nothing, and the processes of a run inherit it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave_at_once(code: int) -> NoReturn:
    """End the process without the interpreter's farewell, which waits for a compilation to end."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    heed_interrupts()
    code = run(sys.argv[1:])
    if code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED}:
        _leave_at_once(code)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = OUTPUT_CLOSED
    except OSError as error:
        # What was printed before is reported once.
        code = code or _full(error)
    else:
        sys.exit(code)
    # What is left to write goes nowhere, so that the interpreter ends without a complaint.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
