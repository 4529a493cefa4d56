"""Which names the files of a run have, and which files of a folder have such names."""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from voltward.core.errors import ConfigurationError
from voltward.core.files import canonical_json, pretty_json, sha256_of
from voltward.core.input_file import parse_json, read_bytes, read_json, text_of
from voltward.results.columns import RUN_KEYS

RUN_FILE, TIMING_FILE = "run.json", "timing.json"
REPORT_FILE, RISK_FILE = "report.html", "risk.json"
INPUTS, FIGURES, TRACES, PARTS = "inputs", "figures", "traces", "parts"
WORLDS_FILE = "worlds.parquet"
TABLES = ("config.toml", "cases.parquet", "cases.csv", "matrix.csv", "events.jsonl")
_FILES = (RUN_FILE, TIMING_FILE, *TABLES, WORLDS_FILE, REPORT_FILE, RISK_FILE)
_IN_FOLDERS = {
    INPUTS: r"(system|cell|cell\.calibration|link|duty|world)\.toml"
    r"|duty-\d+\.(csv|parquet)|bus\.dbc",
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
    """Yield what a folder holds at names that a run writes, whoever wrote it."""
    yield from (run / name for name in _FILES if (run / name).is_symlink() or (run / name).exists())
    for name in _IN_FOLDERS:
        folder = run / name
        if folder.is_symlink() or folder.is_file():
            yield folder
        elif folder.is_dir():
            yield from (p for p in sorted(folder.iterdir()) if is_run_file(f"{name}/{p.name}"))


def sealed_files(run: Path) -> Mapping[str, str]:
    """Return path to SHA-256 of the files that a run.json of ours names, itself included.

    Files that no run writes are left out, and so is everything when run.json is not in our
    canonical encoding: it was edited, or is another program's. `timing.json` names itself.
    """
    path = run / RUN_FILE
    if path.is_symlink() or not path.is_file():
        return {}
    try:
        content = read_bytes(path)
        document = parse_json(text_of(content, RUN_FILE), RUN_FILE)
        canonical = pretty_json(document).encode()
    except (ConfigurationError, UnicodeEncodeError):
        return {}
    if canonical != content or not isinstance(document, dict) or not set(RUN_KEYS) <= set(document):
        return {}
    files = document["files"]
    if not isinstance(files, dict):
        return {}
    return {
        **{name: str(digest) for name, digest in files.items() if is_run_file(name)},
        **_own_timing(run),
        RUN_FILE: sha256(content).hexdigest(),
    }


def timing_text(timing: Mapping[str, Any]) -> str:
    """Return the content of `timing.json`: what differs between two runs of one configuration.

    No digest elsewhere covers it, so that all other files stay the same; it holds its own, by
    which a later run recognises it as written by voltward.
    """
    return pretty_json({**timing, "sha256": _digest_of(timing)})


def read_timing(run: Path) -> dict[str, Any]:
    """Return what `timing.json` of a folder holds; empty where there is none of ours."""
    path = run / TIMING_FILE
    if path.is_symlink() or not path.is_file():
        return {}
    try:
        document = read_json(path)
    except ConfigurationError:
        return {}
    if not isinstance(document, dict):
        return {}
    sha256_named = document.pop("sha256", None)
    return document if sha256_named == _digest_of(document) else {}


def _digest_of(timing: Mapping[str, Any]) -> str:
    return sha256(canonical_json(timing).encode()).hexdigest()


def _own_timing(run: Path) -> dict[str, str]:
    return {TIMING_FILE: sha256_of(run / TIMING_FILE)} if read_timing(run) else {}
