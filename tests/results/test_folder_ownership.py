"""No file of the user's is lost to a run: what is ours, what is refused, what --force names."""

import json
import os
import runpy
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from voltward.core.errors import ConfigurationError
from voltward.results.folder_ledger import LEDGER_FILE
from voltward.results.folder_ownership import OwnedFolder
from voltward.results.run_folder import RunFolder, RunWriter, finished_run, owned_run

SYNTHETIC = runpy.run_path(str(Path(__file__).parents[1] / "synthetic_run.py"))
PLAN = {"config_sha256": "a"}
CASES = SYNTHETIC["make_cases"](seeds=1)[:4]


def begin(folder, **options):
    return RunWriter.begin(folder, "", PLAN, **options)


def finish(folder, *, trace=True, **options):
    """Write a small run, as a campaign does."""
    with closing(begin(folder, **options)) as writer:
        writer.parts.write(0, CASES, [])
        if trace:
            writer.write_trace("c00000", SYNTHETIC["make_trace"](CASES[0], length=3))
        writer.finish(SYNTHETIC["make_run"]())
    return folder


def report(folder, text="<p>ours</p>", **options):
    """Write a report and a figure, as the report writer does."""
    with owned_run(folder, **options) as owned:
        files = (folder / "report.html", folder / "figures" / "matrix.svg")
        for path in files:
            owned.write(path, text.encode())
        RunFolder.open(folder, with_report=False).seal(files)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def run(tmp_path):
    return finish(tmp_path / "run")


def test_a_folder_of_photos_called_parts_is_no_run(tmp_path):
    photo = tmp_path / "parts" / "holiday.jpg"
    photo.parent.mkdir()
    photo.write_bytes(b"sea")
    (tmp_path / "report.html").write_text("mine")
    before = contents(tmp_path)
    for resume in (False, True):
        with pytest.raises(ConfigurationError, match="not a run folder"):
            begin(tmp_path, resume=resume)
    assert contents(tmp_path) == before
    replaced = []
    finish(tmp_path, replacing=replaced.append)
    report(tmp_path, replacing=replaced.append)
    assert replaced == [tmp_path / "report.html"]
    assert photo.read_bytes() == b"sea"
    assert "parts/holiday.jpg" not in RunFolder.open(tmp_path).run["files"]


@pytest.mark.parametrize(
    "text", ["{}", '{"files": {"matrix.csv": "0"}}', "[]", "not JSON", "[" * 100_000]
)
def test_a_run_file_of_another_program_is_left_alone(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    (tmp_path / "matrix.csv").write_text("mine")
    before = contents(tmp_path)
    for resume in (False, True):
        with pytest.raises(ConfigurationError, match="not a run folder"):
            begin(tmp_path, resume=resume)
    assert contents(tmp_path) == before
    replaced = []
    finish(tmp_path, replacing=replaced.append)
    assert sorted(path.name for path in replaced) == ["matrix.csv", "run.json"]
    RunFolder.open(tmp_path)


def test_an_edited_run_file_no_longer_says_that_the_folder_is_ours(run):
    document = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(document | {"remark": "keep"}))
    with pytest.raises(ConfigurationError, match="not a run folder"):
        begin(run)
    assert json.loads((run / "run.json").read_text())["remark"] == "keep"


def test_a_run_is_replaced_unasked_and_other_files_stay(run):
    report(run)
    theirs = (
        "notes.txt",
        "figures/x.png",
        "traces/mine.parquet",
        "parts/mine.txt",
        "traces/c1.txt",
    )
    for name in theirs:
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).write_text("mine")
    assert not {*theirs} & {*RunFolder.open(run).run["files"]}
    finish(run, trace=False)
    assert not (run / "report.html").exists()
    assert not (run / "traces" / "c00000.parquet").exists()
    report(run)
    replaced = []
    finish(run, replacing=replaced.append)
    assert replaced == []
    assert {name: (run / name).read_text() for name in theirs} == dict.fromkeys(theirs, "mine")
    assert not {*theirs} & {*RunFolder.open(run).run["files"]}


def test_a_users_file_that_an_earlier_version_named_as_its_own_stays(run):
    (run / "figures").mkdir()
    mine = run / "figures" / "mine.png"
    mine.write_text("mine")
    RunFolder.open(run).seal((mine,))
    finish(run)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    "name", ["report.html", "risk.json", "figures/matrix.svg", "cases.csv", "traces/c00000.parquet"]
)
def test_a_changed_or_foreign_file_is_refused_and_forced_by_name(run, name):
    report(run)
    (run / name).write_text("edited for hours")
    before = contents(run)
    with pytest.raises(ConfigurationError) as caught:
        finish(run)
    assert name in caught.value.what
    assert "--force" in caught.value.hint
    assert contents(run) == before
    replaced = []
    finish(run, replacing=replaced.append)
    with owned_run(run, replaced.append) as owned:
        owned.write(run / name, b"new")
    assert replaced == [run / name]
    assert (run / name).read_bytes() == b"new"


