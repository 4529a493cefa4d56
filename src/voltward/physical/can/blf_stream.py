"""Vector's binary logs (BLF) for python-can's reader, bounded, and past what is damaged.

python-can reads an object whole, whatever size it claims, and unpacks a container whole, whatever
comes out. Here both are bounded. A damaged container is left out, and the next one is read.

Source: layout of objects and containers as in python-can 4.6, `can/io/blf.py`.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import can
from can.io.blf import BLFParseError

from voltward.core.errors import ConfigurationError
from voltward.physical.can.log_lines import LeftOut, Readable

LARGEST_OBJECT_BYTES = 64 << 20  # assumption: containers in use have 128 kB
_OBJECT = struct.Struct("<4sHHLL")  # mark, header size, header version, size, type
_CONTAINER = struct.Struct("<H6xL4x")  # method, size
_CONTAINER_TYPE, _PLAIN, _DEFLATE = 10, 0, 2


class BlfStream:
    """A binary log as the file of python-can's reader.

    Args:
        source: Stream of bytes.
        name: Of the file.
        left_out: Takes what is damaged.
    """

    def __init__(self, source: Readable, name: str, left_out: LeftOut) -> None:
        self._source, self._name, self._left_out = source, name, left_out
        self._header, self._again = b"", b""
        self._is_header, self._is_container, self._is_cut = True, False, False
        self._in_container = False
        self._objects = 0

    def messages(self) -> Iterator[can.Message]:
        """Yield the messages of the log.

        Raises:
            ConfigurationError: It is not such a log.
        """
        try:
            messages = self._reader()
        except (BLFParseError, struct.error, ValueError) as error:
            raise ConfigurationError(
                f"{self._name}: is not a whole BLF file",
                why="its header is cut or damaged",
            ) from error
        self._is_header = False
        while True:
            try:
                message = next(messages)
            except StopIteration:
                break
            except (BLFParseError, struct.error, ValueError) as error:
                place = f"object {self._objects}"
                if not self._in_container:
                    # Nothing says where the next object begins.
                    self._left_out.add(f"after {place}", "the file is cut or damaged")
                    self._is_cut = False
                    break
                self._left_out.add(place, f"a damaged container: {error}")
                self._again = self._header
                messages = self._reader()
                continue
            yield message
        if self._is_cut:
            self._left_out.add(
                f"object {self._objects}", "the file ends in it, as of a logger that lost power"
            )

    def _reader(self) -> Iterator[can.Message]:
        file: Any = self
        return iter(can.BLFReader(file))

    def read(self, size: int) -> bytes:
        """Return the next bytes; containers come unpacked.

        Raises:
            ValueError: An object claims a size that is not read.
        """
        if self._again:
            data, self._again = self._again[:size], self._again[size:]
            return data
        if not 0 <= size <= LARGEST_OBJECT_BYTES:
            raise ValueError(f"an object of {size} bytes")
        data = self._source.read(size)
        if self._is_header:
            self._header += data
            return data
        self._is_cut |= size >= _OBJECT.size and 0 < len(data) < size
        if self._is_container:
            self._is_container, self._in_container = False, True
            return self._unpacked(data)
        if len(data) == size == _OBJECT.size:
            self._objects += 1
            self._is_container = _OBJECT.unpack(data)[4] == _CONTAINER_TYPE
            self._in_container = False
        return data

    def close(self) -> None:
        """The reader closes its file at the end; the stream is another's."""

    def _unpacked(self, data: bytes) -> bytes:
        if len(data) < _CONTAINER.size or _CONTAINER.unpack_from(data)[0] != _DEFLATE:
            return data
        plain = b""
        try:
            packed = data[_CONTAINER.size :]
            plain = zlib.decompressobj().decompress(packed, LARGEST_OBJECT_BYTES)
        except zlib.error as error:
            self._left_out.add(f"object {self._objects}", f"a damaged container: {error}")
        if len(plain) == LARGEST_OBJECT_BYTES:
            self._left_out.add(f"object {self._objects}", "a container of more than 64 MiB")
            plain = b""
        return _CONTAINER.pack(_PLAIN, len(plain)) + plain
