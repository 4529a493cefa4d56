"""A table from a file: text, a workbook, Parquet or, with an extra, a file of Neware."""

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.file_content import SUFFIXES, kind_of, read_content
from voltward.real_cells.recordings.file_text import text_of
from voltward.real_cells.recordings.layout import Known
from voltward.real_cells.recordings.neware_file import neware_table
from voltward.real_cells.recordings.table import Columns, Table
from voltward.real_cells.recordings.text_table import text_table
from voltward.real_cells.recordings.workbook_table import workbook_table

__all__ = ["SUFFIXES", "open_table"]


def open_table(
    path: Path, known: Known, *, header_row: int | None = None, sheet: str = ""
) -> Table:
    """Return the table of a file.

    Args:
        path: The file; its ending, or else its content, says what it is.
        known: How many columns of a header are quantities that are known.
        header_row: Line of the header, from 1, where it is stated.
        sheet: Of a workbook; by default the one that holds a recording.

    Raises:
        ConfigurationError: The file does not exist, or is not a table with a header and rows.
    """
    kind = kind_of(path)
    if kind == ".ndax":
        return neware_table(path)
    data = read_content(path)
    if kind == ".parquet":
        return _parquet_table(path, data)
    if kind in {".xlsx", ".xlsm"} or data[:4] == b"PK\x03\x04":
        return workbook_table(path, data, known, header_row=header_row, sheet=sheet)
    if data[:4] == b"PAR1":
        return _parquet_table(path, data)
    text, notes = text_of(path, data)
    table = text_table(path, text, known, header_row)
    return Table(table.names, table.units, table.take, (*notes, *table.notes))


def _parquet_table(path: Path, data: bytes) -> Table:
    try:
        table: Any = parquet.read_table(io.BytesIO(data))
    except (OSError, pa.ArrowException) as error:
        raise ConfigurationError(
            f"{path}: cannot be read as Parquet",
            why=str(error).splitlines()[0],
            hint="a file that is text needs the ending .csv",
        ) from error
    if table.num_rows == 0:
        raise ConfigurationError(
            f"{path}: has a header and no rows", why="there is nothing to read"
        )

    def take(columns: Any) -> Columns:
        return {column: table.column(column) for column in columns}

    return Table(tuple(map(str, table.column_names)), (), take)
