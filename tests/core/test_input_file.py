"""Documents from outside end in a value or in a message that names file, place, cause and cure."""

import ast
import errno
import json
import os
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import voltward
from voltward.core.errors import ConfigurationError
from voltward.core.input_file import (
    DEEPEST,
    LONGEST_LINE_BYTES,
    parse_json,
    parse_toml,
    read_bytes,
    read_json,
    read_lines,
    read_text,
    read_toml,
)
from voltward.interfaces.cli.main import run

SOURCE = Path(voltward.__file__).parent

TOML = {
    "lists 5,000 deep": ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
    "tables 5,000 deep": ("a = " + "{a = " * 5000 + "1" + "}" * 5000, "nested too deeply"),
    "a key of 20,000 parts": (".".join("a" * 20_000) + " = 1", "nested too deeply"),
    "a quoted key of many parts": (" . ".join(['"a b"'] * 20_000) + " = 1", "nested too deeply"),
    "a table of 20,000 parts": ("[" + ".".join("a" * 20_000) + "]", "nested too deeply"),
    "300,000 tables": ("".join(f"[a{n}.b.c]\n" for n in range(300_000)), "names of tables"),
    "a million tables": ("".join(f"[{n}]\n" for n in range(1_000_000)), "too large"),
    "two million lists": ("a = [" + "[]," * 1_900_000 + "]", "too many values"),
    "10,000 digits": ("x = 1\na = " + "9" * 10_000, "line 2: an integer has too many digits"),
    "100,000 hexadecimal digits": ("[a]\nb = 0x" + "f" * 100_000, "key 'a.b'"),
    "65 bits": ("a = [1, 36893488147419103232]", "key 'a[1]'"),
    "1e400": ("[[a]]\nb = 1e400", "key 'a[0].b'"),
    "nan": ("a.b = nan", "key 'a.b'"),
    "-inf": ("a = {b = -inf}", "got -inf"),
    "a key twice": ("a = 1\na = 2", "not valid TOML"),
    "no TOML": ("a: 1", "line 1, column 2"),
    "latin-1": (b"a = 1\nb = '\xe9'", "line 2: cannot be read as text"),
    "UTF-16": ("a = 1".encode("utf-16"), "text in UTF-16"),
    "UTF-32": ("a = 1".encode("utf-32"), "text in UTF-32"),
    "a NUL": (b"a = 1\n\nb = '\0'", "line 3: holds a NUL"),
    "half a character": ("a = 'é".encode()[:-1], "line 1: cannot be read as text"),
    "binary": (bytes(range(256)), "cannot be read as text"),
    "9 MB": ("#" * 9_000_000, "is too large"),
}
JSON = {
    "lists 5,000 deep": ("[" * 5000 + "]" * 5000, "nested too deeply"),
    "half of lists": ("[" * 100_000, "nested too deeply"),
    "objects 5,000 deep": ('{"a":' * 5000 + "1" + "}" * 5000, "nested too deeply"),
    "just too deep": ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "nested too deeply"),
    "two million objects": ("[" + '{"a":1},' * 900_000 + "1]", "too many values"),
    "5,000 digits": ("[1,\n" + "9" * 5000 + "]", "line 2: an integer has too many digits"),
    "21 digits": ('{"a": [123456789012345678901]}', "key 'a[0]'"),
    "1e400": ('{"a": {"b": 1e400}}', "key 'a.b'"),
    "NaN": ('{"a": [1, NaN]}', "key 'a[1]'"),
    "-Infinity": ("[-Infinity]", "got -inf"),
    "a key twice": ('{"a": {"b": 1, "b": 2}}', "the key 'b' appears twice"),
    "empty": ("", "it is empty"),
    "blank": (" \n", "it is empty"),
    "no JSON": ('{"a": 1,\n "b" 2}', "line 2, column 6"),
    "a half": ('{"a": "b', "is not JSON"),
    "latin-1": (b'{"a":\n "\xe9"}', "line 2: cannot be read as text"),
    "UTF-16": ("{}".encode("utf-16"), "text in UTF-16"),
    "a NUL": (b'{"a": "\0"}', "line 1: holds a NUL"),
}


def written(folder, content):
    path = folder / "document"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("case", TOML)
def test_what_is_no_usable_toml_is_said(case, tmp_path):
    content, words = TOML[case]
    path = written(tmp_path, content)
    with pytest.raises(ConfigurationError) as caught:
        read_toml(path)
    assert words in str(caught.value)
    assert str(path) in caught.value.what
    assert caught.value.why
    assert caught.value.hint


@pytest.mark.parametrize("case", JSON)
def test_what_is_no_usable_json_is_said(case, tmp_path):
    content, words = JSON[case]
    path = written(tmp_path, content)
    with pytest.raises(ConfigurationError) as caught:
        read_json(path)
    assert words in str(caught.value)
    assert str(path) in caught.value.what
    assert caught.value.hint


