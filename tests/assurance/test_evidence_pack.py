"""What a pack says, when it is refused, and that the same inputs give the same bytes."""

import base64
import json
import os
import runpy
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from voltward.assurance.evidence.collection import Collected
from voltward.assurance.evidence.envelope import read_statement, sign_statement
from voltward.assurance.evidence.environment import run_facts
from voltward.assurance.evidence.examination import examine
from voltward.assurance.evidence.keys import (
    key_id,
    make_keys,
    read_private_key,
    read_public_key,
)
from voltward.assurance.evidence.manifest import Manifest, read_manifest
from voltward.assurance.evidence.rating_snapshot import counts, read_rating, split_rating
from voltward.assurance.evidence.signing import seal_text, sign_pack, statement_document
from voltward.core.errors import ConfigurationError, EvidenceInvalidError
from voltward.core.files import canonical_json
from voltward.results.run_folder import RunFolder

PACK = runpy.run_path(str(Path(__file__).parent / "evidence_pack.py"))
make_pack, make_run, contents, sha256 = (
    PACK[name] for name in ("make_pack", "make_run", "contents", "sha256")
)
# Key and signature of test 1 of RFC 8032, section 7.1.
RFC_8032_SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
RFC_8032_PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("packs")
    make_pack(path)
    return path


def read(folder, name):
    return json.loads((folder / "pack" / name).read_text("utf-8"))


def payload(pack):
    envelope = json.loads((pack / "statement.dsse.json").read_bytes())
    return json.loads(base64.b64decode(envelope["payload"]))


def test_the_same_inputs_give_the_same_bytes(folder):
    make_pack(folder, pack="again")
    assert contents(folder / "again") == contents(folder / "pack")


def test_nothing_is_left_beside_a_pack(folder):
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_the_run_is_copied_as_it_is(folder):
    run = contents(folder / "run")
    copied = contents(folder / "pack" / "run")
    assert copied == run
    assert {"run.json", "risk.json", "report.html", "figures/matrix.svg"} <= set(copied)


def test_the_private_key_is_nowhere_in_the_pack(folder):
    secret = (folder / "signer.pem").read_bytes()
    body = secret.splitlines()[1]
    assert all(body not in content for content in contents(folder / "pack").values())


def test_the_manifest_lists_every_other_file(folder):
    manifest = read(folder, "manifest.json")
    beside = {"manifest.json", "statement.dsse.json", "statement.dsse.json.sha256"}
    expected = {
        name: {"sha256": sha256(content), "size": len(content)}
        for name, content in contents(folder / "pack").items()
        if name not in beside
    }
    assert manifest["files"] == expected
    assert manifest["previous_pack"] is None


def test_the_manifest_has_the_form_of_rfc_8785():
    """Its section 3.2.3: keys by code unit, no blanks, and text kept as it is."""
    encoded = Manifest({"b/ö": "22", "a": "11"}, {"b/ö": 2, "a": 1}, None).encode()
    assert encoded.decode() == (
        '{"files":{"a":{"sha256":"11","size":1},"b/ö":{"sha256":"22","size":2}},'
        '"previous_pack":null,"schema_version":1}'
    )


def test_names_are_sorted_as_rfc_8785_prints_it():
    """The example of section 3.2.3, in which code units and code points sort differently."""
    printed = ("\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33")
    names = sorted(printed)
    assert names[-2:] == ["\ufb33", "\U0001f600"]
    encoded = Manifest(dict.fromkeys(names, "11"), dict.fromkeys(names, 1), None).encode()
    assert tuple(json.loads(encoded)["files"]) == printed


@given(
    st.dictionaries(
        st.text(st.characters(max_codepoint=0xD7FF), min_size=1), st.integers(0, 2**53 - 1)
    ),
    st.none() | st.just("ab" * 32),
)
def test_manifests_of_earlier_packs_keep_their_bytes(sizes, previous):
    """With integers, texts and names of the basic plane, both canonical forms are the same."""
    encoded = Manifest(dict.fromkeys(sizes, "cd" * 32), sizes, previous).encode()
    assert encoded == canonical_json(json.loads(encoded)).encode()


def test_the_statement_names_every_file(folder):
    statement = payload(folder / "pack")
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    subjects = {entry["name"]: entry["digest"]["sha256"] for entry in statement["subject"]}
    unsigned = {"statement.dsse.json", "statement.dsse.json.sha256"}
    files = contents(folder / "pack")
    assert subjects == {
        name: sha256(content) for name, content in files.items() if name not in unsigned
    }


