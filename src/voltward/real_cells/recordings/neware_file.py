"""A binary file of Neware's newer software, by a library of the extra `neware`."""

import importlib
from pathlib import Path
from typing import Any

import pyarrow as pa

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.table import Columns, Table

_EXPORT = "or export it as CSV or Excel in BTSDA"


def neware_table(path: Path) -> Table:
    """Return the table of an `.ndax` file.

    Raises:
        ConfigurationError: The extra is not installed, or the library cannot read the file.
    """
    if not path.is_file():
        raise ConfigurationError(f"{path}: there is no such file", hint="check the path")
    try:
        library: Any = importlib.import_module("NewareNDA")
    except ImportError as error:
        raise ConfigurationError(
            f"{path}: reading .ndax needs the extra 'neware'",
            why="its library NewareNDA is not installed",
            hint=f"pip install 'voltward[neware]', {_EXPORT}",
        ) from error
    try:
        frame = library.read(str(path))
        table: Any = pa.Table.from_pandas(frame, preserve_index=False)
    except (ValueError, KeyError, OSError, RuntimeError, pa.ArrowException) as error:
        raise ConfigurationError(
            f"{path}: NewareNDA cannot read it", why=str(error).splitlines()[0], hint=_EXPORT
        ) from error
    names = tuple(map(str, table.column_names))

    def take(columns: Any) -> Columns:
        found = {column: table.column(column) for column in columns}
        return {
            column: fields.cast(pa.string()) if pa.types.is_dictionary(fields.type) else fields
            for column, fields in found.items()
        }

    return Table(names, (), take, ("read by the library NewareNDA",))
