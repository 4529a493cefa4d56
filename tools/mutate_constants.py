"""Change constants of consequence one at a time, and report the changes that no test notices.

The table `constant_mutations.toml` says what is changed to what, and which tests must fail for it.

1. Every old text must appear exactly once, else nothing is run and the exit code is 2.
2. The named tests must pass on a copy of the unchanged source, else the exit code is 2.
3. Each change is made alone in a copy of the source, and its tests run there. They fail: the change
   is noticed. They pass: it survives. They cannot run: it is broken, which says nothing.
4. A table is printed; the exit code is 3 when a change survived or is broken.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
TABLE = Path(__file__).with_name("constant_mutations.toml")
# What pytest answers when all passed, and when some failed.
PASSED, FAILED = 0, 1
EXIT_STALE, EXIT_SURVIVED = 2, 3


@dataclass(frozen=True)
class Mutation:
    """A change that tests must notice.

    Attributes:
        what: The change in words.
        where: File or folder below src/voltward.
        old: Text that appears once in there.
        new: What takes its place.
        tests: File or test that must fail.
    """

    what: str
    where: str
    old: str
    new: str
    tests: str


def load_mutations(path: Path = TABLE) -> list[Mutation]:
    """Return the rows of a table."""
    return [Mutation(**row) for row in tomllib.loads(path.read_text("utf-8"))["mutation"]]


def file_of(mutation: Mutation, source: Path = SOURCE) -> Path:
    """Return the one file that holds the old text.

    Raises:
        LookupError: The text appears in no file, or more than once.
    """
    start = source / "voltward" / mutation.where
    files = [start] if start.is_file() else sorted(start.rglob("*.py"))
    counts = {path: path.read_text("utf-8").count(mutation.old) for path in files}
    found = [path for path, count in counts.items() if count]
    total = sum(counts.values())
    if total != 1:
        raise LookupError(
            f"{mutation.what}: {mutation.old!r} appears {total} times in {mutation.where}; "
            f"give the table a text that appears once"
        )
    return found[0]


def run_tests(source: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Return pytest's answer for tests on a source tree, and what it wrote."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(source),
        "PYTHONDONTWRITEBYTECODE": "1",
        "JAX_PLATFORMS": "cpu",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def outcome_of(mutation: Mutation, source: Path) -> tuple[str, str]:
    """Return whether tests notice a change made in a copy of the source, which is then undone."""
    path = file_of(mutation, source)
    sound = path.read_text("utf-8")
    path.write_text(sound.replace(mutation.old, mutation.new), "utf-8")
    try:
        answer, text = run_tests(source, [mutation.tests])
    finally:
        path.write_text(sound, "utf-8")
    return {PASSED: "SURVIVED", FAILED: "noticed"}.get(answer, "BROKEN"), text


def _print_row(outcome: str, mutation: Mutation) -> None:
    print(f"{outcome:<9} {mutation.what:<60} {mutation.tests.removeprefix('tests/')}", flush=True)


def main() -> int:
    """Run the table and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="rows whose words or tests contain this text")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    rows = [row for row in load_mutations() if chosen.only in f"{row.what} {row.tests}"]

    # 1. Nothing stale.
    stale = []
    for row in rows:
        try:
            file_of(row)
        except LookupError as error:
            stale.append(str(error))
    if stale or not rows:
        print("\n".join(["error: nothing was run", *stale]), file=sys.stderr)
        return EXIT_STALE

    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(max(chosen.workers, 1)):
            copy = Path(folder) / str(number)
            shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
            copies.put(copy)

        # 2. A failure means something only where the unchanged source passes.
        answer, text = run_tests(Path(folder) / "0", sorted({row.tests for row in rows}))
        if answer != PASSED:
            print(f"{text}\nerror: tests fail without any change", file=sys.stderr)
            return EXIT_STALE

        # 3. One change at a time in each copy.
        def tried(row: Mutation) -> tuple[str, str]:
            copy = copies.get()
            try:
                return outcome_of(row, copy)
            finally:
                copies.put(copy)

        missed = 0
        with ThreadPoolExecutor(max(chosen.workers, 1)) as pool:
            for row, (outcome, text) in zip(rows, pool.map(tried, rows), strict=True):
                _print_row(outcome, row)
                missed += outcome != "noticed"
                if outcome == "BROKEN":
                    print(text, file=sys.stderr)

    # 4.
    print(f"{len(rows)} changes, {missed} not noticed")
    return EXIT_SURVIVED if missed else 0


if __name__ == "__main__":
    sys.exit(main())
