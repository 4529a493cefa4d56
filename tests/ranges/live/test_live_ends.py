"""However a live run ends, nothing of it is left."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import can
import pytest

from voltward.core.errors import ExitCode
from voltward.interfaces.cli.main import run
from voltward.physical.can.hub_bus import HubBus
from voltward.physical.can.message import RECORD
from voltward.ranges.live.case.part import PartNames
from voltward.ranges.live.links.control import HUB_SOCKET
from voltward.ranges.live.supervision.fleet import MARK, Fleet
from voltward.ranges.live.supervision.run import run_live

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[2] / "examples" / "live-minimal.toml"
SOON_S = 30.0
ARITHMETIC = PartNames(*(f"arithmetic_parts:{name}" for name in ("Vehicle", "Gateway", "Cloud")))
PROCESSES = 8  # seven roles and the broker of the case
RUN = """
import sys
from pathlib import Path
from voltward.interfaces.cli.main import main
from voltward.ranges.live.case.part import PartNames
from voltward.ranges.live.supervision import run as live
parts = PartNames(*(f"arithmetic_parts:{name}" for name in ("Vehicle", "Gateway", "Cloud")))
real = live.run_live
live.run_live = lambda settings, out, progress, replacing: real(
    settings, out, parts, lambda name: print(name, flush=True), replacing
)
sys.argv = ["voltward", "live", "run", sys.argv[1], "--out", sys.argv[2]]
main()
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


def until(condition):
    end = time.monotonic() + SOON_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def interrupted(out, how, temporary):
    """Start a run, send it a signal in its second case, and return exit code and messages."""
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(EXAMPLE), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path, "TMPDIR": str(temporary)},
    ) as process:
        assert process.stdout.readline() == b"no-attack\n"
        assert process.stdout.readline() == b"no-tls\n"
        until(lambda: len(children_of(process.pid)) == PROCESSES)
        started = children_of(process.pid)
        assert list(temporary.rglob("*.key"))
        process.send_signal(how)
        _, messages = process.communicate(timeout=SOON_S)
        until(lambda: not running(started))
        until(lambda: not list(temporary.iterdir()))
    return process.returncode, messages.decode()


@pytest.mark.live
@pytest.mark.parametrize(
    ("how", "code", "line"),
    [
        (signal.SIGINT, ExitCode.INTERRUPTED, "error: stopped by SIGINT"),
        (signal.SIGTERM, ExitCode.TERMINATED, "error: stopped by SIGTERM"),
        (signal.SIGKILL, -signal.SIGKILL, ""),
    ],
)
def test_a_run_that_is_stopped_leaves_no_process_and_no_key(tmp_path, how, code, line):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    # A short run may end by itself before the signal arrives: that one proves nothing.
    for attempt in range(3):
        out = tmp_path / str(attempt)
        found, messages = interrupted(out, how, temporary)
        if found != 0:
            break
    assert found == code
    assert line in messages
    assert "Traceback" not in messages
    assert not (out / "live.json").exists()


@pytest.fixture(scope="module")
def disturbed_case(example, tmp_path_factory):
    """A case under a long path, with a foreign node that sends what no role can read."""
    temporary = tmp_path_factory.mktemp("x" * 100) / ("y" * 100)
    temporary.mkdir()
    nodes = []
    begin = Fleet.start

    def start(fleet, roles):
        started = begin(fleet, roles)
        if "hub" in started:
            nodes.append(HubBus(str(fleet.folder / HUB_SOCKET)))
            for flags, length in ((0, 64), (0, 200), (1 << 12, 0)):
                nodes[0]._socket.sendall(RECORD.pack(0.0, 0x220, flags, length, bytes(64)))
        else:  # all roles hear the bus
            nodes[0].send(can.Message(is_error_frame=True))
            nodes[0].send(can.Message(arbitration_id=0x220, is_remote_frame=True, dlc=5))
        return started

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.setattr(Fleet, "start", start)
        patch.setenv("PYTHONPATH", str(HERE), prepend=":")
        short = example.model_copy(update={"case": example.case[:1]})
        report = run_live(short, tmp_path_factory.mktemp("out"), ARITHMETIC).report
    nodes[0].shutdown()
    assert list(temporary.iterdir()) == []
    assert report.left_running == ()
    (case,) = report.cases
    return case


@pytest.mark.live
def test_a_long_path_of_the_temporary_folder_works(disturbed_case):
    assert disturbed_case.figures.received == disturbed_case.figures.made - 1


@pytest.mark.live
def test_frames_that_no_role_can_read_are_counted(disturbed_case):
    assert disturbed_case.figures.malformed_frames == 3 + 2


@pytest.mark.live
def test_a_failing_part_is_named_and_everything_is_stopped(example, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=":")
    broken = replace(ARITHMETIC, vehicle="arithmetic_parts:Nothing")
    with pytest.raises(RuntimeError, match=r"'ecu' is gone\n(.|\n)*AttributeError"):
        run_live(example, tmp_path, broken)
    assert children_of(os.getpid()) == set()


@pytest.mark.live
def test_a_process_that_was_left_is_found(tmp_path):
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
