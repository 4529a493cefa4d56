"""In what a run was made and a pack signed: versions, seeds, times; no host, user or path."""

import platform
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from pyarrow import parquet

from voltward.core.files import sha256_of
from voltward.core.version import VERSION
from voltward.results.columns import NO_ATTACK
from voltward.results.run_folder import RunFolder
from voltward.results.run_layout import RUN_FILE

PROJECT = "voltward"


@dataclass(frozen=True)
class Times:
    """Three times that are often taken for one; ISO 8601 in UTC.

    Attributes:
        collected_at: When the files were gathered.
        signed_at: When the signer's clock said they were signed.
        observed_at: When the run took place; None where timing.json does not tell.
    """

    collected_at: str
    signed_at: str
    observed_at: str | None = None

    def as_document(self) -> dict[str, str | None]:
        """Return plain data."""
        return {
            "observed_at": self.observed_at,
            "collected_at": self.collected_at,
            "signed_at": self.signed_at,
        }


def environment_document(run: RunFolder, times: Times) -> dict[str, Any]:
    """Return the content of `environment.json`."""
    return {
        "schema_version": 1,
        "run": run_facts(run),
        "signer": {
            "project": {"name": PROJECT, "version": VERSION},
            "python": {
                "implementation": platform.python_implementation(),
                "version": platform.python_version(),
            },
            "platform": {"system": platform.system(), "machine": platform.machine()},
            "packages": _packages(),
        },
        "times": times.as_document(),
    }


def run_facts(run: RunFolder) -> dict[str, Any]:
    """Return what the run says of itself, with seeds, number of cases, and runs of each cell."""
    cases = parquet.read_table(run.path / "cases.parquet", columns=["attack", "stack", "seed"])
    seeds = cases.column("seed")
    return {
        "name": run.run.get("name", run.path.name),
        "run_sha256": sha256_of(run.path / RUN_FILE),
        "config_sha256": run.run["config_sha256"],
        "seed": run.run["seed"],
        "seeds": sorted(seeds.unique().to_pylist()),
        "cases": len(seeds),
        "runs_of_each_attack_and_stack": _fewest_and_most(
            cases.column("attack").to_pylist(), cases.column("stack").to_pylist()
        ),
        "track": run.run["track"],
        "versions": dict(run.run["versions"]),
        "source_commit": (run.run.get("source") or {}).get("revision"),
    }


def _fewest_and_most(attacks: Sequence[str], stacks: Sequence[str]) -> dict[str, int] | None:
    """Return how many runs attack and stack had; None where no case has an attack."""
    cells = zip(attacks, stacks, strict=True)
    runs = Counter((attack, stack) for attack, stack in cells if attack != NO_ATTACK)
    return {"fewest": min(runs.values()), "most": max(runs.values())} if runs else None


def observed_at(run: RunFolder) -> str | None:
    """Return when the run took place, where timing.json tells."""
    found = run.timing().get("started_at")
    return found if isinstance(found, str) else None


def _packages() -> dict[str, str | None]:
    """Return the installed versions of the packages that the project needs at run time."""
    try:
        requirements = metadata.requires(PROJECT) or []
    except metadata.PackageNotFoundError:
        return {}
    names = [
        match[0]
        for text in requirements
        if "extra ==" not in text and (match := re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", text))
    ]
    return {name: _version(name) for name in sorted(names, key=str.lower)}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
