"""The command line as a whole: what it imports, its help, its errors, its exit codes."""

import inspect
import json
import os
import signal
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from voltward.assurance.tara.exchange.formats import FORMATS
from voltward.assurance.tara.method.profile import DEFAULT_PROFILE
from voltward.assurance.tara.model.model_folder import WORKED_MODEL, model_names
from voltward.core.errors import EnvironmentLacksError, ExitCode
from voltward.interfaces.cli import main as command_line
from voltward.interfaces.cli.commands import options
from voltward.interfaces.cli.commands.deferred import DeferredCommand
from voltward.interfaces.cli.config import SHAPES, TARA_SCHEMAS
from voltward.interfaces.cli.main import cli, run
from voltward.ranges.configuration.system import REFERENCE
from voltward.real_cells.replay.scores import TRACKS

HEAVY = (
    *("jax", "jaxtyping", "numpy", "scipy", "pandas", "pyarrow", "pydantic", "pydantic_core"),
    *("matplotlib", "rich", "jinja2", "can", "cantools", "cryptography", "cvss", "openpyxl"),
    *("paho", "pybamm", "securesystemslib", "tomli_w"),
)


def every_command(command=cli, name=()):
    """Give the words of every command, the command line itself included, and the command."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inner in command.list_commands(context):
            yield from every_command(command.get_command(context, inner), (*name, inner))


def test_no_help_imports_anything_heavy():
    script = (
        "import json, sys\n"
        "from voltward.interfaces.cli.main import run\n"
        "pulled = {}\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    before = set(sys.modules)\n"
        "    assert run([*words, '--help']) == 0\n"
        f"    pulled[' '.join(words)] = sorted((set(sys.modules) - before) & set({HEAVY!r}))\n"
        "print({name: found for name, found in pulled.items() if found}, file=sys.stderr)\n"
    )
    names = [name for name, _ in every_command()]
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(names)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "{}\n"
    assert done.stdout.count("Usage: voltward") == len(names) > len(cli.commands)


def test_every_option_reaches_the_work_of_its_command():
    for name, command in every_command():
        if isinstance(command, DeferredCommand):
            given = {parameter.name: None for parameter in command.params if parameter.name}
            signature = inspect.signature(command.work())
            signature.bind(**given)
            assert len(given) >= len(signature.parameters), name


def test_lists_in_the_help_are_those_of_the_code():
    assert options.TRACKS == TRACKS
    assert tuple(model_names()) == options.MODELS
    assert options.WORKED_MODEL == WORKED_MODEL
    assert options.DEFAULT_PROFILE == DEFAULT_PROFILE
    assert options.REFERENCE_SYSTEM == REFERENCE
    assert tuple(SHAPES) == options.KINDS
    assert tuple(TARA_SCHEMAS) == options.TARA_KINDS
    assert tuple(FORMATS) == options.EXPORT_FORMATS


def test_no_line_of_a_list_of_commands_is_cut_short():
    for name, command in every_command():
        if isinstance(command, click.Group):
            listed = CliRunner().invoke(cli, [*name, "--help"]).output.partition("Commands:")[2]
            assert all(inner in listed for inner in command.commands)
            assert "..." not in listed, name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rnu"], ["no command 'rnu'", "'run'"]),
        (["runs", "lst"], ["no command 'lst'", "'list'"]),
        (["attacks", "show"], ["Missing argument", "voltward attacks show --help"]),
        (["run", "--nope"], ["No such option", "voltward run --help"]),
        (["run", "--seeds", "many"], ["--seeds", "'many'"]),
        (["run", "--keep", "best"], ["--keep", "'worst'"]),
    ],
)
def test_usage_errors_exit_2_and_say_where_help_is(arguments, words, capsys):
    assert run(arguments) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    for word in words:
        assert word in captured.err


def test_with_json_an_error_is_the_one_document(capsys):
    assert run(["attacks", "show", "voltage-bais", "--json"]) == ExitCode.USAGE
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document["schema_version"] == 1
    assert document["error"]["exit_code"] == 2
    assert "voltage-bais" in document["error"]["what"]
    assert "error: " in captured.err


def test_no_command_shows_the_help(capsys):
    assert run([]) == ExitCode.USAGE
    assert "Usage: voltward" in capsys.readouterr().err


def _replace(monkeypatch, action):
    @click.command("doctor")
    @click.option("--json", "as_json", is_flag=True)
    def command(*, as_json):
        action()

    monkeypatch.setitem(cli.commands, "doctor", command)


def test_an_interrupt_exits_130_and_says_so(monkeypatch, capsys):
    def interrupt():
        raise KeyboardInterrupt

    _replace(monkeypatch, interrupt)
    assert run(["doctor"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_command_that_inherits_ignored_interrupts_can_be_interrupted():
    """As a script starts it with `&`: the shell ignores SIGINT for it."""
    script = (
        "import sys, time, click\n"
        "from voltward.interfaces.cli import main as command_line\n"
        "def wait():\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60.0)\n"
        "command_line.cli.add_command(click.Command('doctor', callback=wait))\n"
        "sys.argv = ['voltward', 'doctor']\n"
        "command_line.main()\n"
    )
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30.0)
    assert process.returncode == ExitCode.INTERRUPTED
    assert b"interrupted" in errors


def test_a_lacking_environment_exits_6(monkeypatch, capsys):
    def lack():
        raise EnvironmentLacksError("no broker", hint="apt-get install mosquitto")

    _replace(monkeypatch, lack)
    assert run(["doctor", "--json"]) == 6
    assert json.loads(capsys.readouterr().out)["error"]["hint"] == "apt-get install mosquitto"


def test_a_bug_is_not_hidden(monkeypatch):
    def fail():
        raise ZeroDivisionError

    _replace(monkeypatch, fail)
    with pytest.raises(ZeroDivisionError):
        run(["doctor"])


def test_a_bug_exits_1_from_the_shell(tmp_path):
    script = (
        "import sys\n"
        "from voltward.interfaces.cli import main as command_line\n"
        "from voltward.interfaces.cli.commands.deferred import DeferredCommand\n"
        "command_line.cli.add_command(DeferredCommand('doctor', work='absent_module:work'))\n"
        "sys.argv = ['voltward', 'doctor']\n"
        "command_line.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "absent_module" in done.stderr


def test_the_shell_can_complete_commands_and_values():
    def completed(*words):
        done = subprocess.run(
            [sys.executable, "-c", "from voltward.interfaces.cli.main import main; main()"],
            env={
                **os.environ,
                "_VOLTWARD_COMPLETE": "bash_complete",
                "COMP_WORDS": " ".join(("voltward", *words)),
                "COMP_CWORD": str(len(words)),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    assert completed("tara", "ca") == ["plain,candidates"]
    assert completed("run", "--keep", "w") == ["plain,worst"]


def test_main_leaves_with_the_code(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["voltward", "rnu"])
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    assert caught.value.code == 2