def test_a_byte_order_mark_of_utf_8_is_no_part_of_the_text(tmp_path):
    assert read_toml(written(tmp_path, b"\xef\xbb\xbfa = 1")) == {"a": 1}
    assert read_json(written(tmp_path, b'\xef\xbb\xbf{"a": 1}')) == {"a": 1}
    assert list(read_lines(written(tmp_path, b"\xef\xbb\xbfa\r\nb"))) == ["a\r\n", "b"]


def test_what_is_just_allowed_is_read():
    deep = "[" * DEEPEST + "]" * DEEPEST
    assert parse_json(deep, "name") == json.loads(deep)
    for text in ("a = 18446744073709551615\nb = -9223372036854775808", "a.b.c.d.e.f = 1", ""):
        assert parse_toml(text, "name") == tomllib.loads(text)
    prose = 'a = """' + "one. two. three. " * 2000 + '"""'
    assert parse_toml(prose, "name") == tomllib.loads(prose)
    numbers = "a = [\n" + "  1.5, 2.5,\n" * 150_000 + "]"
    assert len(parse_toml(numbers, "name")["a"]) == 300_000


LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30
)


@given(DOCUMENTS)
def test_every_document_that_is_in_order_is_read_as_it_is(document):
    assert parse_json(json.dumps(document), "name") == document


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_end_in_a_value_or_in_a_message(tmp_path, content):
    path = written(tmp_path, content)
    for read, library in ((read_toml, tomllib.loads), (read_json, json.loads)):
        try:
            value = read(path)
        except ConfigurationError as error:
            value = None
            named = str(path) in error.what
        else:
            named = value == library(content.decode("utf-8-sig"))
        assert named


def test_lines_are_bounded(tmp_path):
    path = written(tmp_path, b"a\n" + b"b" * LONGEST_LINE_BYTES + b"\nc")
    lines = read_lines(path)
    assert next(lines) == "a\n"
    with pytest.raises(ConfigurationError, match="line 2 is too long"):
        next(lines)
    with pytest.raises(ConfigurationError, match="line 2: cannot be read as text"):
        list(read_lines(written(tmp_path, b"a\n\xff\n")))


def _fifo(path):
    os.mkfifo(path)


NOT_PLAIN = {
    "absent": lambda _: None,
    "a folder": lambda path: path.mkdir(),
    "a pipe": _fifo,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("kind", [*NOT_PLAIN, "a huge file"])
def test_what_is_not_a_plain_file_is_refused_at_once(kind, tmp_path):
    path = tmp_path / "document"
    if kind == "a huge file":
        with path.open("wb") as stream:
            stream.truncate(2**33)
    else:
        NOT_PLAIN[kind](path)
    for read in (read_bytes, read_text, read_toml, read_json):
        with pytest.raises(ConfigurationError) as caught:
            read(path)
        assert str(path) in caught.value.what
        assert caught.value.hint


def test_a_pipe_of_the_shell_is_read(tmp_path):
    code = (
        "from voltward.core.input_file import read_toml; from pathlib import Path; "
        "print(read_toml(Path('/dev/stdin')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="a = 1", text=True, capture_output=True, check=True
    )
    assert done.stdout == "{'a': 1}\n"


def test_an_error_of_the_disk_is_told(tmp_path, monkeypatch):
    path = written(tmp_path, b"a = 1")

    def refuse(*_, **__):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        read_toml(path)
    assert "input/output error" in caught.value.why


# In a process of its own, whose memory is measured.
MEASURED = """
import runpy, sys
from pathlib import Path
from voltward.core.errors import ConfigurationError
from voltward.core.input_file import parse_json, parse_toml
cases = runpy.run_path(sys.argv[1])
def peak():
    # The system's own figure for this program; that of getrusage counts its parent's, too.
    (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1])
before = peak()
for name, parse in (("TOML", parse_toml), ("JSON", parse_json)):
    for content, _ in cases[name].values():
        try:
            parse(content if isinstance(content, str) else content.decode("latin-1"), "name")
        except ConfigurationError:
            pass
print((peak() - before) // 1024)
"""


def test_the_memory_for_hostile_documents_is_bounded():
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, __file__], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 300


