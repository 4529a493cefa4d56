"""Which names the files of a run have, and which files of a folder have such names."""

import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from voltward.core.files import pretty_json
from voltward.results.columns import RUN_KEYS

RUN_FILE, REPORT_FILE, RISK_FILE = "run.json", "report.html", "risk.json"
FIGURES, TRACES, PARTS = "figures", "traces", "parts"
TABLES = ("config.toml", "cases.parquet", "cases.csv", "matrix.csv", "events.jsonl")
_FILES = (RUN_FILE, *TABLES, REPORT_FILE, RISK_FILE)
_IN_FOLDERS = {
    FIGURES: r"(matrix|damage|delay|risk|architecture|timeline(-.+)?)\.(png|svg)",
    TRACES: r"c\d{5,}\.parquet",
    PARTS: r"plan\.json|part-\d{5,}\.(parquet|events\.jsonl)",
}


def is_run_file(name: str) -> bool:
    """Tell whether a run writes a file of this path within its folder."""
    folder, slash, file = name.rpartition("/")
    if not slash:
        return name in _FILES
    return folder in _IN_FOLDERS and re.fullmatch(_IN_FOLDERS[folder], file) is not None


def is_derived(name: str) -> bool:
    """Tell whether a file is made from the others: report, figures, rating."""
    return name in {REPORT_FILE, RISK_FILE} or name.startswith(f"{FIGURES}/")


def standing(run: Path) -> Iterator[Path]:
    """Yield what stands in a folder at a name that a run writes, whoever wrote it."""
    yield from (run / name for name in _FILES if (run / name).is_symlink() or (run / name).exists())
    for name in _IN_FOLDERS:
        folder = run / name
        if folder.is_symlink() or folder.is_file():
            yield folder
        elif folder.is_dir():
            yield from (p for p in sorted(folder.iterdir()) if is_run_file(f"{name}/{p.name}"))


def sealed_files(run: Path) -> Mapping[str, str]:
    """Return path to SHA-256 of the files that a run.json of ours names, itself included.

    Files that no run writes are left out, and so is everything when run.json is not spelt as we
    spell it: it was edited, or is another program's.
    """
    path = run / RUN_FILE
    if path.is_symlink() or not path.is_file():
        return {}
    content = path.read_bytes()
    try:
        document = json.loads(content)
        spelt = pretty_json(document).encode()
    except (ValueError, RecursionError):
        return {}
    if spelt != content or not isinstance(document, dict) or not set(RUN_KEYS) <= set(document):
        return {}
    files = document["files"]
    if not isinstance(files, dict):
        return {}
    return {
        **{name: str(digest) for name, digest in files.items() if is_run_file(name)},
        RUN_FILE: sha256(content).hexdigest(),
    }
