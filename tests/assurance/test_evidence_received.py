"""A folder and a pack that came from others: links, pipes, devices, keys, weak keys, modes."""

import base64
import hashlib
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import voltward
from voltward.assurance.evidence.collection import Collected, Source
from voltward.assurance.evidence.examination import examine
from voltward.assurance.evidence.keys import read_private_key
from voltward.assurance.evidence.signing import sign_pack
from voltward.core.errors import ConfigurationError
from voltward.interfaces.cli.main import run as voltward_command
from voltward.results.run_folder import RunFolder

PACK = runpy.run_path(str(Path(__file__).parent / "evidence_pack.py"))
VERIFIER = Path(voltward.__file__).parent / "data" / "evidence" / "verify.py"
PRIME = 2**255 - 19


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("received")
    PACK["make_pack"](folder)
    return folder


@pytest.fixture
def received(made, tmp_path):
    """A run folder as somebody sent it, without run.json vouching for its report and rating."""
    shutil.copytree(made / "run", tmp_path / "run")
    (tmp_path / "secret.txt").write_text("another's secret\n")
    document = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    listed = {n: d for n, d in document["files"].items() if not n.startswith(("report", "figures"))}
    text = json.dumps({**document, "files": listed}, sort_keys=True, indent=2) + "\n"
    (tmp_path / "run" / "run.json").write_text(text, "utf-8")
    return tmp_path


@pytest.fixture(autouse=True)
def _no_waiting():
    """Whatever waits for a pipe ends as a failure, not as a test that never ends."""

    def late(*_):
        raise AssertionError("it waited")

    old = signal.signal(signal.SIGALRM, late)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, old)


def sign(folder, made, **options):
    key = read_private_key(made / "signer.pem")
    return sign_pack(
        folder / "pack", Collected(RunFolder.open(folder / "run")), key, PACK["TIMES"], **options
    )


def _socket(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    return listener


PLANTED = {
    "link out": lambda file, folder: file.symlink_to(folder / "secret.txt"),
    "absolute link in": lambda file, _: file.symlink_to(file.parent / "run.json"),
    "relative link in": lambda file, _: file.symlink_to("run.json"),
    "dangling link": lambda file, _: file.symlink_to("nowhere"),
    "link to itself": lambda file, _: file.symlink_to(file.name),
    "link to a folder": lambda file, _: file.symlink_to("inputs"),
    "chain": lambda file, folder: (
        (folder / "second").symlink_to(folder / "secret.txt"),
        file.symlink_to(folder / "second"),
    ),
    "hard link": lambda file, folder: os.link(folder / "secret.txt", file),
    "pipe": lambda file, _: os.mkfifo(file),
    "folder": lambda file, _: file.mkdir(),
    "socket": lambda file, _: _socket(file),
}


@pytest.mark.parametrize("name", ["report.html", "risk.json", "figures/matrix.svg"])
@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_not_a_plain_file_of_the_run_is_refused_and_named(
    received, made, kind, name, monkeypatch
):
    monkeypatch.chdir(received)  # the name of a socket is short
    file = Path("run", name)
    file.unlink()
    kept = PLANTED[kind](file, received)
    with pytest.raises(ConfigurationError) as caught:
        sign(received, made)
    assert Path(name).name in caught.value.what
    assert caught.value.hint
    assert not (received / "pack").exists()
    assert [path.name for path in received.iterdir() if path.name.endswith(".part")] == []
    if kind == "socket":
        kept.close()


@pytest.mark.parametrize(
    ("folder", "file"),
    [("figures", ""), ("inputs", "system.toml"), ("traces", "c00000.parquet")],
)
def test_nothing_comes_through_a_linked_folder(received, made, folder, file):
    place = received / "run" / folder
    if file:  # where the run has none of its own, somebody puts one there
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / file).write_text("another's secret")
    place.rename(received / "moved")
    place.symlink_to(received / "moved")
    if file:  # run.json names nothing there, and so nothing is looked at
        sign(received, made)
        assert not (received / "pack" / "run" / folder).exists()
        return
    with pytest.raises(ConfigurationError, match=folder):
        sign(received, made)


