"""`voltward evidence`: its text, its JSON, its codes."""

import json
import runpy
import stat
from pathlib import Path

import pytest

from voltward.assurance.evidence.examination import examine
from voltward.core.errors import ExitCode
from voltward.interfaces.cli.main import run
from voltward.interfaces.evidence_text import pack_text

PACK = runpy.run_path(str(Path(__file__).parent / "evidence_pack.py"))
TIME = "2026-11-22T12:00:00+01:00"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli")
    PACK["make_pack"](path)
    return path


@pytest.fixture
def call(capsys):
    """Run a subcommand; give code, standard output and standard error."""

    def command(*arguments):
        capsys.readouterr()
        code = run(["evidence", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def sign(call, folder, *options, out="signed"):
    key = ["--key", folder / "signer.pem", "--out", folder / out]
    return call("sign", folder / "run", *key, "--signed-at", TIME, *options)


def test_a_pack_is_made_and_verified(call, tmp_path):
    PACK["make_run"](tmp_path / "run")
    code, out, err = call("keygen", "--out", tmp_path / "signer.pem")
    assert code == ExitCode.DONE
    assert "not locked" in err
    key = out.split("key id")[1].split()[0]
    assert stat.S_IMODE((tmp_path / "signer.pem").stat().st_mode) == 0o600
    code, out, err = sign(call, tmp_path)
    assert code == ExitCode.DONE
    assert key in out
    assert f"verify {tmp_path / 'signed'} --key {tmp_path / 'signer.pub.pem'}" in err
    code, out, _ = call("verify", tmp_path / "signed", "--key", tmp_path / "signer.pub.pem")
    assert code == ExitCode.DONE
    assert f"signed by key {key}, the key that you gave" in out
    assert "does not prove that the runner was honest" in out


def test_an_own_key_is_said_to_prove_little(call, folder):
    code, out, _ = call("verify", folder / "pack")
    assert code == ExitCode.DONE
    assert "which you must know from elsewhere" in out


def test_a_changed_file_is_named_with_both_digests(call, folder):
    file = folder / "pack" / "run" / "run.json"
    content = file.read_bytes()
    damaged = PACK["flipped"](content, 100, 1)
    digests = [PACK["sha256"](content), PACK["sha256"](damaged)]
    with PACK["changed"](file, damaged):
        code, out, err = call("verify", folder / "pack")
        assert code == ExitCode.EVIDENCE_INVALID == 4
        assert out == ""
        assert "run/run.json" in err
        assert all(digest in err for digest in digests)
        code, out, err = call("verify", folder / "pack", "--json")
        assert code == ExitCode.EVIDENCE_INVALID
        assert call("show", folder / "pack")[0] == ExitCode.EVIDENCE_INVALID
    document = json.loads(out)
    assert document["valid"] is False
    assert document["error"]["exit_code"] == 4
    assert all(digest in document["error"]["why"] for digest in digests)
    (finding,) = document["findings"]
    assert [finding["file"], finding["expected"], finding["got"]] == ["run/run.json", *digests]
    assert "run/run.json" in err


def test_verify_as_json(call, folder):
    code, out, _ = call("verify", folder / "pack", "--key", folder / "signer.pub.pem", "--json")
    document = json.loads(out)
    assert code == ExitCode.DONE
    assert document["valid"] is True
    assert document["key_pinned"] is True
    assert document["findings"] == []
    assert len(document["pack_sha256"]) == 64


def test_show_tells_what_is_inside(call, folder):
    code, out, _ = call("show", folder / "pack")
    assert code == ExitCode.DONE
    for text in (
        "synthetic: 3 cases, track matched",
        "3 from seed 7: 0, 1, 2; 3 runs of each attack and stack",
        "damage x threat pairs at their highest category",
        "measured  estimated  assumed",
        "not recorded by the run",
        "2026-11-22T10:00:00Z",
        "2026-11-22T11:00:00Z",
        "before  none",
        "after   planned",
        "CL-1",
        "2026-01-31 expired when signed",
        "overruled ratings 1",
    ):
        assert text in out
    (row,) = (line.split() for line in out.splitlines() if line.startswith("after   all"))
    # Risks of T3, T2, T1 and T4; three of them were run, and the audit against T4 is judged.
    assert [int(cell) for cell in row[2:]] == [1, 1, 0, 1, 1, 3, 1, 0]
    assert out.index("after   planned") < out.index("after   all")
    code, out, _ = call("show", folder / "pack", "--json")
    document = json.loads(out)
    assert document["statement"]["risk"]["before"]["none"]["5"] == 2
    assert document["statement"]["risk"]["basis"]["after"]["all"]["estimated"] == 1
    assert document["exceptions"]["claims"][0]["expires"] == "2026-01-31"


def test_show_tells_how_many_runs_a_cell_had(folder):
    statement = json.loads(json.dumps(examine(folder / "pack").predicate))
    exceptions = {"claims": None}

    def told(fewest, most):
        runs = {"fewest": fewest, "most": most}
        statement["environment"]["run"]["runs_of_each_attack_and_stack"] = runs
        return pack_text(statement, exceptions, 1)

    assert "0, 1, 2; 4 to 80 runs of each attack and stack" in told(4, 80)
    assert "0, 1, 2; 4 runs of each attack and stack" in told(4, 4)
    assert "0, 1, 2; 1 run of each attack and stack" in told(1, 1)


def test_show_of_a_pack_that_does_not_tell_its_basis(folder):
    """Packs of an earlier form say neither runs nor basis."""
    statement = json.loads(json.dumps(examine(folder / "pack").predicate))
    del statement["risk"]["basis"]
    del statement["environment"]["run"]["runs_of_each_attack_and_stack"]
    assert "unknown" in pack_text(statement, {"claims": None}, 1)


def test_show_without_tara(call, folder):
    PACK["make_pack"](folder, pack="bare", with_tara=False)
    _, out, _ = call("show", folder / "bare")
    assert "no TARA was signed" in out
    assert "exceptions not known" in out


def test_sign_takes_the_rating_of_the_run_and_a_model(call, folder):
    code, out, err = sign(call, folder, "--tara", folder / "model", "--json")
    assert code == ExitCode.DONE
    assert err == "" or "Next" in err
    document = json.loads(out)
    assert document["files"] == 18
    assert (folder / "signed" / "tara" / "model" / "model.toml").is_file()
    environment = json.loads((folder / "signed" / "environment.json").read_text("utf-8"))
    assert environment["times"]["signed_at"] == "2026-11-22T11:00:00Z"
    assert environment["times"]["collected_at"] == "2026-11-22T11:00:00Z"


def test_sign_without_a_rating_says_so(call, tmp_path):
    PACK["make_run"](tmp_path / "run")
    (tmp_path / "run" / "risk.json").unlink()
    call("keygen", "--out", tmp_path / "signer.pem")
    code, _, err = sign(call, tmp_path)
    assert code == ExitCode.DONE
    assert "no TARA" in err
    assert "--tara" in err


def test_a_rating_of_other_cases_is_not_signed(call, tmp_path):
    made = PACK["make_run"](tmp_path / "run")
    rating = PACK["make_rating"](made, run_sha256="2" * 64)
    (tmp_path / "run" / "risk.json").write_text(json.dumps(rating), "utf-8")
    call("keygen", "--out", tmp_path / "signer.pem")
    code, out, err = sign(call, tmp_path)
    assert code == ExitCode.USAGE
    assert out == ""
    assert "other cases than those of" in err
    assert "2" * 64 in err
    assert made.run["files"]["cases.parquet"] in err
    assert "--out FILE" in err
    assert not (tmp_path / "signed").exists()


def test_names_that_no_file_can_have_are_refused(call, folder, tmp_path):
    long = tmp_path / ("x" * 300)
    key = ("--key", folder / "signer.pem")
    out = ("--out", tmp_path / "pack")
    for arguments in (
        ("keygen", "--out", ""),
        ("keygen", "--out", long),
        ("keygen", "--out", folder / "signer.pem" / "x"),
        ("verify", long),
        ("show", long),
        ("verify", folder / "pack", "--key", long),
        ("sign", folder / "run", *key, "--out", long),
        ("sign", folder / "run", *key, *out, "--tara", long),
        ("sign", folder / "run", *key, *out, "--before", long),
        ("sign", folder / "run", *key, *out, "--previous", long),
    ):
        code, told, err = call(*arguments)
        assert code == ExitCode.USAGE
        assert told == ""
        assert "Errno" not in err
        assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_sign_with_an_earlier_rating(call, folder):
    before = folder / "run" / "risk.json"
    code, _, _ = sign(call, folder, "--before", before, out="earlier")
    assert code == ExitCode.DONE
    found = json.loads((folder / "earlier" / "tara" / "before.json").read_text("utf-8"))
    assert found["control_sets"] == ["none", "planned", "all"]


def test_a_passphrase_comes_from_the_environment_only(call, tmp_path, monkeypatch):
    key = tmp_path / "signer.pem"
    option = ("--passphrase-env", "SIGNER_PASSPHRASE")
    monkeypatch.delenv("SIGNER_PASSPHRASE", raising=False)
    code, _, err = call("keygen", "--out", key, *option)
    assert code == ExitCode.USAGE
    assert "SIGNER_PASSPHRASE is not set" in err
    assert not key.exists()
    monkeypatch.setenv("SIGNER_PASSPHRASE", "correct")
    assert call("keygen", "--out", key, *option)[0] == ExitCode.DONE
    PACK["make_run"](tmp_path / "run")
    code, _, err = sign(call, tmp_path)
    assert code == ExitCode.USAGE
    assert "--passphrase-env" in err
    assert sign(call, tmp_path, *option)[0] == ExitCode.DONE


def test_keygen_as_json_and_never_twice(call, tmp_path):
    _, out, _ = call("keygen", "--out", tmp_path / "a.pem", "--json")
    document = json.loads(out)
    assert document["public"] == str(tmp_path / "a.pub.pem")
    assert len(document["key_id"]) == 64
    assert call("keygen", "--out", tmp_path / "a.pem")[0] == ExitCode.USAGE
    assert call("keygen", "--out", tmp_path / "a.pem", "--force")[0] == ExitCode.DONE


def test_bad_inputs_are_told_apart(call, folder, tmp_path):
    def refused(*arguments):
        code, out, err = call(*arguments)
        assert code == ExitCode.USAGE
        assert out == ""
        return err

    key = ("--key", folder / "signer.pem")
    out = ("--out", tmp_path / "pack")
    assert "there is no run" in refused("sign", tmp_path / "absent", *key, *out)
    assert "run.json: missing" in refused("sign", tmp_path, *key, *out)
    run_folder = folder / "run"
    assert "there is no such key" in refused("sign", run_folder, "--key", tmp_path / "no", *out)
    public = ("--key", folder / "signer.pub.pem")
    assert "no private key" in refused("sign", run_folder, *public, *out)
    assert "exists already" in refused("sign", run_folder, *key, "--out", folder / "pack")
    for text in ("yesterday", "2026-11-22T10:00:00"):
        assert "--signed-at" in refused("sign", run_folder, *key, *out, "--signed-at", text)
    absent = tmp_path / "absent.json"
    assert "no such rating" in refused("sign", run_folder, *key, *out, "--tara", absent)
    two = ("--tara", run_folder / "risk.json") * 2
    assert "at most one rating" in refused("sign", run_folder, *key, *out, *two)
    assert "not an evidence pack" in refused("verify", tmp_path)
    assert "no public key" in refused("verify", folder / "pack", *key)
    assert not (tmp_path / "pack").exists()


def test_a_damaged_run_is_not_signed(call, folder, tmp_path):
    PACK["make_run"](tmp_path / "run")
    (tmp_path / "run" / "cases.csv").write_text("case_id\n", "utf-8")
    key = ("--key", folder / "signer.pem", "--out", tmp_path / "pack")
    code, _, err = call("sign", tmp_path / "run", *key)
    assert code == ExitCode.USAGE
    assert "cases.csv" in err
    assert not (tmp_path / "pack").exists()


NO_NAMES = {
    "the current folder": ".",
    "the one above": "..",
    "a way back": "inner/..",
    "the root": "/",
    "nothing": "",
    "a byte that is no character": "\udcff",
    "such a byte in a folder": "\udcff/pack",
    "too long": "a" * 300,
    "no room for the salts": "a" * 254,
}


@pytest.mark.parametrize("withheld", [(), ("--withhold", "report")])
@pytest.mark.parametrize("name", [*NO_NAMES, "the current folder in full"])
def test_what_cannot_be_the_name_of_a_pack_is_refused(
    call, folder, tmp_path, monkeypatch, name, withheld
):
    place = tmp_path / "place"
    (place / "inner" if name == "a way back" else place).mkdir(parents=True)
    monkeypatch.chdir(place)
    before = sorted(tmp_path.rglob("*"))
    out = NO_NAMES.get(name, str(place))
    key = ("--key", folder / "signer.pem")
    code, printed, err = call("sign", folder / "run", *key, "--out", out, *withheld)
    assert code == ExitCode.USAGE
    assert printed == ""
    assert "hint: " in err
    assert sorted(tmp_path.rglob("*")) == before
    assert place.samefile(Path.cwd())


@pytest.mark.parametrize("option", ["--signed-at", "--collected-at"])
@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+23:59",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T12:00:00-23:59",
        "2026-13-01T00:00:00Z",
        "2026-11-22T10:00:00+24:00",
        "2026-11-22",
        "now",
    ],
)
def test_a_time_that_is_none_in_utc_is_refused(call, folder, tmp_path, option, text):
    key = ("--key", folder / "signer.pem", "--out", tmp_path / "pack")
    code, _, err = call("sign", folder / "run", *key, f"{option}={text}")
    assert code == ExitCode.USAGE
    assert f"error: {option}: " in err


def test_the_first_and_the_last_second_are_times(call, folder, tmp_path):
    times = ("--collected-at", "0001-01-01T00:00:00Z", "--signed-at", "9999-12-31T23:59:59Z")
    key = ("--key", folder / "signer.pem", "--out", tmp_path / "pack")
    assert call("sign", folder / "run", *key, *times)[0] == ExitCode.DONE
    _, out, _ = call("show", tmp_path / "pack")
    assert "0001-01-01T00:00:00Z" in out
    assert "9999-12-31T23:59:59Z" in out


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize(
    "inside", ["run/pack", "run/figures/pack", "run/new/deep/pack", "pack/more", "pack/run/more",
               "link/pack"],
)  # fmt: skip
def test_no_pack_is_made_inside_the_run_or_another_pack(call, tmp_path, inside, force):
    PACK["make_pack"](tmp_path)
    (tmp_path / "link").symlink_to("run/figures")
    before = sorted(tmp_path.rglob("*"))
    code, _, err = sign(call, tmp_path, *force, out=inside)
    assert code == ExitCode.USAGE
    assert "lies in" in err
    assert sorted(tmp_path.rglob("*")) == before
    assert call("verify", tmp_path / "pack")[0] == ExitCode.DONE
