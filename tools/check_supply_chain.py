"""Check the locked packages without a network: their licences, and advisories that are handed in.

1. Each package of requirements.lock that this environment needs must be installed; the licence
   that its metadata name must be one that tools/licences.toml allows.
2. Advisories come from `--advisories`: OSV JSON (one, a list, or one a line), the JSON of
   pip-audit, or a folder or ZIP archive of such files. Withdrawn ones do not count.
3. An advisory hits when the locked version is listed, or lies in a range, as OSV defines it. A
   limit of a range that is not a version is taken so that it hits.
4. Every hit is printed with package, version, advisory and the version that mends it; the exit
   code is 3 for a hit or a licence that is not allowed, 2 for a file that cannot be used.
"""

import argparse
import json
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from license_expression import get_spdx_licensing
from locked_packages import LOCK, LockedPackage, LockError, licence_of, read_lock, read_policy
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

EXIT_UNUSABLE, EXIT_FOUND = 2, 3
# The export of PyPI's advisories is about 100 MB unpacked in 20,000 files; these are far above.
_LARGEST_FILE = 64 * 2**20
_LARGEST_WHOLE = 2**30
_MOST_FILES = 500_000
_LOWEST = Version("0.dev0")


class AdvisoryError(Exception):
    """A file of advisories cannot be used."""


@dataclass(frozen=True)
class Hit:
    """An advisory that names a locked version.

    Attributes:
        package: Canonical name.
        version: The locked one.
        advisory: Its identifier.
        aliases: Other identifiers of the same fault.
        fixed: Versions that mend it, lowest first; empty when the advisory names none.
    """

    package: str
    version: str
    advisory: str
    aliases: tuple[str, ...]
    fixed: tuple[str, ...]

    def __str__(self) -> str:
        also = f" ({', '.join(self.aliases)})" if self.aliases else ""
        mended = f"fixed in {', '.join(self.fixed)}" if self.fixed else "no fixed version is named"
        return f"{self.package} {self.version}: {self.advisory}{also}; {mended}"


# Licences


def is_allowed(expression: str, allowed: frozenset[str]) -> bool:
    """Tell whether a licence can be used: one side of an OR, both sides of an AND."""
    terms = get_spdx_licensing()

    def holds(node: Any) -> bool:
        if isinstance(node, terms.OR):
            return any(map(holds, node.args))
        if isinstance(node, terms.AND):
            return all(map(holds, node.args))
        return str(node) in allowed

    return holds(terms.parse(expression))


def licence_faults(locked: Iterable[LockedPackage]) -> Iterator[str]:
    """Yield the packages whose licence is unknown or not allowed."""
    allowed, stated = read_policy()
    for package in locked:
        licence = licence_of(package.name, stated)
        if not licence:
            yield f"{package.name} {package.version}: not installed, or its licence is unknown"
        elif not is_allowed(licence, allowed):
            yield f"{package.name} {package.version}: licence {licence} is not allowed"


# Advisories


def hits(locked: Sequence[LockedPackage], advisories: Iterable[tuple[str, Any]]) -> list[Hit]:
    """Return the hits in order, one for each fault of a package.

    Args:
        locked: The packages.
        advisories: Where each document was read, and the document.

    Raises:
        AdvisoryError: A document does not have the form of OSV or of pip-audit.
    """
    versions = {package.name: package.version for package in locked}
    found: list[Hit] = []
    for place, document in advisories:
        try:
            found += _hits_of(versions, document)
        except (KeyError, TypeError, AttributeError) as error:
            raise AdvisoryError(
                f"{place}: is not an advisory of OSV or pip-audit: {error!r}"
            ) from error
    ordered = sorted(found, key=lambda hit: (hit.package, hit.advisory))
    kept: list[Hit] = []
    for hit in ordered:
        names = {hit.advisory, *hit.aliases}
        same = (one for one in kept if one.package == hit.package)
        if not any(names & {one.advisory, *one.aliases} for one in same):
            kept.append(hit)
    return kept


def _hits_of(versions: Mapping[str, str], document: Any) -> Iterator[Hit]:
    if isinstance(document, list):
        for one in document:
            yield from _hits_of(versions, one)
    elif "vulns" in document:
        yield from _hits_of(versions, list(document["vulns"]))
    elif "dependencies" in document:
        yield from _hits_of_pip_audit(versions, document)
    elif not document.get("withdrawn"):
        yield from _hits_of_osv(versions, document)


def _hits_of_pip_audit(versions: Mapping[str, str], document: Mapping[str, Any]) -> Iterator[Hit]:
    for package in document["dependencies"]:
        name = canonicalize_name(package["name"])
        if versions.get(name) == package.get("version"):
            for fault in package.get("vulns", ()):
                yield _hit(name, versions[name], fault, fault.get("fix_versions", ()))


def _hits_of_osv(versions: Mapping[str, str], document: Mapping[str, Any]) -> Iterator[Hit]:
    # A document without affected packages, such as one of another kind, is not passed over.
    for affected in document["affected"]:
        package = affected.get("package", {"ecosystem": "", "name": ""})
        name = canonicalize_name(package["name"])
        is_ours = package["ecosystem"].partition(":")[0] == "PyPI" and name in versions
        if is_ours and is_affected(versions[name], affected):
            yield _hit(name, versions[name], document, _fixes(affected))


