"""Damaged files end in an answer: a short, repeatable share of what `make fuzz` does."""

from pathlib import Path
from random import Random

import pytest
from tests.fuzz.harness import Bench, Outcome, Target, random_of
from tests.fuzz.mutations import BYTES, STRUCTURE, TEXT
from tests.fuzz.targets import TARGETS, called, commanded, text

from voltward.core.errors import ConfigurationError

SEED = 1
RECORDING = next(target for target in TARGETS if target.name == "recording")


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_damaged_file_is_accepted_or_refused(target, tmp_path):
    bench = Bench(target, tmp_path)
    failed = []
    for index in range(target.brief):
        name, content = bench.draw(SEED, index)
        verdict = bench.check(name, content)
        if verdict.outcome == Outcome.FAILED:
            failed.append((index, name, verdict.words))
    assert failed == []


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_each_target_has_a_sound_file_that_is_accepted(target, tmp_path):
    if target.name == "BPX":
        pytest.importorskip("bpx", reason="the extra 'truth' is not installed")
    bench = Bench(target, tmp_path)
    outcomes = {bench.check(name, content).outcome for name, content in bench.sound.items()}
    assert Outcome.ACCEPTED in outcomes


def test_the_same_seed_draws_the_same_files(tmp_path):
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    first, second = (Bench(RECORDING, tmp_path / folder) for folder in ("first", "second"))
    drawn = [first.draw(7, index) for index in range(50)]
    assert drawn == [second.draw(7, index) for index in range(50)]
    assert drawn != [first.draw(8, index) for index in range(50)]


def test_every_mutation_of_a_kind_makes_another_file(tmp_path):
    for name, content in Bench(RECORDING, tmp_path).sound.items():
        for change in (*STRUCTURE.get(Path(name).suffix, TEXT), *BYTES):
            made = {change(content, Random(seed)) for seed in range(30)}
            assert made - {content}, (name, change)


def test_random_numbers_of_a_target_do_not_depend_on_others():
    assert random_of(RECORDING, 1, 2).random() == random_of(RECORDING, 1, 2).random()
    assert random_of(RECORDING, 1, 2).random() != random_of(RECORDING, 1, 3).random()


def reads(path: Path) -> None:
    """Stand for a reader with every kind of fault."""
    content = path.read_text()
    if content == "raise":
        raise ValueError(content)
    if content == "deep":
        return reads(path)
    if content == "warn":
        import warnings  # noqa: PLC0415

        warnings.warn("made up", stacklevel=1)
    if content == "wordless":
        raise ConfigurationError("no place is named")
    if content == "refuse":
        raise ConfigurationError(f"{path}: made up")
    while content == "loop":
        pass
    return None


@pytest.mark.parametrize(
    ("content", "outcome", "words"),
    [
        ("sound", Outcome.ACCEPTED, ""),
        ("refuse", Outcome.REFUSED, "made up"),
        ("raise", Outcome.FAILED, "ValueError"),
        ("deep", Outcome.FAILED, "RecursionError"),
        ("warn", Outcome.FAILED, "UserWarning"),
        ("wordless", Outcome.FAILED, "does not name"),
        ("loop", Outcome.FAILED, "processor time"),
    ],
)
def test_the_harness_tells_faults_from_answers(tmp_path, content, outcome, words):
    bench = Bench(Target("made up", text(file__txt="sound"), called(reads)), tmp_path)
    verdict = bench.check("file.txt", content.encode(), limit_s=0.2)
    assert (verdict.outcome, words in verdict.words) == (outcome, True)
    assert (tmp_path / "file.txt").read_text() == "sound"


def test_a_sealed_file_may_not_change_unnoticed(tmp_path):
    target = Target("made up", text(file__txt="sound"), called(reads), sealed=True)
    bench = Bench(target, tmp_path)
    assert bench.check("file.txt", b"sound").outcome == Outcome.ACCEPTED
    assert bench.check("file.txt", b"changed").outcome == Outcome.FAILED


def test_an_exit_code_of_1_is_a_fault(tmp_path):
    target = Target("made up", text(file__txt="sound"), commanded("config", "check", "FILE"))
    assert Bench(target, tmp_path).check("file.txt", b"x = [").outcome == Outcome.REFUSED
    always = Target("made up", text(file__txt="sound"), lambda _folder, _name: 1)
    assert Bench(always, tmp_path).check("file.txt", b"x").outcome == Outcome.FAILED
