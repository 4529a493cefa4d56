"""However a live run ends, nothing of it is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from voltward.core.errors import ExitCode
from voltward.interfaces.cli.main import run
from voltward.ranges.live.case.part import PartNames
from voltward.ranges.live.supervision.fleet import MARK, Fleet
from voltward.ranges.live.supervision.run import run_live

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[2] / "examples" / "live-minimal.toml"
SOON_S = 30.0
PROCESSES = 8  # seven roles and the broker of the case
RUN = """
import sys
from pathlib import Path
from voltward.interfaces.cli.main import heed_interrupts
from voltward.ranges.live.case.part import PartNames
from voltward.ranges.live.supervision.run import run_live
from voltward.ranges.live.case.load import load_settings
heed_interrupts()
parts = PartNames(*(f"arithmetic_parts:{name}" for name in ("Vehicle", "Gateway", "Cloud")))
run_live(
    load_settings(Path(sys.argv[1])), Path(sys.argv[2]), parts, lambda name: print(name, flush=True)
)
"""


def children_of(pid: int) -> set[int]:
    """Return processes that carry the mark of a run which the process started."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            marked = MARK.encode() in (entry / "environ").read_bytes()
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            continue
        if marked and parent == pid:
            found.add(int(entry.name))
    return found


def running(pids: set[int]) -> set[int]:
    alive = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z":
            alive.add(pid)
    return alive


def interrupted(out, how):
    """Start a run, send it a signal in its second case, and return how it ended."""
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(EXAMPLE), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout.readline() == b"no-attack\n"
        assert process.stdout.readline() == b"no-tls\n"
        end = time.monotonic() + SOON_S
        while len(started := children_of(process.pid)) < PROCESSES and time.monotonic() < end:
            time.sleep(0.01)
        assert len(started) == PROCESSES
        process.send_signal(how)
        code = process.wait(SOON_S)
        end = time.monotonic() + SOON_S
        while running(started) and time.monotonic() < end:
            time.sleep(0.05)
        assert running(started) == set()
    return code


@pytest.mark.live
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_nothing(tmp_path, how):
    # A short run may end by itself before the signal is heard: that one says nothing.
    for attempt in range(3):
        out = tmp_path / str(attempt)
        if interrupted(out, how) != 0:
            break
    assert not (out / "live.json").exists()


@pytest.mark.live
def test_a_failing_part_is_told_and_everything_is_stopped(example, tmp_path, arithmetic_parts):
    broken = PartNames("arithmetic_parts:Nothing", arithmetic_parts.gateway, arithmetic_parts.cloud)
    with pytest.raises(RuntimeError, match=r"'ecu' is gone\n(.|\n)*AttributeError"):
        run_live(example, tmp_path, broken)
    assert children_of(os.getpid()) == set()


@pytest.mark.live
def test_a_process_that_is_left_is_found(tmp_path):
    with Fleet(tmp_path) as fleet:
        fleet.start(["hub"])
        with subprocess.Popen(["sleep", "60"], env=fleet.environment) as stray:
            fleet.stop()
            assert fleet.left_running() == [stray.pid]
            stray.terminate()
    assert fleet.left_running() == []


def test_without_mosquitto_the_command_exits_6_with_the_install_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("voltward.comms.broker.shutil.which", lambda *_args, **_named: None)
    code = run(["live", "run", str(EXAMPLE), "--out", str(tmp_path / "out")])
    assert code == ExitCode.ENVIRONMENT_LACKS
    assert "apt-get install mosquitto" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
