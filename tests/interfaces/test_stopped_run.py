"""A campaign that is stopped: by Ctrl-C or SIGTERM, or because a worker or the parent is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from voltward.core.errors import EnvironmentLacksError, ExitCode

RUN = [
    *(sys.executable, "-c", "from voltward.interfaces.cli.main import main; main()", "run"),
    *("--attack", "voltage-bias", "--stack", "none", "--seeds", "2", "--chunk", "2", "--workers"),
]
LONG_S = 120.0


def children_of(pid: int) -> list[int]:
    """Return the children of a process, those of its threads included."""
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


def working_children(pid: int) -> list[int]:
    """Return the workers of a campaign; the tracker of shared resources is none."""
    found = []
    for child in children_of(pid):
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        if b"spawn_main" in command:
            found.append(child)
    return found


def wait_until(condition) -> None:
    limit = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def begun(tmp_path):
    """A campaign whose two workers have been started."""
    environment = os.environ | {"VOLTWARD_CACHE": str(tmp_path / "cold")}
    with subprocess.Popen(
        [*RUN, "2", "--out", str(tmp_path / "out")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            wait_until(
                lambda: len(working_children(process.pid)) == 2 or process.poll() is not None
            )
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)],
)
def test_a_stopped_run_says_how_to_go_on_and_leaves_no_worker(begun, number, code):
    workers = working_children(begun.pid)
    begun.send_signal(number)
    _, errors = begun.communicate(timeout=LONG_S)
    assert begun.returncode == code
    assert f"stopped by {number.name}".encode() in errors
    assert b"--resume" in errors
    assert b"Traceback" not in errors
    wait_until(lambda: all(map(gone, workers)))


def test_workers_end_with_a_killed_parent(begun):
    workers = working_children(begun.pid)
    begun.kill()
    begun.wait(LONG_S)
    wait_until(lambda: all(map(gone, workers)))


def test_a_killed_worker_is_one_message(begun):
    os.kill(working_children(begun.pid)[0], signal.SIGKILL)
    _, errors = begun.communicate(timeout=LONG_S)
    assert begun.returncode == EnvironmentLacksError.exit_code
    assert b"--resume" in errors
    assert b"Traceback" not in errors
