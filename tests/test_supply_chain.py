"""The lock, the bill of materials, the check of licences and advisories: without a network."""

import importlib
import json
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from packaging.version import Version
from referencing import Registry, Resource

ROOT = Path(__file__).parents[1]
DIGEST = "--hash=sha256:" + "0" * 64
LOCK = f"numpy==2.4.6 {DIGEST}\npaho-mqtt==2.2.0 \\\n    {DIGEST}\n    # via made-up\n"


def tool(name):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        return importlib.import_module(name)


packages, chain, sbom = tool("locked_packages"), tool("check_supply_chain"), tool("make_sbom")


def dotted(numbers):
    return ".".join(map(str, numbers))


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "requirements.lock"
    path.write_text(LOCK)
    return path


@pytest.fixture
def audit(lock, tmp_path, capsys):
    """Check advisories, given as a document or as bytes; return exit code and what was printed."""

    def run(given):
        path = tmp_path / "advisories.json"
        path.write_bytes(given if isinstance(given, bytes) else json.dumps(given).encode())
        code = chain.main(["--lock", str(lock), "--advisories", str(path)])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def advisory(name="numpy", *, versions=(), events=(), **more):
    """An advisory in the form of OSV."""
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    package = {"ecosystem": "PyPI", "name": name}
    affected = {"package": package, "versions": list(versions), "ranges": ranges}
    return {"id": "MADE-UP-1", "affected": [affected], **more}


# Lock


def test_the_lock_agrees_with_constraints_and_project():
    assert packages.main([]) == 0


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("numpy==2.4.6", "numpy==2.4.5", "constraints.txt has 2.4.6"),
        ("numpy==2.4.6", "numpy>=2.4.6", "does not name one version"),
        ("numpy==2.4.6", "numpy==2.*", "does not name one version"),
        ("numpy==2.4.6", "numpy @ nowhere", "does not name one version"),
        ("numpy==2.4.6", "numpy = 2.4.6", "is not a requirement"),
        (DIGEST, "", "has no SHA-256 digest"),
        (DIGEST, "--hash=sha256:0", "has no SHA-256 digest"),
        ("paho-mqtt", "numpy", "pyproject.toml needs paho-mqtt, which is not locked"),
        (LOCK, "", "names no package"),
    ],
)
def test_a_stale_lock_is_named(lock, capsys, old, new, word):
    lock.write_text(LOCK.replace(old, new, 1))
    assert packages.main(["--lock", str(lock)]) == packages.EXIT_DIFFERENT
    assert word in capsys.readouterr().err


def test_what_a_locked_package_needs_must_be_locked(lock):
    wanted = [f"matplotlib==3.11.2 {DIGEST}"]
    lock.write_text("\n".join(wanted))
    found = list(packages.differences(packages.read_lock(lock), {"matplotlib": "3.11.2"}, []))
    assert "matplotlib needs numpy, which is not locked" in found


# Licences


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("LGPL-3.0-only", True),
        ("EPL-2.0 OR BSD-3-Clause", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("(GPL-3.0-only OR MIT) AND AGPL-3.0-only", False),
        ("GPL-3.0-only", False),
        ("SSPL-1.0", False),
        ("CC-BY-NC-4.0", False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
    ],
)
def test_allowed_licences(expression, allowed):
    assert chain.is_allowed(expression, packages.read_policy()[0]) is allowed


def test_every_locked_package_has_an_allowed_licence(capsys):
    assert chain.main([]) == 0
    assert "0 found" in capsys.readouterr().out


def test_licences_that_are_stated_by_hand_are_of_locked_packages():
    stated = packages.tomllib.loads(packages.LICENCES.read_text("utf-8"))["packages"]
    assert set(stated) <= {package.name for package in packages.read_lock()}


# Advisories