def test_a_report_does_not_replace_an_edited_one(run):
    report(run)
    report(run)
    (run / "report.html").write_text("edited")
    before = contents(run)
    with pytest.raises(ConfigurationError, match=r"report\.html"):
        report(run)
    assert contents(run) == before


def test_many_files_are_named_in_part(run):
    for number in range(40):
        (run / "traces" / f"c{number:05d}.parquet").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"c00007\.parquet and 32 more"):
        begin(run)


def test_a_folder_at_the_place_of_a_file_is_never_removed(run):
    (run / "report.html").mkdir()
    (run / "report.html" / "page").write_text("mine")
    for options in ({}, {"replacing": pytest.fail}):
        with pytest.raises(ConfigurationError, match=r"report\.html"):
            begin(run, **options)
    assert (run / "report.html" / "page").read_text() == "mine"


@pytest.mark.parametrize("name", ["parts", "figures", "traces"])
def test_a_link_to_a_folder_elsewhere_is_not_followed(run, tmp_path, name):
    report(run)
    elsewhere = tmp_path / "elsewhere"
    if (run / name).exists():
        (run / name).rename(elsewhere)
    else:
        elsewhere.mkdir()
        (elsewhere / "part-00000.parquet").write_text("mine")
    (run / name).symlink_to(elsewhere)
    before = contents(elsewhere)
    with pytest.raises(ConfigurationError, match=name):
        begin(run)
    replaced = []
    finish(run, replacing=replaced.append)
    report(run, replacing=replaced.append)
    assert replaced == [run / name]
    assert not (run / name).is_symlink()
    assert contents(elsewhere) == before


def test_a_link_at_the_place_of_a_file_is_replaced_only_by_force(run, tmp_path):
    theirs = tmp_path / "theirs.csv"
    theirs.write_bytes((run / "matrix.csv").read_bytes())
    (run / "matrix.csv").unlink()
    (run / "matrix.csv").symlink_to(theirs)
    before = theirs.read_bytes()
    with pytest.raises(ConfigurationError, match=r"matrix\.csv"):
        begin(run)
    replaced = []
    finish(run, replacing=replaced.append)
    assert replaced == [run / "matrix.csv"]
    assert not (run / "matrix.csv").is_symlink()
    assert theirs.read_bytes() == before


def test_a_clean_end_leaves_no_ledger(run):
    report(run)
    assert not (run / LEDGER_FILE).exists()
    assert sorted(path.name for path in run.iterdir()) == [
        "cases.csv",
        "cases.parquet",
        "config.toml",
        "events.jsonl",
        "figures",
        "matrix.csv",
        "report.html",
        "run.json",
        "traces",
    ]


def test_a_refused_run_leaves_no_ledger(run):
    (run / "report.html").write_text("mine")
    with pytest.raises(ConfigurationError):
        begin(run)
    assert not (run / LEDGER_FILE).exists()


def test_a_finished_run_is_not_resumed(run):
    before = contents(run)
    with pytest.raises(ConfigurationError, match="already finished"):
        begin(run, resume=True)
    sha = RunFolder.open(run).run["config_sha256"]
    assert finished_run(run, sha).path == run
    with pytest.raises(ConfigurationError, match="another configuration"):
        finished_run(run, "b" * 64)
    assert finished_run(run / "absent", sha) is None
    assert contents(run) == before


def test_a_foreign_part_is_neither_merged_nor_removed(tmp_path):
    with closing(begin(tmp_path / "run")) as writer:
        writer.parts.write(0, CASES[:2], [])
    part = tmp_path / "run" / "parts" / "part-00000.parquet"
    theirs = part.with_name("part-00001.parquet")
    theirs.write_bytes(part.read_bytes())
    with pytest.raises(ConfigurationError, match=r"parts/part-00001\.parquet"):
        begin(tmp_path / "run", resume=True)
    with closing(begin(tmp_path / "run", resume=True, replacing=pytest.fail)) as writer:
        assert writer.parts.finished() == {0}
        writer.finish(SYNTHETIC["make_run"]())
    assert theirs.exists()


CHILD = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import synthetic_run as made
from voltward.results.run_folder import RunWriter
writer = RunWriter.begin(Path({folder!r}), "", {plan!r})
cases = made.make_cases(seeds=1)[:4]
writer.parts.write(0, cases[:2], [])
{then}
"""
WAIT = "print('ready', flush=True); sys.stdin.read()"
# The name at which the process dies, before or after the file of that name gets it.
DIE = """
real = Path.replace
def replace(self, target):
    die = Path(target).name == {name!r}
    if die and {early!r}: os.kill(os.getpid(), signal.SIGKILL)
    real(self, target)
    if die: os.kill(os.getpid(), signal.SIGKILL)
