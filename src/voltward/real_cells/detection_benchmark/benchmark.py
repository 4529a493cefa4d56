"""The whole benchmark: every track, temperature and bias, with a result or a reason for none."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from voltward.documents.toml_document import find_document
from voltward.physical.cell_file import load_cell
from voltward.real_cells.composed_strings.spread import load_spread
from voltward.real_cells.detection_benchmark.attacks import (
    BIASES,
    STRING_BIASES,
    TEMPERATURES_DEGC,
)
from voltward.real_cells.detection_benchmark.data_set import (
    known_sets,
    ready_set,
    sets_in,
)
from voltward.real_cells.detection_benchmark.matched import (
    SmallestBias,
    matched_bench,
    matched_rows,
)
from voltward.real_cells.detection_benchmark.mismatched import mismatched_rows
from voltward.real_cells.detection_benchmark.recorded import (
    COMPOSED,
    MEASURED,
    composed_rows,
    measured_rows,
    recorded_bench,
)
from voltward.real_cells.detection_benchmark.tally import Row, absent_row

MATCHED_CELL = "lg-18650hg2"
SPREADS = ("sorted-string", "series-string")
_NO_DATA = "not run: give --data"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Effort:
    """How much is run.

    Attributes:
        seeds: Scored recordings of the matched track at each temperature.
        calibration_seeds: Others, for its thresholds.
        onsets: Of each bias on each recorded profile.
        strings: Composed from each profile.
        drives: Of the electrochemical cell, scored, of each style.
        temperatures_degC: Nominal.
    """

    seeds: int = 200
    calibration_seeds: int = 100
    onsets: int = 20
    strings: int = 3
    drives: int = 2
    temperatures_degC: tuple[float, ...] = TEMPERATURES_DEGC


def quick_effort() -> Effort:
    """Return an effort of less than a minute: few seeds, 25 degC; intervals are wide."""
    return Effort(
        seeds=20,
        calibration_seeds=20,
        onsets=10,
        strings=1,
        drives=1,
        temperatures_degC=(25.0,),
    )


@dataclass(frozen=True)
class Benchmark:
    """Result of the benchmark.

    Attributes:
        rows: All lines; a line that was not run states the reason.
        smallest: Smallest detectable bias of the matched track.
        deviations: How far cells of composed strings deviate, in words.
        effort: What was run.
    """

    rows: tuple[Row, ...]
    smallest: tuple[SmallestBias, ...]
    deviations: tuple[str, ...]
    effort: Effort

    def as_document(self) -> dict[str, Any]:
        """Return the result as a JSON document."""
        return {
            "rows": [row.as_document() for row in self.rows],
            "smallest_bias": [asdict(entry) for entry in self.smallest],
            "deviations": list(self.deviations),
            "effort": asdict(self.effort),
        }


def run_benchmark(
    data: Path | None, effort: Effort, progress: Progress, seed: int = 1
) -> Benchmark:
    """Run every track.

    Args:
        data: Folder with the known sets of recordings; None leaves their lines empty.
        effort: How much.
        progress: Called with the stage, what is done and the total.
        seed: Of times, cells and noise on recorded profiles.

    Raises:
        ConfigurationError: The data do not exist or cannot be read.
    """
    # The folder is checked first: a wrong one is reported at once.
    found = sets_in(data) if data is not None else []
    rows: list[Row] = []
    smallest = []
    cell = load_cell(find_document("cells", MATCHED_CELL, "cell"))
    bench = matched_bench(cell)
    for warm in effort.temperatures_degC:
        lines, smallest_bias = matched_rows(
            bench, warm, effort.seeds, effort.calibration_seeds, progress
        )
        rows += lines
        smallest.append(smallest_bias)
    for warm in effort.temperatures_degC:
        rows += mismatched_rows(warm, effort.onsets, effort.drives, seed, progress)
    measured: list[Row] = []
    deviations = []
    for data_set, folder in found:
        progress(f"reading {data_set.folder}", 0, 1)
        ready = ready_set(data_set, folder)
        progress(f"reading {data_set.folder}", 1, 1)
        bench_of = recorded_bench(ready)
        for warm in effort.temperatures_degC:
            measured += measured_rows(bench_of, warm, effort.onsets, seed, progress)
            for name in SPREADS:
                lines, apart = composed_rows(
                    bench_of, warm, load_spread(name), effort.strings, effort.onsets, seed, progress
                )
                rows += lines
                if apart is not None:
                    deviations.append(f"{name}, {ready.cell.name}, {warm:g} degC: {apart}")
    present = {data_set.folder for data_set, _ in found}
    for data_set in known_sets():
        if data_set.folder in present:
            continue
        for warm in effort.temperatures_degC:
            rows += [
                absent_row(COMPOSED, data_set.cell, warm, bias, _NO_DATA) for bias in STRING_BIASES
            ]
            measured += [
                absent_row(MEASURED, data_set.cell, warm, bias, _NO_DATA) for bias in BIASES
            ]
    return Benchmark((*rows, *measured), tuple(smallest), tuple(deviations), effort)
