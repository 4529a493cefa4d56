"""A rating read back from JSON: the only reader, for commands, report, plans and evidence packs.

A file is written by `tara rate --out` or `--json`, or it is the `risk.json` of a run folder, which
also says how to present the rating. Further keys are allowed and kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from voltward.assurance.tara.model.words import Basis, Feasibility, ImpactLevel
from voltward.assurance.tara.rating.records import RatedPath, RatedRisk, Rating, RiskValue
from voltward.core.errors import ConfigurationError
from voltward.core.input_file import parse_json, read_json, read_text
from voltward.documents.toml_document import dotted, shown

_WRITE_ONE = "write one: voltward tara rate DIR --out FILE.json"


@dataclass(frozen=True)
class Presentation:
    """What the `risk.json` of a run folder says beside the rating, for people to read.

    Attributes:
        titles: Id of a damage, threat, path, control or control set to its title.
        matrix: Impact level to feasibility level to risk value, as the profile has it.
        limits: Sentences on what the rating does not say.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    matrix: Mapping[ImpactLevel, Mapping[Feasibility, RiskValue]] = field(default_factory=dict)
    limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class RatingFile:
    """A rating that was read back and checked.

    Attributes:
        rating: The rating.
        presentation: Titles and more, empty where the file has none.
        document: The content of the file as plain data.
    """

    rating: Rating
    presentation: Presentation
    document: Mapping[str, Any]


@dataclass(frozen=True)
class _Version:
    schema_version: Literal[1]


def read_rating_file(path: Path) -> RatingFile:
    """Read a file that holds a rating.

    Raises:
        ConfigurationError: The file is absent, is not JSON, or is not a rating of this version; the
            message names the key.
    """
    return check_rating(read_text(path, "rating", hint=_WRITE_ONE), str(path))


def check_rating(content: str, name: str) -> RatingFile:
    """Return the rating that a JSON text holds.

    Args:
        content: The text.
        name: What a message calls it, such as the path of the file.

    Raises:
        ConfigurationError: It is not JSON, or not a rating of this version.
    """
    document: Any = parse_json(content, name, hint=_WRITE_ONE)
    try:
        _adapter(_Version).validate_json(content, strict=True)
        rating: Rating = _adapter(Rating).validate_json(content, strict=True)
        presentation = _adapter(Presentation).validate_json(content, strict=True)
    except ValidationError as error:
        raise ConfigurationError(
            f"{name}: is not a rating file", why=_first_problem(error), hint=_WRITE_ONE
        ) from error
    contradiction = next(_contradictions(rating), "")
    if contradiction:
        raise ConfigurationError(
            f"{name}: is not a rating file", why=contradiction, hint=_WRITE_ONE
        )
    return RatingFile(rating, presentation, document)


def looks_like_rating(path: Path) -> bool:
    """Tell whether a file holds a rating of any version, complete or not."""
    try:
        known = read_json(path)
    except ConfigurationError:
        return False
    return isinstance(known, dict) and {"control_sets", "risks"} <= known.keys()


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _first_problem(error: ValidationError) -> str:
    """Return the first thing that is wrong, with its key."""
    first = error.errors(include_url=False)[0]
    place = dotted(first["loc"])
    if first["type"] == "missing":
        return f"{place}: is missing"
    expected = first["msg"].replace("Input should be", "expected")
    return f"{f'{place}: ' if place else ''}{expected}, got {shown(first['input'])}"


def _contradictions(rating: Rating) -> Iterator[str]:
    """Yield control sets that are not listed, and evidence that does not fit its share or basis."""
    sets = rating.control_sets
    if not sets:
        yield "control_sets: there must be at least one"
    parts: tuple[tuple[str, Sequence[RatedPath | RatedRisk]], ...] = (
        ("paths", rating.paths),
        ("risks", rating.risks),
    )
    for key, entries in parts:
        for index, entry in enumerate(entries):
            evidence = entry.evidence
            if entry.control_set not in sets:
                yield f"{key}[{index}].control_set: not in control_sets ({', '.join(sets)})"
            if evidence and not evidence.low <= evidence.goal_share <= evidence.high:
                yield f"{key}[{index}].evidence: goal_share lies outside of low and high"
            if entry.basis is Basis.MEASURED and evidence is None:
                yield f"{key}[{index}].evidence: is missing, though the basis is measured"