def test_the_signature_is_the_one_of_dsse(folder):
    """Checked against the protocol as it is written: PAE of type and payload."""
    envelope = json.loads((folder / "pack" / "statement.dsse.json").read_bytes())
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    body = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    message = b" ".join([b"DSSEv1", b"%d" % len(kind), kind, b"%d" % len(body), body])
    key = load_pem_public_key((folder / "pack" / "public-key.pem").read_bytes())
    key.verify(base64.b64decode(envelope["signatures"][0]["sig"]), message)


def test_a_key_id_is_the_digest_of_its_der_form():
    key = ed25519.Ed25519PublicKey.from_public_bytes(RFC_8032_PUBLIC)
    der = bytes.fromhex("302a300506032b6570032100") + RFC_8032_PUBLIC
    assert key_id(key) == sha256(der)


def test_signing_is_the_one_of_rfc_8032():
    key = ed25519.Ed25519PrivateKey.from_private_bytes(RFC_8032_SECRET)
    statement = read_statement(sign_statement({"a": 1}, key))
    assert statement.payload == b'{"a":1}'
    public = ed25519.Ed25519PublicKey.from_public_bytes(RFC_8032_PUBLIC)
    assert statement.is_signed_by(public)
    assert statement.key_id == key_id(public)
    other = ed25519.Ed25519PrivateKey.generate().public_key()
    assert not statement.is_signed_by(other)


def test_environment_tells_versions_seeds_and_three_times(folder):
    environment = read(folder, "environment.json")
    assert environment["run"]["seeds"] == [0, 1, 2]
    assert environment["run"]["seed"] == 7
    assert environment["run"]["cases"] == 3
    assert environment["run"]["source_commit"] is None
    assert environment["signer"]["packages"]["numpy"]
    assert environment["times"] == {
        "observed_at": None,
        "collected_at": "2026-11-22T10:00:00Z",
        "signed_at": "2026-11-22T11:00:00Z",
    }


def test_environment_names_no_host_user_or_path(folder):
    text = (folder / "pack" / "environment.json").read_text("utf-8")
    names = {os.uname().nodename, str(Path.home()), str(folder)} - {"/"}
    assert [name for name in names if name in text] == []


def test_risks_are_split_by_control_set(folder):
    before, after = read(folder, "tara/before.json"), read(folder, "tara/after.json")
    whole = json.loads((folder / "run" / "risk.json").read_text("utf-8"))
    assert before["control_sets"] == ["none"]
    assert after["control_sets"] == ["planned", "all"]
    assert {risk["control_set"] for risk in before["risks"]} == {"none"}
    assert before["risks"] + after["risks"] == whole["risks"]
    assert before["paths"] + after["paths"] == whole["paths"]
    assert before["model_sha256"] == whole["model_sha256"]


def test_the_statement_counts_the_risks(folder):
    risk = payload(folder / "pack")["predicate"]["risk"]
    # By hand from the made-up rating: two threats on D1 (severe safety, negligible finance), two
    # on D2 (major operational); all of high feasibility without controls: 5 5 4 4; a pair
    # counts once, at its highest category.
    assert risk["before"] == {"none": {"1": 0, "2": 0, "3": 0, "4": 2, "5": 2}}
    assert risk["after"]["planned"] == {"1": 0, "2": 1, "3": 0, "4": 2, "5": 1}
    assert risk["after"]["all"] == {"1": 1, "2": 1, "3": 0, "4": 1, "5": 1}


def test_an_earlier_rating_is_before_as_a_whole(folder):
    rating = read_rating(folder / "run" / "risk.json")
    snapshot = split_rating(rating, {**rating, "profile": "earlier"})
    assert snapshot.before["profile"] == "earlier"
    assert set(counts(snapshot.before)) == {"none", "planned", "all"}
    assert snapshot.after == rating


def test_exceptions_come_from_the_model(folder):
    exceptions = read(folder, "exceptions.json")
    (claim,) = exceptions["claims"]
    assert (claim["id"], claim["expires"], claim["owner"]) == ("CL-1", "2026-01-31", "fleet")
    assert claim["accepts"] == [{"threat": "T1", "damage": "", "decision": "retain"}]
    (override,) = exceptions["overrides"]
    assert override["path"] == "P-T1"
    assert override["feasibility"] == "low"


def test_without_a_model_exceptions_are_unknown_and_not_none(folder):
    make_pack(folder, pack="bare", with_tara=False)
    exceptions = json.loads((folder / "bare" / "exceptions.json").read_text("utf-8"))
    assert exceptions["claims"] is None
    assert payload(folder / "bare")["predicate"]["risk"] is None
    assert not (folder / "bare" / "tara").exists()