def _hit(name: str, version: str, fault: Mapping[str, Any], fixed: Iterable[str]) -> Hit:
    aliases = tuple(sorted(fault.get("aliases", ())))
    return Hit(name, version, str(fault["id"]), aliases, tuple(fixed))


def is_affected(version: str, affected: Mapping[str, Any]) -> bool:
    """Tell whether a version is listed, or lies in a range of versions."""
    ours = Version(version)
    if any(text == version or _version(text) == ours for text in affected.get("versions", ())):
        return True
    ranges = [one for one in affected.get("ranges", ()) if one["type"] != "GIT"]
    return any(_is_in(ours, one["events"]) for one in ranges)


def _is_in(ours: Version, events: Iterable[Mapping[str, str]]) -> bool:
    """Tell whether a version lies between an event that introduced a fault and one that ended it.

    Source: OSV schema 1.7, evaluation of events in the order of their versions.
    """
    limits = []
    for kind, text in (pair for event in events for pair in event.items()):
        limit = _version(text)
        if kind == "introduced" and (limit is None or text == "0"):
            limit = _LOWEST
        if limit is not None:
            limits.append((limit, kind))
    inside = False
    for limit, kind in sorted(limits, key=lambda pair: (pair[0], pair[1] != "introduced")):
        if kind == "introduced" and ours >= limit:
            inside = True
        elif (kind == "fixed" and ours >= limit) or (kind == "last_affected" and ours > limit):
            inside = False
    return inside


def _fixes(affected: Mapping[str, Any]) -> list[str]:
    events = [event for one in affected.get("ranges", ()) for event in one["events"]]
    texts = {event["fixed"] for event in events if "fixed" in event and _version(event["fixed"])}
    return sorted(texts, key=Version)


def _version(text: Any) -> Version | None:
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is not a version")
    try:
        return Version(text)
    except InvalidVersion:
        return None


# Files


def read_advisories(path: Path) -> list[tuple[str, Any]]:
    """Return every document of a file, a folder or an archive, with its place.

    Raises:
        AdvisoryError: There is none, or one is not JSON, is too large, or is nested too deeply.
    """
    found = list(_read(path))
    if not found:
        raise AdvisoryError(f"{path}: holds no advisory")
    return found


def _read(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        if path.is_dir():
            for file in sorted(path.rglob("*.json")):
                yield from _documents(str(file), _content(file))
        elif zipfile.is_zipfile(path):
            yield from _members(path)
        elif path.is_file():
            yield from _documents(str(path), _content(path))
        else:
            raise AdvisoryError(f"{path}: there is no such file or folder")
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise AdvisoryError(f"{path}: cannot be read: {error}") from error


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise AdvisoryError(f"{path}: is not a regular file")
    _require_size(str(path), path.stat().st_size)
    return path.read_bytes()


def _members(path: Path) -> Iterator[tuple[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        listed = [one for one in archive.infolist() if one.filename.endswith(".json")]
        if len(listed) > _MOST_FILES or sum(one.file_size for one in listed) > _LARGEST_WHOLE:
            raise AdvisoryError(f"{path}: holds more than 500,000 files or 1 GiB")
        for member in listed:
            place = f"{path}: {member.filename}"
            _require_size(place, member.file_size)
            with archive.open(member) as stream:
                yield from _documents(place, stream.read(_LARGEST_FILE + 1))


def _require_size(place: str, size: int) -> None:
    if size > _LARGEST_FILE:
        raise AdvisoryError(f"{place}: is larger than {_LARGEST_FILE // 2**20} MiB")


def _documents(place: str, content: bytes) -> Iterator[tuple[str, Any]]:
    try:
        text = content.decode("utf-8-sig")
        try:
            yield place, json.loads(text)
        except json.JSONDecodeError as error:
            lines = [line for line in text.splitlines() if line.strip()]
            if error.msg != "Extra data" or len(lines) < 2:
                raise
            for number, line in enumerate(lines, start=1):
                yield f"{place}, line {number}", json.loads(line)
    except RecursionError:
        raise AdvisoryError(f"{place}: is nested too deeply") from None
    except ValueError as error:
        raise AdvisoryError(f"{place}: is not JSON in UTF-8: {error}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Check licences, and advisories where they are given."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lock", type=Path, default=LOCK)
    parser.add_argument("--advisories", type=Path, help="file, folder or ZIP archive of advisories")
    given = parser.parse_args(arguments)
    try:
        locked = read_lock(given.lock)
        faults = list(licence_faults(one for one in locked if one.is_needed_here))
        if given.advisories:
            documents = read_advisories(given.advisories)
            faults += [str(hit) for hit in hits(locked, documents)]
    except (LockError, AdvisoryError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_UNUSABLE
    for line in faults:
        print(line)
    checked = f"{len(documents)} documents of advisories" if given.advisories else "no advisories"
    print(f"{len(locked)} locked packages, {checked}: {len(faults)} found")
    return EXIT_FOUND if faults else 0


if __name__ == "__main__":
    sys.exit(main())
