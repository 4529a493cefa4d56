"""How long a model of 10,000 attack paths takes to read, check and rate, beside parsing its TOML.

The model is the worked one with its paths repeated under new ids. The peer is Python's own TOML
parser on the same files: what any tool that reads such a model must spend first.
"""

import shutil
import statistics
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model_folder import WORKED_MODEL, model_folder
from voltward.assurance.tara.rating.rating import rate

PATHS = 10_000


def stretched(folder: Path, paths: int) -> None:
    """Write the worked model with that many paths."""
    source = model_folder(WORKED_MODEL)
    for file in source.glob("*.toml"):
        shutil.copy(file, folder / file.name)
    known = tomllib.loads((source / "paths.toml").read_text("utf-8"))["path"]
    texts = []
    for index in range(paths):
        path = known[index % len(known)]
        tree = " ".join(path["tree"].split())
        texts.append(
            f'[[path]]\nid = "P-{index:05d}"\nthreat = "{path["threat"]}"\ntree = "{tree}"\n'
        )
    (folder / "paths.toml").write_text("\n".join(texts), encoding="utf-8")


def measure(rounds: int, paths: int = PATHS) -> dict[str, Any]:
    """Return medians in s of parsing, loading and rating, taken in turns."""
    profile = load_profile()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stretched(folder, paths)
        model = load_model(folder)
        contestants: dict[str, Callable[[], Any]] = {
            "parse_s": lambda: [tomllib.loads(f.read_text("utf-8")) for f in folder.glob("*.toml")],
            "load_s": lambda: load_model(folder),
            "rate_s": lambda: rate(model, profile),
        }
        times: dict[str, list[float]] = {key: [] for key in contestants}
        for _ in range(rounds):
            for key, contestant in contestants.items():
                begin = time.perf_counter()
                contestant()
                times[key].append(time.perf_counter() - begin)
        sets = len(model.tables.control_set)
    medians = {key: statistics.median(values) for key, values in times.items()}
    return {
        "paths": paths,
        "control_sets": sets,
        "rounds": rounds,
        **{key: round(value, 4) for key, value in medians.items()},
        "load_over_parse": round(medians["load_s"] / medians["parse_s"], 2),
        "rate_over_parse": round(medians["rate_s"] / medians["parse_s"], 2),
    }


def table(document: dict[str, Any]) -> str:
    """Return the measurement as text."""
    head = (
        f"{document['paths']} attack paths, {document['control_sets']} control sets, "
        f"medians of {document['rounds']} rounds"
    )
    rows = (
        ("parse the TOML (tomllib)", document["parse_s"], 1.0),
        ("read and check the model", document["load_s"], document["load_over_parse"]),
        ("rate it", document["rate_s"], document["rate_over_parse"]),
    )
    return "\n".join((head, *(f"  {what:26s}{s:.2f} s  {ratio:.2f}" for what, s, ratio in rows)))
