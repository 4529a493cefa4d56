"""One byte of any file of a pack differs: both verifiers say which file, and both digests."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import voltward
from voltward.assurance.evidence.examination import examine
from voltward.assurance.evidence.keys import key_id, read_public_key

HERE = Path(__file__).parent
PACK = runpy.run_path(str(HERE / "evidence_pack.py"))
changed, flipped, sha256 = PACK["changed"], PACK["flipped"], PACK["sha256"]
VERIFIER = Path(voltward.__file__).parent / "data" / "evidence" / "verify.py"
STATEMENT, SEAL, KEY = "statement.dsse.json", "statement.dsse.json.sha256", "public-key.pem"
EVERY_FILE = {
    *("README.txt", "environment.json", "exceptions.json", "manifest.json", KEY, STATEMENT, SEAL),
    *("run/cases.csv", "run/cases.parquet", "run/config.toml", "run/events.jsonl", "run/run.json"),
    *("run/figures/matrix.svg", "run/matrix.csv", "run/report.html", "run/risk.json"),
    *("tara/after.json", "tara/before.json", "tara/model/model.toml", "verify.py"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("flips")
    PACK["make_pack"](path)
    return path


@pytest.fixture(scope="module")
def independent():
    """The shipped verifier, as a module; it imports nothing of the project."""
    return runpy.run_path(str(VERIFIER))


def check_named(folder, name, content, independent):
    """Put the content into the pack; every verifier must name that file alone."""
    pack = folder / "pack"
    before, after = sha256((pack / name).read_bytes()), sha256(content)
    pinned = read_public_key(folder / "signer.pub.pem")
    der = independent["key_of"]((folder / "signer.pub.pem").read_bytes())
    with changed(pack / name, content):
        for examined in (examine(pack), examine(pack, pinned)):
            found = [(finding.file, finding.expected, finding.got) for finding in examined.findings]
            assert found == [(name, before, after)]
        for lines in (independent["problems"](pack), independent["problems"](pack, der)):
            assert len(lines) == 1
            assert lines[0].startswith(f"{name}: expected {before}, got {after}")


def test_the_pack_holds_what_it_should(folder, independent):
    pack = folder / "pack"
    assert set(PACK["contents"](pack)) == EVERY_FILE
    assert examine(pack).findings == ()
    assert independent["problems"](pack) == []


@pytest.mark.parametrize("name", sorted(EVERY_FILE))
def test_a_flipped_byte_names_its_file(folder, independent, name):
    content = (folder / "pack" / name).read_bytes()
    for position in (0, 1, len(content) // 3, len(content) // 2, len(content) - 2, -1):
        for mask in (0x01, 0x20, 0x80):
            check_named(folder, name, flipped(content, position, mask), independent)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_flipped_byte_names_its_file(folder, independent, data):
    name = data.draw(st.sampled_from([*sorted(EVERY_FILE), STATEMENT, STATEMENT, KEY]))
    content = (folder / "pack" / name).read_bytes()
    position = data.draw(st.integers(0, len(content) - 1))
    mask = data.draw(st.integers(1, 255))
    check_named(folder, name, flipped(content, position, mask), independent)


@pytest.mark.parametrize("name", [KEY, SEAL])
def test_every_byte_of_the_smallest_files_counts(folder, independent, name):
    content = (folder / "pack" / name).read_bytes()
    for position in range(len(content)):
        check_named(folder, name, flipped(content, position, 1 << position % 8), independent)


@pytest.mark.parametrize("name", sorted(EVERY_FILE))
def test_a_shortened_and_a_lengthened_file_is_named(folder, independent, name):
    content = (folder / "pack" / name).read_bytes()
    for other in (b"", content[:-1], content + b"\n", content + content):
        check_named(folder, name, other, independent)


def test_another_spelling_of_the_statement_counts(folder, independent):
    """Blanks, ignored fields and base64 without its padding change no meaning, and yet a byte."""
    content = (folder / "pack" / STATEMENT).read_bytes()
    spellings = [
        content.replace(b'{"payload"', b'{ "payload"'),
        content.replace(b'{"payload"', b'{"more":1,"payload"'),
        content.replace(b'"sig":"', b'"more":1,"sig":"'),
        content.replace(b'=="}', b'"}'),
        content.replace(b'"sig":"', b'"sig":"\\u0020'),
    ]
    for spelling in spellings:
        assert spelling != content
        check_named(folder, STATEMENT, spelling, independent)


@pytest.mark.parametrize("name", sorted(EVERY_FILE))
def test_a_missing_file_is_named(folder, independent, name):
    path = folder / "pack" / name
    content = path.read_bytes()
    path.unlink()
    try:
        (finding,) = examine(folder / "pack").findings
        (line,) = independent["problems"](folder / "pack")
    finally:
        path.write_bytes(content)
    assert (finding.file, finding.expected, finding.got) == (name, sha256(content), "no file")
    assert line.startswith(f"{name}: expected {sha256(content)}, got no file")


@pytest.mark.parametrize("name", ["notes.txt", "run/.hidden", "tara/model/more.toml"])
def test_an_added_file_is_named(folder, independent, name):
    path = folder / "pack" / name
    path.write_bytes(b"more\n")
    try:
        (finding,) = examine(folder / "pack").findings
        (line,) = independent["problems"](folder / "pack")
    finally:
        path.unlink()
    assert (finding.file, finding.expected, finding.got) == (name, "no file", sha256(b"more\n"))
    assert line == f"{name}: expected no file, got {sha256(b'more' + bytes([10]))}"


@pytest.mark.parametrize("name", ["run/run.json", STATEMENT, KEY, "more"])
def test_a_link_is_no_file_of_a_pack(folder, independent, tmp_path, name):
    path = folder / "pack" / name
    content = path.read_bytes() if path.exists() else b"more"
    (tmp_path / "same").write_bytes(content)
    path.unlink(missing_ok=True)
    path.symlink_to(tmp_path / "same")
    try:
        named = {finding.file for finding in examine(folder / "pack").findings}
        lines = independent["problems"](folder / "pack")
    finally:
        path.unlink()
        if name != "more":
            path.write_bytes(content)
    assert named == {name}
    assert [line.partition(":")[0] for line in lines] == [name]


def verify_alone(python_options, *arguments):
    """Run the shipped verifier as an auditor does, away from the project."""
    return subprocess.run(
        [sys.executable, *python_options, str(VERIFIER), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


# With -I -S Python sees the standard library only, so that the signature is checked by openssl.
@pytest.mark.parametrize("python_options", [["-I"], ["-I", "-S"]], ids=["cryptography", "openssl"])
def test_the_verifier_runs_alone(folder, python_options):
    pack, key = folder / "pack", folder / "signer.pub.pem"
    said = f"whole: {len(EVERY_FILE) - 2} files are what key {key_id(read_public_key(key))} signed"
    own, given = verify_alone(python_options, pack), verify_alone(python_options, pack, key)
    assert own.returncode == given.returncode == 0
    assert own.stdout == (
        f"{said}; the key is the pack's own: compare it with one you got another way\n"
    )
    assert given.stdout == f"{said}; the key is the one given, {key}\n"
    by_id = verify_alone(python_options, pack, key_id(read_public_key(key)))
    assert by_id.stdout == f"{said}; the key is the one given, {key_id(read_public_key(key))}\n"
    assert verify_alone(python_options, pack, "0" * 64).returncode == 4
    for name in ("run/cases.csv", STATEMENT, KEY, "manifest.json", "verify.py"):
        content = (pack / name).read_bytes()
        damaged = flipped(content, len(content) // 2, 1)
        with changed(pack / name, damaged):
            done = verify_alone(python_options, pack, key)
        assert done.returncode == 4
        assert done.stderr == ""
        assert done.stdout.startswith(f"{name}: expected {sha256(content)}, got {sha256(damaged)}")


@pytest.mark.parametrize("python_options", [["-I"], ["-I", "-S"]], ids=["cryptography", "openssl"])
def test_the_verifier_refuses_another_signer(folder, python_options, tmp_path):
    PACK["make_keys"](tmp_path / "other.pem")
    done = verify_alone(python_options, folder / "pack", tmp_path / "other.pub.pem")
    assert done.returncode == 4
    assert STATEMENT in done.stdout
    assert verify_alone(python_options, folder / "pack", VERIFIER).returncode == 4
    assert verify_alone(python_options, tmp_path).returncode == 4


def test_the_verifier_says_which_file_it_cannot_read(folder, tmp_path):
    absent, long = tmp_path / "absent.pem", tmp_path / ("x" * 300)
    for arguments in ((folder / "pack", absent), (folder / "pack", long), (long,)):
        done = verify_alone(["-I"], *arguments)
        assert (done.returncode, done.stderr) == (2, "")
        assert done.stdout.startswith(f"{arguments[-1]}")
        assert len(done.stdout.splitlines()) == 1


def test_the_verifier_is_short_and_knows_nothing_of_the_project():
    text = VERIFIER.read_text("utf-8")
    assert len(text.splitlines()) <= 170
    assert "voltward" not in text.lower()


def test_the_copy_in_the_pack_checks_its_own_folder(folder):
    command = [sys.executable, "-I", str(folder / "pack" / "verify.py")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_the_pack_can_be_verified_by_hand(folder, tmp_path):
    """The commands of README.txt, as they stand there."""
    text = (folder / "pack" / "README.txt").read_text("utf-8")
    part = text[text.index("Verify by hand") : text.index("In step 2")]
    script = "\n".join(line[2:] for line in part.splitlines() if line.startswith("  "))

    def by_hand():
        return subprocess.run(
            ["sh", "-c", script],
            cwd=folder / "pack",
            env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    done = by_hand()
    said, *counts = done.stdout.split("\n")[:3]
    assert said == "Signature Verified Successfully"
    assert counts == [str(len(EVERY_FILE))] * 2
    assert done.stderr == ""
    for name in ("run/run.json", "manifest.json", SEAL):
        content = (folder / "pack" / name).read_bytes()
        with changed(folder / "pack" / name, flipped(content, 0, 1)):
            said = by_hand()
        # A changed digest may be no digest at all any more, which sha256sum says in other words.
        complaint = said.stdout + said.stderr
        assert "FAILED" in complaint or "no properly formatted" in complaint
    content = (folder / "pack" / STATEMENT).read_bytes()
    position = content.index(b'"sig":"') + 20
    with changed(folder / "pack" / STATEMENT, flipped(content, position, 1)):
        assert "Signature Verified Successfully" not in by_hand().stdout
