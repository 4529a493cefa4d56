"""A small pack for tests, made of made-up cases, and ways to damage one byte of it."""

import hashlib
import json
import runpy
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from voltward.assurance.evidence.collection import Collected
from voltward.assurance.evidence.environment import Times
from voltward.assurance.evidence.keys import make_keys, read_private_key
from voltward.assurance.evidence.rating_snapshot import read_rating
from voltward.assurance.evidence.signing import sign_pack
from voltward.assurance.tara.model.model_folder import read_model
from voltward.assurance.tara.rating.rating import model_digest, part_digests
from voltward.results.run_folder import RunFolder, RunWriter

TESTS = Path(__file__).parents[1]
SYNTHETIC = runpy.run_path(str(TESTS / "synthetic_run.py"))
RISK = runpy.run_path(str(TESTS / "synthetic_risk.py"))
TIMES = Times("2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z")
MODEL = """
[model]
id = "made-up"
title = "A model for tests"
item = "Nothing real."

[[treatment]]
threat = "T1"
decision = "retain"
reason = "made up"
claims = ["CL-1"]

[[claim]]
id = "CL-1"
statement = "The risk is small."
owner = "fleet"
rationale = "made up"
expires = "2026-01-31"

[[override]]
path = "P-T1"
feasibility = "low"
reason = "made up"
date = "2026-05-05"
reviewer = "reviewer"
"""


def make_run(folder, rows=(), **changes):
    """Write a run folder of a few cases, with a figure and a rating beside."""
    rows = rows or SYNTHETIC["make_cases"]()[:3]
    writer = RunWriter.begin(folder, SYNTHETIC["CONFIG"], {"config_sha256": "synthetic"})
    events = [event for row in rows for event in SYNTHETIC["make_events"](row)]
    writer.parts.write(0, rows, events)
    empty = {"attacks": {}, "controls": {}, "consequences": {}}
    writer.finish(SYNTHETIC["make_run"](name="synthetic", catalogue=empty, **changes))
    (folder / "figures").mkdir()
    (folder / "figures" / "matrix.svg").write_text("<svg/>\n", "utf-8")
    (folder / "report.html").write_text("<p>made up</p>\n", "utf-8")
    run = RunFolder.open(folder).seal((folder / "figures" / "matrix.svg", folder / "report.html"))
    (folder / "risk.json").write_text(json.dumps(make_rating(run)), "utf-8")
    return RunFolder.open(folder)


def make_rating(run, /, **changes):
    """Return a rating of the run's cases and of MODEL."""
    digests = {"run_sha256": run.run["files"]["cases.parquet"], **model_digests()}
    return {**RISK["make_document"](**digests), **changes}


def model_digests():
    """Return what a rating tells of the model that it was made of."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "model.toml").write_text(MODEL, "utf-8")
        model = read_model(Path(folder))
    return {"model_sha256": model_digest(model), "parts": part_digests(model)}


def make_pack(folder, key="signer.pem", pack="pack", *, with_tara=True, **options):
    """Write key, run and pack below a folder; return the signed pack."""
    if not (folder / key).exists():
        make_keys(folder / key)
    if not (folder / "run").exists():
        make_run(folder / "run")
    model = folder / "model"
    model.mkdir(exist_ok=True)
    (model / "model.toml").write_text(MODEL, "utf-8")
    run = RunFolder.open(folder / "run")
    rating = read_rating(run.path / "risk.json") if with_tara else None
    collected = Collected(run, rating, None, read_model(model) if with_tara else None)
    signer = read_private_key(folder / key)
    return sign_pack(folder / pack, collected, signer, TIMES, **options)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextmanager
def changed(path, content):
    """Let a file hold something else for a while."""
    kept = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(kept)


def flipped(content, position, mask):
    """Return the content with some bits of one byte turned."""
    position %= len(content)
    return content[:position] + bytes([content[position] ^ mask]) + content[position + 1 :]