def test_a_pinned_key_tells_whose_pack_it_is(folder):
    examined = examine(folder / "pack", read_public_key(folder / "signer.pub.pem"))
    assert examined.pinned
    assert examined.findings == ()
    other = ed25519.Ed25519PrivateKey.generate().public_key()
    (finding,) = examine(folder / "pack", other).findings
    assert finding.file == "statement.dsse.json"
    assert finding.expected == f"a statement signed by key {key_id(other)}"
    told = examine(folder / "pack", other).error()
    assert told.why == f"expected {finding.expected}, got sha256 {finding.got}"
    assert "may be the wrong one" in told.hint
    assert key_id(other) in finding.problem
    assert examined.key_id in finding.problem


def test_a_pack_signed_again_by_another_is_whole_but_not_the_signer_s(folder):
    make_pack(folder, key="forger.pem", pack="forged")
    assert examine(folder / "forged").trusted().pinned is False
    with pytest.raises(EvidenceInvalidError, match="not by key"):
        examine(folder / "forged", read_public_key(folder / "signer.pub.pem")).trusted()


def test_a_damaged_file_is_not_blamed_on_the_key(folder):
    file = folder / "pack" / "run" / "run.json"
    with PACK["changed"](file, b"{}"):
        told = examine(folder / "pack", read_public_key(folder / "signer.pub.pem")).error()
    assert "key" not in told.hint


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"{}", b"null", b"\xff", b"[" * 10**5])
def test_what_is_no_statement_is_said_in_words(folder, content):
    with PACK["changed"](folder / "pack" / "statement.dsse.json", content):
        told = examine(folder / "pack").error()
    assert told.what.endswith("statement.dsse.json: not an envelope with one signature")
    assert "Error" not in str(told)


def test_what_is_no_manifest_is_said_in_words(tmp_path):
    for content in (b"", b"[]", b"{}", b'{"files": 1}', b"\xff"):
        (tmp_path / "manifest.json").write_bytes(content)
        with pytest.raises(ValueError, match="not a manifest of digests and sizes"):
            read_manifest(tmp_path)


def test_a_replaced_key_is_named(folder):
    make_pack(folder, pack="swapped")
    make_keys(folder / "swap.pem")
    file = folder / "swapped" / "public-key.pem"
    was = sha256(file.read_bytes())
    file.write_bytes((folder / "swap.pub.pem").read_bytes())
    for key in (None, read_public_key(folder / "signer.pub.pem")):
        (finding,) = examine(folder / "swapped", key).findings
        assert (finding.file, finding.expected) == ("public-key.pem", was)
        assert finding.got == sha256(file.read_bytes())
    with pytest.raises(EvidenceInvalidError) as caught:
        examine(folder / "swapped").trusted()
    assert "public-key.pem" in caught.value.what
    assert was in caught.value.why
    assert sha256(file.read_bytes()) in caught.value.why


def test_a_statement_that_contradicts_its_manifest_is_refused(folder):
    """Signed by the right key, with a file that the manifest does not list."""
    made = make_pack(folder, pack="odd").path
    (made / "more.txt").write_text("more\n", "utf-8")
    old = payload(made)
    digests = {entry["name"]: entry["digest"]["sha256"] for entry in old["subject"]}
    manifest = Manifest(digests | {"more.txt": sha256(b"more\n")}, {}, None)
    document = statement_document(made, manifest, old["predicate"])
    signed = sign_statement(document, read_private_key(folder / "signer.pem"))
    (made / "statement.dsse.json").write_bytes(signed)
    (made / "statement.dsse.json.sha256").write_text(seal_text(sha256(signed)), "utf-8")
    (finding,) = examine(made).findings
    assert finding.file == "more.txt"
    assert "contradict" in finding.problem


@pytest.mark.parametrize("document", [{"_type": "x"}, {"subject": [1]}, {}, {"subject": "no"}])
def test_a_signed_statement_of_another_kind_is_refused(folder, document):
    shutil.rmtree(folder / "kind", ignore_errors=True)
    made = make_pack(folder, pack="kind").path
    (made / "statement.dsse.json").write_bytes(
        sign_statement(document, read_private_key(folder / "signer.pem"))
    )
    (finding,) = examine(made).findings
    assert finding.file == "statement.dsse.json"