Path.replace = replace
writer.write_trace("c00000", made.make_trace(cases[0], length=3))
writer.parts.write(1, cases[2:], [])
writer.finish(made.make_run())
"""


def child(folder, then):
    code = CHILD.format(
        tests=str(Path(__file__).parents[1]), folder=str(folder), plan=PLAN, then=then
    )
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_second_process_is_refused_at_once_and_a_kill_leaves_no_lock(tmp_path):
    folder = tmp_path / "run"
    with child(folder, WAIT) as other:
        assert other.stdout.readline() == "ready\n"
        before = contents(folder)
        for options in ({}, {"resume": True}, {"replacing": pytest.fail}):
            with pytest.raises(ConfigurationError, match="another process is writing"):
                begin(folder, **options)
        assert contents(folder) == before
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    with closing(begin(folder, resume=True)) as writer:
        assert writer.parts.finished() == {0}


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize(
    "name",
    ["part-00001.events.jsonl", "part-00001.parquet", "c00000.parquet", "events.jsonl", "run.json"],
)
def test_a_run_killed_at_any_file_goes_on_or_is_replaced(tmp_path, name, early):
    folder = tmp_path / "run"
    with child(folder, DIE.format(name=name, early=early)) as other:
        other.stdin.close()
        assert other.wait() == -signal.SIGKILL
    if (name, early) != ("run.json", False):
        with closing(begin(folder, resume=True)) as writer:
            writer.parts.write(1, CASES[2:], [])
            writer.finish(SYNTHETIC["make_run"]())
    assert len(RunFolder.open(folder).cases()) == 4
    finish(folder, trace=False)
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]
    assert not (folder / "parts").exists()
    assert RunFolder.open(folder).traced_cases() == []


def test_a_run_killed_while_it_removes_an_earlier_one_is_replaced(run, monkeypatch):
    report(run)
    with monkeypatch.context() as patch:
        patch.setattr(OwnedFolder, "remove", lambda _self, path: _stop_at_csv(path))
        with pytest.raises(KeyboardInterrupt):
            begin(run)
    assert not (run / "run.json").exists()
    finish(run)
    assert not (run / "report.html").exists()


def _stop_at_csv(path):
    if path.name == "cases.csv":
        raise KeyboardInterrupt
    path.unlink()


def test_a_ledger_whose_last_line_is_cut_is_read(tmp_path):
    with closing(begin(tmp_path)) as writer:
        writer.parts.write(0, CASES, [])
    ledger = tmp_path / LEDGER_FILE
    ledger.write_bytes(ledger.read_bytes() + b'{"path": "cases.c')
    with closing(begin(tmp_path, resume=True)) as writer:
        assert writer.parts.finished() == {0}
        writer.finish(SYNTHETIC["make_run"]())
    assert not ledger.exists()


def test_a_ledger_names_nothing_outside_the_folder(tmp_path):
    outside = tmp_path / ".x.7.part"
    outside.write_text("mine")
    with closing(begin(tmp_path / "run")) as writer:
        writer.parts.write(0, CASES, [])
    with (tmp_path / "run" / LEDGER_FILE).open("a") as stream:
        for path in ("../x", str(tmp_path / "x")):
            stream.write(json.dumps({"path": path, "sha256": "", "process": 7}) + "\n")
    begin(tmp_path / "run", resume=True).close()
    assert outside.read_text() == "mine"


@pytest.mark.parametrize("kind", ["text", "link", "folder"])
def test_a_file_of_the_ledgers_name_that_is_not_ours_is_left_alone(tmp_path, kind):
    ledger = tmp_path / "run" / LEDGER_FILE
    ledger.parent.mkdir()
    if kind == "text":
        ledger.write_text("mine\n")
    elif kind == "link":
        (tmp_path / "theirs").write_text("")
        ledger.symlink_to(tmp_path / "theirs")
    else:
        ledger.mkdir()
    with pytest.raises(ConfigurationError, match="was not written by voltward"):
        begin(ledger.parent)
    assert [path.name for path in ledger.parent.iterdir()] == [LEDGER_FILE]


def test_other_folders_keep_their_ledger_and_know_their_files_by_it(tmp_path):
    for content in (b"one", b"two"):
        with OwnedFolder(tmp_path) as owned:
            owned.refuse_strangers([tmp_path / "logs" / "trace"])
            owned.write(tmp_path / "logs" / "trace", content)
    (tmp_path / "logs" / "trace").write_bytes(b"mine")
    with (
        pytest.raises(ConfigurationError, match="logs/trace"),
        OwnedFolder(tmp_path) as owned,
    ):
        owned.write(tmp_path / "logs" / "trace", b"three")
    replaced = []
    with OwnedFolder(tmp_path, replacing=replaced.append) as owned:
        owned.write(tmp_path / "logs" / "trace", b"three")
    assert replaced == [tmp_path / "logs" / "trace"]
