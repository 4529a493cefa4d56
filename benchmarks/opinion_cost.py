"""What the electrochemical second opinion costs: the same program with and without it.

python -m benchmarks.opinion_cost [ROUNDS]

Processor time of the pack of examples/mismatched (96 groups of 12 LG M50), every control compiled
in, half of the runs defended, without the electrochemical plant, whose steps are PyBaMM's.
"""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax

from benchmarks.demo_program import batch
from voltward.controls.in_force import Rules
from voltward.detection.electrochemical_opinion import ELECTROCHEMICAL_OPINION as CONTROL
from voltward.ranges.configuration.duty import load_duty
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.engine import Engine
from voltward.ranges.virtual.program import compiled

EXAMPLE = Path(__file__).parents[1] / "examples" / "mismatched"
# As many lanes as a batch of the demo has twice over.
RUNS = 4


def program(engine: Engine, arguments: tuple[Any, ...], *, with_opinion: bool) -> Callable[[], Any]:
    """Return the compiled program; on the circuit's own plant the opinion is put back by hand."""
    assembly = engine.assembly
    if with_opinion:
        controls = tuple(
            CONTROL if control.id == CONTROL.id else control for control in assembly.rules.controls
        )
        assembly = replace(assembly, rules=Rules(controls))
    executable = compiled(assembly).lower(*arguments).compile()

    def execute() -> Any:
        return jax.block_until_ready(executable(*arguments))

    execute()
    return execute


def main() -> None:
    """Print the median of the rounds' ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    system, duty = load_system(str(EXAMPLE / "system.toml")), load_duty(str(EXAMPLE / "duty.toml"))
    engine = Engine(system, duty, RUNS)
    made = batch(engine)
    arguments = made.arrays
    without = program(engine, arguments, with_opinion=False)
    having = program(engine, arguments, with_opinion=True)
    ratios, rates = [], []
    for _ in range(rounds):
        begin = time.process_time()
        without()
        middle = time.process_time()
        having()
        end = time.process_time()
        ratios.append((end - middle) / (middle - begin))
        rates.append(made.cell_steps / (middle - begin))
    ratio = statistics.median(ratios)
    print(f"without the opinion: {statistics.median(rates):.3g} cell-steps per s of processor time")
    print(f"with it: {ratio:.3f} times the processor time ({min(ratios):.3f} to {max(ratios):.3f})")
    print(f"share of the program: {100.0 * (1.0 - 1.0 / ratio):.1f} %")


if __name__ == "__main__":
    main()
