"""The project as a whole: sizes, names, documents, and that they say what the code does."""

import ast
import importlib
import importlib.metadata
import itertools
import os
import re
import shlex
import signal
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

import voltward
from voltward.core.errors import ExitCode, VoltwardError
from voltward.core.termination import ended_by_signals
from voltward.interfaces.cli.main import cli, run

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "voltward").rglob("*.py"))
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if path.parent.name != "reference"
)
LARGEST_LINES = 400
MEDIAN_LINES = 150
# Written in parts, so that this list does not find itself.
FORBIDDEN = (
    *("/wo" + "rk/", "/tm" + "p/", "/ro" + "ot/", "/ho" + "me/"),
    *("TO" + "DO", "FIX" + "ME"),
)
FORBIDDEN_WORDS = re.compile(
    r"\b(" + "|".join(("cla" + "ude", "anth" + "ropic", "chat" + "gpt", "open" + "ai", "l" + "lm"))
    + r")\b",
    re.IGNORECASE,
)  # fmt: skip


def relative(path):
    return str(path.relative_to(ROOT))


def lines_of(path):
    return len(path.read_text("utf-8").splitlines())


def tracked_texts():
    """Every file of the repository that can be read as text."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        path = ROOT / name
        data = path.read_bytes() if path.is_file() else b""
        if data and b"\0" not in data[:8000]:
            yield name, data.decode("utf-8")


@pytest.fixture(scope="module")
def generator():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        yield importlib.import_module("generate_reference")


@pytest.fixture(scope="module")
def commands(generator):
    return dict(importlib.import_module("reference_pages.command_page").commands())


def test_no_file_is_longer_than_the_ceiling():
    long = {relative(path): lines_of(path) for path in SOURCES if lines_of(path) > LARGEST_LINES}
    assert long == {}


def test_the_median_file_is_short():
    assert statistics.median(lines_of(path) for path in SOURCES) < MEDIAN_LINES


def test_no_function_takes_nine_arguments_by_position():
    """Commands aside, whose arguments click gives by name."""
    many = []
    for path in SOURCES:
        if "cli" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                given = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
                if len([name for name in given if name not in {"self", "cls"}]) > 8:
                    many.append(f"{relative(path)}: {node.name}")
    assert many == []


def test_data_holds_no_code():
    # The verifier is handed out in every pack and imported by nobody.
    held = [relative(path) for path in SOURCES if "data" in path.parts]
    assert held == ["src/voltward/data/evidence/verify.py"]


def test_no_text_names_a_machine_or_leaves_work_open():
    found = [
        f"{name}: {word}" for name, text in tracked_texts() for word in FORBIDDEN if word in text
    ]
    assert found == []


def test_the_project_speaks_of_itself_alone():
    found = [
        f"{name}: {match[0]}"
        for name, text in tracked_texts()
        for match in FORBIDDEN_WORDS.finditer(text)
    ]
    assert found == []


def public_definitions(path):
    """Give every public function and class of a file, methods included."""
    waiting = [ast.parse(path.read_text("utf-8"))]
    while waiting:
        for node in waiting.pop().body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if not node.name.startswith("_"):
                yield node
                if isinstance(node, ast.ClassDef):
                    waiting.append(node)


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_everything_public_has_a_docstring(path):
    bare = [node.name for node in public_definitions(path) if not ast.get_docstring(node)]
    assert bare == []


def test_exported_names_are_sorted_and_there():
    assert list(voltward.__all__) == sorted(voltward.__all__)
    for name in voltward.__all__:
        assert getattr(voltward, name) is not None


def test_importing_the_package_loads_nothing_heavy():
    script = (
        "import sys, voltward; print([m for m in ('jax', 'numpy', 'click') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_one_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert project["version"] == voltward.__version__
    assert f"\nversion: {voltward.__version__}\n" in citation


# Documents


def targets():
    text = (ROOT / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


def shell_lines(path):
    """Give the commands in the code blocks of a page, continued lines joined."""
    inside, kept = None, ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("```"):
            inside = line.removeprefix("```").strip() if inside is None else None
        elif inside in {"", "sh", "bash"}:
            kept += line
            if kept.endswith("\\"):
                kept = kept.removesuffix("\\")
            else:
                yield shlex.split(kept.split("|")[0], comments=True)
                kept = ""


def commands_of(path):
    """Give the arguments of every `voltward` in the code blocks of a page."""
    for words in shell_lines(path):
        if words and Path(words[0]).name == "voltward":
            yield words[1:]


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_make_targets_in_documents_exist(path):
    text = path.read_text("utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert named <= targets()


def test_the_readme_shows_the_two_commands_and_the_picture():
    text = (ROOT / "README.md").read_text("utf-8")
    commands = [words for words in shell_lines(ROOT / "README.md") if words[:1] == ["make"]]
    assert commands == [["make", "demo"], ["make", "test"]]
    assert text.index("matrix.png") < text.index("make demo")
    demo = "voltward run examples/demo.toml --out out/demo"
    assert demo in text
    assert demo.replace("out/demo", "$(OUT)") in (ROOT / "Makefile").read_text("utf-8")


def known_options(command):
    return {option for parameter in command.params for option in
            (*parameter.opts, *parameter.secondary_opts)}  # fmt: skip


def require_command(words):
    """Fail when a command line names a command or an option that does not exist."""
    command, options = cli, known_options(cli)
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            command = command.get_command(click.Context(command), word)
            assert command is not None, words
            options |= known_options(command)
        elif word.startswith("--"):
            assert word.partition("=")[0] in options, words


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_commands_in_documents_exist_with_their_options(path):
    for words in commands_of(path):
        require_command(words)


def test_every_option_stands_in_a_guide(commands):
    guides = "".join(path.read_text("utf-8") for path in PAGES if path.name != "CHANGELOG.md")
    named = set(re.findall(r"--[a-z][a-z0-9-]*", guides))
    options = {
        option
        for command in (cli, *commands.values())
        for option in known_options(command)
        if option.startswith("--")
    }
    assert options - named == set()


def test_every_help_page_ends_with_two_examples_of_its_own(commands):
    for name, command in {"": cli, **commands}.items():
        assert len(command.examples) == 2, name
        for example in command.examples:
            pipeline = [shlex.split(part) for part in example.split(" | ")]
            ours = [words[1:] for words in pipeline if words[0] == "voltward"]
            own = name.split()
            assert any(words[: len(own)] == own for words in ours), example
            for words in ours:
                require_command(words)


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_links_between_documents_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (path.parent / link).exists()] == []


def test_the_reference_is_what_the_code_says(generator):
    assert generator.differences(generator.pages()) == []


def test_every_command_has_help_and_a_place_in_the_reference(commands):
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")
    assert {name.split()[0] for name in commands} == set(cli.commands)
    for name, command in commands.items():
        assert command.help
        assert f"\n## voltward {name}\n" in page


def test_every_dependency_says_why_it_is_there():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = list(settings["project"]["dependencies"]) + settings["build-system"]["requires"]
    for group in (
        *settings["project"]["optional-dependencies"].values(),
        *settings["dependency-groups"].values(),
    ):
        asked += group
    names = {re.match(r"[A-Za-z0-9_-]+", text)[0] for text in asked}
    rows = re.findall(
        r"^\| ([a-z0-9-]+) \|", (ROOT / "docs" / "dependencies.md").read_text("utf-8"), re.MULTILINE
    )
    assert names == set(rows) - {"package", "program"}
    pinned = re.findall(
        r"^([A-Za-z0-9_.-]+)==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE
    )
    assert {name.lower() for name in names} <= {name.lower() for name in pinned}


def imported_modules(*folders):
    """Give the top-level names that the code of folders imports."""
    for folder in folders:
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    yield node.module.partition(".")[0]


def packages_behind(modules):
    """Return the packages that hold modules, named as in constraints.txt.

    Those that are not installed, as the extras in a plain environment, are named like their module.
    """
    holders = importlib.metadata.packages_distributions()
    foreign = set(modules) - sys.stdlib_module_names
    return {
        name.lower().replace("_", "-")
        for module in foreign
        for name in holders.get(module, [module])
    }


def required(texts):
    return {re.match(r"[A-Za-z0-9_-]+", text)[0].lower() for text in texts}


def test_every_dependency_is_imported():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    source = packages_behind(imported_modules(ROOT / "src"))
    assert required(project["dependencies"]) - source == set()
    measured = source | packages_behind(imported_modules(ROOT / "benchmarks"))
    for extra in project["optional-dependencies"].values():
        assert required(extra) - measured == set()


def test_every_package_that_the_source_imports_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = required(
        [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    )
    found = packages_behind(imported_modules(ROOT / "src"))
    # pydantic pins its core exactly and hands out its errors.
    assert found - declared - {"voltward", "pydantic-core"} == set()


def test_decisions_are_numbered_and_have_the_form():
    pages = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for number, page in enumerate(pages, start=1):
        text = page.read_text("utf-8")
        assert text.startswith(f"# {number}. ")
        heads = ("## Context and problem", "## Options", "## Decision", "## Consequences")
        assert all(head in text for head in heads), page.name


def test_the_script_of_continuous_integration_can_be_run():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text("utf-8")
    assert "make test" in text
    assert "make check" in text


# Exit codes


def test_every_exit_code_is_documented():
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text("utf-8")
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)]
    assert codes == [int(code) for code in ExitCode]
    named = set(re.findall(r"`(\w+Error)`", page))
    assert named == {error.__name__ for error in VoltwardError.__subclasses__()}


def _done(folder, monkeypatch):
    return ["attacks", "list"]


def _usage(folder, monkeypatch):
    return ["attacks", "show", "no-such-attack"]


def _gate_failed(folder, monkeypatch):
    (folder / "key").write_text("00" * 16)
    (folder / "log").write_text("(0.000000) vcan0 123#0011223344556677\n")
    return ["can", "verify", str(folder / "log"), "--key-file", str(folder / "key")]


def _evidence_invalid(folder, monkeypatch):
    (folder / "statement.dsse.json").write_text("{}")
    return ["evidence", "verify", str(folder)]


def _nothing_ran(folder, monkeypatch):
    (folder / "key").write_text("00" * 16)
    (folder / "log").write_text("")
    return ["can", "verify", str(folder / "log"), "--key-file", str(folder / "key")]


def _environment_lacks(folder, monkeypatch):
    monkeypatch.setattr("voltward.comms.broker.shutil.which", lambda *_, **__: None)
    return ["doctor"]


def _interrupted(folder, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("voltward.interfaces.cli.attacks.emit", interrupt)
    return ["attacks", "list"]


def _terminated(folder, monkeypatch):
    def terminate(*_):
        with ended_by_signals():
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("voltward.interfaces.cli.attacks.emit", terminate)
    return ["attacks", "list"]


REACHED = {
    ExitCode.DONE: _done,
    ExitCode.USAGE: _usage,
    ExitCode.GATE_FAILED: _gate_failed,
    ExitCode.EVIDENCE_INVALID: _evidence_invalid,
    ExitCode.NOTHING_RAN: _nothing_ran,
    ExitCode.ENVIRONMENT_LACKS: _environment_lacks,
    ExitCode.INTERRUPTED: _interrupted,
    ExitCode.TERMINATED: _terminated,
}


@pytest.mark.parametrize("code", REACHED, ids=lambda code: code.name)
def test_every_exit_code_is_reached(code, tmp_path, monkeypatch, capsys):
    assert run(REACHED[code](tmp_path, monkeypatch)) == code


def test_the_table_of_reached_codes_is_whole():
    # A bug is an exception that nobody caught: Python's own code, shown by the tests of the CLI.
    assert set(REACHED) | {ExitCode.BUG} == set(ExitCode)
