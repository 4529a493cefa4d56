"""A binary file of Neware's newer software, by a library of the extra `neware`."""

import struct
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.file_content import LARGEST_BYTES
from voltward.real_cells.recordings.table import Columns, Table

_EXPORT = "or export it as CSV or Excel in BTSDA"
# What a damaged file ends in.
_BROKEN = (
    zipfile.BadZipFile,
    struct.error,
    pa.ArrowException,
    ArithmeticError,
    AttributeError,
    IndexError,
    KeyError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def neware_table(path: Path) -> Table:
    """Return the table of an `.ndax` file.

    Raises:
        ConfigurationError: The extra is not installed, or the library cannot read the file.
    """
    if not path.is_file():
        raise ConfigurationError(f"{path}: there is no such file", hint="check the path")
    try:
        import NewareNDA as library  # noqa: N813, PLC0415 (an extra)
    except ImportError as error:
        raise ConfigurationError(
            f"{path}: reading .ndax needs the extra 'neware'",
            why="its library NewareNDA is not installed",
            hint=f"pip install 'voltward[neware]', {_EXPORT}",
        ) from error
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        table: Any = None
        if size <= LARGEST_BYTES:
            table = pa.Table.from_pandas(library.read(str(path)), preserve_index=False)
    except _BROKEN as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConfigurationError(
            f"{path}: NewareNDA cannot read it", why=reason, hint=_EXPORT[3:]
        ) from error
    if table is None:
        raise ConfigurationError(
            f"{path}: unpacks to {size >> 20} MiB",
            why=f"allowed are {LARGEST_BYTES >> 20} MiB",
            hint=_EXPORT[3:],
        )
    names = tuple(map(str, table.column_names))

    def take(columns: Any) -> Columns:
        found = {column: table.column(column) for column in columns}
        return {
            column: fields.cast(pa.string()) if pa.types.is_dictionary(fields.type) else fields
            for column, fields in found.items()
        }

    return Table(names, (), take, ("read by the library NewareNDA",))
