"""Which attacks and stacks a campaign runs: names, parameters, sweeps, checked one by one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from voltward.attacks.catalogue import ATTACKS
from voltward.controls.catalogue import CONTROLS
from voltward.core.errors import ConfigurationError, NothingRanError
from voltward.core.parameter import Parameter
from voltward.documents.toml_document import closest, shown
from voltward.ranges.configuration.stacks import StackChoice, stack_names
from voltward.results.columns import NO_ATTACK

ALL = "all"
OF_DUTY = "of-duty"
_STACK_KEYS = ("name", "base", "add", "remove", "settings")
_START = Parameter("start_s", "s", 0.0, 0.0, 1e7, "when the attack starts, from the duty's start")


@dataclass(frozen=True)
class AttackChoice:
    """One attack with its parameters; what is not named keeps its default.

    Attributes:
        id: As in the catalogue, or `no-attack` for the clean duty alone.
        parameters: Name to value.
    """

    id: str
    parameters: Mapping[str, float] = field(default_factory=dict)


def read_attacks(given: Any, origin: str, duty: str = "") -> tuple[AttackChoice, ...]:
    """Return the attacks that a file or the command line asks for.

    Args:
        given: "all", "of-duty", or a list of ids and of tables with `id` and parameters; a list
            as a value is a sweep, several sweeps make a grid.
        origin: How messages name the place.
        duty: Whose attacks "of-duty" stands for.

    Raises:
        ConfigurationError: An attack or parameter does not exist, or a value is not allowed.
        NothingRanError: The list is empty.
    """
    if given == ALL:
        return tuple(AttackChoice(name) for name in ATTACKS.names())
    if given == OF_DUTY:
        meant = [name for name in ATTACKS.names() if ATTACKS.load(name).duty == duty]
        if not meant:
            raise NothingRanError(
                f"{origin}: no attack of the catalogue is meant for duty '{duty}'",
                hint='name attacks, or "all"',
            )
        return tuple(AttackChoice(name) for name in meant)
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ConfigurationError(
            f"{origin}: attacks has a value that is not allowed",
            why=f'got {shown(given)}; allowed is "all", "of-duty", or a list of ids and of tables '
            "with id",
        )
    if not given:
        raise NothingRanError(
            f"{origin}: attacks is empty",
            why="a campaign without a case says nothing",
            hint=f'name attacks, or "all", or "{NO_ATTACK}" for the clean duty alone',
        )
    choices = [
        choice
        for index, entry in enumerate(given)
        for choice in _attack(entry, f"{origin}: attacks[{index}]")
    ]
    return tuple({str(choice): choice for choice in choices}.values())


def _attack(entry: Any, label: str) -> Iterable[AttackChoice]:
    table = {"id": entry} if isinstance(entry, str) else entry
    if not isinstance(table, Mapping) or not isinstance(table.get("id"), str):
        raise ConfigurationError(
            f"{label} has a value that is not allowed",
            why=f"got {shown(entry)}; allowed is an id, or a table with id and parameters",
        )
    name = table["id"]
    known = (*ATTACKS.names(), NO_ATTACK)
    if name not in known:
        raise ConfigurationError(
            f"{label}: there is no attack '{name}'",
            hint=closest(name, known) or "see 'voltward attacks list'",
        )
    given = {key: value for key, value in table.items() if key != "id"}
    if not given:
        return (AttackChoice(name),)
    allowed = () if name == NO_ATTACK else (*ATTACKS.load(name).parameters, _START)
    sweeps = [_values(key, value, allowed, f"{label} ({name})") for key, value in given.items()]
    return tuple(
        AttackChoice(name, dict(zip(given, point, strict=True))) for point in product(*sweeps)
    )


def _values(key: str, value: Any, allowed: Sequence[Parameter], label: str) -> tuple[float, ...]:
    """Return the values of one parameter: one, or those of a sweep."""
    parameter = find_parameter(key, allowed, label)
    values = value if isinstance(value, list) else [value]
    if not values:
        raise NothingRanError(f"{label}: the sweep of {key} is empty", hint="give it a value")
    return tuple(checked_value(parameter, item, label) for item in values)


def find_parameter(key: str, allowed: Sequence[Parameter], label: str) -> Parameter:
    """Return the parameter of that name.

    Raises:
        ConfigurationError: There is none.
    """
    found = {parameter.name: parameter for parameter in allowed}
    if key not in found:
        raise ConfigurationError(
            f"{label}: unknown key '{key}'",
            why=f"allowed here: {', '.join(found) or 'no parameter'}",
            hint=closest(key, found),
        )
    return found[key]


def checked_value(parameter: Parameter, value: Any, label: str) -> float:
    """Return a number in the parameter's range.

    Raises:
        ConfigurationError: It is no number, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(
            f"{label}: {parameter.name} has a value that is not allowed",
            why=f"got {shown(value)}; allowed is a number from {parameter.low:g} to "
            f"{parameter.high:g} {parameter.unit}",
        )
    return parameter.check(float(value), label)


