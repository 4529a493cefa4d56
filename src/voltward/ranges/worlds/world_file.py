"""A world file: for every factor its law, and where the law comes from.

1. A shipped name or a file is read; what it `extends` is read first, factor by factor.
2. Factors fixed on the command line, such as `ambient_degC=-10`, become constants.
3. Every law is checked for every outcome that it depends on: it must stay where physics allows.

>>> cold = load_world_laws("cold,soc=0.75")
>>> cold.name, cold.laws["soc"].law
('cold,soc=0.75', 'constant')
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.documents.settings_table import settings_table
from voltward.documents.toml_document import (
    beside,
    check_document,
    find_document,
    problems_in,
    read_document,
    shown,
)
from voltward.ranges.worlds.factors import FACTORS, Choice, Factor
from voltward.ranges.worlds.laws import LAWS, Quantile, law_of

CHOICE, CONSTANT = "choice", "constant"
_WORDS = ("law", "by", "source")
_MOST_EXTENDS = 5
# More would be a table of every outcome with every other.
_MOST_BY = 3
_MOST_WEIGHT = 1e9


@settings_table
class WorldDocument:
    """A world file as it is written."""

    name: str
    title: str = ""
    extends: str = ""
    factor: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class FactorLaw:
    """The law of one factor.

    Attributes:
        name: Of the factor.
        law: Name of its law.
        by: Choices that its parameters depend on.
        parameters: As written: a number, or a table by the outcomes of `by`.
        source: Where it comes from.
    """

    name: str
    law: str
    by: tuple[str, ...]
    parameters: Mapping[str, Any]
    source: Any

    def outcomes(self) -> Iterator[tuple[str, ...]]:
        """Yield every combination of outcomes that the law depends on."""
        return itertools.product(*(_choice(name).options for name in self.by))

    def weights(self, outcome: tuple[str, ...]) -> Mapping[str, float]:
        """Return the weight of each option, for one combination of outcomes."""
        return self.at("weights", outcome, table=True)

    def quantile(self, outcome: tuple[str, ...]) -> Quantile:
        """Return the function from shares to values, or to outcomes where the factor is a choice.

        Raises:
            ConfigurationError: The law or a parameter of it is wrong.
        """
        if self.law != CHOICE:
            return law_of(self.law, {name: self.at(name, outcome) for name in self.parameters})
        weights = self.weights(outcome)
        edges = np.cumsum(list(weights.values())) / sum(weights.values())
        named = isinstance(FACTORS[self.name], Choice)
        values = (
            np.array(list(weights), dtype=object)
            if named
            else np.array([float(each) for each in weights])
        )
        last = len(weights) - 1
        return lambda share: values[np.minimum(np.searchsorted(edges, share, "right"), last)]

    def at(self, parameter: str, outcome: tuple[str, ...], *, table: bool = False) -> Any:
        """Return a parameter for one combination of outcomes; a list is in the options' order."""
        found: Any = self.parameters.get(parameter)
        for name, option in zip(self.by, outcome, strict=True):
            if isinstance(found, list):
                place = _choice(name).options.index(option)
                found = found[place] if place < len(found) else None
            elif isinstance(found, Mapping) and (not table or option in found):
                found = found.get(option)
        right = isinstance(found, Mapping) if table else _is_number(found)
        if not right:
            where = " and ".join(outcome)
            raise ConfigurationError(
                f"{parameter} is not given" + (f" for {where}" if where else ""),
                why=f"allowed is {'a table of weights' if table else 'a number'}, got {found!r}",
            )
        return found


@dataclass(frozen=True)
class WorldLaws:
    """The laws of all factors.

    Attributes:
        name: That of the world file, with what was fixed.
        title: One line.
        laws: By factor, in the order of `FACTORS`.
    """

    name: str
    title: str
    laws: Mapping[str, FactorLaw]


