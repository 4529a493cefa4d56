"""Kill runs at random times, and hold what is left to what the documents promise.

1. An undisturbed campaign is run once; its length is the span in which the others are killed.
2. A campaign is stopped by INT or TERM, its parent is killed, or one of its workers. Afterwards no
   process and no temporary file is left, the exit code says what happened, and `--resume` makes the
   same bytes as the undisturbed run.
3. A live run is stopped by INT or TERM, where there is a broker: no process, no temporary file, no
   private key is left.
4. The signing of a pack is ended by TERM or KILL: there is a valid pack, or none.
5. A table is printed, and written as a page with `--out`; the exit code is 3 when a claim fails.
"""

import argparse
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.assurance.evidence_pack import contents, make_pack  # noqa: E402
from tests.interfaces.test_stopped_run import working_children  # noqa: E402

VOLTWARD = [sys.executable, "-c", "from voltward.interfaces.cli.main import main; main()", "-q"]
CAMPAIGN = [
    *("run", "--attack", "voltage-bias", "--stack", "none", "--duty", "fast-charge"),
    *("--seeds", "8", "--chunk", "2", "--workers", "2", "--no-report", "--tara", "none"),
]
# Cases of the example that a killed live run begins; more would only take longer.
LIVE_CASES = 2
EXIT_FAILED = 3
# Processes and folders may take so long to go, on a machine that does much else.
SOON_S = 30.0
LONG_S = 600.0
_MARK = "VOLTWARD_PROOF"
# Written when a run ends, so that they differ from run to run.
_TIMES = {"timing.json"}

HEAD = """# What is left of a run that is killed

Runs were ended at random times, evenly spread over the time that an undisturbed run takes.
Afterwards no process and no temporary file may be left, a campaign that is continued with
`--resume` must make the same bytes as one that was never disturbed (times of day aside), a live run
may leave no private key, and of a pack that was being signed there must be a valid one or none.
"Ended before" counts runs that were through before the signal came; they are held to the same.

"""


@dataclass
class Kind:
    """A way to end something.

    Attributes:
        what: In words.
        kills: How many were tried.
        before: How many had ended by themselves.
        faults: What did not hold, with the number of the kill.
    """

    what: str
    kills: int = 0
    before: int = 0
    faults: list[str] = field(default_factory=list)


