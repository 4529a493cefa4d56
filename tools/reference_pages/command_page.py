"""The command line, its exit codes and its gates."""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout

import click

from reference_pages.markdown import code, table
from voltward.core.errors import ExitCode, VoltwardError
from voltward.core.termination import StoppedError
from voltward.interfaces.cli.main import cli
from voltward.results import gate

EXIT_TEXT = {
    ExitCode.DONE: ("done, and the gate passed", "nothing"),
    ExitCode.BUG: (
        "a bug: an exception that nobody expected, with its traceback",
        "report it with the command and the traceback",
    ),
    ExitCode.USAGE: (
        "the command line, a file, a key or a value is not usable",
        "read `why` and `hint`: file, key, what was got and what is allowed stand there",
    ),
    ExitCode.GATE_FAILED: (
        "ran whole, and crossed a threshold: of `--gate`, `validate` or `can verify`",
        "read the reason; the results are whole",
    ),
    ExitCode.EVIDENCE_INVALID: (
        "a signed pack is not what was signed; the file and both digests are named",
        "do not rely on it: ask for the pack again, and for the key by another way",
    ),
    ExitCode.NOTHING_RAN: (
        "the selection holds no case, so nothing was shown",
        "widen the selection",
    ),
    ExitCode.ENVIRONMENT_LACKS: (
        "a program or a package is missing",
        "run the printed line; `voltward doctor` lists all that is missing",
    ),
    ExitCode.INTERRUPTED: (
        "interrupted; finished parts are kept",
        "the same command with `--resume`",
    ),
    ExitCode.TERMINATED: (
        "a live run was ended by SIGTERM; its processes, sockets and keys are removed",
        "run it again",
    ),
}
# The code of this one depends on the signal.
SIGNALLED: dict[type[VoltwardError], tuple[ExitCode, ...]] = {
    StoppedError: (ExitCode.INTERRUPTED, ExitCode.TERMINATED)
}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Give every command with its full name, groups before what they hold."""
    for name, command in cli.commands.items():
        yield name, command
        for inner, child in getattr(command, "commands", {}).items():
            yield f"{name} {inner}", child


def help_text(name: str) -> str:
    """Return what `--help` prints, at a fixed width."""
    written = io.StringIO()
    arguments = [*name.split(), "--help"]
    with redirect_stdout(written):
        cli.main(args=arguments, prog_name="voltward", standalone_mode=False, terminal_width=92)
    return written.getvalue().rstrip()


def command_line_page() -> list[str]:
    """Return the help of every command."""
    lines = [
        "# Command line",
        "",
        "Results go to standard output, messages and progress to standard error. With `--json` a",
        "command prints exactly one document. Every option can be set in the environment too:",
        "`VOLTWARD_RUN_SEEDS=2` stands for `--seeds 2` of `voltward run`. An option wins over the",
        "environment, that over the file, and that over the default.",
        "",
        "```text",
        help_text(""),
        "```",
        "",
    ]
    for name, _ in commands():
        lines += [f"## voltward {name}", "", "```text", help_text(name), "```", ""]
    return lines


def exit_codes_page() -> list[str]:
    """Return the table of exit codes."""
    raised: dict[ExitCode, list[str]] = {}
    for error in VoltwardError.__subclasses__():
        for exit_code in SIGNALLED.get(error, (error.exit_code,)):
            raised.setdefault(exit_code, []).append(error.__name__)
    rows = [
        (int(value), EXIT_TEXT[value][0], EXIT_TEXT[value][1], code(raised.get(value, [])))
        for value in ExitCode
    ]
    return [
        "# Exit codes",
        "",
        "A pipeline can tell a finding (3) from a crash (1) and from an empty selection (5).",
        "",
        *table(("code", "meaning", "what to do", "raised as"), rows),
    ]


def gate_page() -> list[str]:
    """Return the grammar of gates."""
    return ["# Gates", "", *(gate.__doc__ or "").splitlines(), ""]
