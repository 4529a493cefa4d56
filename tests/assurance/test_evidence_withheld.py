"""What stays with the signer: not in the pack, not guessable from it, and checked when shown."""

import hashlib
import json
import runpy
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from voltward.assurance.evidence.collection import Collected
from voltward.assurance.evidence.examination import examine
from voltward.assurance.evidence.keys import make_keys
from voltward.assurance.evidence.kinds_of_files import WITHHOLDABLE, kind_of, leaving, still_told
from voltward.assurance.evidence.signing import sign_pack
from voltward.assurance.evidence.withheld_files import revealed_name
from voltward.core.errors import ConfigurationError, EvidenceInvalidError, ExitCode
from voltward.interfaces.cli.main import run as voltward
from voltward.results.run_folder import RunFolder, RunWriter

PACK = runpy.run_path(str(Path(__file__).parent / "evidence_pack.py"))
make_pack, contents, sha256 = (PACK[name] for name in ("make_pack", "contents", "sha256"))
INPUTS = {
    "system.toml": b'name = "mine"\n',
    "cell.toml": b'name = "my cell"\n',
    "duty.toml": b'name = "my way"\n',
    "duty-1.csv": b"time_s,current_A\n0,1\n1,2\n",
    "bus.dbc": b'VERSION ""\n',
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("withheld")
    synthetic = PACK["SYNTHETIC"]
    writer = RunWriter.begin(path / "run", synthetic["CONFIG"], {}, inputs=INPUTS)
    writer.parts.write(0, synthetic["make_cases"]()[:3], [])
    run = writer.finish(synthetic["make_run"](name="synthetic"))
    (path / "run" / "risk.json").write_text(json.dumps(PACK["make_rating"](run)), "utf-8")
    make_pack(path, pack="whole")
    make_pack(path, withheld_kinds=("duty", "dbc"))
    return path


def test_withheld_files_are_not_there_and_their_plain_digests_nowhere(folder):
    pack = contents(folder / "pack")
    names = {"run/inputs/duty.toml", "run/inputs/duty-1.csv", "run/inputs/bus.dbc"}
    assert set(contents(folder / "whole")) - set(pack) == names
    everything = b"".join(pack.values())
    for name in names:
        content = INPUTS[name.rpartition("/")[2]]
        assert sha256(content).encode() not in everything
        assert content not in everything
    assert sha256((folder / "run" / "run.json").read_bytes()).encode() not in everything


def test_such_a_pack_still_verifies_and_says_so(folder):
    examined = examine(folder / "pack").trusted()
    assert examined.predicate["withheld"] == {"dbc": 1, "duty": 2}
    done = subprocess.run(
        [sys.executable, folder / "pack" / "verify.py", folder / "pack"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "what is withheld stands in withheld.json" in done.stdout
    assert RunFolder.open(folder / "pack" / "run").run["withheld"] == [
        "inputs/bus.dbc",
        "inputs/duty-1.csv",
        "inputs/duty.toml",
    ]


def test_the_same_inputs_withhold_with_the_same_bytes(folder):
    make_pack(folder, pack="again", withheld_kinds=("dbc", "duty"))
    assert contents(folder / "again") == contents(folder / "pack")
    one, two = (folder / f"{name}.withheld.json" for name in ("pack", "again"))
    assert one.read_bytes() == two.read_bytes()
    assert stat.S_IMODE(one.stat().st_mode) == 0o600


def test_a_file_shown_later_is_the_withheld_one_or_is_not(folder, tmp_path):
    shown, salts = tmp_path / "shown.csv", folder / "pack.withheld.json"
    shown.write_bytes(INPUTS["duty-1.csv"])
    assert revealed_name(folder / "pack", shown, salts) == "run/inputs/duty-1.csv"
    # By hand, as the pack's README has it.
    salt = json.loads(salts.read_bytes())["files"]["run/inputs/duty-1.csv"]["salt"]
    held = json.loads((folder / "pack" / "withheld.json").read_bytes())["files"]
    digest = hashlib.sha256(bytes.fromhex(salt) + INPUTS["duty-1.csv"]).hexdigest()
    assert held["run/inputs/duty-1.csv"]["salted_sha256"] == digest
    shown.write_bytes(INPUTS["duty-1.csv"] + b"2,3\n")
    with pytest.raises(EvidenceInvalidError, match="none of the files"):
        revealed_name(folder / "pack", shown, salts)


def test_another_key_or_name_gives_another_salt(folder):
    make_pack(folder, key="other.pem", pack="others", withheld_kinds=("duty", "dbc"))
    salts = [
        {entry["salt"] for entry in json.loads(path.read_bytes())["files"].values()}
        for path in (folder / "pack.withheld.json", folder / "others.withheld.json")
    ]
    assert len(salts[0] | salts[1]) == 6


@pytest.mark.parametrize("kind", ["results", "traces", "dutty"])
def test_what_cannot_be_withheld_is_refused(folder, kind):
    with pytest.raises(ConfigurationError, match=kind):
        make_pack(folder, pack="none", withheld_kinds=(kind,))
    assert not (folder / "none").exists()


def test_salts_of_an_earlier_pack_are_not_written_over(folder):
    (folder / "kept.withheld.json").write_text("{}", "utf-8")
    with pytest.raises(ConfigurationError, match="exists already"):
        make_pack(folder, pack="kept", withheld_kinds=("dbc",))
    assert (folder / "kept.withheld.json").read_text("utf-8") == "{}"


def test_every_file_has_a_kind_and_is_counted_once(folder):
    sources = {name: folder / "pack" / name for name in contents(folder / "pack")}
    leaves = leaving(sources)
    assert sum(entry.files for entry in leaves) == len(sources)
    assert sum(entry.size_bytes for entry in leaves) == sum(
        map(len, contents(folder / "pack").values())
    )
    kinds = {name: kind_of(f"run/inputs/{name}") for name in INPUTS}
    assert set(kinds.values()) == {"system", "cells", "duty", "dbc"} < set(WITHHOLDABLE)


def test_the_command_line_prints_what_leaves_and_reveals(folder, capsys, tmp_path):
    out = tmp_path / "pack"
    key = ["--key", str(folder / "signer.pem"), "--out", str(out)]
    assert voltward(["evidence", "sign", str(folder / "run"), *key, "--withhold", "duty,dbc"]) == 0
    said = capsys.readouterr()
    assert "leaves the house" in said.out
    assert "stays here: run/inputs/bus.dbc, run/inputs/duty-1.csv" in said.out
    assert "pack.withheld.json" in said.err
    assert "cases.csv names the duty" in said.err
    assert "shows in: report" not in said.err
    shown = folder / "run" / "inputs" / "duty-1.csv"
    check = ["evidence", "verify", str(out), "--reveal", str(shown)]
    salts = ["--salts", str(tmp_path / "pack.withheld.json")]
    assert voltward([*check, *salts, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["revealed"] == "run/inputs/duty-1.csv"
    assert found["withheld"] == {"dbc": 1, "duty": 2}
    other = ["evidence", "verify", str(out), "--reveal", str(folder / "signer.pub.pem"), *salts]
    assert voltward(other) == ExitCode.EVIDENCE_INVALID
    assert voltward(check) == ExitCode.USAGE


def test_a_personal_file_is_refused_unless_it_stays_or_is_allowed(folder, tmp_path):
    synthetic = PACK["SYNTHETIC"]
    drive = {"duty-1.csv": b"time_s,current_A,latitude\n0,1,48.1\n", "duty.toml": b'name = "a"\n'}
    writer = RunWriter.begin(tmp_path / "run", synthetic["CONFIG"], {}, inputs=drive)
    writer.parts.write(0, synthetic["make_cases"]()[:3], [])
    collected = Collected(writer.finish(synthetic["make_run"](name="synthetic")))
    signer = PACK["read_private_key"](folder / "signer.pem")

    def sign(name, **options):
        return sign_pack(tmp_path / name, collected, signer, PACK["TIMES"], **options)

    with pytest.raises(ConfigurationError, match=r"duty-1\.csv, column 'latitude'") as caught:
        sign("refused")
    assert "--allow-personal" in caught.value.hint
    assert not (tmp_path / "refused").exists()
    assert examine(sign("allowed", allow_personal=True).path).findings == ()
    assert examine(sign("kept", withheld_kinds=("duty",)).path).findings == ()


@pytest.fixture
def replaceable(folder, tmp_path):
    (tmp_path / "signer.pem").write_bytes((folder / "signer.pem").read_bytes())
    shutil.copytree(folder / "run", tmp_path / "run")
    make_pack(tmp_path, withheld_kinds=("duty",))
    return tmp_path


def test_the_salts_of_a_replaced_pack_are_replaced_with_it(replaceable, capsys):
    salts = replaceable / "pack.withheld.json"
    key = ["--key", str(replaceable / "signer.pem"), "--out", str(replaceable / "pack")]
    sign = ["evidence", "sign", str(replaceable / "run"), *key, "--withhold", "dbc", "--force"]
    assert voltward(sign) == 0
    assert f"replaced {salts}" in capsys.readouterr().err
    assert list(json.loads(salts.read_bytes())["files"]) == ["run/inputs/bus.dbc"]


@pytest.mark.parametrize("damage", ["edited", "foreign", "linked", "dangling", "other key"])
def test_other_salts_are_never_written_over(replaceable, damage):
    salts, elsewhere = replaceable / "pack.withheld.json", replaceable / "elsewhere"
    if damage == "edited":
        salts.write_text(salts.read_text("utf-8") + "\n", "utf-8")
    elif damage == "foreign":
        salts.write_text('{"files": {}}', "utf-8")
    elif damage in {"linked", "dangling"}:
        salts.rename(elsewhere)
        salts.symlink_to(elsewhere if damage == "linked" else "nowhere")
    key = "other.pem" if damage == "other key" else "signer.pem"
    before = contents(replaceable)
    with pytest.raises(ConfigurationError, match="exists already"):
        make_pack(replaceable, key=key, withheld_kinds=("duty",), replace=True)
    after = contents(replaceable)
    assert {name: after[name] for name in before} == before
    assert salts.is_symlink() == (damage in {"linked", "dangling"})


def test_an_empty_folder_in_a_pack_is_named_and_never_removed(replaceable):
    (replaceable / "pack" / "mine" / "inner").mkdir(parents=True)
    (finding,) = examine(replaceable / "pack").findings
    assert (finding.file, finding.got) == ("mine/inner", "an empty folder")
    with pytest.raises(ConfigurationError, match="mine/inner"):
        make_pack(replaceable, withheld_kinds=("duty",), replace=True)
    assert (replaceable / "pack" / "mine" / "inner").is_dir()
    verify = [sys.executable, replaceable / "pack" / "verify.py", replaceable / "pack"]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.partition(":")[0]) == (4, "mine/inner")


def test_a_hostile_file_name_forges_no_line(replaceable, capsys):
    pack = replaceable / "pack"
    (pack / "a\nvalid: all\x1b[2K").write_text("x", "utf-8")
    assert voltward(["evidence", "verify", str(pack)]) == ExitCode.EVIDENCE_INVALID
    printed = "".join(capsys.readouterr())
    assert r"a\nvalid: all\x1b[2K" in printed
    assert "\x1b" not in printed
    verify = [sys.executable, pack / "verify.py", pack]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("\n")) == (4, 1)
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("kind", "file", "secret"),
    [
        ("duty", "duty.toml", 'source = "SECRET"'),
        ("duty", "duty.toml", 'source = "test track, SECRET, 2026"'),
        ("system", "link.toml", 'description = "SECRET operator"'),
        ("system", "system.toml", '[[part]]\nnote = ["SECRET design of cooling"]'),
        ("cells", "cell.toml", 'limits = "SECRET chemistry"'),
    ],
)
def test_texts_of_a_withheld_file_are_not_in_run_json(folder, tmp_path, kind, file, secret):
    text = secret.split('"')[1]
    begins = {"duty.toml": "Duty mine: ", "link.toml": "Link mine: "}.get(file, "The cell: ")
    limits = ["Track matched: as it is.", f"{begins}{text}."]
    synthetic = PACK["SYNTHETIC"]
    writer = RunWriter.begin(
        tmp_path / "run", synthetic["CONFIG"], {}, inputs={file: f"{secret}\n".encode()}
    )
    writer.parts.write(0, synthetic["make_cases"]()[:3], [])
    run = writer.finish(synthetic["make_run"](name="synthetic", limits=limits))
    signer = PACK["read_private_key"](folder / "signer.pem")
    pack = tmp_path / "pack"
    sign_pack(pack, Collected(run), signer, PACK["TIMES"], withheld_kinds=(kind,))
    assert b"SECRET" not in b"".join(contents(pack).values())
    assert json.loads((pack / "run" / "run.json").read_bytes())["limits"] == limits[:1]
    assert examine(pack).findings == ()


def test_only_parts_that_the_pack_has_are_said_to_show_more():
    assert still_told(("duty",), ("results", "traces")) == ["traces"]
    assert still_told(("dbc",), ("report", "traces")) == []


def test_the_draws_of_a_world_are_withheld_with_it(tmp_path, capsys):
    """The world goes with the duty; its draws tell as much of it."""
    synthetic = PACK["SYNTHETIC"]
    inputs = {**INPUTS, "world.toml": b"[vehicle]\n"}
    writer = RunWriter.begin(tmp_path / "run", synthetic["CONFIG"], {}, inputs=inputs)
    writer.parts.write(0, synthetic["make_cases"]()[:3], [])
    worlds = pa.table({"world_id": [0, 1], "mass_kg": [1234.5, 1357.9]})
    writer.finish(synthetic["make_run"](name="synthetic"), worlds=worlds)
    draws = (tmp_path / "run" / "worlds.parquet").read_bytes()
    make_keys(tmp_path / "signer.pem")
    sign = ["evidence", "sign", str(tmp_path / "run"), "--key", str(tmp_path / "signer.pem")]
    assert voltward([*sign, "--out", str(tmp_path / "pack"), "--withhold", "duty,system"]) == 0
    assert "withheld with the duty: run/worlds.parquet" in capsys.readouterr().err
    pack = contents(tmp_path / "pack")
    assert not {"run/worlds.parquet", "run/inputs/world.toml"} & set(pack)
    assert sha256(draws).encode() not in b"".join(pack.values())
    examined = examine(tmp_path / "pack").trusted()
    assert examined.predicate["withheld"] == {"duty": 4, "system": 1}
    name = revealed_name(
        tmp_path / "pack", tmp_path / "run" / "worlds.parquet", tmp_path / "pack.withheld.json"
    )
    assert name == "run/worlds.parquet"
    assert voltward([*sign, "--out", str(tmp_path / "other"), "--withhold", "system"]) == 0
    assert "withheld with the duty" not in capsys.readouterr().err
    assert "run/worlds.parquet" in contents(tmp_path / "other")