def test_a_file_that_run_json_names_may_be_a_hard_link(received, made):
    """A backup with hard links is signed: its content is the one that run.json names."""
    os.link(received / "run" / "cases.csv", received / "backup.csv")
    assert examine(sign(received, made).path).findings == ()


@pytest.mark.parametrize("name", ["notes.txt", "figures/secret.png", "x/y.csv", "../secret.txt"])
def test_run_json_cannot_name_other_files(received, made, name):
    place = received / "run" / name
    place.parent.mkdir(exist_ok=True)
    place.write_text("another's secret\n")
    file = received / "run" / "run.json"
    document = json.loads(file.read_text("utf-8"))
    document["files"][name] = hashlib.sha256(place.read_bytes()).hexdigest()
    file.write_text(json.dumps(document), "utf-8")
    with pytest.raises(ConfigurationError, match=name.rpartition("/")[2]):
        sign(received, made)


def test_what_no_run_writes_is_left_out_and_named(received, made, capsys):
    (received / "run" / "notes.txt").write_text("mine\n")
    (received / "run" / "figures" / "shadow.png").symlink_to(received / "secret.txt")
    os.mkfifo(received / "run" / "pipe")
    signed = sign(received, made)
    assert signed.left_out == ("figures/shadow.png", "notes.txt", "pipe")
    assert not (signed.path / "run" / "notes.txt").exists()
    shutil.rmtree(signed.path)
    key = ["--key", str(made / "signer.pem"), "--out", str(received / "pack")]
    assert voltward_command(["evidence", "sign", str(received / "run"), *key]) == 0
    assert (
        "not signed, as no run writes it: figures/shadow.png, notes.txt" in capsys.readouterr().err
    )


def test_a_name_that_changes_after_the_look_changes_nothing(received, monkeypatch):
    """Between look and read the file becomes a link, then the folder does."""
    source = Source(received / "run", "figures/matrix.svg")
    place, real = received / "run" / "figures" / "matrix.svg", os.open

    def swap(path, *arguments, **options):
        if path == "matrix.svg":
            place.unlink()
            place.symlink_to(received / "secret.txt")
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", swap)
    with pytest.raises(ConfigurationError, match="link"):
        source.read()
    monkeypatch.undo()
    place.unlink()
    place.write_text("<svg/>")
    with source.opened() as stream:
        (received / "run" / "figures").rename(received / "gone")
        (received / "run" / "figures").symlink_to(received)
        assert stream.read() == b"<svg/>"


def test_a_linked_file_of_the_model_is_not_signed(made, tmp_path):
    (tmp_path / "elsewhere.toml").write_text((made / "model" / "model.toml").read_text("utf-8"))
    shutil.copytree(made / "run", tmp_path / "run")
    shutil.copy(made / "signer.pem", tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "extra.toml").symlink_to(tmp_path / "elsewhere.toml")
    command = ["evidence", "sign", str(tmp_path / "run"), "--key", str(tmp_path / "signer.pem")]
    command += ["--out", str(tmp_path / "pack"), "--tara", str(tmp_path / "model")]
    assert voltward_command(command) == 2
    assert not (tmp_path / "pack").exists()


@pytest.mark.parametrize("name", ["report.html", "figures/matrix.svg"])
def test_a_copy_or_a_hard_link_of_the_key_is_not_signed(received, made, name):
    place = received / "run" / name
    for plant in (shutil.copyfile, os.link):
        place.unlink()
        plant(made / "signer.pem", place)
        with pytest.raises(ConfigurationError, match=Path(name).name):
            sign(received, made)
    assert not (received / "pack").exists()


# What waits for ever, or never ends.


def _sparse(path):
    with path.open("wb") as stream:
        stream.truncate(8 * 2**30)