def test_history_is_chained(folder):
    first = examine(folder / "pack").pack_sha256
    make_pack(folder, pack="second", previous=folder / "pack")
    second = examine(folder / "second").trusted()
    assert second.predicate["previous_pack"] == first
    assert json.loads((folder / "second" / "manifest.json").read_bytes())["previous_pack"] == first


def test_a_damaged_pack_is_no_predecessor(folder):
    made = make_pack(folder, pack="damaged").path
    (made / "run" / "run.json").write_bytes(b"{}")
    with pytest.raises(EvidenceInvalidError, match=r"run\.json"):
        make_pack(folder, pack="next", previous=made)
    assert not (folder / "next").exists()


def test_a_pack_is_not_written_over(folder):
    with pytest.raises(ConfigurationError, match="exists already"):
        make_pack(folder)
    before = contents(folder / "pack")
    make_pack(folder, replace=True)
    assert contents(folder / "pack") == before


def test_only_a_pack_is_replaced(folder, tmp_path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "thesis.tex").write_text("years of work", "utf-8")
    with pytest.raises(ConfigurationError, match="not an evidence pack"):
        make_pack(tmp_path, replace=True)
    made = make_pack(folder, pack="mixed").path
    (made / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(ConfigurationError, match="holds other files"):
        make_pack(folder, pack="mixed", replace=True)
    assert (made / "notes.txt").exists()
    (made / "notes.txt").unlink()
    edited = made / "run" / "report.html"
    edited.write_text("edited by hand", "utf-8")
    with pytest.raises(ConfigurationError, match=r"run/report\.html"):
        make_pack(folder, pack="mixed", replace=True)
    assert edited.read_text("utf-8") == "edited by hand"
    assert (tmp_path / "pack" / "thesis.tex").exists()


def test_the_predecessor_is_not_replaced(folder):
    with pytest.raises(ConfigurationError, match="previous pack"):
        make_pack(folder, previous=folder / "pack", replace=True)


def test_an_empty_folder_may_become_a_pack(folder):
    (folder / "empty").mkdir()
    assert examine(make_pack(folder, pack="empty").path).findings == ()


def test_a_run_that_changes_while_it_is_copied_is_refused(folder, tmp_path):
    run = make_run(tmp_path / "run")
    (tmp_path / "run" / "cases.csv").write_text("case_id\n", "utf-8")
    signer = read_private_key(folder / "signer.pem")
    with pytest.raises(ConfigurationError, match="changed while it was copied"):
        sign_pack(tmp_path / "pack", Collected(run), signer, PACK["TIMES"])
    assert not (tmp_path / "pack").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_key_among_the_run_s_files_is_refused(tmp_path):
    make_run(tmp_path / "run")
    secret = tmp_path / "run" / "risk.json"
    secret.unlink()
    make_keys(secret)
    run = RunFolder.open(tmp_path / "run")
    with pytest.raises(ConfigurationError, match=r"risk\.json: holds the signing key"):
        sign_pack(tmp_path / "pack", Collected(run), read_private_key(secret), PACK["TIMES"])
    assert not (tmp_path / "pack").exists()


def test_a_folder_that_is_no_pack_is_no_finding(tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ConfigurationError, match="not an evidence pack"):
            examine(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        examine(tmp_path / ("x" * 300))


def test_the_statement_tells_what_the_numbers_rest_on(folder):
    risk = payload(folder / "pack")["predicate"]["risk"]
    # Of the made-up rating: T1 to T3 were run, T4 never was, and the audit of 'all' is judged.
    assert risk["basis"]["before"]["none"] == {"measured": 3, "estimated": 0, "assumed": 1}
    assert risk["basis"]["after"]["all"] == {"measured": 3, "estimated": 1, "assumed": 0}
    for moment in ("before", "after"):
        for name, by_basis in risk["basis"][moment].items():
            assert sum(by_basis.values()) == sum(risk[moment][name].values())


def test_the_environment_tells_how_many_runs_a_cell_had(tmp_path):
    rows = PACK["SYNTHETIC"]["make_cases"]()
    attacked = [row for row in rows if row["attack"] != "no-attack"]
    clean = [row for row in rows if row["attack"] == "no-attack"]

    def told(name, chosen):
        run = make_run(tmp_path / name, chosen)
        return run_facts(run)["runs_of_each_attack_and_stack"]

    # The made-up campaign has 8 runs of every attack under every stack.
    assert told("whole", rows) == {"fewest": 8, "most": 8}
    assert told("uneven", [*attacked[3:], *clean[:1]]) == {"fewest": 5, "most": 8}
    assert told("clean", clean) is None
