"""Bus logs in ASAM MDF 4, read by python-can through the optional package asammdf."""

import logging
import struct
import sys
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import can

from voltward.core.errors import ConfigurationError, EnvironmentLacksError
from voltward.physical.can.log_lines import LeftOut, Readable

LARGEST_COPY_BYTES = 1 << 30
_PIECE_BYTES = 1 << 20
logging.getLogger("asammdf").addHandler(logging.NullHandler())


def mf4_messages(
    source: Readable, name: str, file: Path | None, left_out: LeftOut
) -> Iterator[can.Message]:
    """Yield the messages of a log.

    Args:
        source: Its bytes.
        name: For messages.
        file: The log where it is a file that is not packed; else a copy is made.
        left_out: Takes what is damaged.

    Raises:
        EnvironmentLacksError: asammdf is not installed.
        ConfigurationError: It is not such a log.
    """
    if find_spec("asammdf") is None:
        raise EnvironmentLacksError(
            "asammdf is not installed",
            why=f"{name} is an MDF file, which python-can reads through it",
            hint="pip install 'voltward[mf4]'",
        )
    from asammdf.blocks.utils import MdfException  # noqa: PLC0415

    # What damaged files make the package raise, beside its own error.
    damaged = (
        *(MdfException, ValueError, LookupError, TypeError, AttributeError, ArithmeticError),
        *(struct.error, zlib.error, EOFError, OSError),
    )
    with TemporaryDirectory(prefix="voltward-mf4-") as folder:
        if file is None:
            file = Path(folder, "log.mf4")
            _copy(source, name, file)
        number = 0
        try:
            with can.MF4Reader(file) as reader:
                for number, message in enumerate(reader, start=1):  # noqa: B007
                    yield message
        except damaged as error:
            _silence_destructors()
            if not number:
                raise ConfigurationError(
                    f"{name}: cannot be read as an MDF 4 bus log",
                    why=f"{type(error).__name__}: {error}",
                    hint="export it as .blf or .asc with the program that wrote it",
                ) from error
            left_out.add(f"after frame {number}", f"the file is damaged: {error}")


def _silence_destructors() -> None:
    """Let the objects of a damaged file go without the tracebacks of their destructors."""
    usual = sys.unraisablehook

    def report(unraisable: Any) -> None:
        if not str(getattr(unraisable.object, "__qualname__", "")).startswith("MDF"):
            usual(unraisable)

    sys.unraisablehook = report


def _copy(source: Readable, name: str, file: Path) -> None:
    size = 0
    with file.open("wb") as copy:
        while piece := source.read(_PIECE_BYTES):
            size += len(piece)
            if size > LARGEST_COPY_BYTES:
                raise ConfigurationError(
                    f"{name}: unpacks to more than {LARGEST_COPY_BYTES >> 20} MiB",
                    why="an MDF file that comes packed or from a pipe is copied first",
                    hint="unpack it, and give the file",
                )
            copy.write(piece)