@pytest.mark.parametrize(
    "document",
    [
        advisory(versions=["2.4.6"]),
        advisory(versions=["2.4.6.0"]),
        advisory("NumPy", events=[{"introduced": "0"}]),
        advisory("paho_mqtt", versions=["2.2.0"]),
        advisory(events=[{"introduced": "2.0"}, {"fixed": "2.4.7"}]),
        advisory(events=[{"fixed": "2.4.7"}, {"introduced": "2.4.6"}]),
        advisory(events=[{"introduced": "0"}, {"last_affected": "2.4.6"}]),
        advisory(events=[{"introduced": "1"}, {"fixed": "2"}, {"introduced": "2.4"}]),
        advisory(events=[{"introduced": "2004d"}, {"fixed": "tomorrow"}]),
        [advisory("other", versions=["1"]), advisory(versions=["2.4.6"])],
        {"vulns": [advisory(versions=["2.4.6"])]},
        {
            "dependencies": [
                {"name": "numpy", "version": "2.4.6", "vulns": [{"id": "X", "fix_versions": []}]},
                {"name": "skipped", "skip_reason": "made up"},
            ]
        },
    ],
)
def test_an_advisory_of_a_locked_version_exits_3(audit, document):
    code, printed = audit(document)
    assert code == chain.EXIT_FOUND
    assert "2.4.6: " in printed or "2.2.0: " in printed


@pytest.mark.parametrize(
    "document",
    [
        advisory(versions=["2.4.5", "2.4.60"]),
        advisory(events=[{"introduced": "0"}, {"fixed": "2.4.6"}]),
        advisory(events=[{"introduced": "0"}, {"last_affected": "2.4.5"}]),
        advisory(events=[{"introduced": "2.4.7"}]),
        advisory(events=[{"introduced": "1"}, {"fixed": "2"}]),
        advisory(versions=["2.4.6"], withdrawn="2026-01-01T00:00:00Z"),
        advisory("numpy-financial", versions=["2.4.6"]),
        {"dependencies": [{"name": "numpy", "version": "2.4.5", "vulns": [{"id": "X"}]}]},
        {"dependencies": [{"name": "numpy", "version": "2.4.6", "vulns": []}]},
    ],
)
def test_other_advisories_do_not_hit(audit, document):
    assert audit(document)[0] == 0


def test_other_ecosystems_and_git_ranges_do_not_hit(audit):
    document = advisory(events=[{"introduced": "0"}])
    document["affected"][0]["package"]["ecosystem"] = "npm"
    assert audit(document)[0] == 0
    document = advisory(events=[{"introduced": "0"}])
    document["affected"][0]["ranges"][0]["type"] = "GIT"
    assert audit(document)[0] == 0


def test_a_hit_names_package_version_advisory_and_the_version_that_mends_it(audit):
    events = [{"introduced": "0"}, {"fixed": "2.10.0"}, {"introduced": "3"}, {"fixed": "3.1"}]
    printed = audit(advisory(events=events, aliases=["CVE-1"]))[1]
    assert "numpy 2.4.6: MADE-UP-1 (CVE-1); fixed in 2.10.0, 3.1\n" in printed


def test_a_fault_under_two_identifiers_is_one_hit(audit):
    one = advisory(versions=["2.4.6"], aliases=["MADE-UP-2"])
    assert "1 found" in audit([one, {**one, "id": "MADE-UP-2", "aliases": []}])[1]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"12",
        b'"text"',
        b"null",
        b'{"affected": 1}',
        b'{"title": "no advisory"}',
        b'{"id": "X", "affected": [{"package": {"name": "numpy"}}]}',
        b'{"id": "X", "affected": [{"package": {"name": 1, "ecosystem": "PyPI"}}]}',
        b'{"dependencies": [{"version": "1"}]}',
        json.dumps(advisory(versions=[24])).encode(),
        json.dumps(advisory(events=[{"introduced": None}])).encode(),
        json.dumps({**advisory(versions=["2.4.6"]), "id": None, "aliases": 7}).encode(),
        b"PK\x03\x04" + b"\x00" * 40,
    ],
)
def test_a_file_that_holds_no_advisory_is_refused(audit, content):
    code, printed = audit(content)
    assert code == chain.EXIT_UNUSABLE
    assert "advisories.json" in printed


NUMBERS = st.lists(st.integers(0, 12), min_size=1, max_size=3)


@given(limits=st.lists(NUMBERS, unique_by=lambda one: Version(dotted(one))), ours=NUMBERS)
def test_a_version_is_affected_between_introduced_and_fixed(limits, ours):
    """A fault that came and went at rising versions is there after an odd number of them."""
    rising = sorted(limits, key=lambda one: Version(dotted(one)))
    kinds = ("introduced", "fixed")
    events = [{kinds[place % 2]: dotted(one)} for place, one in enumerate(rising)]
    passed = sum(Version(dotted(one)) <= Version(dotted(ours)) for one in rising)
    affected = {"ranges": [{"type": "ECOSYSTEM", "events": events[::-1]}]}
    assert chain.is_affected(dotted(ours), affected) is (passed % 2 == 1)


