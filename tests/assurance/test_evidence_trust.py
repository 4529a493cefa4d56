"""Which key a pack is checked with: weak keys, trust in words, permissions, pairs of keys."""

import base64
import hashlib
import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

import voltward
from voltward.assurance.evidence.envelope import sign_statement
from voltward.assurance.evidence.examination import examine
from voltward.assurance.evidence.keys import is_weak, key_id, make_keys, read_private_key
from voltward.assurance.evidence.layout import seal_text
from voltward.core.errors import ConfigurationError
from voltward.interfaces.cli.main import run as voltward_command

PACK = runpy.run_path(str(Path(__file__).parent / "evidence_pack.py"))
VERIFIER = Path(voltward.__file__).parent / "data" / "evidence" / "verify.py"
PRIME = 2**255 - 19


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("received")
    PACK["make_pack"](folder)
    return folder


def alone(*arguments):
    command = [sys.executable, "-I", str(VERIFIER), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)


def on_the_curve(y, sign):
    """Return the encoding of the point with that y, or None where there is none."""
    d = -121665 * pow(121666, -1, PRIME)
    x2 = (y * y - 1) * pow(d * y * y + 1, -1, PRIME) % PRIME
    x = pow(x2, (PRIME + 3) // 8, PRIME)
    if (x * x - x2) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    return None if (x * x - x2) % PRIME else (y | (sign << 255)).to_bytes(32, "little")


def doubled(y):
    """Return the y of twice a point, by the law of the curve -x² + y² = 1 + d x² y²."""
    d = -121665 * pow(121666, -1, PRIME)
    x2 = (y * y - 1) * pow(d * y * y + 1, -1, PRIME) % PRIME
    return (y * y + x2) * pow(2 - (y * y - x2), -1, PRIME) % PRIME


def order_divides_8(y):
    for _ in range(3):
        y = doubled(y)
    return y == 1


# The eight points of small order, and encodings that are not canonical: y beyond the prime, and the
# sign of an x that is zero.
CANONICAL = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
OTHERWISE = [
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    *(f"{low:02x}" + "ff" * 30 + high for low in range(0xED, 0x100) for high in ("7f", "ff")),
]


def public(raw):
    return ed25519.Ed25519PublicKey.from_public_bytes(raw)


@pytest.mark.parametrize("encoding", [*CANONICAL, *OTHERWISE])
def test_weak_keys_are_told(encoding):
    assert is_weak(public(bytes.fromhex(encoding)))


def test_the_points_of_small_order_are_those_of_the_curve():
    for encoding in CANONICAL:
        value = int.from_bytes(bytes.fromhex(encoding), "little")
        y, sign = value & (2**255 - 1), value >> 255
        assert on_the_curve(y, sign) == bytes.fromhex(encoding)
        assert order_divides_8(y)


@given(st.binary(min_size=32, max_size=32))
def test_keys_of_people_are_not_weak(seed):
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key()
    assert not is_weak(key)
    assert not order_divides_8(int.from_bytes(key.public_bytes_raw(), "little") & (2**255 - 1))


# Cases 0 and 1 of "Taming the many EdDSAs" (2020), appendix, and its example of one signature for
# two messages: (message, public key, signature).
TAMING = [
    (
        bytes.fromhex("8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6"),
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a" + "00" * 32,
    ),
    (
        bytes.fromhex("9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79"),
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        (
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"
            "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04"
        ),
    ),
    *(
        (
            message,
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            (
                "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc"
                "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04"
            ),
        )
        for message in (b"Send 100 USD to Alice", b"Send 100000 USD to Alice")
    ),
]


@pytest.mark.parametrize("case", range(len(TAMING)))
def test_signatures_of_the_literature_hold_only_under_weak_keys(case):
    message, key, signature = TAMING[case]
    raw = bytes.fromhex(key)
    assert is_weak(public(raw))
    assert runpy.run_path(str(VERIFIER))["is_weak"](bytes(12) + raw)
    # The library itself takes them, so that the check is needed.
    try:
        public(raw).verify(bytes.fromhex(signature), message)
    except InvalidSignature:
        assert case == 1


def forged_pack(made, folder, encoding):
    """Return a pack that nobody signed: the proof holds under a point of order 1."""
    shutil.copytree(made / "pack", folder / "pack")
    pack, weak = folder / "pack", public(bytes.fromhex(encoding))
    pem = weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    envelope = json.loads((pack / "statement.dsse.json").read_bytes())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    (pack / "public-key.pem").write_bytes(pem)
    (pack / "run" / "matrix.csv").write_text("other figures\n")
    manifest = json.loads((pack / "manifest.json").read_bytes())
    for name in ("public-key.pem", "run/matrix.csv"):
        content = (pack / name).read_bytes()
        manifest["files"][name] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
        }
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    (pack / "manifest.json").write_bytes(text)
    for entry in statement["subject"]:
        content = (pack / entry["name"]).read_bytes()
        entry["digest"]["sha256"] = hashlib.sha256(content).hexdigest()
    honest = sign_statement(statement, read_private_key(made / "signer.pem"))
    envelope = json.loads(honest)
    (signature,) = envelope["signatures"]
    signature["keyid"] = key_id(weak)
    signature["sig"] = base64.b64encode(b"\x01" + bytes(63)).decode()
    forged = json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    (pack / "statement.dsse.json").write_bytes(forged)
    seal = seal_text(hashlib.sha256(forged).hexdigest())
    (pack / "statement.dsse.json.sha256").write_text(seal)
    (folder / "weak.pem").write_bytes(pem)
    return pack


