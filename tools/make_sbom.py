"""Write a software bill of materials of requirements.lock: CycloneDX 1.6, JSON.

1. Each locked package becomes a component with its purl, its licence and the digests of its files.
2. What needs what is read from the installed packages.
3. Time and serial number are left out, so that the same lock gives the same bytes;
   SOURCE_DATE_EPOCH sets the time.
"""

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from locked_packages import (
    EXIT_DIFFERENT,
    LOCK,
    PROJECT,
    LockedPackage,
    LockError,
    licence_of,
    needs_of,
    project_requirements,
    read_lock,
    read_policy,
)
from packageurl import PackageURL
from packaging.utils import canonicalize_name

OUT = Path("out/sbom.json")
_INDEX = "https://pypi.org/simple"


def bill(locked: Sequence[LockedPackage], project: dict[str, Any]) -> Bom:
    """Return the bill of the packages that a project needs.

    Args:
        locked: The packages.
        project: Table `project` of pyproject.toml.

    Raises:
        LockError: A package is not installed, so that its licence is unknown.
    """
    stated = read_policy()[1]
    root = _component(ComponentType.APPLICATION, project["name"], project["version"],
                      project["license"])  # fmt: skip
    components = {one.name: _library(one, licence_of(one.name, stated)) for one in locked}
    found = Bom(components=components.values())
    found.metadata.component = root
    direct = [canonicalize_name(one.name) for one in project_requirements()]
    found.register_dependency(root, [components[name] for name in direct])
    for package in locked:
        needs = needs_of(package) or ()
        wanted = [components[name] for name in needs if name in components]
        found.register_dependency(components[package.name], wanted)
    return found


def as_json(found: Bom, epoch_s: str = "") -> str:
    """Return a bill as text; without an epoch it has no time."""
    document = json.loads(JsonV1Dot6(found).output_as_string())
    del document["serialNumber"]
    if epoch_s:
        made = datetime.fromtimestamp(int(epoch_s), UTC)
        document["metadata"]["timestamp"] = made.strftime("%Y-%m-%dT%H:%M:%SZ")
    else:
        del document["metadata"]["timestamp"]
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _library(package: LockedPackage, licence: str) -> Component:
    if not licence:
        raise LockError(
            f"{package.name} {package.version}: its licence is unknown; it is not installed, or "
            "its metadata name none: then tools/licences.toml may state it"
        )
    made = _component(ComponentType.LIBRARY, package.name, package.version, licence)
    digests = [HashType(alg=HashAlgorithm.SHA_256, content=one) for one in package.sha256]
    place = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"{_INDEX}/{package.name}/"),
        comment="SHA-256 of each file that the lock accepts",
        hashes=digests,
    )
    made.external_references.add(place)
    return made


def _component(kind: ComponentType, name: str, version: str, licence: str) -> Component:
    purl = PackageURL("pypi", None, name, version)
    return Component(
        type=kind,
        name=name,
        version=version,
        purl=purl,
        bom_ref=str(purl),
        licenses=[LicenseExpression(licence)],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the bill."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args(arguments)
    try:
        project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
        text = as_json(bill(read_lock(LOCK), project), os.environ.get("SOURCE_DATE_EPOCH", ""))
    except LockError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_DIFFERENT
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(text, encoding="utf-8")
    print(f"wrote {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