ENDLESS = {
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "terminal": lambda path: path.symlink_to("/dev/tty"),
    "folder": lambda path: path.mkdir(),
    "link to itself": lambda path: path.symlink_to(path.name),
    "huge": _sparse,
}


def alone(*arguments):
    command = [sys.executable, "-I", str(VERIFIER), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_key_that_is_not_a_plain_file_is_refused_at_once(made, tmp_path, kind, capsys):
    key = tmp_path / "key.pem"
    ENDLESS[kind](key)
    pack, run = str(made / "pack"), str(made / "run")
    for command in (
        ["verify", pack, "--key", str(key)],
        ["show", pack, "--key", str(key)],
        ["sign", run, "--key", str(key), "--out", str(tmp_path / "new")],
        ["verify", pack, "--reveal", str(made / "run" / "run.json"), "--salts", str(key)],
    ):
        assert voltward_command(["evidence", *command]) == 2
        assert "key.pem" in capsys.readouterr().err
    done = alone(made / "pack", key)
    assert (done.returncode, done.stderr) == (2, "")
    assert "key.pem" in done.stdout


@pytest.mark.parametrize("kind", sorted(ENDLESS.keys() - {"huge"}))
@pytest.mark.parametrize(
    "name",
    [
        "statement.dsse.json",
        "statement.dsse.json.sha256",
        "public-key.pem",
        "manifest.json",
        "exceptions.json",
        "run/cases.csv",
    ],
)
def test_a_pack_with_what_is_not_a_plain_file_is_invalid_at_once(made, tmp_path, kind, name):
    shutil.copytree(made / "pack", tmp_path / "pack")
    (tmp_path / "pack" / name).unlink()
    ENDLESS[kind](tmp_path / "pack" / name)
    findings = examine(tmp_path / "pack").findings
    assert name in {finding.file for finding in findings}
    done = alone(tmp_path / "pack")
    assert (done.returncode, done.stderr) == (4, "")
    assert name in done.stdout


# In a process of its own, whose memory is measured.
MEASURED = """
import runpy, sys
from pathlib import Path
from voltward.assurance.evidence.examination import examine
from voltward.core.errors import VoltwardError
verifier = runpy.run_path(sys.argv[1])
def peak():
    # The system's own figure for this program; that of getrusage counts its parent's, too.
    (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1])
before = peak()
for name in sys.argv[2:]:
    for verify in (examine, verifier["problems"]):
        try:
            verify(Path(name))
        except (VoltwardError, OSError):
            pass
print((peak() - before) // 1024)
"""


def test_the_memory_for_a_hostile_statement_is_bounded(made, tmp_path):
    many, deep = b"[" + b"[]," * 3_000_000 + b"1]", b"[" * 1_000_000
    packs = []
    for number, payload in enumerate((many, deep, b"9" * 10**6, bytes(8 * 2**20), bytes(10**8))):
        pack = tmp_path / str(number)
        shutil.copytree(made / "pack", pack)
        text = base64.b64encode(payload).decode()
        kind = "application/vnd.in-toto+json"
        names = f'"signatures":[{{"keyid":"{"0" * 64}","sig":"AAAA"}}]'
        envelope = f'{{"payload":"{text}","payloadType":"{kind}",{names}}}\n'
        (pack / "statement.dsse.json").write_text(envelope)
        (pack / "manifest.json").write_bytes(payload)
        packs.append(str(pack))
    command = [sys.executable, "-c", MEASURED, str(VERIFIER), *packs]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 300


def test_a_pack_of_folders_in_folders_is_told(made, tmp_path):
    shutil.copytree(made / "pack", tmp_path / "pack")
    place = tmp_path / "pack" / "run"
    for _ in range(1200):
        place /= "d"
        place.mkdir()
    try:
        (finding,) = examine(tmp_path / "pack").findings
        done = alone(tmp_path / "pack")
    finally:
        # Python's own removal of folders is recursive.
        subprocess.run(["rm", "-r", str(tmp_path / "pack")], check=True)
    assert finding.problem == "was not signed"
    assert done.returncode == 4