# Who opens files himself, and why; all others go through the readers that hold the limits.
OWN_READERS = {
    "core/files.py": "writes",
    "core/plain_file.py": "opens for the readers",
    "core/input_file.py": "the readers",
    "core/program_cache.py": "a file of the system, of which every byte is text",
    "data/evidence/verify.py": "stands alone",
    "assurance/tara/exchange/cell_text.py": "a quoted item of one cell",
    "assurance/evidence/envelope.py": "a canonical encoding, held to its bytes",
    "assurance/evidence/examination.py": "a canonical encoding, held to its bytes",
    "assurance/evidence/manifest.py": "a canonical encoding, held to its bytes",
    "assurance/evidence/collection.py": "writes a copy",
    "assurance/tara/exchange/workbook_file.py": "parts of an archive, counted before",
    "results/folder_ledger.py": "our own hidden file, locked",
    "results/run_parts.py": "blocks of our own parts",
    "ranges/campaign/source_revision.py": "metadata of the installation",
    "ranges/live": "logs and messages of our own processes",
    "comms": "logs of our own broker, and payloads of the wire",
    "interfaces/cli/main.py": "the null device",
    "interfaces/cli/can.py": "a reader of its own for logs and records",
    "interfaces/cli/can_records.py": "one line of a stream on standard input, bounded before",
    "interfaces/python/evidence.py": "a copy of a document",
    "physical/can": "a reader of its own for logs and databases",
    "real_cells": "readers of their own for recordings",
    "ranges/configuration": "readers of their own for profiles and their copies",
}
READS = {"read_text", "read_bytes", "open", "load", "loads"}


def own_reads(path):
    """Yield the lines on which a file is read, or a document parsed, past the readers."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            of = node.func
            name = of.attr if isinstance(of, ast.Attribute) else getattr(of, "id", "")
            owner = ast.unparse(of.value) if isinstance(of, ast.Attribute) else ""
            parses = name in {"load", "loads"} and owner in {"json", "tomllib"}
            reads = name in {"read_text", "read_bytes"} and bool(owner)
            opens = name == "open" and owner not in {
                "RunFolder",
                "situation.valuation",
                "valuation",
            }
            if parses or reads or (opens and not owner.endswith("uplink")):
                yield node.lineno


def test_every_file_is_read_through_the_readers():
    found = {
        str(path.relative_to(SOURCE)): lines
        for path in sorted(SOURCE.rglob("*.py"))
        if (lines := [*own_reads(path)])
    }
    unknown = {
        name: lines
        for name, lines in found.items()
        if not any(name == known or name.startswith(f"{known}/") for known in OWN_READERS)
    }
    assert unknown == {}
    unused = [
        known
        for known in OWN_READERS
        if not any(name == known or name.startswith(f"{known}/") for name in found)
    ]
    assert unused == []


# The same through the command line: every command that takes a document.

MODEL = Path(voltward.__file__).parent / "data" / "tara"
COMMANDS = {
    "a campaign": ["config", "check", "FILE.toml"],
    "a system": ["config", "check", "--system", "FILE.toml"],
    "a profile": ["tara", "rate", "headlamp", "--profile", "FILE.toml"],
    "an organisation": ["plan", "--org", "FILE.toml"],
    "a model": ["tara", "check", "FOLDER"],
    "a rating": ["tara", "diff", "FILE.json", "FILE.json"],
    "an electrochemical cell": ["import-bpx", "FILE.json", "--out", "new.toml"],
    "a run": ["evidence", "sign", "RUN", "--key", "KEY", "--out", "new"],
    "a rating of a pack": [
        "evidence",
        "sign",
        "GOOD",
        "--key",
        "KEY",
        "--out",
        "new",
        "--tara",
        "FILE.json",
    ],
    "a workbook": ["tara", "import", "FILE.xlsx", "new"],
}
PACK = runpy.run_path(str(Path(__file__).parents[1] / "assurance" / "evidence_pack.py"))


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    PACK["make_pack"](folder)
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_hostile_documents_in_words(
    command, good, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    json_too = [name for name in JSON if "million" not in name]
    toml_too = [name for name in TOML if "million" not in name and "300,000" not in name]
    for number, (content, _) in enumerate(
        [*(JSON[name] for name in json_too), *(TOML[name] for name in toml_too), (b"", "")]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        data = content if isinstance(content, bytes) else content.encode()
        places = {
            **{f"FILE.{kind}": folder / f"file.{kind}" for kind in ("toml", "json", "xlsx")},
            "FOLDER": folder,
            "RUN": folder,
            "GOOD": good / "run",
            "KEY": good / "signer.pem",
        }
        for name in ("file.toml", "file.json", "file.xlsx", "run.json"):
            (folder / name).write_bytes(data)
        code = run([str(places.get(word, word)) for word in COMMANDS[command]])
        told = capsys.readouterr()
        # An empty campaign is one with all defaults.
        assert code == 2 or (code == 0 and not data.strip()), (number, told)
        assert "Traceback" not in told.err
        assert code == 0 or "error: " in told.err
        for name in ("new", "new.toml"):
            assert not (tmp_path / name).exists()
