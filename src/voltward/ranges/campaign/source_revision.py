"""Which revision of the code runs: of a git checkout, or as the installed package records it."""

import json
import os
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

_LONGEST_S = 10.0


def source_revision(package: Path | None = None) -> dict[str, Any] | None:
    """Return revision and whether the code differs from it; None where the revision is not known.

    Args:
        package: Folder of the package; by default the one that is imported.
    """
    folder = Path(__file__).parents[2] if package is None else package
    return _of_checkout(folder) or _of_metadata()


def _of_checkout(folder: Path) -> dict[str, Any] | None:
    """Ask git, which must know the package's own files: a folder inside another project is none."""
    if _git(folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    revision = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--", ".")
    if not revision or changes is None:
        return None
    return {"revision": revision.strip(), "dirty": bool(changes.strip())}


def _of_metadata() -> dict[str, Any] | None:
    """Return the revision that pip recorded (PEP 610, `direct_url.json`)."""
    try:
        text = distribution("voltward").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    revision = json.loads(text or "{}").get("vcs_info", {}).get("commit_id")
    return {"revision": str(revision), "dirty": None} if revision else None


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git answers, None where there is no git or it refuses."""
    program = shutil.which("git")
    if program is None:
        return None
    # A hook of another repository may run us with its own GIT_DIR.
    others = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(
            [program, "-C", str(folder), *arguments],
            env={**others, "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None