KEYS = (
    *("id", "affected", "package", "name", "ecosystem", "ranges", "type", "events", "introduced"),
    *("fixed", "versions", "vulns", "dependencies", "aliases", "withdrawn", "version"),
)
PLAIN = st.sampled_from(["PyPI", "numpy", "2.4.6", "ECOSYSTEM", "0", "", None, 7, True, 1e400])


@given(
    st.recursive(
        PLAIN,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
        ),
    )
)
def test_any_document_is_read_or_refused(document):
    locked = [packages.LockedPackage("numpy", "2.4.6", None, ())]
    with suppress(chain.AdvisoryError):
        assert {hit.package for hit in chain.hits(locked, [("made up", document)])} <= {"numpy"}


def test_folders_archives_and_lines_of_advisories(audit, lock, tmp_path, capsys):
    text = json.dumps(advisory(versions=["2.4.6"]))
    lines = f"{json.dumps(advisory('other', versions=['1']))}\n{text}\n"
    assert audit(lines.encode())[0] == chain.EXIT_FOUND
    folder = tmp_path / "export"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "X.json").write_text(text)
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("X.json", text)
        writer.writestr("readme.txt", "made up")
    for path in (folder, archive):
        assert chain.main(["--lock", str(lock), "--advisories", str(path)]) == chain.EXIT_FOUND
    (folder / "deep" / "X.json").unlink()
    for path in (folder, tmp_path / "absent", Path("/dev/null")):
        assert chain.main(["--lock", str(lock), "--advisories", str(path)]) == chain.EXIT_UNUSABLE
    assert "no such file" in capsys.readouterr().err


def test_large_files_and_archives_are_refused(monkeypatch, lock, tmp_path, capsys):
    monkeypatch.setattr(chain, "_LARGEST_FILE", 1000)
    (tmp_path / "large.json").write_text(" " * 1001)
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("X.json", " " * 100_000)
    for path in (tmp_path / "large.json", archive):
        assert chain.main(["--lock", str(lock), "--advisories", str(path)]) == chain.EXIT_UNUSABLE
    assert "is larger than" in capsys.readouterr().err


# Bill of materials


@pytest.fixture(scope="module")
def bill():
    project = packages.tomllib.loads(packages.PROJECT.read_text("utf-8"))["project"]
    return sbom.bill(packages.read_lock(), project)


def test_the_bill_is_valid_under_the_published_schema(bill):
    folder = Path(importlib.import_module("cyclonedx.schema").__file__).parent / "_res"
    names = ("bom-1.6", "spdx", "jsf-0.82")
    schemas = [json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text()) for name in names]
    registry = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas
    )
    validator = Draft7Validator(schemas[0], registry=registry)
    document = json.loads(sbom.as_json(bill))
    assert list(validator.iter_errors(document)) == []
    document["components"][0]["type"] = "made up"
    assert list(validator.iter_errors(document)) != []


def test_the_bill_holds_each_locked_package_with_digests_licence_and_purl(bill):
    document = json.loads(sbom.as_json(bill))
    found = {component["name"]: component for component in document["components"]}
    locked = {package.name: package for package in packages.read_lock()}
    assert set(found) == set(locked)
    for name, component in found.items():
        hashes = component["externalReferences"][0]["hashes"]
        assert {one["content"] for one in hashes} == set(locked[name].sha256)
        assert component["purl"] == f"pkg:pypi/{name}@{locked[name].version}"
        assert component["licenses"][0]["expression"]
    needs = {one["ref"]: one.get("dependsOn", []) for one in document["dependencies"]}
    assert f"pkg:pypi/numpy@{locked['numpy'].version}" in needs[found["matplotlib"]["bom-ref"]]
    reached, waiting = set(), [document["metadata"]["component"]["bom-ref"]]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += needs[one]
    here = {found[name]["bom-ref"] for name, one in locked.items() if one.is_needed_here}
    assert here <= reached


def test_the_bill_has_a_time_only_on_request(bill):
    assert sbom.as_json(bill) == sbom.as_json(bill)
    assert '"timestamp"' not in sbom.as_json(bill)
    assert '"timestamp": "2001-09-09T01:46:40Z"' in sbom.as_json(bill, "1000000000")
