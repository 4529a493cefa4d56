"""The table of a text: its columns as text, rows of another width repaired or left out.

1. The layout is found on the first lines.
2. Arrow splits the lines below, and names those with more or fewer fields than the others.
3. Where there are such, they are padded, or cut where only empty fields are too many; what then
   still has too many fields is left out, with a note.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.file_content import refuse_cells
from voltward.real_cells.recordings.layout import Known, split_line, text_layout
from voltward.real_cells.recordings.table import Columns, Table

# More rows than this share are not left out for having too many fields (assumption).
_LEFT_OUT_SHARE = 0.01
# The layout is looked for in so many letters from the top.
_HEAD = 1 << 22


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
    # 1. The layout.
    layout = text_layout(path, text[:_HEAD].split("\n"), known, header_row)
    width = len(layout.names)
    start = 0
    for _ in range(layout.first):
        start = text.index("\n", start) + 1
    refuse_cells(path, text.count("\n", start), width)
    body, mark = text[start:], layout.delimiter
    if mark == " ":
        body, mark = "\n".join("\t".join(line.split()) for line in body.split("\n")), "\t"
    # 2. Lines of another width.
    odd: list[Any] = []

    def note_odd(row: Any) -> str:
        odd.append(row.text)
        return "skip"

    _split(path, body, width, mark, [0], note_odd)
    notes = layout.notes
    if odd:
        # 3. Repair.
        body, ragged = _repaired(path, body, width, mark)
        notes += ragged

    def take(columns: Sequence[int]) -> Columns:
        return _split(path, body, width, mark, columns)

    return Table(layout.names, layout.units, take, notes)


def _fields(line: str, mark: str) -> int:
    return len(split_line(line, mark)) if '"' in line else line.count(mark) + 1


def _repaired(path: Path, text: str, width: int, mark: str) -> tuple[str, tuple[str, ...]]:
    """Return the lines with one width."""
    body = [line for line in text.split("\n") if line.strip()]
    odd = [at for at, line in enumerate(body) if _fields(line, mark) != width]
    lost = set()
    for at in odd:
        fields = split_line(body[at], mark)
        if any(fields[width:]):
            lost.add(at)
        fields = [field.replace('"', "") for field in fields[:width]]
        body[at] = mark.join([*fields, *[""] * (width - len(fields))])
    if len(lost) > max(1.0, _LEFT_OUT_SHARE * len(body)):
        raise ConfigurationError(
            f"{path}: {len(lost)} of {len(body)} rows have more fields than the header, first "
            f"row {min(lost) + 1}",
            why=f"the header has {width}; such rows are left out up to {_LEFT_OUT_SHARE:.0%}",
            hint="a comma inside a field? Export with ; or tab between the fields",
        )
    notes: tuple[str, ...] = ()
    if 0 < len(odd) < len(body):
        notes = (f"{len(odd)} rows have another number of fields, first row {odd[0] + 1}",)
    if lost:
        notes += (f"{len(lost)} of them left out: they have more fields than the header",)
    return "\n".join(line for at, line in enumerate(body) if at not in lost), notes


def _split(
    path: Path, body: str, width: int, mark: str, columns: Sequence[int], handler: Any = None
) -> Columns:
    wanted = [str(column) for column in columns]
    try:
        table: Any = csv.read_csv(
            pa.BufferReader(body.encode("utf-8", "replace")),
            read_options=csv.ReadOptions(column_names=[str(number) for number in range(width)]),
            parse_options=csv.ParseOptions(delimiter=mark, invalid_row_handler=handler),
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
