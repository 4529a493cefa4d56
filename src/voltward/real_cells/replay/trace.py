"""The trace of a replay: readings as reported, the twin's expectation, the detectors' scores."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Float
from pyarrow import csv as arrow_csv

from voltward.core.errors import ConfigurationError
from voltward.core.files import write_bytes
from voltward.real_cells.replay.session import Replay
from voltward.results.run_tables import write_parquet

TABLES = (".parquet", ".csv")


def trace_columns(
    replay: Replay, run: int, true_soc: Float[np.ndarray, " time"]
) -> dict[str, Float[np.ndarray, " time"]]:
    """Return the columns of a traced run, time first; cells are counted from 1.

    Columns named `recorded_` are the recording, those of the same name without it are as reported.

    Args:
        replay: Of a session that traces this run.
        run: Number of the run.
        true_soc: Of the recording.
    """
    recording = replay.recording
    voltage_V, innovation_V = replay.voltage_V[:, run], replay.innovation_V[:, run]
    columns = {
        "time_s": recording.time_s,
        "recorded_current_A": recording.current_A,
        "current_A": replay.current_A[:, run],
        "recorded_temperature_degC": recording.temperature_degC,
        "true_soc": true_soc,
    }
    for cell in range(recording.cells):
        ending = f"_{cell + 1}" if recording.cells > 1 else ""
        columns[f"recorded_voltage{ending}_V"] = recording.voltage_V[:, cell]
        columns[f"voltage{ending}_V"] = voltage_V[:, cell]
        columns[f"temperature{ending}_degC"] = replay.temperature_degC[:, run, cell]
        columns[f"predicted_voltage{ending}_V"] = (voltage_V - innovation_V)[:, cell]
        columns[f"innovation{ending}_V"] = innovation_V[:, cell]
        columns[f"open_loop_error{ending}_V"] = replay.open_loop_V[:, cell]
        columns[f"soc{ending}"] = replay.cell_soc[:, run, cell]
    for index, name in enumerate(replay.detectors):
        columns[f"score_{name.replace('-', '_')}"] = replay.scores[:, run, index]
    return columns


def write_trace(path: Path, columns: dict[str, Float[np.ndarray, " time"]]) -> None:
    """Write a trace as Parquet or CSV, whole or not at all.

    Raises:
        ConfigurationError: The file has another ending.
    """
    table = pa.table({name: np.asarray(values, np.float64) for name, values in columns.items()})
    ending = path.suffix.lower()
    if ending == ".parquet":
        write_parquet(path, table)
    elif ending == ".csv":
        sink = io.BytesIO()
        arrow_csv.write_csv(table, sink)
        write_bytes(path, sink.getvalue())
    else:
        raise ConfigurationError(
            f"{path}: a trace ends in {' or '.join(TABLES)}", why=f"got '{path.suffix}'"
        )
