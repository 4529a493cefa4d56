"""`python -m benchmarks`: the speed table; with `pool`, `memory` or `tara` the other figures."""

import argparse
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from benchmarks import machine, speed

OUT = Path(__file__).resolve().parent / "out"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    figures = ("speed", "pool", "memory", "tara")
    parser.add_argument("figure", nargs="?", default="speed", choices=figures)
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the JSON documents")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of every contestant")
    parser.add_argument(
        "--cpu", type=int, default=None, help="processor of the single-core figures"
    )
    parser.add_argument(
        "--peer-python", default=None, help="interpreter that has PyBaMM; this one by default"
    )
    parser.add_argument("--runs", type=int, default=256, help="runs of the campaign figures")
    parser.add_argument("--full", action="store_true", help="memory: 10,000 runs")
    asked = parser.parse_args()
    if asked.figure == "speed":
        _speed(asked)
    elif asked.figure == "tara":
        risk_rating = importlib.import_module("benchmarks.risk_rating")
        document = risk_rating.measure(asked.rounds)
        print(risk_rating.table(document))
        _written(document, asked.out / "tara.json")
    else:
        campaign_figures = importlib.import_module("benchmarks.campaign_figures")
        document = campaign_figures.measure(
            asked.figure, 10_000 if asked.full else asked.runs, keep_in=asked.out
        )
        print(campaign_figures.table(document))
        _written(document, asked.out / f"{asked.figure}.json")


def _speed(asked: argparse.Namespace) -> None:
    machine.pin(asked.cpu)
    python = asked.peer_python
    if python is None and importlib.util.find_spec("pybamm"):
        python = sys.executable
    if python is None:
        print("PyBaMM is not installed here: the peer is left out (make bench installs it)")
    document = speed.compare(python, asked.rounds)
    print(speed.table(document))
    _written(document, asked.out / "speed.json")


def _written(document: dict[str, Any], path: Path) -> None:
    speed.write(document, path)
    print(f"written: {path}")


if __name__ == "__main__":
    main()
