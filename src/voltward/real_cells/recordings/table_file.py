"""A table from CSV or Parquet: opened, its columns converted to numbers, refusals explained."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float
from pyarrow import csv, parquet

from voltward.core.errors import ConfigurationError

SUFFIXES = (".csv", ".parquet")
_DELIMITERS = (",", ";", "\t")


def open_table(path: Path) -> Any:
    """Return the table of a file.

    Raises:
        ConfigurationError: The file does not exist, or is not a table with a header and rows.
    """
    _require_file(path)
    table = _open_parquet(path) if path.suffix.lower() == ".parquet" else _open_csv(path)
    names = list(table.column_names)
    double = [name for name in names if names.count(name) > 1]
    if double:
        raise ConfigurationError(
            f"{path}: column '{double[0]}' appears twice", why="each column is allowed once"
        )
    if table.num_rows == 0:
        raise ConfigurationError(
            f"{path}: has a header and no rows", why="there is nothing to read"
        )
    return table


def numbers(path: Path, table: Any, name: str) -> Float[np.ndarray, " time"]:
    """Return one column as numbers; an empty field is NaN, a date is seconds from the first.

    Args:
        path: For messages.
        table: As opened.
        name: Of the column; it must be there.

    Raises:
        ConfigurationError: The column holds text or anything else that is not a number.
    """
    column = table.column(name)
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(table.num_rows, np.nan)
    if pa.types.is_timestamp(kind):
        ticks = column.cast(pa.timestamp("us")).cast("int64").cast("float64")
        seconds = np.asarray(ticks.to_numpy(), dtype=np.float64) * 1e-6
        return seconds - seconds[0]
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return np.asarray(column.cast("float64").to_numpy(), dtype=np.float64)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        raise _number_error(path, column, name)
    raise ConfigurationError(
        f"{path}: column '{name}' holds {kind}", why="allowed are numbers", hint="convert it first"
    )


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise ConfigurationError(
            f"{path}: is a folder, not a file", hint="name the recordings in it one by one"
        )
    if not path.exists():
        raise ConfigurationError(
            f"{path}: there is no such file",
            hint="check the path; paths are relative to the current folder",
        )
    if not path.is_file():
        raise ConfigurationError(f"{path}: is not a plain file", hint="copy it into a file first")
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigurationError(
            f"{path}: ends in '{path.suffix}'",
            why=f"a recording ends in {' or '.join(SUFFIXES)}",
            hint="export the table as CSV or Parquet",
        )
    if path.stat().st_size == 0:
        raise ConfigurationError(f"{path}: is empty", why="allowed is a header and rows below it")


def _open_parquet(path: Path) -> Any:
    try:
        return parquet.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise ConfigurationError(
            f"{path}: cannot be read as Parquet",
            why=str(error).splitlines()[0],
            hint="a file that is text needs the ending .csv",
        ) from error


def _open_csv(path: Path) -> Any:
    try:
        with path.open(encoding="utf-8-sig") as stream:
            header = stream.readline()
        delimiter = max(_DELIMITERS, key=header.count)
        table = csv.read_csv(path, parse_options=csv.ParseOptions(delimiter=delimiter))
        names = [name.strip() for name in table.column_names]
        return table.rename_columns(names)
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise ConfigurationError(
            f"{path}: cannot be read as CSV",
            why=str(error).splitlines()[0],
            hint="the first line names the columns, every other line has as many fields; UTF-8",
        ) from error


def _number_error(path: Path, column: Any, name: str) -> ConfigurationError:
    texts = pc.utf8_trim_whitespace(column).to_pylist()
    wrong = [(row, text) for row, text in enumerate(texts, start=1) if not _is_number(text)]
    row, text = wrong[0] if wrong else (1, texts[0])
    comma = _is_number(text.replace(",", ".", 1))
    return ConfigurationError(
        f"{path}: row {row}, column '{name}': got '{text}'"
        + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""),
        why="allowed is a number, such as 0.5 or -1",
        hint="replace decimal commas by points" if comma else "remove or repair these rows",
    )


def _is_number(text: str | None) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True
