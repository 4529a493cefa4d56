"""A cell with a known resistance and a straight open-circuit voltage, driven, rested, charged."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from voltward.real_cells.recordings.recording import Recording

CAPACITY_AH = 3.0


@dataclass
class Bench:
    """Makes columns of a drive at any rate and writes them."""

    folder: Path

    def columns(self, length_s: float = 3600.0, step_s: float = 1.0) -> dict[str, np.ndarray]:
        """Return the columns of a drive: a discharge with regeneration, from full."""
        time_s = np.arange(0.0, length_s, step_s)
        generator = np.random.default_rng(7)
        # A new load every 5 s, as a drive has it; on average a discharge.
        loads_A = generator.normal(-2.0, 3.0, int(length_s / 5.0) + 2)
        current_A = np.round(loads_A[(time_s / 5.0).astype(int)], 4)
        soc = 1.0 + np.cumsum(current_A) * step_s / 3600.0 / CAPACITY_AH
        noise_V = generator.normal(0.0, 2e-4, time_s.size)
        voltage_V = 3.2 + 0.9 * soc + 0.02 * current_A + noise_V
        temperature_degC = 20.0 + 3.0 * (1.0 - soc)
        return {
            "time_s": time_s,
            "voltage_V": voltage_V,
            "current_A": current_A,
            "temperature_degC": temperature_degC,
            "soc": soc,
        }

    def recording(self, **changed: np.ndarray) -> Recording:
        """Return a recording of one cell, some of its columns exchanged."""
        columns = self.columns() | changed
        return Recording(
            name="drive",
            time_s=columns["time_s"],
            voltage_V=columns["voltage_V"].reshape(columns["time_s"].size, -1),
            current_A=columns["current_A"],
            temperature_degC=columns["temperature_degC"],
        )

    def write(self, columns: dict[str, np.ndarray], name: str = "drive.csv") -> Path:
        """Write columns as CSV or Parquet."""
        path = self.folder / name
        table = pa.table(columns)
        if path.suffix == ".parquet":
            parquet.write_table(table, path)
        else:
            csv.write_csv(table, path)
        return path

    def text(self, text: str, name: str = "drive.csv") -> Path:
        """Write a file of plain text."""
        path = self.folder / name
        path.write_text(text)
        return path


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)
