"""Files and names that users give: what is written whole, and what is refused in words."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from voltward.core.errors import ConfigurationError, ExitCode
from voltward.core.files import checked_path, write_bytes, write_text
from voltward.interfaces.cli.main import OUTPUT_CLOSED, run
from voltward.interfaces.cli.output import refuse_existing

LONG = "a" * 300
LIVE = Path(__file__).parents[2] / "examples" / "live-minimal.toml"
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "without a name"),
        (".", "without a name"),
        ("file/inner", "a part of file is a file"),
        ("file/inner/deep", "a part of file/inner is a file"),
        (LONG, "too long"),
        ("folder", "folder: is a folder"),
        ("to-folder", "is a folder"),
        ("loop", "the link points to itself"),
    ],
)
def test_what_cannot_be_written_is_said_and_changes_nothing(
    tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "to-folder").symlink_to("folder")
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConfigurationError) as caught:
        write_text(Path(name), "new")
    assert words in str(caught.value)
    assert caught.value.hint
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_one_may_not_write_to_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ConfigurationError, match="permission denied"):
            write_bytes(tmp_path / "file", b"new")
    finally:
        tmp_path.chmod(0o700)


def test_a_refused_rename_is_said_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Path, _target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ConfigurationError, match="permission denied"):
        write_bytes(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_link_is_replaced_and_its_file_stays(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "real").write_text("old")
    (tmp_path / "link").symlink_to("kept/real")
    write_text(tmp_path / "link", "new")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "link").read_text() == "new"
    assert (tmp_path / "kept" / "real").read_text() == "old"
    (tmp_path / "ahead").symlink_to("kept/later")
    write_text(tmp_path / "ahead", "first")
    assert (tmp_path / "ahead").read_text() == "first"
    assert not (tmp_path / "kept" / "later").exists()


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("command", ["export", "rate"])
def test_no_command_writes_through_a_link(tmp_path: Path, command: str, *, there: bool) -> None:
    target, link = tmp_path / "real.json", tmp_path / "link.json"
    if there:
        target.write_text("mine")
    link.symlink_to(target)
    options = ["--format", "json"] if command == "export" else []
    words = ["tara", command, "cbms", *options, "--out", str(link)]
    assert run(words) == ExitCode.USAGE
    assert link.is_symlink()
    if command == "export":
        assert run([*words, "--force"]) == 0
        assert not link.is_symlink()
        assert link.stat().st_size > len("mine")
    assert target.exists() == there
    assert not there or target.read_text() == "mine"


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "old")
    (tmp_path / "file").chmod(0o600)
    write_text(tmp_path / "file", "new")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    write_text(tmp_path / ("n" * 255), "the longest name there is")


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    content = b"through" * 100_000
    writer = threading.Thread(target=write_bytes, args=(pipe, content))
    writer.start()
    with os.fdopen(reader, "rb") as stream:
        # The first byte is there once the writer has opened it, so that the end is the writer's.
        while not (first := stream.read(1)):
            pass
        assert first + stream.read() == content
    writer.join()
    assert pipe.is_fifo()


def test_a_pipe_or_socket_that_nothing_reads_is_refused_and_never_waited_for(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        before = sorted(tmp_path.iterdir())
        for name in ("pipe", "link", "socket"):
            with pytest.raises(ConfigurationError, match="nothing reads it") as caught:
                write_bytes(tmp_path / name, b"lost")
            assert str(tmp_path / name) in caught.value.what
            assert caught.value.hint
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "command",
    [
        "tara rate headlamp --out pipe",
        *(f"tara export headlamp --format {name} --out pipe" for name in ("json", "xlsx", "sarif")),
    ],
)
def test_no_command_waits_for_a_pipe(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    assert run(command.split()) == 2
    assert "nothing reads it" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@needs_full
def test_devices_are_written_to_and_never_replaced() -> None:
    write_bytes(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(ConfigurationError, match="no space left"):
        write_bytes(Path("/dev/full"), b"too much")
    assert Path("/dev/full").is_char_device()


@needs_full
def test_standard_output_as_a_file_name(tmp_path: Path) -> None:
    code = "from voltward.core.files import write_text as w; from pathlib import Path as P; "
    code += "w(P('/dev/stdout'), 'one '); w(P('/dev/stdout'), 'two')"
    with (tmp_path / "file").open("w") as stream:
        subprocess.run([sys.executable, "-c", code], stdout=stream, check=True)
    assert (tmp_path / "file").read_text() == "one two"
    piped = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert piped.stdout == b"one two"


def test_existing_files_are_refused_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigurationError, match="--force"):
        refuse_existing(tmp_path / "file", force=False)
    refuse_existing(tmp_path / "file", force=True)
    refuse_existing(tmp_path / "absent", force=False)
    refuse_existing(Path("/dev/null"), force=False)
    for force in (True, False):
        with pytest.raises(ConfigurationError, match="is a folder"):
            refuse_existing(tmp_path, force=force)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("cell.toml", ["identify", "data", "--out", "cell.toml"]),
        ("cell.report.html", ["identify", "data", "--out", "cell.toml"]),
        ("cell.report.json", ["identify", "data", "--out", "cell.toml"]),
        ("cell.toml", ["import-bpx", "absent.json", "--out", "cell.toml"]),
        (
            "c.toml",
            ["calibrate", "data", "--cell", "reference-lfp", "--fit", "data", "--out", "c.toml"],
        ),
        ("trace.csv", ["replay", "a.csv", "--cell", "reference-lfp", "--trace", "trace.csv"]),
        (
            "trace-b.csv",
            ["replay", "a.csv", "b.csv", "--cell", "reference-lfp", "--trace", "trace.csv"],
        ),
        ("out/benchmark.md", ["benchmark", "detection", "--out", "out"]),
        ("out/trace.parquet", ["plant", "--out", "out"]),
        ("out/ticks.csv", ["live", "run", str(LIVE), "--out", "out"]),
        ("out/logs/broker-no-attack.log", ["live", "run", str(LIVE), "--out", "out"]),
        ("out/report.html", ["run", "--attack", "voltage-bias", "--out", "out"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_no_command_writes_over_a_file_unasked(
    name: str, command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(
        "voltward.ranges.live.supervision.run.mosquitto_program", lambda: Path("none")
    )
    for recording in ("a.csv", "b.csv"):
        Path(recording).write_text("time_s,voltage_V,current_A,temperature_degC\n")
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    assert run(command) == 2
    said = capsys.readouterr().err
    assert path.name in said
    assert "--force" in said
    assert path.read_text() == "mine"


def test_checked_paths(tmp_path: Path) -> None:
    assert checked_path("absent", "model") == Path("absent")
    (tmp_path / "file").touch()
    assert checked_path("file/inner", "model") == Path("file/inner")
    for bad in ("", LONG, "nul\0"):
        with pytest.raises(ConfigurationError, match=r"^model"):
            checked_path(bad, "model")


NAMED = [
    ["tara", "check", "NAME"],
    ["tara", "init", "NAME"],
    ["tara", "annex5", "NAME"],
    ["tara", "rate", "NAME"],
    ["tara", "rate", "headlamp", "--run", "NAME"],
    ["tara", "rate", "headlamp", "--profile", "NAME"],
    ["tara", "export", "headlamp", "--format", "md", "--profile", "NAME"],
    ["tara", "import", "NAME", "new"],
    ["plan", "--org", "NAME"],
    ["plan", "--org", "oem", "--model", "NAME"],
    ["plan", "--org", "oem", "--run", "NAME"],
    ["plan", "--org", "oem", "--profile", "NAME"],
]


@pytest.mark.parametrize("command", NAMED, ids=" ".join)
def test_names_that_no_system_takes_are_refused_in_words(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([LONG if word == "NAME" else word for word in command]) == 2
    said = capsys.readouterr().err
    assert "too long" in said
    assert len(max(said.splitlines(), key=len)) < 200
    assert run(["" if word == "NAME" else word for word in command]) == 2
    assert "variable that is not set?" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        ["plan", "--org", "oem", "--controls", ""],
        ["tara", "export", "headlamp", "--format", "sarif", "--controls", ""],
        ["tara", "export", "headlamp", "--format", "mermaid", "--threat", ""],
        ["tara", "import", "book.xlsx", ""],
    ],
    ids=" ".join,
)
def test_other_empty_options_are_refused(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command) == 2
    assert "variable that is not set?" in capsys.readouterr().err


def test_a_folder_is_no_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--org", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f"organisation file {tmp_path}: is a folder" in said
    assert "an organisation is a file, or one of: oem" in said
    assert run(["config", "check", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_a_run_is_found_by_its_name_below_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out" / "mine").mkdir(parents=True)
    for command in (["tara", "rate", "headlamp"], ["plan", "--org", "oem"]):
        assert run([*command, "--run", "mine"]) == 2
        assert "out/mine/run.json: missing" in capsys.readouterr().err
        assert run([*command, "--run", "absent"]) == 2
        assert "no run 'absent'" in capsys.readouterr().err


def _closed(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command with a standard output that nobody reads."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        return _shell(write_end, *arguments)
    finally:
        os.close(write_end)


def _shell(output: int, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    code = "from voltward.interfaces.cli.main import main; main()"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, stdout=output, stderr=subprocess.PIPE, check=False)


@pytest.mark.parametrize(
    "arguments", [("attacks", "list"), ("attacks", "show", "absent", "--json"), ("--version",)]
)
def test_a_reader_that_leaves_ends_the_command_quietly(arguments: tuple[str, ...]) -> None:
    done = _closed(*arguments)
    assert done.returncode == OUTPUT_CLOSED
    assert done.stderr == b""


@needs_full
def test_a_full_output_is_one_error() -> None:
    with Path("/dev/full").open("wb") as stream:
        done = _shell(stream.fileno(), "attacks", "list")
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "error: cannot write: no space left on device",
        "  hint: make room, or write elsewhere",
    ]


@needs_full
def test_standard_output_into_a_file_is_not_refused(tmp_path: Path) -> None:
    code = (
        "from voltward.interfaces.cli.output import refuse_existing as r; from pathlib import Path"
    )
    code += "; r(Path('/dev/stdout'), force=False)"
    with (tmp_path / "file").open("w") as stream:
        subprocess.run([sys.executable, "-c", code], stdout=stream, check=True)


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_refused_and_named_when_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, there: bool
) -> None:
    if there:
        (tmp_path / "real").write_text("mine")
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(ConfigurationError, match="is there already"):
        refuse_existing(tmp_path / "link", force=False)
    refuse_existing(tmp_path / "link", force=True)
    assert f"replaces the link {tmp_path / 'link'}" in capsys.readouterr().err
