"""Rows of a table as Parquet and CSV bytes, and back, by its columns."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from voltward.core.errors import ConfigurationError
from voltward.core.files import write_bytes
from voltward.core.input_file import read_lines
from voltward.core.suggestion import nearest
from voltward.results.columns import TRACE_COLUMNS, Column
from voltward.results.matrix import rounded

Row = dict[str, Any]
_ARROW = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}


def canonical_row(row: Mapping[str, Any], columns: Sequence[Column]) -> Row:
    """Return a row in column order with plain types and nine significant digits.

    Args:
        row: The values; NumPy scalars are welcome, and NaN where a value may be absent.
        columns: The table's columns.

    Raises:
        ValueError: If a column is missing, unknown, empty where it may not be, or not finite.
    """
    names = [column.name for column in columns]
    if set(row) != set(names):
        missing, unknown = sorted(set(names) - set(row)), sorted(set(row) - set(names))
        raise ValueError(f"row does not fit its table: missing {missing}, unknown {unknown}")
    return {column.name: _canonical(row[column.name], column) for column in columns}


def _canonical(value: Any, column: Column) -> Any:
    may_be_nan = column.nullable and column.kind == "number" and value is not None
    if value is None or (may_be_nan and math.isnan(value)):
        if not column.nullable:
            raise ValueError(f"column '{column.name}' may not be empty")
        return None
    if column.kind == "string":
        return str(value)
    if column.kind == "boolean":
        return bool(value)
    if not math.isfinite(value):
        raise ValueError(f"column '{column.name}' must be finite, got {value}")
    return int(value) if column.kind == "integer" else rounded(float(value))


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the Arrow schema of a table, with unit and description beside each field."""
    return pa.schema(
        [
            pa.field(
                column.name,
                _ARROW[column.kind],
                nullable=column.nullable,
                metadata={"unit": column.unit, "description": column.description},
            )
            for column in columns
        ]
    )


def write_parquet(
    path: Path, table: pa.Table, write: Callable[[Path, bytes], None] = write_bytes
) -> None:
    """Write a table whole or not at all, the same bytes for the same rows and versions.

    Args:
        path: The file.
        table: Its rows.
        write: Puts the bytes there.
    """
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        version="2.6",
        compression="zstd",
        compression_level=3,
        row_group_size=65536,
        use_dictionary=True,
        write_statistics=True,
    )
    write(path, sink.getvalue())


def table_of(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> pa.Table:
    """Return rows, made canonical, as an Arrow table."""
    canonical = [canonical_row(row, columns) for row in rows]
    return pa.Table.from_pylist(canonical, schema=arrow_schema(columns))


def trace_table(columns: Mapping[str, Iterable[float]]) -> pa.Table:
    """Return a trace as an Arrow table.

    Args:
        columns: One array (time,) for each of `TRACE_COLUMNS`.

    Raises:
        ValueError: If the columns are others.
    """
    schema = arrow_schema(TRACE_COLUMNS)
    if set(columns) != set(schema.names):
        raise ValueError(f"a trace has the columns {schema.names}, got {sorted(columns)}")
    arrays = [pa.array(np.asarray(columns[name], dtype=np.float64)) for name in schema.names]
    return pa.Table.from_arrays(arrays, schema=schema)


# A few kilobytes of Parquet may unpack to any number of equal rows; a run has a million cases at
# most, and a trace two million ticks.
MOST_ROWS = 5_000_000


def read_parquet(path: Path, columns: Sequence[Column], *, name: str) -> pa.Table:
    """Read a Parquet file and check that it is whole and has the expected columns.

    Args:
        path: The file.
        columns: What it must hold.
        name: What to call it in messages.

    Raises:
        ConfigurationError: If it is damaged, or its columns are others.
    """
    _require_there(path, name)
    try:
        rows = pq.read_metadata(path).num_rows
        table = pq.read_table(path) if rows <= MOST_ROWS else None
        if table is not None:
            # Texts and names that are not UTF-8 are found only then.
            table.validate(full=True)
            _ = table.schema.names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{name}: not a whole Parquet file ({str(error).splitlines()[0]})",
            why="the file was cut short or overwritten",
            hint="restore it, or run the campaign again",
        ) from error
    if table is None:
        raise ConfigurationError(
            f"{name}: holds {rows:,} rows",
            why=f"a table of at most {MOST_ROWS:,} rows is read",
            hint="is it the right file?",
        )
    expected = arrow_schema(columns)
    if table.schema.equals(expected, check_metadata=False):
        return table
    for field in expected:
        position = table.schema.get_field_index(field.name)
        if position < 0:
            raise ConfigurationError(
                f"{name}: column '{field.name}' is missing",
                why=f"expected {len(expected)} columns, got {len(table.schema)}",
                hint=nearest(field.name, table.schema.names),
            )
        got = table.schema.field(position).type
        if got != field.type:
            raise ConfigurationError(
                f"{name}: column '{field.name}' is {got}", why=f"expected {field.type}"
            )
    unknown = sorted(set(table.schema.names) - set(expected.names))
    if unknown:
        raise ConfigurationError(
            f"{name}: unknown column '{unknown[0]}'", hint=nearest(unknown[0], expected.names)
        )
    return table.select(expected.names)


def csv_lines(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> Iterator[str]:
    """Yield the lines of a CSV file: true and false, floats in full, nothing for absent."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = [column.name for column in columns]
    writer.writerow(names)
    yield buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([_cell(row[name]) for name in names])
        yield buffer.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _require_there(path: Path, name: str) -> None:
    if not path.is_file():
        raise ConfigurationError(
            f"{name}: is missing",
            why=f"there is no file {path}",
            hint="restore it, or run the campaign again",
        )


def read_csv(path: Path, columns: Sequence[Column]) -> list[Row]:
    """Read a CSV file that `csv_lines` made, with its types.

    Raises:
        ConfigurationError: If the head or a value is not as expected.
    """
    known = {column.name: column for column in columns}
    _require_there(path, path.name)
    reader = csv.DictReader(read_lines(path))
    if reader.fieldnames is None or list(reader.fieldnames) != list(known):
        raise ConfigurationError(
            f"{path.name}: the head is not that of this table", why=f"expected {', '.join(known)}"
        )
    return [
        {
            name: _parsed(text, known[name], f"{path.name} line {reader.line_num}")
            for name, text in row.items()
        }
        for row in reader
    ]


def _parsed(text: str | None, column: Column, where: str) -> Any:
    if text is None or (text == "" and column.kind != "string"):
        if column.nullable:
            return None
        raise ConfigurationError(f"{where}: column '{column.name}' is empty")
    if column.kind == "string":
        return text
    try:
        if column.kind == "boolean":
            return {"true": True, "false": False}[text]
        return int(text) if column.kind == "integer" else float(text)
    except (KeyError, ValueError) as error:
        raise ConfigurationError(
            f"{where}: column '{column.name}' got '{text}'", why=f"expected a {column.kind}"
        ) from error


def event_line(event: Mapping[str, Any], columns: Sequence[Column]) -> str:
    """Return one canonical line of events.jsonl, in the order of the columns."""
    return json.dumps(canonical_row(event, columns), ensure_ascii=False, separators=(",", ":"))