def test_a_pack_that_nobody_signed_is_refused_by_both_verifiers(made, tmp_path, capsys):
    pack = forged_pack(made, tmp_path, CANONICAL[0])
    (finding,) = examine(pack).findings
    assert finding.file == "public-key.pem"
    assert "anybody can make signatures" in finding.problem
    key = str(tmp_path / "weak.pem")
    assert voltward_command(["evidence", "verify", str(pack)]) == 4
    assert voltward_command(["evidence", "verify", str(pack), "--key", key]) == 2
    assert "proves nothing" in capsys.readouterr().err
    assert alone(pack).returncode == 4
    done = alone(pack, key)
    assert done.returncode == 4
    assert "anybody can sign" in done.stdout


# Which key was trusted, and modes.


def test_verify_says_which_key_it_trusted_and_why(made, capsys):
    pack, key = str(made / "pack"), str(made / "signer.pub.pem")
    own = examine(made / "pack").key_id

    def told(*options):
        assert voltward_command(["evidence", "verify", pack, *options]) == 0
        text = capsys.readouterr().out
        assert voltward_command(["evidence", "verify", pack, *options, "--json"]) == 0
        return text, json.loads(capsys.readouterr().out)

    text, document = told()
    assert "key trusted: no, no key was given" in text
    assert (document["trusted_key"], document["key_pinned"]) == (None, False)
    text, document = told("--key", key)
    assert f"key trusted: yes, you gave the key: --key {key}" in text
    assert document["trusted_key"] == own
    assert key in document["trust"]
    for written in (own, own.upper()):
        text, document = told("--key-id", written)
        assert "key trusted: yes, you gave its id" in text
        assert document["trusted_key"] == own


def test_another_key_id_is_refused(made, capsys):
    pack = str(made / "pack")
    assert voltward_command(["evidence", "verify", pack, "--key-id", "0" * 64]) == 4
    assert f"not by key {'0' * 64}" in capsys.readouterr().err
    for bad in ("", "0" * 63, "key"):
        assert voltward_command(["evidence", "verify", pack, "--key-id", bad]) == 2
    both = ["--key-id", "0" * 64, "--key", str(made / "signer.pub.pem")]
    assert voltward_command(["evidence", "verify", pack, *both]) == 2


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o4644, "runs in the name of its owner"),
        (0o2644, "runs in the name of its owner"),
        (0o755, "can be run"),
        (0o645, "can be run"),
        (0o646, "can be written to by everybody"),
    ],
)
def test_changed_modes_are_named(made, tmp_path, capsys, mode, words):
    shutil.copytree(made / "pack", tmp_path / "pack")
    pack = tmp_path / "pack"
    assert "permissions" not in alone(pack).stdout
    (pack / "run" / "cases.csv").chmod(mode)
    assert voltward_command(["evidence", "verify", str(pack)]) == 0
    told = capsys.readouterr().out
    assert f"permissions, which are not signed: run/cases.csv {words}" in told
    assert voltward_command(["evidence", "verify", str(pack), "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["odd_modes"]) == ["run/cases.csv"]
    assert f"run/cases.csv: odd permissions {mode:o}" in alone(pack).stdout


def test_a_folder_that_everybody_may_write_to_is_named(made, tmp_path):
    shutil.copytree(made / "pack", tmp_path / "pack")
    (tmp_path / "pack" / "run").chmod(0o777)
    assert examine(tmp_path / "pack").odd_modes == {"run": "can be written to by everybody"}


def test_a_pair_of_keys_is_both_or_none(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    real = os.fsync
    for number in (1, 2):
        calls = []

        def fail_at(handle, number=number, calls=calls):
            calls.append(handle)
            return full() if len(calls) == number else real(handle)

        monkeypatch.setattr(os, "fsync", fail_at)
        with pytest.raises(ConfigurationError, match="no space left"):
            make_keys(tmp_path / "signer.pem")
        assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    old = make_keys(tmp_path / "signer.pem")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    real_replace = Path.replace

    def refuse(self, target):
        if Path(target) == old.public:
            full()
        return real_replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ConfigurationError, match="no space left"):
        make_keys(tmp_path / "signer.pem", replace=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


STATEMENTS = {
    "nothing": lambda _: {},
    "no environment": lambda predicate: {**predicate, "environment": None},
    "no seeds": lambda predicate: {**predicate, "environment": {"run": {}, "times": {}}},
    "risks of another kind": lambda predicate: {**predicate, "risk": 5},
    "times of another kind": lambda predicate: {
        **predicate,
        "environment": {**predicate["environment"], "times": ["now"]},
    },
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_a_whole_pack_that_says_something_else_is_told(made, tmp_path, capsys, case):
    shutil.copytree(made / "pack", tmp_path / "pack")
    pack = tmp_path / "pack"
    envelope = json.loads((pack / "statement.dsse.json").read_bytes())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["predicate"] = STATEMENTS[case](statement["predicate"])
    content = sign_statement(statement, read_private_key(made / "signer.pem"))
    (pack / "statement.dsse.json").write_bytes(content)
    seal = seal_text(hashlib.sha256(content).hexdigest())
    (pack / "statement.dsse.json.sha256").write_text(seal)
    assert voltward_command(["evidence", "verify", str(pack)]) == 0
    assert voltward_command(["evidence", "show", str(pack)]) == 4
    assert "does not say what a pack says" in capsys.readouterr().err
