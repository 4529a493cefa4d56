"""The packages of requirements.lock: versions, hashes, licences, and what needs what.

As a program it holds the lock against its neighbours, without a network:

1. Every line of the lock names one version and at least one SHA-256 digest.
2. constraints.txt names the same version; versions are decided there, the lock adds the digests.
3. What pyproject.toml needs, and what an installed locked package needs, is locked.
"""

import argparse
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing
from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
CONSTRAINTS = ROOT / "constraints.txt"
PROJECT = ROOT / "pyproject.toml"
LICENCES = ROOT / "tools" / "licences.toml"
EXIT_DIFFERENT = 2

_SPDX = get_spdx_licensing()
_DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})(?:\s|$)")
_CLASSIFIER = "License :: OSI Approved :: "


class LockError(Exception):
    """A lock, or a file beside it, cannot be used."""


@dataclass(frozen=True)
class LockedPackage:
    """One requirement of the lock.

    Attributes:
        name: In its canonical form.
        version: The one version.
        marker: Environments that need it; None for all.
        sha256: Digests of the files that may be installed.
    """

    name: str
    version: str
    marker: Marker | None
    sha256: tuple[str, ...]

    @property
    def is_needed_here(self) -> bool:
        """Whether this environment needs it."""
        return self.marker is None or self.marker.evaluate()


def read_lock(path: Path = LOCK) -> list[LockedPackage]:
    """Read a lock.

    Raises:
        LockError: A line is not a version with its digests.
    """
    found = []
    for line in _statements(path):
        digests = tuple(_DIGEST.findall(line))
        package = _pinned(line.partition(" --hash")[0], path)
        if not digests:
            raise LockError(f"{path.name}: {package.name} has no SHA-256 digest")
        found.append(LockedPackage(package.name, package.version, package.marker, digests))
    if not found:
        raise LockError(f"{path.name}: names no package")
    return found


def read_constraints(path: Path = CONSTRAINTS) -> dict[str, str]:
    """Return versions by canonical name."""
    pinned = [_pinned(line, path) for line in _statements(path)]
    return {package.name: package.version for package in pinned}


def project_requirements(path: Path = PROJECT) -> list[Requirement]:
    """Return what the package needs at run time."""
    project: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))["project"]
    return [Requirement(text) for text in project["dependencies"]]


def needs_of(package: LockedPackage) -> list[str] | None:
    """Return the canonical names that an installed package needs here; None when not installed."""
    distribution = _installed(package.name)
    if distribution is None:
        return None
    wanted = [Requirement(text) for text in distribution.requires or ()]
    return sorted({
        canonicalize_name(one.name)
        for one in wanted
        if one.marker is None or one.marker.evaluate({"extra": ""})
    })  # fmt: skip


def licence_of(name: str, stated: dict[str, str]) -> str:
    """Return the licence of an installed package as an SPDX expression; empty when unknown.

    Args:
        name: Of the package.
        stated: Licences by name, for packages whose metadata have no SPDX expression, and by the
            words of a classifier or of the field License.
    """
    if name in stated:
        return stated[name]
    distribution = _installed(name)
    if distribution is None:
        return ""
    metadata = distribution.metadata
    words = [metadata.get("License-Expression"), metadata.get("License")]
    classifiers = metadata.get_all("Classifier") or ()
    words += [text.removeprefix(_CLASSIFIER) for text in classifiers if _CLASSIFIER in text]
    for word in filter(None, words):
        text = stated.get(word, word)
        if len(text) < 200 and is_spdx(text):
            return text
    return ""


def is_spdx(text: str) -> bool:
    """Tell whether a text is an expression of known SPDX identifiers."""
    try:
        return not _SPDX.validate(text).errors
    except ExpressionError:
        return False


def read_policy(path: Path = LICENCES) -> tuple[frozenset[str], dict[str, str]]:
    """Return the allowed licences, and the licences stated by hand."""
    policy = tomllib.loads(path.read_text("utf-8"))
    return frozenset(policy["allowed"]), {**policy["words"], **policy["packages"]}


def differences(
    locked: Sequence[LockedPackage], constraints: dict[str, str], wanted: Iterable[Requirement]
) -> Iterator[str]:
    """Yield what makes the lock stale."""
    versions = {package.name: package.version for package in locked}
    for package in locked:
        if constraints.get(package.name) != package.version:
            other = constraints.get(package.name, "no version")
            yield f"{package.name}: locked {package.version}, constraints.txt has {other}"
        for need in needs_of(package) or ():
            if need not in versions:
                yield f"{package.name} needs {need}, which is not locked"
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        if name not in versions:
            yield f"pyproject.toml needs {name}, which is not locked"
        elif not requirement.specifier.contains(versions[name], prereleases=True):
            yield f"pyproject.toml needs {requirement}, locked is {versions[name]}"


def _installed(name: str) -> importlib.metadata.Distribution | None:
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _statements(path: Path) -> Iterator[str]:
    """Yield the lines of a requirements file, continued ones joined, without comments."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LockError(f"{path.name}: cannot be read: {error}") from error
    kept = (line.partition("#")[0].rstrip() for line in text.splitlines())
    joined = "\n".join(line for line in kept if line).replace("\\\n", " ")
    yield from (line for line in joined.splitlines() if line.strip())


def _pinned(text: str, path: Path) -> LockedPackage:
    try:
        requirement = Requirement(text.strip())
    except InvalidRequirement as error:
        raise LockError(f"{path.name}: '{text.strip()}' is not a requirement: {error}") from error
    specifiers = list(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator != "==" or "*" in specifiers[0].version:
        raise LockError(f"{path.name}: '{requirement}' does not name one version")
    name, version = canonicalize_name(requirement.name), specifiers[0].version
    return LockedPackage(name, version, requirement.marker, ())


def main(arguments: Sequence[str] | None = None) -> int:
    """Hold a lock against constraints.txt, pyproject.toml and what is installed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lock", type=Path, default=LOCK)
    given = parser.parse_args(arguments)
    try:
        found = list(differences(read_lock(given.lock), read_constraints(), project_requirements()))
    except LockError as error:
        found = [str(error)]
    for line in found:
        print(f"error: {line}", file=sys.stderr)
    if found:
        print("  hint: 'make lock' writes requirements.lock anew", file=sys.stderr)
    return EXIT_DIFFERENT if found else 0


if __name__ == "__main__":
    sys.exit(main())
