"""Key files: made once, readable by one, refused when they are something else."""

import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from voltward.assurance.evidence.keys import (
    key_id,
    make_keys,
    public_path,
    read_private_key,
    read_public_key,
)
from voltward.core.errors import ConfigurationError


def test_a_private_key_is_for_its_owner_alone(tmp_path):
    made = make_keys(tmp_path / "signer.pem")
    assert stat.S_IMODE(made.private.stat().st_mode) == 0o600
    assert made.public == public_path(made.private) == tmp_path / "signer.pub.pem"
    assert key_id(read_public_key(made.public)) == made.key_id
    assert sorted(path.name for path in tmp_path.iterdir()) == ["signer.pem", "signer.pub.pem"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "is a folder"),
        (".", "is a folder"),
        ("file/signer.pem", "is a file, not a folder"),
        ("absent/signer.pem", "there is no such folder"),
        ("x" * 300, "cannot be written"),
        (f"{'x' * 300}/signer.pem", "cannot be written"),
        ("x" * 250, "cannot be written"),
    ],
)
def test_a_place_where_no_key_can_be_is_refused(tmp_path, monkeypatch, name, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no folder", "utf-8")
    with pytest.raises(ConfigurationError, match=told) as caught:
        make_keys(Path(name))
    assert "Errno" not in str(caught.value)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_key_is_not_written_over(tmp_path):
    first = make_keys(tmp_path / "signer")
    with pytest.raises(ConfigurationError, match="exists already"):
        make_keys(tmp_path / "signer")
    first.private.unlink()
    with pytest.raises(ConfigurationError, match=r"signer\.pub\.pem"):
        make_keys(tmp_path / "signer")
    assert make_keys(tmp_path / "signer", replace=True).key_id != first.key_id


def test_a_locked_key_needs_its_passphrase(tmp_path):
    made = make_keys(tmp_path / "signer.pem", passphrase=b"correct")
    assert b"ENCRYPTED" in made.private.read_bytes()
    assert key_id(read_private_key(made.private, b"correct").public_key()) == made.key_id
    with pytest.raises(ConfigurationError, match="is locked"):
        read_private_key(made.private)
    with pytest.raises(ConfigurationError, match="no private key"):
        read_private_key(made.private, b"wrong")


def test_a_passphrase_for_an_open_key_is_refused(tmp_path):
    made = make_keys(tmp_path / "signer.pem")
    with pytest.raises(ConfigurationError, match="is not locked"):
        read_private_key(made.private, b"any")


def test_keys_of_another_kind_are_refused(tmp_path):
    key = rsa.generate_private_key(65537, 2048)
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "rsa.pem").write_bytes(key.private_bytes(*form))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "rsa.pub.pem").write_bytes(public)
    with pytest.raises(ConfigurationError, match="another kind") as caught:
        read_private_key(tmp_path / "rsa.pem")
    assert "RSA" in caught.value.why
    with pytest.raises(ConfigurationError, match="another kind"):
        read_public_key(tmp_path / "rsa.pub.pem")
    with pytest.raises(ConfigurationError, match="no public key"):
        read_public_key(tmp_path / "rsa.pem")
    with pytest.raises(ConfigurationError, match="no private key"):
        read_private_key(tmp_path / "rsa.pub.pem")
    with pytest.raises(ConfigurationError, match="there is no such key"):
        read_private_key(tmp_path / "absent.pem")


# A child that is killed as it is about to make its n-th change to the folder.
KILLED = """
import os, signal, sys
from pathlib import Path
from voltward.assurance.evidence.keys import make_keys
folder, left, replace = sys.argv[1], int(sys.argv[2]), bool(int(sys.argv[3]))
def hook(event, args):
    global left
    if event in {"os.rename", "os.link", "os.remove"} or (
        event == "open" and str(args[0]).startswith(folder)
    ):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
make_keys(Path(folder, "a.pem"), replace=replace)
"""


