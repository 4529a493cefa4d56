"""What stays with the signer: not in the pack, not guessable from it, and checked when shown."""

import hashlib
import json
import runpy
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from voltward.assurance.evidence.collection import Collected
from voltward.assurance.evidence.examination import examine
from voltward.assurance.evidence.kinds_of_files import WITHHOLDABLE, kind_of, leaving
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
