"""Whether a profile is complete, covers every number, and never rates a harder attack higher."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NoReturn, get_args, get_type_hints

from voltward.assurance.tara.method.feasibility_methods import every_exploitability
from voltward.assurance.tara.method.profile_settings import (
    AttackPotentialSettings,
    AttackVectorSettings,
    CvssSettings,
    ImpactSettings,
    ProfileSettings,
)
from voltward.assurance.tara.model.model import Effort
from voltward.assurance.tara.model.words import ATTACK_VECTORS, CATEGORIES, IMPACT_LEVELS
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import closest

# Parameter of attack potential to its options, from the easiest to the hardest.
EFFORT_OPTIONS: Mapping[str, tuple[str, ...]] = {
    name: get_args(hint) for name, hint in get_type_hints(Effort).items()
}


def highest_potential(settings: AttackPotentialSettings) -> int:
    """Return the greatest attack potential that the parameters can give."""
    highest = [max(options.values()) for options in settings.parameters.values()]
    return sum(highest) if settings.aggregation == "sum" else max(highest)


def check_profile(profile: ProfileSettings, path: str) -> None:
    """Check what the types cannot.

    Args:
        profile: As loaded.
        path: What to call the file in messages.

    Raises:
        ConfigurationError: Something is missing, not covered, or not monotone.
    """
    levels = tuple(level.name for level in profile.level)
    if len(set(levels)) < len(levels):
        _refuse(path, "level", "two levels have the same name", "rename one of them")
    reported = [level.reported.rank for level in profile.level]
    _rising(reported, path, "level", "reported, from the hardest to the easiest level")
    chosen = profile.default_method.replace("-", "_")
    if getattr(profile, chosen) is None:
        _refuse(
            path,
            "default_method",
            f"the profile has no table [{chosen}]",
            "add the table, or name another default_method",
        )
    if profile.attack_potential:
        _check_attack_potential(profile.attack_potential, levels, path)
    if profile.cvss:
        _check_cvss(profile.cvss, levels, path)
    if profile.attack_vector:
        _check_attack_vector(profile.attack_vector, levels, path)
    rows = _impact_rows(profile.impact, path)
    _check_matrix(profile.risk.matrix, rows, len(levels), f"{path}: risk.matrix")
    if profile.risk.names and len(profile.risk.names) != 5:
        _refuse(path, "risk.names", f"{len(profile.risk.names)} names", "give 5, for risk 1 to 5")
    if profile.cal:
        named = {str(level): row for level, row in profile.cal.matrix.items()}
        _check_matrix(named, IMPACT_LEVELS, len(ATTACK_VECTORS), f"{path}: cal.matrix")


def _check_attack_potential(
    settings: AttackPotentialSettings, levels: Sequence[str], path: str
) -> None:
    key = "attack_potential.parameters"
    for parameter, options in settings.parameters.items():
        if parameter not in EFFORT_OPTIONS:
            _refuse(
                path,
                f"{key}.{parameter}",
                f"no such parameter; there are: {', '.join(EFFORT_OPTIONS)}",
                closest(parameter, EFFORT_OPTIONS),
            )
        _same_names(options, EFFORT_OPTIONS[parameter], path, f"{key}.{parameter}")
        ordered = [options[option] for option in EFFORT_OPTIONS[parameter]]
        _rising(ordered, path, f"{key}.{parameter}", ", ".join(EFFORT_OPTIONS[parameter]))
    key = "attack_potential.bands"
    _same_names(settings.bands, levels, path, key)
    easiest_first = [settings.bands[level] for level in reversed(levels)]
    lowest = [min(options.values()) for options in settings.parameters.values()]
    start = sum(lowest) if settings.aggregation == "sum" else max(lowest)
    _whole_bands(easiest_first, (start, highest_potential(settings)), path, key)


def _check_cvss(settings: CvssSettings, levels: Sequence[str], path: str) -> None:
    key = "cvss.bands"
    _same_names(settings.bands, levels, path, key)
    bands = [settings.bands[level] for level in levels]
    _rising([edge for band in bands for edge in band], path, key, "from the hardest level up")
    for metrics in every_exploitability():
        score = round(metrics.score, 2)
        if sum(low <= score <= high for low, high in bands) != 1:
            _refuse(
                path,
                key,
                f"exploitability {score} ({metrics.text}) is not in exactly one band",
                "bands are compared with exploitability to two decimals",
            )


def _check_attack_vector(settings: AttackVectorSettings, levels: Sequence[str], path: str) -> None:
    key = "attack_vector.levels"
    _same_names(settings.levels, ATTACK_VECTORS, path, key)
    for vector, level in settings.levels.items():
        if level not in levels:
            _refuse(
                path,
                f"{key}.{vector}",
                f'got "{level}"; levels of the profile: {", ".join(levels)}',
                closest(level, levels),
            )
    ranks = [levels.index(settings.levels[vector]) for vector in ATTACK_VECTORS]
    _rising(ranks, path, key, "physical, local, adjacent, network")


def _impact_rows(impact: ImpactSettings, path: str) -> Sequence[str]:
    """Return the names of the rows of the risk matrix, from the least impact up."""
    if impact.aggregation == "per category":
        if impact.numbers or impact.bands:
            _refuse(
                path,
                "impact",
                "numbers and bands have no meaning per category",
                'leave them out, or write aggregation = "sum"',
            )
        return IMPACT_LEVELS
    _same_names(impact.numbers, CATEGORIES, path, "impact.numbers")
    for category, numbers in impact.numbers.items():
        key = f"impact.numbers.{category}"
        _same_names(numbers, IMPACT_LEVELS, path, key)
        _rising([numbers[level] for level in IMPACT_LEVELS], path, key, ", ".join(IMPACT_LEVELS))
    rows = sorted(impact.bands, key=lambda name: impact.bands[name])
    highest = sum(max(numbers.values()) for numbers in impact.numbers.values())
    _whole_bands([impact.bands[row] for row in rows], (0, highest), path, "impact.bands")
    return rows


def _check_matrix(
    matrix: Mapping[str, Sequence[int]], rows: Sequence[str], width: int, place: str
) -> None:
    path, key = place.rsplit(": ", 1)
    _same_names(matrix, rows, path, key)
    for row in rows:
        if len(matrix[row]) != width:
            _refuse(path, f"{key}.{row}", f"{len(matrix[row])} values", f"give {width} values")
        _rising(matrix[row], path, f"{key}.{row}", "from the hardest attack to the easiest")
    for column in zip(*(matrix[row] for row in rows), strict=True):
        _rising(column, path, key, f"down a column: {', '.join(rows)}")


def _whole_bands(
    bands: Sequence[tuple[int, int]], span: tuple[int, int], path: str, key: str
) -> None:
    """Check that bands, lowest first, join without a gap over the whole span."""
    for low, high in bands:
        if low > high:
            _refuse(path, key, f"[{low}, {high}] is upside down", "write [lowest, highest]")
    for (_, high), (low, _) in pairwise(bands):
        if low != high + 1:
            _refuse(
                path,
                key,
                f"after {high} comes {low}",
                "bands join without gap or overlap, and the easiest level has the lowest numbers",
            )
    if not bands or bands[0][0] > span[0] or bands[-1][1] < span[1]:
        _refuse(path, key, f"they must cover {span[0]} to {span[1]}", "widen the outermost bands")


def _same_names(given: Iterable[str], wanted: Iterable[str], path: str, key: str) -> None:
    present, needed = {str(name) for name in given}, [str(name) for name in wanted]
    missing = [name for name in needed if name not in present]
    unknown = sorted(present - set(needed))
    if unknown:
        _refuse(
            path,
            f"{key}.{unknown[0]}",
            f"no such name; allowed: {', '.join(needed)}",
            closest(unknown[0], needed),
        )
    if missing:
        _refuse(path, key, f"{', '.join(missing)} is missing", f"add '{missing[0]}'")


def _rising(numbers: Sequence[float], path: str, key: str, order: str) -> None:
    if any(after < before for before, after in pairwise(numbers)):
        _refuse(
            path,
            key,
            f"{', '.join(map(str, numbers))} falls ({order})",
            "values must not fall in that order, or a harder attack would be rated higher",
        )


def _refuse(path: str, key: str, why: str, hint: str) -> NoReturn:
    raise ConfigurationError(f"{path}: key '{key}' is not usable in a profile", why=why, hint=hint)
