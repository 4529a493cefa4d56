"""A catalogue is a table from a name to where it lives; nothing is imported until asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest

Entry = TypeVar("Entry")


class Catalogue(Generic[Entry]):
    """Names of one family, the shipped ones and those that third parties join by entry point.

    Args:
        kind: What an entry is called in messages, such as "attack".
        shipped: Name to module. The object is the name in capitals: `voltage-bias` is
            `VOLTAGE_BIAS` there.
        group: Entry-point group of third parties.
    """

    def __init__(self, kind: str, shipped: Mapping[str, str], group: str) -> None:
        self._kind = kind
        self._shipped = dict(shipped)
        self._group = group

    def names(self) -> tuple[str, ...]:
        """Return all names, shipped first, each family sorted as written or by name."""
        joined = sorted(point.name for point in entry_points(group=self._group))
        return (*self._shipped, *(name for name in joined if name not in self._shipped))

    @property
    def shipped(self) -> tuple[str, ...]:
        """Names of the shipped entries, as written."""
        return tuple(self._shipped)

    def load(self, name: str) -> Entry:
        """Import and return one entry.

        Raises:
            ConfigurationError: No entry has that name.
        """
        if name in self._shipped:
            return getattr(import_module(self._shipped[name]), name.upper().replace("-", "_"))
        for point in entry_points(group=self._group):
            if point.name == name:
                loaded: Any = point.load()
                return loaded
        raise ConfigurationError(
            f"there is no {self._kind} '{name}'", hint=nearest(name, self.names())
        )

    def __getitem__(self, name: str) -> Entry:
        return self.load(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __len__(self) -> int:
        return len(self.names())

    def __repr__(self) -> str:
        return f"<{len(self)} entries: {', '.join(self)}>"

    def all(self) -> tuple[Entry, ...]:
        """Import and return every entry, in the order of `names`."""
        return tuple(self.load(name) for name in self.names())