def load_world_laws(text: str) -> WorldLaws:
    """Return the laws of a world.

    Args:
        text: A shipped name or a file, then factors to fix: `everyday,ambient_degC=-10`.

    Raises:
        ConfigurationError: No such world or factor, or a law that leaves physics.
    """
    base, fixed = split_world(text)
    path, document, tables = _tables(base, _MOST_EXTENDS)
    tables |= fixed
    laws: dict[str, FactorLaw] = {}
    for name in FACTORS:
        if name not in tables:
            raise ConfigurationError(
                f"{path}: factor '{name}' has no law",
                hint='add it, or extends = "everyday" to take the shipped one',
            )
        place = f"world '{text}'" if name in fixed else str(path)
        laws[name] = _law(place, name, tables[name], tuple(laws))
    return WorldLaws(document.name + text.removeprefix(base), document.title, laws)


def split_world(text: str) -> tuple[str, dict[str, Mapping[str, Any]]]:
    """Return name or file of a world, and the tables of the factors that are fixed.

    A file whose own path holds a comma is taken whole.

    Raises:
        ConfigurationError: A factor is not known, stands twice, or has no value.
    """
    if Path(text).is_file():
        return text, {}
    base, *parts = (part.strip() for part in text.split(","))
    tables: dict[str, Mapping[str, Any]] = {}
    for part in parts:
        name, equals, value = (word.strip() for word in part.partition("="))
        place = f"world '{text}'"
        _known(name, place)
        if name in tables or not equals or not value:
            raise ConfigurationError(
                f"{place}: '{part}' is not a factor and its value"
                if name not in tables
                else f"{place}: factor '{name}' appears twice",
                hint="write NAME,factor=value,factor=value",
            )
        tables[name] = _constant(name, value, place)
    return base, tables


def _tables(name: str, left: int) -> tuple[Path, WorldDocument, dict[str, Mapping[str, Any]]]:
    path = find_document("worlds", name, "world")
    document = check_document(WorldDocument, read_document(path), str(path))
    tables: dict[str, Mapping[str, Any]] = {}
    if document.extends:
        if left == 0:
            raise ConfigurationError(
                f"{path}: extends = '{document.extends}' goes on in a circle",
                why=f"allowed are at most {_MOST_EXTENDS} steps",
            )
        with problems_in(f"{path}: extends"):
            tables = _tables(beside(document.extends, path), left - 1)[2]
    tables |= {_known(factor, str(path)): table for factor, table in document.factor.items()}
    return path, document, tables


def _known(name: str, where: str) -> str:
    if name not in FACTORS:
        raise ConfigurationError(
            f"{where}: there is no factor '{name}'", hint=nearest(name, FACTORS)
        )
    return name


def _constant(name: str, value: str, place: str) -> Mapping[str, Any]:
    """Return the table of a factor that the user fixes."""
    factor = FACTORS[name]
    if isinstance(factor, Choice):
        if value not in factor.options:
            raise ConfigurationError(
                f"{place}: {name} = '{value}' is not known", hint=nearest(value, factor.options)
            )
        return {"law": CHOICE, "weights": {value: 1.0}, "source": "fixed"}
    number = _as_number(value)
    if number is None or not factor.low <= number <= factor.high:
        raise ConfigurationError(
            f"{place}: {name} = '{value}' is not allowed",
            why=f"allowed are {factor.low:g} to {factor.high:g} {factor.unit}",
        )
    return {"law": CONSTANT, "value": number, "source": "fixed"}


