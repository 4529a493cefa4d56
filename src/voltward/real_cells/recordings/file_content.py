"""The content of a file that may be a recording, bounded in size; vendors' binaries are refused."""

import gzip
from pathlib import Path

from voltward.core.errors import ConfigurationError

# What is looked for in a folder, where notes may end in .txt and lists in .xlsx.
SUFFIXES = (".csv", ".parquet", ".tsv", ".mpt", ".bdf", ".ndax")
# Endings of tables. A recording that is named may have any: Maccor counts its text exports .001,
# .002 and so on.
TABLES = (*SUFFIXES, ".txt", ".xlsx", ".xlsm")
# Limits of what is read, so that a hostile file ends in a message (assumptions: a month at 10 Hz
# of seven columns is 180 million cells, which no cycler exports as one text).
LARGEST_BYTES = 512 * 1024 * 1024
LARGEST_CELLS = 20_000_000

# Binaries that only the vendor's software opens, and how it exports them.
_VENDOR_FILES = {
    ".mpr": ("a binary file of BioLogic", "in EC-Lab or BT-Lab: Experiment, Export as Text (.mpt)"),
    ".mps": ("a settings file of BioLogic", "export the measurement: Experiment, Export as Text"),
    ".res": ("a database of Arbin", "in MITS Pro, Data Watcher: export the channel as CSV or xlsx"),
    ".nda": ("a binary file of Neware", "in BTSDA: Export, to CSV or Excel"),
    ".mat": ("a file of MATLAB", "in MATLAB: writetable(array2table(...), 'recording.csv')"),
    ".xls": ("a workbook of Excel 97", "in Excel: Save as, Excel Workbook (.xlsx) or CSV UTF-8"),
    ".xlsb": ("a binary workbook", "in Excel: Save as, Excel Workbook (.xlsx) or CSV UTF-8"),
    ".h5": ("a file of HDF5", "export its table of samples as CSV or Parquet"),
    ".hdf5": ("a file of HDF5", "export its table of samples as CSV or Parquet"),
    ".mdb": ("a database of Access", "export its table of samples as CSV"),
    ".accdb": ("a database of Access", "export its table of samples as CSV"),
    ".zip": ("an archive", "unpack it and name the table in it"),
}


def read_content(path: Path) -> bytes:
    """Return the bytes of a file; a `.gz` is unpacked.

    Raises:
        ConfigurationError: There is no such file, it is empty, too large, or a vendor's binary.
    """
    _require_file(path)
    unpacked = _unpacked(path) if path.suffix.lower() == ".gz" else path.read_bytes()
    if not unpacked.strip(b"\0 \t\r\n"):
        raise ConfigurationError(f"{path}: is empty", why="allowed is a header and rows below it")
    return unpacked


def kind_of(path: Path) -> str:
    """Return the ending that says what a file is, in small letters, without `.gz`."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def refuse_cells(path: Path, rows: int, columns: int) -> None:
    """Refuse a table that has more cells than are read.

    Raises:
        ConfigurationError: It has.
    """
    if rows * columns > LARGEST_CELLS:
        raise ConfigurationError(
            f"{path}: has {rows} rows of {columns} columns",
            why=f"allowed are {LARGEST_CELLS} cells in one text or workbook",
            hint="export fewer columns, split the file, or write it as Parquet",
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
    if kind_of(path) in _VENDOR_FILES:
        what, export = _VENDOR_FILES[kind_of(path)]
        raise ConfigurationError(
            f"{path}: is {what}, which is not read",
            why=f"read are text tables, .xlsx and Parquet, such as {', '.join(TABLES)}",
            hint=export,
        )
    if path.stat().st_size > LARGEST_BYTES:
        raise _too_large(path, path.stat().st_size)


def _unpacked(path: Path) -> bytes:
    try:
        with gzip.open(path) as stream:
            data = stream.read(LARGEST_BYTES + 1)
    except (OSError, EOFError) as error:
        raise ConfigurationError(f"{path}: cannot be unpacked", why=str(error)) from error
    if len(data) > LARGEST_BYTES:
        raise _too_large(path, len(data))
    return data


def _too_large(path: Path, size: int) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: is larger than {LARGEST_BYTES >> 20} MiB ({size >> 20} MiB)",
        why="larger files are not read",
        hint="split the file, export fewer columns, or write it as Parquet",
    )
