"""The table of a text: its columns as text, rows of another width repaired or left out.

1. The layout is found on the first lines.
2. Arrow splits the lines; those with more or fewer fields than the others are set aside.
3. Where there are such, they are padded, or cut where only empty fields are too many, and all is
   split again; what then still has too many fields is left out, with a note.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.file_content import refuse_cells
from voltward.real_cells.recordings.layout import Known, Layout, split_line, text_layout
from voltward.real_cells.recordings.table import Columns, Table

# More rows than this share are not left out for having too many fields (assumption).
_LEFT_OUT_SHARE = 0.01


def text_table(path: Path, text: str, known: Known, header_row: int | None = None) -> Table:
    """Return the table of a text.

    Args:
        path: For messages.
        text: With plain line ends.
        known: How many columns of a header are quantities that are known.
        header_row: Line of the header, from 1, where it is stated.

    Raises:
        ConfigurationError: There is no table, or too large a one.
    """
    lines = text.split("\n")
    # 1. The layout.
    layout = text_layout(path, lines, known, header_row)
    body = [line for line in lines[layout.first :] if line.strip()]
    width = len(layout.names)
    refuse_cells(path, len(body), width)
    mark = layout.delimiter
    if mark == " ":
        body, mark = ["\t".join(line.split()) for line in body], "\t"
    # 2. Lines of another width; one that holds quotes is counted field by field.
    odd = [at for at, line in enumerate(body) if _fields(line, mark) != width]
    notes = layout.notes
    if odd:
        body, ragged = _repaired(path, body, odd, width, mark)
        notes += ragged

    # 3. Split.
    def take(columns: Sequence[int]) -> Columns:
        return _split(path, body, layout, mark, columns)

    return Table(layout.names, layout.units, len(body), take, notes)


def _fields(line: str, mark: str) -> int:
    return len(split_line(line, mark)) if '"' in line else line.count(mark) + 1


def _repaired(
    path: Path, body: list[str], odd: Sequence[int], width: int, mark: str
) -> tuple[list[str], tuple[str, ...]]:
    """Return the lines with one width."""
    lost = []
    for at in odd:
        fields = split_line(body[at], mark)
        if any(fields[width:]):
            lost.append(at)
        fields = [field.replace('"', "") for field in fields[:width]]
        body[at] = mark.join([*fields, *[""] * (width - len(fields))])
    if len(lost) > max(1.0, _LEFT_OUT_SHARE * len(body)):
        raise ConfigurationError(
            f"{path}: {len(lost)} of {len(body)} rows have more fields than the header, first "
            f"row {lost[0] + 1}",
            why=f"the header has {width}; such rows are left out up to {_LEFT_OUT_SHARE:.0%}",
            hint="a comma inside a field? Export with ; or tab between the fields",
        )
    dropped = set(lost)
    notes: tuple[str, ...] = ()
    if len(odd) < len(body):
        notes = (f"{len(odd)} rows have another number of fields, first row {odd[0] + 1}",)
    if lost:
        notes += (f"{len(lost)} of them left out: they have more fields than the header",)
    return [line for at, line in enumerate(body) if at not in dropped], notes


def _split(
    path: Path, body: Sequence[str], layout: Layout, mark: str, columns: Sequence[int]
) -> Columns:
    names = [str(number) for number in range(len(layout.names))]
    wanted = [str(column) for column in columns]
    data = "\n".join(body).encode("utf-8", "replace")
    try:
        table: Any = csv.read_csv(
            io.BytesIO(data),
            read_options=csv.ReadOptions(column_names=names, block_size=1 << 24),
            parse_options=csv.ParseOptions(delimiter=mark),
            convert_options=csv.ConvertOptions(
                include_columns=wanted,
                column_types={name: pa.string() for name in wanted},
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, OSError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read as CSV",
            why=str(error).splitlines()[0],
            hint="every line has as many fields as the header",
        ) from error
    return {column: table.column(str(column)) for column in columns}