def _law(place: str, name: str, table: Mapping[str, Any], earlier: tuple[str, ...]) -> FactorLaw:
    where = f"{place}: factor '{name}'"
    if not isinstance(table.get("law"), str) or not _is_source(table.get("source")):
        raise ConfigurationError(
            f"{where}: law and source are needed",
            why="a source is a text, or a table of texts; an assumption says that it is one",
        )
    by = table.get("by", [])
    if not isinstance(by, list) or len(by) > _MOST_BY or len(set(map(str, by))) != len(by):
        raise ConfigurationError(
            f"{where}: by = {shown(by)} is not allowed",
            why=f"allowed is a list of at most {_MOST_BY} choices, each once",
        )
    choices = [each for each in earlier if isinstance(FACTORS[each], Choice)]
    for each in by:
        if each not in choices:
            raise ConfigurationError(
                f"{where}: by = '{each}' is not a choice that is drawn before it",
                why=f"allowed are {', '.join(choices) or 'none'}",
            )
    parameters = {key: value for key, value in table.items() if key not in _WORDS}
    law = FactorLaw(name, table["law"], tuple(by), parameters, table["source"])
    _check_shapes(where, law)
    for outcome in law.outcomes():
        try:
            _check(FACTORS[name], law, outcome)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"{where}: {error.what}", why=error.why, hint=error.hint
            ) from error
    return law


def _check_shapes(where: str, law: FactorLaw) -> None:
    """Refuse a table with an outcome that no choice has, or a list of another length."""
    for key, value in law.parameters.items():
        levels = [value]
        for name in law.by:
            options = _choice(name).options
            for each in levels:
                if isinstance(each, list) and len(each) != len(options):
                    raise ConfigurationError(
                        f"{where}: {key} has {len(each)} values for {name}",
                        why=f"it has {len(options)} outcomes: {', '.join(options)}",
                    )
                wrong = set(each) - set(options) if isinstance(each, Mapping) else set()
                if wrong and not (key == "weights" and not set(each) & set(options)):
                    raise ConfigurationError(
                        f"{where}: {key}: '{min(wrong)}' is not an outcome of {name}",
                        hint=nearest(str(min(wrong)), options),
                    )
            levels = [
                deeper
                for each in levels
                for deeper in (each.values() if isinstance(each, Mapping) else (each,))
            ]


def _is_source(source: Any) -> bool:
    if isinstance(source, Mapping):
        return bool(source) and all(isinstance(s, str) and s.strip() for s in source.values())
    return isinstance(source, str) and bool(source.strip())


def _check(factor: Factor, law: FactorLaw, outcome: tuple[str, ...]) -> None:
    """Refuse a law that leaves what physics allows, or what the factor knows."""
    if law.law == CHOICE:
        _check_weights(factor, law.weights(outcome))
    if isinstance(factor, Choice):
        if law.law != CHOICE:
            raise ConfigurationError(
                f"law = '{law.law}' is not allowed",
                why=f"it is one of {', '.join(factor.options)}",
                hint='write law = "choice" and weights',
            )
        return
    if law.law == CHOICE:
        ends = np.array([float(value) for value in law.weights(outcome)])
    else:
        ends = law.quantile(outcome)(np.array([0.0, 1.0]))
    if not (factor.low <= ends.min() and ends.max() <= factor.high):
        cut = law.law in LAWS and LAWS[law.law].share is not None
        raise ConfigurationError(
            f"its law reaches from {ends.min():g} to {ends.max():g} {factor.unit}",
            why=f"allowed are {factor.low:g} to {factor.high:g} {factor.unit}",
            hint=f'cut it: law = "truncated-{law.law}" takes low and high' if cut else "",
        )


def _check_weights(factor: Factor, weights: Mapping[str, Any]) -> None:
    for option, weight in weights.items():
        if isinstance(factor, Choice) and option not in factor.options:
            raise ConfigurationError(
                f"there is no outcome '{option}'", hint=nearest(option, factor.options)
            )
        if not isinstance(factor, Choice) and not _is_number(_as_number(option)):
            raise ConfigurationError(f"weights: '{option}' is not a number")
        if not _is_number(weight) or not 0.0 <= weight <= _MOST_WEIGHT:
            raise ConfigurationError(
                f"weights: {option} = {weight!r} is not allowed",
                why=f"allowed is a number from 0 to {_MOST_WEIGHT:g}",
            )
    if not sum(weights.values()) > 0.0:
        raise ConfigurationError("weights: none is above 0")


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def _choice(name: str) -> Choice:
    factor = FACTORS[name]
    if not isinstance(factor, Choice):
        raise TypeError(name)
    return factor