def pair(folder):
    """Return the id of each half, or nothing where it is absent."""
    private, public = folder / "a.pem", folder / "a.pub.pem"
    return (
        key_id(read_private_key(private).public_key()) if private.exists() else None,
        key_id(read_public_key(public)) if public.exists() else None,
    )


@pytest.mark.parametrize("replace", [False, True])
def test_a_kill_at_any_point_loses_no_key_and_is_undone_by_the_next_call(tmp_path, replace):
    killed, states = 0, set()
    while True:
        folder = tmp_path / str(killed)
        folder.mkdir()
        old = make_keys(folder / "a.pem").key_id if replace else None
        code = [sys.executable, "-c", KILLED, str(folder), str(killed), str(int(replace))]
        done = subprocess.run(code, check=False)
        private, public = pair(folder)
        assert private is None or public is not None
        # The old key is there until the new one is.
        assert (private is not None) == (replace or private == public is not None)
        states.add((private == old, public == old))
        if done.returncode == 0:
            break
        killed += 1
        expected = private if private == public and private is not None else old
        if expected is None:
            expected = make_keys(folder / "a.pem").key_id
        else:
            with pytest.raises(ConfigurationError, match="exists already"):
                make_keys(folder / "a.pem")
        assert pair(folder) == (expected, expected)
        assert sorted(path.name for path in folder.iterdir()) == ["a.pem", "a.pub.pem"]
    # The kill between the two renames was among them.
    assert states == {(True, True), (True, False), (False, False)}
    assert killed > 4


def test_what_a_process_that_runs_has_begun_is_tolerated(tmp_path):
    begun = tmp_path / f".a.pem.{os.getppid()}.1.part"
    begun.write_bytes(b"half")
    make_keys(tmp_path / "a.pem")
    assert begun.read_bytes() == b"half"


def test_a_public_half_that_was_changed_after_the_kill_stays(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f".a.pem.{gone.pid}.1.part").write_bytes(b"half")
    made = make_keys(tmp_path / "b.pem")
    made.public.rename(tmp_path / "a.pub.pem")
    os.utime(tmp_path / "a.pub.pem", (2**32, 2**32))
    with pytest.raises(ConfigurationError, match=r"a\.pub\.pem: exists already"):
        make_keys(tmp_path / "a.pem")


AT_A_NAME = {
    "a dangling link": (lambda path: path.symlink_to("absent"), "a link"),
    "a link to a file": (lambda path: path.symlink_to(__file__), "a link"),
    "a link to a folder": (lambda path: path.symlink_to("/"), "a link"),
    "a device": (lambda path: path.symlink_to("/dev/null"), "a link"),
    "a pipe": (os.mkfifo, "a pipe"),
    "a folder": (lambda path: path.mkdir(), "a folder"),
    "a socket": (lambda path: socket.socket(socket.AF_UNIX).bind(str(path)), "a socket"),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("half", ["a.pem", "a.pub.pem"])
@pytest.mark.parametrize("kind", AT_A_NAME)
def test_what_is_not_a_plain_file_is_never_replaced(kind, half, replace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make, word = AT_A_NAME[kind]
    make(Path(half))
    before = Path(half).lstat()
    with pytest.raises(ConfigurationError, match=f"{re.escape(half)}: is {word}") as caught:
        make_keys(Path("a.pem"), replace=replace)
    assert caught.value.hint
    assert Path(half).lstat() == before
    assert [path.name for path in tmp_path.iterdir()] == [half]


def test_a_device_is_never_replaced():
    with pytest.raises(ConfigurationError, match="/dev/null: is a device"):
        make_keys(Path("/dev/null"), replace=True)


def test_keys_are_replaced_where_there_are_no_hard_links(tmp_path, monkeypatch):
    first = make_keys(tmp_path / "a.pem")

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    second = make_keys(tmp_path / "a.pem", replace=True)
    assert first.key_id != second.key_id
    assert pair(tmp_path) == (second.key_id, second.key_id)
    assert len(list(tmp_path.iterdir())) == 2