class Killed:
    """A command that is ended after a while, with a temporary folder of its own.

    Args:
        arguments: Of the command line.
        cache: Folder of compiled programs.
    """

    def __init__(self, arguments: Sequence[str], cache: Path) -> None:
        self.token = secrets.token_hex(8)
        self.temporary = Path(tempfile.mkdtemp(prefix="voltward-proof-"))
        self.process = subprocess.Popen(
            [*VOLTWARD, *arguments],
            env={
                **os.environ,
                _MARK: self.token,
                "TMPDIR": str(self.temporary),
                "VOLTWARD_CACHE": str(cache),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def end(self, after_s: float, strike: Callable[[subprocess.Popen[bytes]], object]) -> bool:
        """Strike after a while, and wait for the end; return whether it had ended before."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(after_s)
        before = self.process.poll() is not None
        if not before:
            strike(self.process)
        self.words = self.process.communicate(timeout=LONG_S)[1].decode(errors="replace")
        return before

    def leftovers(self) -> list[str]:
        """Return what is still there after a moment: processes, temporary files."""
        limit = time.monotonic() + SOON_S
        while found := [*self._processes(), *self._files()]:
            if time.monotonic() > limit:
                break
            time.sleep(0.1)
        for pid in self._pids():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.temporary, ignore_errors=True)
        return found

    def _pids(self) -> Iterator[int]:
        mark = f"{_MARK}={self.token}".encode()
        for environment in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in environment.read_bytes().split(b"\0"):
                    yield int(environment.parent.name)

    def _processes(self) -> Iterator[str]:
        for pid in self._pids():
            with suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
                yield f"process {pid} is left: {command.decode(errors='replace')[:80]}"

    def _files(self) -> Iterator[str]:
        yield from (f"{path.name} is left in TMPDIR" for path in self.temporary.iterdir())


def kill_worker(process: subprocess.Popen[bytes]) -> None:
    """Kill a worker of a campaign, as soon as there is one."""
    while process.poll() is None:
        with suppress(OSError):  # a worker that ends while we look
            workers = working_children(process.pid)
            if workers:
                os.kill(random.choice(workers), signal.SIGKILL)
                return
        time.sleep(0.01)


def signalled(number: signal.Signals) -> Callable[[subprocess.Popen[bytes]], object]:
    """Return what sends a signal to a process."""
    return lambda process: process.send_signal(number)


class Proof:
    """All kills, in a scratch folder.

    Args:
        folder: Empty.
        kills: Of each kind.
        seed: Of the times.
    """

    def __init__(self, folder: Path, kills: int, seed: int) -> None:
        self.folder = folder
        self.kills = kills
        self.cache = folder / "cache"
        self.random = random.Random(seed)
        self.kinds: list[Kind] = []

    def _tried(self, what: str) -> Iterator[tuple[Kind, Path]]:
        """Yield a kind once for each kill, with a fresh folder; tell how it goes."""
        kind = Kind(what)
        self.kinds.append(kind)
        for number in range(self.kills):
            place = self.folder / f"{len(self.kinds)}-{number}"
            place.mkdir()
            kind.kills += 1
            yield kind, place
            shutil.rmtree(place)
        print(
            f"{what}: {kind.kills} kills, {len(kind.faults)} faults", *kind.faults[:5], sep="\n  "
        )

    def _length_s(self, arguments: Sequence[str], out: Path) -> float:
        """Run a command undisturbed, once to compile and once more; return how long that took."""
        for _ in range(2):
            shutil.rmtree(out, ignore_errors=True)
            begun = time.monotonic()
            undisturbed = Killed([*arguments, "--out", str(out)], self.cache)
            undisturbed.end(LONG_S, signalled(signal.SIGKILL))
            length_s = time.monotonic() - begun
            left = undisturbed.leftovers()
            if undisturbed.process.returncode or left:
                raise SystemExit(f"undisturbed: {left} {undisturbed.words}")
        return length_s

    def campaigns(self) -> None:
        """Kill campaigns, and continue them."""
        reference = self.folder / "reference"
        length_s = self._length_s(CAMPAIGN, reference)
        wanted = without_times(reference)
        for what, strike, code in (
            ("campaign, INT", signalled(signal.SIGINT), 130),
            ("campaign, TERM", signalled(signal.SIGTERM), 143),
            ("campaign, KILL", signalled(signal.SIGKILL), -9),
            ("campaign, KILL of a worker", kill_worker, 6),
        ):
            for kind, place in self._tried(what):
                # The name of a run is that of its folder.
                out = ["--out", str(place / "reference")]
                killed = Killed([*CAMPAIGN, *out], self.cache)
                kind.before += killed.end(self.random.uniform(0.0, length_s), strike)
                found = killed.leftovers()
                # A signal may come while Python starts, which ends it, or after the last file.
                by_system = {-signal.SIGINT, -signal.SIGTERM} if code > 100 else set()
                if killed.process.returncode not in {0, code, *by_system}:
                    found.append(f"exit code {killed.process.returncode}: {killed.words}")
                resumed = Killed([*CAMPAIGN, *out, "--resume"], self.cache)
                resumed.end(LONG_S, signalled(signal.SIGKILL))
                found += resumed.leftovers()
                if resumed.process.returncode:
                    found.append(f"--resume exits {resumed.process.returncode}: {resumed.words}")
                elif without_times(place / "reference") != wanted:
                    found.append("--resume made other bytes")
                kind.faults += [f"kill {kind.kills}: {words}" for words in found]

    def live_runs(self) -> None:
        """Kill live runs."""
        if shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") is None:
            print("no broker: live runs are left out")
            return
        example = (ROOT / "examples" / "live-minimal.toml").read_text("utf-8")
        file = self.folder / "live.toml"
        file.write_text("[[case]]".join(example.split("[[case]]")[: LIVE_CASES + 1]), "utf-8")
        length_s = self._length_s(["live", "run", str(file)], self.folder / "live")
        for number in (signal.SIGINT, signal.SIGTERM):
            for kind, place in self._tried(f"live run, {number.name.removeprefix('SIG')}"):
                killed = Killed(["live", "run", str(file), "--out", str(place / "out")], self.cache)
                kind.before += killed.end(self.random.uniform(0.0, length_s), signalled(number))
                secret = [
                    path.name
                    for path in [*place.rglob("*"), *killed.temporary.rglob("*")]
                    if path.is_file() and b"PRIVATE KEY" in path.read_bytes()
                ]
                found = [*killed.leftovers(), *(f"{name} holds a private key" for name in secret)]
                kind.faults += [f"kill {kind.kills}: {words}" for words in found]

    def packs(self) -> None:
        """End the signing of packs."""
        source = self.folder / "source"
        source.mkdir()
        make_pack(source)
        private, public = source / "signer.pem", source / "signer.pub.pem"
        sign = ["evidence", "sign", str(source / "run"), "--key", str(private)]
        length_s = self._length_s(sign, self.folder / "pack")
        for number in (signal.SIGTERM, signal.SIGKILL):
            for kind, place in self._tried(f"signing, {number.name.removeprefix('SIG')}"):
                pack = place / "pack"
                killed = Killed([*sign, "--out", str(pack)], self.cache)
                kind.before += killed.end(self.random.uniform(0.0, length_s), signalled(number))
                found = killed.leftovers()
                if pack.exists():
                    check = [*VOLTWARD, "evidence", "verify", str(pack), "--key", str(public)]
                    verified = subprocess.run(check, capture_output=True, check=False)
                    found += [verified.stderr.decode()] if verified.returncode else []
                kind.faults += [f"kill {kind.kills}: {words}" for words in found]


def without_times(folder: Path) -> dict[str, bytes]:
    """Return the files of a run, less those that hold times of day."""
    return {name: data for name, data in contents(folder).items() if name not in _TIMES}


def page(kinds: Sequence[Kind], command: str, seed: int) -> str:
    """Return the table with its circumstances."""
    today = datetime.now(UTC).date().isoformat()
    head = ("what was ended, and how", "kills", "ended before", "faults")
    rows = [(kind.what, kind.kills, kind.before, len(kind.faults)) for kind in kinds]
    lines = [
        "| " + " | ".join(map(str, row)) + " |" for row in (head, ("---", *["--:"] * 3), *rows)
    ]
    faults = [f"- {kind.what}: {words.splitlines()[0]}" for kind in kinds for words in kind.faults]
    made = f"Made on {today} with `{command}`, seed {seed}.\n"
    return "\n".join([HEAD + made, *lines, *(["", "Faults:", "", *faults] if faults else []), ""])


def main() -> int:
    """Kill, check, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=25, help="of each kind")
    parser.add_argument("--seed", type=int, help="by default another one each time")
    parser.add_argument("--out", type=Path, help="a page to write")
    given = parser.parse_args()
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="voltward-prove-") as folder:
        proof = Proof(Path(folder), given.kills, seed)
        proof.packs()
        proof.campaigns()
        proof.live_runs()
    text = page(proof.kinds, f"make prove KILLS={given.kills} SEED={seed}", seed)
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    return EXIT_FAILED if any(kind.faults for kind in proof.kinds) else 0


if __name__ == "__main__":
    sys.exit(main())
