"""What becomes of one damaged file: accepted, refused with words that name it, or a fault.

1. The file is put into the folder of its target, in place of the sound one.
2. The command line, or the reader itself, takes it in this process; warnings are errors.
3. Exit code 0 is accepted; so is 3, a gate that failed. Any other code needs a message that names
   the file, or the folder it lies in. An exception, exit code 1 and too much processor time are
   faults; how much memory was taken is measured, and judged by `make fuzz`.
4. The sound file is put back.
"""

import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

from click import command
from click.testing import CliRunner
from tests.fuzz.mutations import mutated

from voltward.core.errors import ExitCode

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Target:
    """A reader of a user's file.

    Attributes:
        name: In tables, and of the folder that keeps failing inputs.
        lay: Writes the sound files into an empty folder; returns the names of those to damage.
        read: Takes the folder and the name of the damaged file, and returns an exit code.
        brief: Inputs in `make test`; fewer where a reader is slow.
        sealed: Whether a changed file must be noticed, so that accepting it is a fault.
    """

    name: str
    lay: Callable[[Path], Sequence[str]]
    read: Callable[[Path, str], int]
    brief: int = 25
    sealed: bool = False


class Outcome(StrEnum):
    """What a reader made of a file."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class Verdict:
    """Of one input.

    Attributes:
        outcome: What became of it.
        words: The message, or what went wrong.
        peak_MB: How far the memory of the process rose meanwhile.
    """

    outcome: Outcome
    words: str
    peak_MB: float = 0.0


class TooLongError(BaseException):
    """The processor time of one input is used up; not an Exception, so that nothing takes it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Interrupt what uses more processor time; 0 sets no limit."""

    def stop(_number: int, _frame: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGPROF, stop)
    # Again and again, for the first one may come where Python drops exceptions.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def memory_MB(key: str) -> float:
    """Return a figure of this process: VmRSS, its memory, or VmHWM, the most it ever was."""
    lines = _STATUS.read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(key))


def random_of(target: Target, seed: int, index: int) -> Random:
    """Return the generator of one input."""
    return Random(f"{seed} {target.name} {index}")


class Bench:
    """A target with its sound files, ready to take damaged ones.

    Args:
        target: The reader.
        folder: An empty folder.
    """

    def __init__(self, target: Target, folder: Path) -> None:
        self.target = target
        self.folder = folder
        self.sound = {name: (folder / name).read_bytes() for name in target.lay(folder)}

    def draw(self, seed: int, index: int) -> tuple[str, bytes]:
        """Return the name and the content of a damaged file, which differs from the sound one."""
        random = random_of(self.target, seed, index)
        name = random.choice(list(self.sound))
        content = self.sound[name]
        while content == self.sound[name]:
            content = mutated(content, Path(name).suffix, random)
        return name, content

    def check(self, name: str, content: bytes, *, limit_s: float = 0.0) -> Verdict:
        """Let the reader take a file, and say what became of it."""
        path = self.folder / name
        path.write_bytes(content)
        _CLEAR.write_text("5")
        before_MB = memory_MB("VmRSS")
        try:
            verdict = self._read(name, limit_s)
        finally:
            path.write_bytes(self.sound[name])
        peak_MB = memory_MB("VmHWM") - before_MB
        if (
            self.target.sealed
            and verdict.outcome == Outcome.ACCEPTED
            and content != self.sound[name]
        ):
            return Verdict(Outcome.FAILED, "a changed file was accepted", peak_MB)
        return Verdict(verdict.outcome, verdict.words, peak_MB)

    def _read(self, name: str, limit_s: float) -> Verdict:
        @command
        def entry() -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                raise SystemExit(int(self.target.read(self.folder, name)))

        try:
            with limited(limit_s):
                result = CliRunner().invoke(entry, [])
        except TooLongError:
            return Verdict(Outcome.FAILED, f"used more than {limit_s:g} s of processor time")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            return Verdict(Outcome.FAILED, f"{type(result.exception).__name__}: {result.exception}")
        if result.exit_code in {ExitCode.DONE, ExitCode.GATE_FAILED}:
            return Verdict(Outcome.ACCEPTED, result.stderr)
        said = result.stderr + result.stdout
        if result.exit_code == ExitCode.BUG or "error" not in said:
            return Verdict(
                Outcome.FAILED, f"exit code {result.exit_code} without a message: {said}"
            )
        about_the_file = result.exit_code != ExitCode.ENVIRONMENT_LACKS
        if about_the_file and Path(name).name not in said and self.folder.name not in said:
            return Verdict(Outcome.FAILED, f"the message does not name {name}: {said}")
        return Verdict(Outcome.REFUSED, said)