def read_stacks(given: Any, origin: str) -> tuple[StackChoice, ...]:
    """Return the stacks that a file or the command line asks for.

    Args:
        given: A list of names and of tables with name, base, add, remove, settings.
        origin: How messages name the place.

    Raises:
        ConfigurationError: A stack, control or parameter does not exist, or a name stands twice.
        NothingRanError: The list is empty.
    """
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ConfigurationError(
            f"{origin}: stacks has a value that is not allowed",
            why=f"got {shown(given)}; allowed is a list of names and of tables",
        )
    if not given:
        raise NothingRanError(
            f"{origin}: stacks is empty", hint=f"name one of {', '.join(stack_names())}"
        )
    choices = tuple(
        _stack(entry, f"{origin}: stacks[{index}]") for index, entry in enumerate(given)
    )
    names = [choice.name for choice in choices]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(
                f"{origin}: stack '{name}' stands there twice", why="each name is allowed once"
            )
    return choices


def _stack(entry: Any, label: str) -> StackChoice:
    table = {"name": entry} if isinstance(entry, str) else entry
    if not isinstance(table, Mapping) or not isinstance(table.get("name"), str):
        raise ConfigurationError(
            f"{label} has a value that is not allowed",
            why=f"got {shown(entry)}; allowed is a name, or a table with {', '.join(_STACK_KEYS)}",
        )
    for key in table:
        if key not in _STACK_KEYS:
            raise ConfigurationError(
                f"{label}: unknown key '{key}'",
                why=f"allowed here: {', '.join(_STACK_KEYS)}",
                hint=closest(key, _STACK_KEYS),
            )
    base = table.get("base", table["name"])
    if base not in stack_names():
        raise ConfigurationError(
            f"{label}: there is no stack {shown(base)}",
            why=f"allowed are {', '.join(stack_names())}",
            hint=closest(str(base), stack_names()),
        )
    return StackChoice(
        name=table["name"],
        base=base,
        add=_controls(table.get("add", ()), f"{label}.add"),
        remove=_controls(table.get("remove", ()), f"{label}.remove"),
        settings=_settings(table.get("settings", {}), f"{label}.settings"),
    )


def _controls(given: Any, label: str) -> tuple[str, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ConfigurationError(
            f"{label} has a value that is not allowed",
            why=f"got {shown(given)}; allowed is a list of control ids",
        )
    return tuple(check_control(name, label) for name in given)


def check_control(name: Any, label: str) -> str:
    """Return the id of a control that exists.

    Raises:
        ConfigurationError: It does not.
    """
    known = CONTROLS.names()
    if not isinstance(name, str) or name not in known:
        raise ConfigurationError(
            f"{label}: there is no control {shown(name)}",
            hint=closest(str(name), known) or "see 'voltward defences list'",
        )
    return name


def _settings(given: Any, label: str) -> dict[str, dict[str, float]]:
    if not isinstance(given, Mapping) or not all(isinstance(v, Mapping) for v in given.values()):
        raise ConfigurationError(
            f"{label} has a value that is not allowed",
            why=f"got {shown(given)}; allowed is a table from control id to parameters",
        )
    return {
        check_control(control, label): dict(
            control_setting(control, key, value, f"{label}.{control}")
            for key, value in values.items()
        )
        for control, values in given.items()
    }


def control_setting(control: str, key: str, value: Any, label: str) -> tuple[str, float]:
    """Return the name and the checked value of a control's parameter.

    Args:
        control: Its id.
        key: The parameter's name; "strength" stands for the one that is its strength.
        value: As given.
        label: How messages name the place.

    Raises:
        ConfigurationError: There is no such parameter, or the value is not allowed.
    """
    entry = CONTROLS.load(control)
    alias = entry.strength.name if key == "strength" else key
    parameter = find_parameter(alias, entry.all_parameters, label)
    return parameter.name, checked_value(parameter, value, label)
