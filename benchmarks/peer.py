"""PyBaMM's side of the comparison, asked for one batch at a time."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.machine import Taken

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Peer:
    """The child process that solves; it inherits the processor it may use.

    Attributes:
        python: Interpreter that has PyBaMM.
        cells: Cells in its batch.
    """

    python: str = sys.executable
    cells: int = 32

    def __enter__(self) -> Self:
        command = [self.python, "-m", "benchmarks.pybamm_peer", str(self.cells)]
        self._child = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.facts = self._answer()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.communicate()

    def _answer(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        # A first solve may print what its compiler says.
        for line in self._child.stdout:
            if line.startswith("{"):
                return dict(json.loads(line))
        message = "PyBaMM's process ended without an answer; is it installed in that interpreter?"
        raise RuntimeError(message)

    def solve(self) -> Taken:
        """Solve the batch once more and return the time it took."""
        assert self._child.stdin is not None
        self._child.stdin.write("once more\n")
        self._child.stdin.flush()
        answer = self._answer()
        return Taken(answer["wall_s"], answer["cpu_s"])
