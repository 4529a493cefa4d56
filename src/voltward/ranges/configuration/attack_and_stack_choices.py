"""Which attacks and stacks a campaign runs.

1. The shape of a document is checked by its types: `Attacks` and `Stacks`, whose JSON Schema is
   the published one.
2. `read_attacks` and `read_stacks` look names up in the catalogues and hold values to the ranges
   that each parameter states; a list as a value is a sweep, several sweeps make a grid.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from voltward.attacks.catalogue import ATTACKS
from voltward.controls.catalogue import CONTROLS
from voltward.core.errors import ConfigurationError, NothingRanError
from voltward.core.parameter import Parameter
from voltward.documents.settings_table import LIST, NUMBER, TABLE, TEXT, by_kind
from voltward.documents.toml_document import closest, shown
from voltward.ranges.configuration.stacks import StackChoice, stack_names
from voltward.results.columns import NO_ATTACK

ALL: Final = "all"
OF_DUTY: Final = "of-duty"
_MOST_POINTS = 10_000
_START = Parameter("start_s", "s", 0.0, 0.0, 1e7, "when the attack starts, from the duty's start")
_Values = Annotated[
    Annotated[float, NUMBER] | Annotated[tuple[float, ...], LIST],
    by_kind("a number, or a list of numbers, which is a sweep"),
]


class AttackTable(BaseModel):
    """An attack with its parameters; what is not named keeps its default.

    Attributes:
        id: As in the catalogue, or `no-attack` for the clean duty alone.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, _Values]

    id: str


Attacks = Annotated[
    Annotated[Literal["all", "of-duty"], TEXT]
    | Annotated[
        tuple[
            Annotated[
                Annotated[str, TEXT] | Annotated[AttackTable, TABLE],
                by_kind("an id, or a table with id and parameters"),
            ],
            ...,
        ],
        LIST,
    ],
    by_kind('"all", "of-duty", or a list of ids and of tables with id', (ALL, OF_DUTY)),
    Field(
        description="Ids, or tables with id and parameters; a list as a value is a sweep. "
        "Or 'all', or 'of-duty': those that are meant for the duty."
    ),
]
Stacks = Annotated[
    tuple[
        Annotated[
            Annotated[str, TEXT] | Annotated[StackChoice, TABLE],
            by_kind("a name, or a table with name and changes to it"),
        ],
        ...,
    ],
    Field(description="Names of stacks, or tables that change one."),
]


@dataclass(frozen=True)
class AttackChoice:
    """One attack with its parameters; what is not named keeps its default.

    Attributes:
        id: As in the catalogue, or `no-attack` for the clean duty alone.
        parameters: Name to value.
    """

    id: str
    parameters: Mapping[str, float] = field(default_factory=dict)


def read_attacks(
    given: Attacks | Sequence[Mapping[str, Any]], origin: str, duty: str = ""
) -> tuple[AttackChoice, ...]:
    """Return the attacks that a file or the command line asks for.

    Args:
        given: "all", "of-duty", or ids and tables with `id` and parameters.
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


def _attack(entry: str | AttackTable | Mapping[str, Any], label: str) -> Iterable[AttackChoice]:
    """Return the points of the grid that one entry spans."""
    table = AttackTable.model_validate({"id": entry} if isinstance(entry, str) else entry)
    name, given = table.id, table.model_extra or {}
    known = (*ATTACKS.names(), NO_ATTACK)
    if name not in known:
        raise ConfigurationError(
            f"{label}: there is no attack '{name}'",
            hint=closest(name, known) or "see 'voltward attacks list'",
        )
    if not given:
        return (AttackChoice(name),)
    allowed = () if name == NO_ATTACK else (*ATTACKS.load(name).parameters, _START)
    sweeps = [_values(key, value, allowed, f"{label} ({name})") for key, value in given.items()]
    points = math.prod(map(len, sweeps))
    if points > _MOST_POINTS:
        raise ConfigurationError(
            f"{label} ({name}): the sweeps span {points:,} points",
            why=f"at most {_MOST_POINTS:,} are run: each is a row of the matrix",
            hint="fewer values in a sweep",
        )
    return tuple(
        AttackChoice(name, dict(zip(given, point, strict=True))) for point in product(*sweeps)
    )


def _values(
    key: str, value: float | tuple[float, ...], allowed: Sequence[Parameter], label: str
) -> tuple[float, ...]:
    """Return the values of one parameter: one, or those of a sweep."""
    parameter = find_parameter(key, allowed, label)
    values = value if isinstance(value, tuple) else (value,)
    if not values:
        raise NothingRanError(f"{label}: the sweep of {key} is empty", hint="give it a value")
    return tuple(parameter.check(item, label) for item in values)


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


def read_stacks(given: Stacks, origin: str) -> tuple[StackChoice, ...]:
    """Return the stacks that a file or the command line asks for, each with its base.

    Args:
        given: Names, and tables that change one.
        origin: How messages name the place.

    Raises:
        ConfigurationError: A stack, control or parameter does not exist, or a name appears twice.
        NothingRanError: The list is empty.
    """
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
                f"{origin}: stack '{name}' appears twice", why="each name is allowed once"
            )
    return choices


def _stack(entry: str | StackChoice, label: str) -> StackChoice:
    choice = StackChoice(name=entry) if isinstance(entry, str) else entry
    base = choice.base or choice.name
    if base not in stack_names():
        raise ConfigurationError(
            f"{label}: there is no stack {shown(base)}",
            why=f"allowed are {', '.join(stack_names())}",
            hint=closest(base, stack_names()),
        )
    for key in ("add", "remove"):
        for control in getattr(choice, key):
            check_control(control, f"{label}.{key}")
    settings = {
        check_control(control, f"{label}.settings"): dict(
            control_setting(control, key, value, f"{label}.settings.{control}")
            for key, value in values.items()
        )
        for control, values in choice.settings.items()
    }
    return replace(choice, base=base, settings=settings)


def check_control(name: str, label: str) -> str:
    """Return the id of a control that exists.

    Raises:
        ConfigurationError: It does not.
    """
    known = CONTROLS.names()
    if name not in known:
        raise ConfigurationError(
            f"{label}: there is no control {shown(name)}",
            hint=closest(name, known) or "see 'voltward defences list'",
        )
    return name


def control_setting(control: str, key: str, value: float, label: str) -> tuple[str, float]:
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
    return parameter.name, parameter.check(value, label)
