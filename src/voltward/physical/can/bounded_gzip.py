"""A gzip file that is refused when it unpacks to far more than a log does."""

import gzip
from typing import BinaryIO, cast

from voltward.core.errors import ConfigurationError

# Deflate packs real logs 5 to 30 times; what it packs more is made to fill a disk.
GREATEST_RATIO = 200
UNPACKED_FREE_BYTES = 64 << 20


class _Counted:
    """A packed file that counts what was taken of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.count = file, 0

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.count += len(content)
        return content


class BoundedGzip(gzip.GzipFile):
    """A gzip file that is refused when it unpacks to far more than a log does.

    Args:
        file: Packed.
        name: In messages.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._name, self._packed, self._unpacked = name, _Counted(file), 0
        super().__init__(fileobj=cast("BinaryIO", self._packed), mode="rb")

    def read(self, size: int | None = -1) -> bytes:
        """Return up to so many unpacked bytes, all without a size."""
        return self._checked(super().read(-1 if size is None else size))

    def read1(self, size: int = -1) -> bytes:
        """Return up to so many unpacked bytes with at most one read of the packed file."""
        return self._checked(super().read1(size))

    def _checked(self, content: bytes) -> bytes:
        self._unpacked += len(content)
        if self._unpacked > max(UNPACKED_FREE_BYTES, GREATEST_RATIO * self._packed.count):
            raise ConfigurationError(
                f"{self._name}: unpacks to more than {GREATEST_RATIO} times its size",
                why=f"{self._packed.count} bytes gave {self._unpacked}, and logs are packed 5 to "
                "30 times",
                hint="if it is a log, unpack it with: gzip -d",
            )
        return content
