"""Defence stacks: named sets of controls, and what a campaign adds to them or takes away."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voltward.core.errors import ConfigurationError
from voltward.documents.settings_table import settings_table
from voltward.documents.toml_document import closest, data_folder, read_document
from voltward.ranges.configuration.system_settings import SystemSettings

DEPLOYED = "deployed"


@settings_table
class StackChoice:
    """A stack as a campaign asks for it.

    Attributes:
        name: As tables and gates call it.
        base: Name in the table of stacks, or `deployed`; by default it is that of the stack.
        add: Controls added to the base.
        remove: Controls taken from the base.
        settings: Control id to parameter name to value.
    """

    name: str
    base: str = ""
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Stack:
    """A stack resolved.

    Attributes:
        name: As tables and gates call it.
        controls: Ids of the enabled controls, sorted.
        factory_protection: Whether limits, fuse and the like are in place.
        settings: Control id to parameter name to value, of enabled controls.
        cloud: Whether the pack is connected at all; without it the BMS follows its own plan.
    """

    name: str
    controls: tuple[str, ...]
    factory_protection: bool
    settings: Mapping[str, Mapping[str, float]]
    cloud: bool = True


def stack_names() -> tuple[str, ...]:
    """Return the names of all stacks that a campaign may ask for."""
    return (*_table(), DEPLOYED)


def stack_titles() -> dict[str, str]:
    """Return one line for each stack."""
    titles = {name: str(entry["title"]) for name, entry in _table().items()}
    return titles | {DEPLOYED: "the controls that the system file lists"}


def resolve_stack(choice: StackChoice, system: SystemSettings) -> Stack:
    """Return the enabled controls of a stack.

    Args:
        choice: As asked for.
        system: Holds the controls of `deployed`.

    Raises:
        ConfigurationError: The base is not known, or a setting names a control that is not in it.
    """
    base = choice.base or choice.name
    if base == DEPLOYED:
        controls, factory, cloud = set(system.controls.deployed), True, True
    else:
        table = _table()
        if base not in table:
            raise ConfigurationError(
                f"there is no stack '{base}'",
                why=f"allowed are {', '.join(stack_names())}",
                hint=closest(base, stack_names()),
            )
        controls = _members(base, table)
        factory = bool(table[base]["factory_protection"])
        cloud = bool(table[base].get("cloud", True))
    enabled = tuple(sorted((controls | set(choice.add)) - set(choice.remove)))
    kept = {name: values for name, values in choice.settings.items() if name in enabled}
    return Stack(choice.name, enabled, factory, kept, cloud)


def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = read_document(data_folder() / "stacks.toml")["stack"]
    return table


def _members(name: str, table: Mapping[str, Mapping[str, Any]]) -> set[str]:
    entry = table[name]
    included = [_members(other, table) for other in entry.get("includes", ())]
    return set(entry["controls"]).union(*included)
