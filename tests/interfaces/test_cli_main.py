"""The command line as a whole: what it imports, its help, its errors, its exit codes."""

import json
import signal
import subprocess
import sys
import types

import click
import pytest
from click.testing import CliRunner

from voltward.core.errors import EnvironmentLacksError, ExitCode
from voltward.interfaces.cli import main as command_line
from voltward.interfaces.cli.main import COMMANDS, cli, run

HEAVY = ("jax", "numpy", "pydantic", "matplotlib", "rich", "pyarrow", "scipy", "can", "cantools")


def test_help_imports_nothing_heavy():
    script = (
        "import sys\n"
        "from voltward.interfaces.cli.main import run\n"
        "code = run(['--help'])\n"
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"
    assert "Commands:" in done.stdout


def test_the_table_of_commands_is_the_one_of_the_help():
    text = CliRunner().invoke(cli, ["--help"]).output
    for name, (_, line) in COMMANDS.items():
        assert name in text
        assert line in text


@pytest.mark.parametrize("name", COMMANDS, ids=str)
def test_every_command_loads_and_has_help(name):
    command = cli.get_command(click.Context(cli), name)
    assert isinstance(command, click.Command)
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    for inner in getattr(command, "commands", {}):
        assert CliRunner().invoke(cli, [name, inner, "--help"]).exit_code == 0
        assert command.commands[inner].help


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rnu"], ["no command 'rnu'", "'run'"]),
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

    module = types.ModuleType("replaced_command")
    module.command = command
    monkeypatch.setitem(sys.modules, "replaced_command", module)
    monkeypatch.setitem(COMMANDS, "doctor", ("replaced_command:command", ""))


def test_an_interrupt_exits_130_and_says_how_to_go_on(monkeypatch, capsys):
    def interrupt():
        raise KeyboardInterrupt

    _replace(monkeypatch, interrupt)
    assert run(["doctor"]) == 130
    assert "--resume" in capsys.readouterr().err


def test_a_command_that_inherits_ignored_interrupts_can_be_interrupted():
    """As a script starts it with `&`: the shell ignores SIGINT for it."""
    script = (
        "import sys, time, types, click\n"
        "from voltward.interfaces.cli import main as command_line\n"
        "def wait():\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60.0)\n"
        "module = types.ModuleType('waiting')\n"
        "module.command = click.Command('doctor', callback=wait)\n"
        "sys.modules['waiting'] = module\n"
        "command_line.COMMANDS['doctor'] = ('waiting:command', '')\n"
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
        "command_line.COMMANDS['doctor'] = ('absent_module:command', '')\n"
        "sys.argv = ['voltward', 'doctor']\n"
        "command_line.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "absent_module" in done.stderr


def test_main_leaves_with_the_code(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["voltward", "rnu"])
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    assert caught.value.code == 2
