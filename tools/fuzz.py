"""Feed damaged files to every reader of a user's file, and print what became of them.

1. Each target of tests/fuzz/targets.py gets its share of the inputs, in a process of its own; two
   run at a time. An input follows from the seed, the target and its number.
2. A process has 10 s of processor time and 300 MB for an input, and may not grow by more than
   200 MB over all. One that dies, or says nothing for five minutes, is replaced and goes on.
3. Failing inputs are kept in out/fuzz, a folder for each target; `--replay` takes one again (a
   part of a pack together with parts that are signed anew, with another key).
4. A table is printed; the exit code is 3 when anything failed.
"""

import argparse
import multiprocessing
import resource
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.fuzz.harness import Bench, Outcome, Target, Verdict, memory_MB  # noqa: E402
from tests.fuzz.targets import TARGETS  # noqa: E402

KEPT = Path("out/fuzz")
EXIT_FOUND = 3
LIMIT_S = 10.0
SILENCE_S = 300.0
PEAK_MB = 300.0
GROWTH_MB = 200.0
_MORE_BYTES = 4 * 2**30
# In the name of a kept file, for the '/' of a path.
_SLASH = "+"


@dataclass
class Tally:
    """What became of the inputs of a target.

    Attributes:
        target: The reader.
        inputs: How many it is to take.
        outcomes: How many had each outcome.
        failures: Number and words of those that failed.
        seconds: From its first input to its last.
        growth_MB: By how much the memory of its process grew.
    """

    target: Target
    inputs: int
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    failures: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0
    growth_MB: float = 0.0

    @property
    def taken(self) -> int:
        """How many inputs were taken."""
        return sum(self.outcomes.values())

    @property
    def has_grown(self) -> bool:
        """Whether its process kept more memory than is allowed."""
        return self.growth_MB > GROWTH_MB

    def note(self, index: int, verdict: Verdict) -> None:
        """Add an input."""
        outcome, words = verdict.outcome, verdict.words
        if verdict.peak_MB > PEAK_MB and outcome != Outcome.FAILED:
            outcome, words = Outcome.FAILED, f"took {verdict.peak_MB:.0f} MB"
        self.outcomes[outcome] += 1
        if outcome == Outcome.FAILED:
            self.failures.append((index, words))


def named(name: str) -> Target:
    """Return a target by its name, or by the name of its folder."""
    return next(one for one in TARGETS if name in {one.name, folder_name(one)})


def folder_name(target: Target) -> str:
    """Return the name of the folder that keeps a target's failing inputs."""
    return target.name.replace(" ", "-")


def kept_file(target: Target, name: str) -> Path:
    """Return the path of a file in that folder."""
    return KEPT / folder_name(target) / name.replace("/", _SLASH)


# In a process of its own


def take(name: str, seed: int, numbers: range, folder: str, answers: Connection) -> None:
    """Take inputs, and send a verdict on each, then the growth."""
    bench = Bench(named(name), Path(folder))
    for sound, content in bench.sound.items():
        bench.check(sound, content)
    # A larger allocation fails, before the machine begins to swap.
    address_space = int(memory_MB("VmSize") * 2**20) + _MORE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    before_MB = memory_MB("VmRSS")
    for index in numbers:
        damaged, content = bench.draw(seed, index)
        # Written first, so that an input that ends this process is kept, too.
        kept = kept_file(bench.target, f"{seed}-{index}-{damaged}")
        kept.write_bytes(content)
        verdict = bench.check(damaged, content, limit_s=LIMIT_S)
        if verdict.outcome != Outcome.FAILED and verdict.peak_MB <= PEAK_MB:
            kept.unlink()
        answers.send((index, verdict))
    answers.send((numbers.stop, memory_MB("VmRSS") - before_MB))


# In the parent


