"""One line of JSON in, its rating out: the calculator alone, for tests of other tools."""

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from voltward.assurance.tara.method.cvss_metrics import exploitability
from voltward.assurance.tara.method.profile import Profile
from voltward.assurance.tara.method.profile_check import EFFORT_OPTIONS
from voltward.assurance.tara.model.model import Effort
from voltward.assurance.tara.model.words import AttackVector, Category, ImpactLevel
from voltward.core.errors import ConfigurationError
from voltward.core.input_file import parse_json, text_of
from voltward.documents.toml_document import closest, shown

KEYS = (*EFFORT_OPTIONS, "cvss", "attack_vector", "impact")
Word = TypeVar("Word", bound=StrEnum)


def score_lines(profile: Profile, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Rate lines one by one; a bad one gives its error and number, counted from 1.

    Args:
        profile: Method tables.
        lines: JSON objects in UTF-8.
    """
    for number, line in enumerate(lines, start=1):
        try:
            yield score(profile, parse(line, first=number == 1))
        except ConfigurationError as error:
            parts = (error.what, error.why, error.hint)
            yield {"error": "; ".join(part for part in parts if part), "line": number}


def parse(line: bytes, *, first: bool = False) -> dict[str, Any]:
    """Return the object of a line; a null counts as left out.

    Args:
        line: One line.
        first: Whether a byte order mark may come before it.

    Raises:
        ConfigurationError: It is not a JSON object, or a key appears twice.
    """
    if not line.strip():
        raise ConfigurationError("the line is empty", hint="write one JSON object a line")
    if line.startswith(BOM_UTF8) and not first:
        raise ConfigurationError("the line begins with a byte order mark")
    record = parse_json(text_of(line, "the line"), "the line")
    if not isinstance(record, dict):
        raise ConfigurationError(
            "the line is not a JSON object", hint='write {"key": "value", ...}'
        )
    return {key: value for key, value in record.items() if value is not None}


def score(profile: Profile, record: Mapping[str, Any]) -> dict[str, Any]:
    """Rate one record.

    Args:
        profile: Method tables.
        record: The five parameters of attack potential, or `cvss`, or `attack_vector`; `impact` is
            a level, or a level for each category. With attack potential, `attack_vector` may be
            given too and serves the CAL alone.

    Returns:
        `attack_potential`, `feasibility`, `risk`, `cal`, null where they do not apply; with an
        impact for each category also `risks`.

    Raises:
        ConfigurationError: A key or value is not allowed, is missing, or methods are mixed.
    """
    for key in record:
        if key not in KEYS:
            raise ConfigurationError(
                f"unknown key '{key}'", why=f"allowed: {', '.join(KEYS)}", hint=closest(key, KEYS)
            )
    method = profile.method(_method_name(record))
    vector = _word(record, "attack_vector", AttackVector) if "attack_vector" in record else None
    cvss = record.get("cvss", "")
    if "cvss" in record and (not isinstance(cvss, str) or not cvss):
        raise ConfigurationError("'cvss' must be a vector", hint="such as AV:N/AC:L/PR:N/UI:N/S:U")
    effort = _effort(record, method.parameters) if method.name == "attack-potential" else Effort()
    values = method.values(effort, cvss, vector)
    native = method.native(values)
    return {
        "attack_potential": method.potential(values),
        "feasibility": method.reported(native).value,
        **_rated_impact(
            profile, record, native, exploitability(cvss).attack_vector if cvss else vector
        ),
    }


def _method_name(record: Mapping[str, Any]) -> str:
    potential = [key for key in EFFORT_OPTIONS if key in record]
    if "cvss" in record and (potential or "attack_vector" in record):
        other = potential[0] if potential else "attack_vector"
        raise ConfigurationError(
            f"'cvss' and '{other}' are of different methods", hint="give one method a line"
        )
    if potential:
        return "attack-potential"
    if "cvss" in record:
        return "cvss"
    if "attack_vector" in record:
        return "attack-vector"
    raise ConfigurationError(
        "the line names no feasibility method",
        why=f"give {', '.join(EFFORT_OPTIONS)}; or cvss; or attack_vector",
    )


def _effort(record: Mapping[str, Any], needed: Iterable[str]) -> Effort:
    """Return the attack potential; a parameter that the profile does not use may be there."""
    missing = [key for key in needed if key not in record]
    if missing:
        raise ConfigurationError(
            f"{', '.join(missing)} is missing", why="every parameter of the profile is needed"
        )
    chosen = {key: record[key] for key in EFFORT_OPTIONS if key in record}
    for key, option in chosen.items():
        if not isinstance(option, str) or option not in EFFORT_OPTIONS[key]:
            raise _bad_option(key, option, EFFORT_OPTIONS[key])
    return Effort(**chosen)


def _rated_impact(
    profile: Profile, record: Mapping[str, Any], native: int, vector: AttackVector | None
) -> dict[str, Any]:
    given = record.get("impact")
    if given is None:
        return {"risk": None, "cal": None}
    if not isinstance(given, dict):
        level = _word(record, "impact", ImpactLevel)
        return {
            "risk": profile.level_risk(level, native),
            "cal": profile.cal(level, vector) if vector else None,
        }
    impact = {
        _category(name): _word(given, name, ImpactLevel)
        for name, level in given.items()
        if level is not None
    }
    if not impact:
        raise ConfigurationError("'impact' names no category", why=_one_of(list(Category)))
    worst = max(impact.values(), key=lambda level: level.rank)
    risks = profile.risk(impact, native)
    return {
        "risk": profile.overall_risk(impact, native),
        "cal": profile.cal(worst, vector) if vector else None,
        "risks": {category.value: risks[category] for category in Category if category in risks},
    }


def _category(name: str) -> Category:
    try:
        return Category(name)
    except ValueError as error:
        raise ConfigurationError(
            f"unknown impact category '{name}'",
            why=_one_of(list(Category)),
            hint=closest(name, list(Category)),
        ) from error


def _word(record: Mapping[str, Any], key: str, words: type[Word]) -> Word:
    value = record[key]
    known = [word.value for word in words]
    if not isinstance(value, str) or value not in known:
        raise _bad_option(key, value, known)
    return words(value)


def _bad_option(key: str, value: Any, known: Iterable[str]) -> ConfigurationError:
    names = list(known)
    hint = closest(value, names) if isinstance(value, str) else ""
    return ConfigurationError(
        f"'{key}' has a value that is not allowed: {shown(value)}",
        why=_one_of(names),
        hint=hint,
    )


def _one_of(names: Iterable[str]) -> str:
    return f"allowed: {', '.join(names)}"
