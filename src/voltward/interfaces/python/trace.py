"""Time series of a case or of a replayed recording: columns by name, drawn over time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voltward.interfaces.python.arguments import text_of
from voltward.interfaces.python.table import pandas, unknown

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from matplotlib.axes import Axes

# One quantity as it is, as the vehicle reports it and as the twin has it.
QUANTITIES = {
    "cell_voltage_V": (
        "true_voltage_target_V",
        "reported_voltage_target_V",
        "twin_voltage_target_V",
    ),
    "current_A": ("true_current_A", "reported_current_A", "twin_current_A"),
    "temperature_degC": (
        "true_temperature_max_degC",
        "reported_temperature_max_degC",
        "twin_temperature_max_degC",
    ),
    "soc": ("true_soc", "bms_soc", "twin_soc"),
}


@dataclass(frozen=True, repr=False)
class Trace(Mapping[str, NDArray[np.float64]]):
    """The time series of one case, or of a replay: column to array.

    Attributes:
        name: Of the case or the recording.
        series: One array (time,) for each column.

    Example:
        >>> import voltward as vw
        >>> run = vw.open_run("out/demo")
        >>> trace = run.trace(run.traces()[0])
        >>> float(trace["time_s"][-1]), float(trace["true_soc"].max()) < 0.81
        (1799.0, True)
        >>> trace.plot("cell_voltage_V").get_ylabel()
        'cell_voltage (V)'
    """

    name: str
    series: Mapping[str, NDArray[np.float64]]

    def __getitem__(self, column: str) -> NDArray[np.float64]:
        if text_of("column", column) not in self.series:
            raise unknown("column", column, (*self.series, *QUANTITIES))
        return self.series[column]

    def __contains__(self, column: object) -> bool:
        return column in self.series

    def __iter__(self) -> Iterator[str]:
        return iter(self.series)

    def __len__(self) -> int:
        return len(self.series)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(self.series)

    def plot(self, *columns: str, axes: "Axes | None" = None) -> "Axes":
        """Draw columns over time.

        Args:
            columns: Names of columns, or of a quantity as it is, as reported and as the twin has
                it: `cell_voltage_V`, `current_A`, `temperature_degC`, `soc`.
            axes: Where to; by default a new figure.

        Returns:
            The axes.

        Raises:
            ConfigurationError: There is no such column.
        """
        drawn = [name for column in columns for name in self._columns_of(column)]
        series = [self[name] for name in drawn]
        if axes is None:
            # A figure of pyplot, so that notebooks show it.
            axes = import_module("matplotlib.pyplot").figure().subplots()
        for name, values in zip(drawn, series, strict=True):
            axes.plot(self["time_s"], values, label=name)
        quantity, _, unit = columns[0].rpartition("_") if len(columns) == 1 else ("", "", "")
        axes.set(xlabel="time (s)", title=self.name)
        axes.set_ylabel(f"{quantity} ({unit})" if quantity else ", ".join(columns))
        axes.legend()
        return axes

    def _columns_of(self, column: str) -> tuple[str, ...]:
        known = tuple(name for name in QUANTITIES.get(column, ()) if name in self.series)
        return known if known and column not in self.series else (column,)

    def to_arrow(self) -> "pa.Table":
        """Return the series as an Arrow table."""
        return import_module("pyarrow").Table.from_pydict(dict(self.series))

    def to_pandas(self) -> "pd.DataFrame":
        """Return the series as a pandas frame over `time_s`.

        Raises:
            EnvironmentLacksError: pandas is not installed.
        """
        frame: pd.DataFrame = pandas().DataFrame(dict(self.series)).set_index("time_s")
        return frame

    def __repr__(self) -> str:
        return f"<Trace {self.name}: {len(self)} columns, {len(self['time_s'])} times>"