class Run:
    """A target in the process that takes its inputs."""

    def __init__(self, tally: Tally, seed: int) -> None:
        self.tally = tally
        self.seed = seed
        self.next = 0
        self.since = time.monotonic()
        self.heard = self.since
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.scratch = tempfile.TemporaryDirectory(prefix="voltward-fuzz-")
        self.answers, sender = context.Pipe(duplex=False)
        numbers = range(self.next, self.tally.inputs)
        given = (self.tally.target.name, self.seed, numbers, self.scratch.name, sender)
        self.process = context.Process(target=take, args=given, daemon=True)
        self.process.start()
        sender.close()
        self.heard = time.monotonic()

    def _stop(self) -> None:
        self.process.join()
        self.answers.close()
        self.scratch.cleanup()
        self.tally.seconds = time.monotonic() - self.since

    def hear(self) -> bool:
        """Take an answer, or notice that none will come; return whether all inputs are taken."""
        try:
            index, answer = self.answers.recv()
        except EOFError:
            self._stop()
            return self._lost(f"the process ended with {self.process.exitcode}")
        self.heard = time.monotonic()
        if isinstance(answer, Verdict):
            self.tally.note(index, answer)
            self.next = index + 1
            return False
        self.tally.growth_MB = max(self.tally.growth_MB, answer)
        self._stop()
        return True

    def hang(self) -> bool:
        """End a process that has said nothing for long; return whether all inputs are taken."""
        if time.monotonic() - self.heard < SILENCE_S:
            return False
        self.process.kill()
        self._stop()
        return self._lost(f"said nothing for {SILENCE_S:.0f} s")

    def _lost(self, words: str) -> bool:
        """Count the input that ended the process, and go on after it."""
        if self.next < self.tally.inputs:
            self.tally.note(self.next, Verdict(Outcome.FAILED, words))
        self.next += 1
        if self.next < self.tally.inputs:
            self._start()
        return self.next >= self.tally.inputs


def fuzz(tallies: Sequence[Tally], seed: int, processes: int) -> Iterator[Tally]:
    """Let every target take its inputs; yield each when it is done."""
    waiting, running = list(tallies), list[Run]()
    while waiting or running:
        while waiting and len(running) < processes:
            running.append(Run(waiting.pop(0), seed))
        ready: list[Any] = wait([one.answers for one in running], timeout=5.0)
        for one in list(running):
            if one.hear() if one.answers in ready else one.hang():
                running.remove(one)
                yield one.tally


def write_words(tally: Tally) -> None:
    """Say beside the failing inputs of a target why each failed."""
    lines = [
        f"{index}: {' | '.join(words.splitlines())[:500]}\n" for index, words in tally.failures
    ]
    kept_file(tally.target, "words.txt").write_text("".join(lines), encoding="utf-8")


def replay(path: Path) -> int:
    """Take a kept input again, and print what becomes of it."""
    target = named(path.resolve().parent.name)
    name = path.name.split("-", maxsplit=2)[2].replace(_SLASH, "/")
    with tempfile.TemporaryDirectory(prefix="voltward-fuzz-") as folder:
        verdict = Bench(target, Path(folder)).check(name, path.read_bytes(), limit_s=LIMIT_S)
    print(f"{verdict.outcome}, {verdict.peak_MB:.0f} MB: {verdict.words}")
    return EXIT_FOUND if verdict.outcome == Outcome.FAILED else 0


def table(tallies: Sequence[Tally]) -> str:
    """Return the table, with the sums last."""
    head = ("target", "inputs", *Outcome, "seconds", "growth MB")
    rows = [
        (
            one.target.name,
            one.taken,
            *one.outcomes.values(),
            round(one.seconds),
            round(one.growth_MB),
        )
        for one in tallies
    ]
    sums = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]
    lines = [head, ("---",) + ("--:",) * (len(head) - 1), *rows, ("all", *sums)]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def main() -> int:
    """Feed the readers, or replay one input."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=20_000, help="over all targets")
    parser.add_argument("--seed", type=int, help="by default another one each time")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", action="append", metavar="TARGET", help="may be given again")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="a file below out/fuzz")
    given = parser.parse_args()
    if given.replay:
        return replay(given.replay)
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    chosen = [named(name) for name in given.only] if given.only else TARGETS
    each = -(-given.inputs // len(chosen))
    tallies = [Tally(target, each) for target in chosen]
    for target in chosen:
        (KEPT / folder_name(target)).mkdir(parents=True, exist_ok=True)
    print(f"seed {seed}, {each} inputs for each of {len(chosen)} targets", flush=True)
    for number, tally in enumerate(fuzz(tallies, seed, given.processes), start=1):
        grown = f", grew by {tally.growth_MB:.0f} MB" if tally.has_grown else ""
        failed = tally.outcomes[Outcome.FAILED]
        print(f"{number:3}/{len(tallies)} {tally.target.name}: {failed} failed{grown}", flush=True)
        if tally.failures:
            write_words(tally)
        with suppress(OSError):  # it holds failing inputs
            (KEPT / folder_name(tally.target)).rmdir()
    print(table(tallies))
    if any(tally.failures for tally in tallies):
        print(f"failing inputs are in {KEPT}; words.txt says why; --replay FILE takes one again")
    return EXIT_FOUND if any(one.failures or one.has_grown for one in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
