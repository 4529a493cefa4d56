"""Every example of the help that needs no file of the user and simulates nothing works as written.

1. The examples are read from the help of every command.
2. Those that name a run, a recording, or another file of the user are left out, by their words.
3. The others are run in an empty folder, in the order of the help.
"""

import shlex

import click
import pytest
from click.testing import CliRunner

from voltward.interfaces.cli.main import cli

# A word of an example that stands for what only the user has, or that takes long.
_OF_USER = (
    *(
        "out/",
        "examples/",
        "my-",
        "our.",
        "our-",
        "own.",
        ".json",
        ".csv",
        ".log",
        ".hex",
        ".pem",
        ".xlsx",
    ),
    *("recordings", "candump", "pack", "workbook", "demo", "before", "elsewhere", ".jsonl"),
)
_SIMULATES = ("run", "plant", "live", "benchmark", "doctor")


def _commands(group, path=()):
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


def _examples():
    for path, command in _commands(cli):
        for line in command.examples:
            needs_file = any(word in line for word in _OF_USER)
            if not needs_file and path[0] not in _SIMULATES:
                yield line


EXAMPLES = sorted(set(_examples()))


def test_the_examples_cover_the_catalogues_and_the_worked_model():
    commands = {" ".join(shlex.split(line.rpartition("|")[2])[1:3]) for line in EXAMPLES}
    assert {"tara show", "tara score", "tara annex5", "attacks show", "defences list"} <= commands


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_of_the_help_works_as_written(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before, _, command = line.rpartition("|")
    given = shlex.split(before)[1] if before else None
    result = CliRunner().invoke(cli, shlex.split(command)[1:], input=given)
    assert result.exit_code == 0, result.output
