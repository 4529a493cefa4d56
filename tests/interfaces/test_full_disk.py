"""A disk that is full, or a limit on the size of files: nothing half-written, and a true message.

The limit is the system's own (RLIMIT_FSIZE), set in a child process; it stops a write in the middle
of a file as a full disk does.
"""

import errno
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from voltward.core.errors import ConfigurationError
from voltward.core.files import new_secret, write_bytes, write_chunks
from voltward.core.paired_files import write_together

PACK = runpy.run_path(str(Path(__file__).parents[1] / "assurance" / "evidence_pack.py"))
# The child sets the limit itself: a fork of a process with JAX in it may stand still.
CODE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
del sys.argv[1]
from voltward.interfaces.cli.main import main
main()
"""


def limited(folder: Path, most_bytes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with a limit on the size of each file."""
    return subprocess.run(
        [sys.executable, "-c", CODE, str(most_bytes), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONDONTWRITEBYTECODE": "1"},
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    PACK["make_pack"](folder)
    return folder


COMMANDS = {
    "no key at all": (10, "evidence keygen --out signer.pem"),
    "the private half fits": (118, "evidence keygen --out signer.pem"),
    "a workbook": (5000, "tara export headlamp --format xlsx --out book.xlsx"),
    "a rating": (1000, "tara rate headlamp --out rating.json"),
    "a JSON export": (1000, "tara export headlamp --format json --out model.json"),
    "a model folder": (700, "tara import {book} model"),
    "a pack": (4000, "evidence sign {run} --key {key} --out pack"),
    "a pack that withholds": (3000, "evidence sign {run} --key {key} --out pack --withhold report"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_nothing_is_left_half_written(case: str, made: Path, tmp_path: Path) -> None:
    most_bytes, command = COMMANDS[case]
    book = made / "book.xlsx"
    if not book.exists():
        limited(made, 2**30, "tara", "export", "headlamp", "--format", "xlsx", "--out", str(book))
    named = {"book": book, "run": made / "run", "key": made / "signer.pem"}
    done = limited(tmp_path, most_bytes, *command.format(**named).split())
    assert done.returncode == 2, done.stderr
    assert "file too large" in done.stderr
    assert "ulimit" in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ["ENOSPC", "EDQUOT", "EIO"])
@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_an_error_at_any_step_leaves_what_was_there(
    number: str, call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OSError(getattr(errno, number), os.strerror(getattr(errno, number)))

    def refuse(*_: object) -> None:
        raise error

    def broken() -> object:
        yield b"first half"
        raise error

    (tmp_path / "file").write_text("old")
    before = contents(tmp_path)
    pieces = broken() if call == "write" else (b"new",)
    if call != "write":
        monkeypatch.setattr(*((os, "fsync") if call == "fsync" else (Path, "replace")), refuse)
    with pytest.raises(ConfigurationError, match="cannot be written") as caught:
        write_chunks(tmp_path / "file", pieces)
    assert os.strerror(getattr(errno, number)).lower() in caught.value.what
    assert caught.value.why == "nothing is left half-written"
    monkeypatch.undo()
    assert contents(tmp_path) == before


def test_files_that_belong_together_are_all_written_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whichever rename the system refuses, what was there before is there again."""
    names = [tmp_path / name for name in ("a" * 60 + "1", "a" * 60 + "2", "c")]
    names[0].write_text("old")
    before, real = contents(tmp_path), Path.replace
    for failing in range(3):
        done: list[Path] = []

        def replace(self: Path, target: Path, at: int = failing, done: list[Path] = done) -> Path:
            done.append(target)
            if len(done) > at:
                raise OSError(28, "No space left on device")
            return real(self, target)

        monkeypatch.setattr(Path, "replace", replace)
        with pytest.raises(ConfigurationError, match="no space left"):
            write_together(dict.fromkeys(names, b"new"), {})
        assert contents(tmp_path) == before
    monkeypatch.undo()
    write_together(dict.fromkeys(names, b"new"), {names[2]: 0o600})
    assert set(contents(tmp_path).values()) == {b"new"}
    assert names[2].stat().st_mode & 0o777 == 0o600
    assert len(list(tmp_path.iterdir())) == 3


def test_a_secret_gets_its_name_only_when_all_went_well(tmp_path: Path) -> None:
    with pytest.raises(KeyError), new_secret(tmp_path / "salts", b"secret"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    with new_secret(tmp_path / "salts", b"secret"):
        assert not (tmp_path / "salts").exists()
    assert (tmp_path / "salts").stat().st_mode & 0o777 == 0o600


def test_a_device_that_is_full_is_not_said_to_be_left_whole() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no full device here")
    with pytest.raises(ConfigurationError) as caught:
        write_bytes(Path("/dev/full"), b"too much")
    assert "cannot be undone" in caught.value.why
