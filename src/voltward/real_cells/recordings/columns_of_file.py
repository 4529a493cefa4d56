"""The columns of a file that hold what a reader needs, as numbers in the order of its rows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.column_map import ColumnMap
from voltward.real_cells.recordings.column_values import ColumnValues, column_values
from voltward.real_cells.recordings.header import Needs, choose_columns
from voltward.real_cells.recordings.known_columns import known_count
from voltward.real_cells.recordings.table_file import open_table


def read_columns(path: Path, column_map: ColumnMap | None, needs: Needs) -> ColumnValues:
    """Return the columns of a file that hold what is needed, as numbers in the order of its rows.

    Args:
        path: As for `read_recording`.
        column_map: How to read it; None looks for the columns.
        needs: Which quantities.

    Raises:
        ConfigurationError: There is no such file or column, or it does not hold numbers.
    """
    wanted = frozenset(column_map.sources) if column_map else frozenset()

    def known(names: Sequence[str], units: Sequence[str]) -> int:
        return known_count(names, units) + len(wanted.intersection(names))

    table = open_table(
        path,
        known,
        header_row=column_map.header_row if column_map else None,
        sheet=column_map.sheet if column_map else "",
    )
    chosen = choose_columns(path, table, column_map, needs)
    read = column_values(path, table, chosen)
    if read.rows.size == 0:
        raise ConfigurationError(
            f"{path}: has a header and no rows", why="no row below it holds numbers"
        )
    return replace(read, notes=(*table.notes, *chosen.notes, *read.notes))
