"""Any command that SIGTERM or SIGINT stops says so in one line and leaves with its code."""

import gc
import os
import signal
import time

import pytest

from voltward.core.errors import ExitCode
from voltward.interfaces.cli.main import run

COMMANDS = {
    "voltward.real_cells.replay.replayed_files.read_recording": (
        "replay drive.csv --cell reference-nmc"
    ),
    "voltward.interfaces.cli.plan.plan_for": "plan --org small-supplier",
    "voltward.interfaces.cli.plant.load_system": "plant --json",
    "voltward.interfaces.cli.identify.identify_files": "identify drive.csv --out cell.toml",
    "voltward.interfaces.cli.benchmark.run_benchmark": "benchmark detection --quick",
    "voltward.interfaces.cli.calibrate.recording_files": (
        "calibrate a.csv --fit b.csv --cell lg-m50 --out c.toml"
    ),
}
CODES = {signal.SIGTERM: ExitCode.TERMINATED, signal.SIGINT: ExitCode.INTERRUPTED}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # A shell that starts the tests in the background hands SIGINT on ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def stopped(monkeypatch, place, number, how):
    """Let a command send itself a signal where its work begins."""

    def send(*_, **__):
        how(number)
        time.sleep(60.0)

    monkeypatch.setattr(place, send)


def directly(number):
    os.kill(os.getpid(), number)


def while_garbage_is_collected(number):
    def send(phase, _info):
        if phase == "start":
            gc.callbacks.remove(send)
            os.kill(os.getpid(), number)

    gc.callbacks.append(send)
    gc.collect()


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("place", COMMANDS)
def test_a_stopped_command_says_so_in_one_line(place, number, monkeypatch, capsys, tmp_path):
    stopped(monkeypatch, place, number, directly)
    before = signal.getsignal(number)
    assert run(COMMANDS[place].split()) == CODES[number]
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line[:2].strip()]
    assert len(lines) == 1
    assert lines[0].startswith("error: stopped by SIGTERM" if number == 15 else "error: interr")
    assert signal.getsignal(number) == before
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("number", CODES)
def test_a_signal_while_garbage_is_collected_is_not_lost(number, monkeypatch, capsys):
    place = next(iter(COMMANDS))
    stopped(monkeypatch, place, number, while_garbage_is_collected)
    assert run(COMMANDS[place].split()) == CODES[number]
    assert "Traceback" not in capsys.readouterr().err
