"""Whether a profile is complete, covers every number, and never rates a harder attack higher.

Every check yields faults as (key, why, hint), and the first fault refuses the profile: a check may
rely on the ones before it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import get_args, get_type_hints

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

Faults = Iterator[tuple[str, str, str]]
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
    for key, why, hint in _faults(profile):
        raise ConfigurationError(
            f"{path}: key '{key}' is not usable in a profile", why=why, hint=hint
        )


def _faults(profile: ProfileSettings) -> Faults:
    levels = tuple(level.name for level in profile.level)
    if len(set(levels)) < len(levels):
        yield "level", "two levels have the same name", "rename one of them"
    reported = [level.reported.rank for level in profile.level]
    yield from _falling(reported, "level", "reported, from the hardest to the easiest level")
    chosen = profile.default_method.replace("-", "_")
    if getattr(profile, chosen) is None:
        why = f"the profile has no table [{chosen}]"
        yield "default_method", why, "add the table, or name another default_method"
    if profile.attack_potential:
        yield from _attack_potential_faults(profile.attack_potential, levels)
    if profile.cvss:
        yield from _cvss_faults(profile.cvss, levels)
    if profile.attack_vector:
        yield from _attack_vector_faults(profile.attack_vector, levels)
    yield from _impact_faults(profile.impact)
    rows: Sequence[str] = IMPACT_LEVELS
    if profile.impact.aggregation == "sum":
        rows = _lowest_first(profile.impact.bands)
    yield from _matrix_faults(profile.risk.matrix, rows, len(levels), "risk.matrix")
    if profile.risk.names and len(profile.risk.names) != 5:
        yield "risk.names", f"{len(profile.risk.names)} names", "give 5, for risk 1 to 5"
    if profile.cal:
        named = {str(level): row for level, row in profile.cal.matrix.items()}
        yield from _matrix_faults(named, IMPACT_LEVELS, len(ATTACK_VECTORS), "cal.matrix")


def _attack_potential_faults(settings: AttackPotentialSettings, levels: Sequence[str]) -> Faults:
    for parameter, options in settings.parameters.items():
        key = f"attack_potential.parameters.{parameter}"
        if parameter not in EFFORT_OPTIONS:
            why = f"no such parameter; there are: {', '.join(EFFORT_OPTIONS)}"
            yield key, why, closest(parameter, EFFORT_OPTIONS)
        order = EFFORT_OPTIONS[parameter]
        yield from _other_names(options, order, key)
        yield from _falling([options[option] for option in order], key, ", ".join(order))
    key = "attack_potential.bands"
    yield from _other_names(settings.bands, levels, key)
    easiest_first = [settings.bands[level] for level in reversed(levels)]
    lowest = [min(options.values()) for options in settings.parameters.values()]
    start = sum(lowest) if settings.aggregation == "sum" else max(lowest)
    yield from _band_faults(easiest_first, (start, highest_potential(settings)), key)


def _cvss_faults(settings: CvssSettings, levels: Sequence[str]) -> Faults:
    key = "cvss.bands"
    yield from _other_names(settings.bands, levels, key)
    bands = [settings.bands[level] for level in levels]
    yield from _falling([edge for band in bands for edge in band], key, "from the hardest level up")
    for metrics in every_exploitability():
        score = round(metrics.score, 2)
        if sum(low <= score <= high for low, high in bands) != 1:
            why = f"exploitability {score} ({metrics.text}) is not in exactly one band"
            yield key, why, "bands are compared with exploitability to two decimals"


def _attack_vector_faults(settings: AttackVectorSettings, levels: Sequence[str]) -> Faults:
    key = "attack_vector.levels"
    yield from _other_names(settings.levels, ATTACK_VECTORS, key)
    for vector, level in settings.levels.items():
        if level not in levels:
            why = f'got "{level}"; levels of the profile: {", ".join(levels)}'
            yield f"{key}.{vector}", why, closest(level, levels)
    ranks = [levels.index(settings.levels[vector]) for vector in ATTACK_VECTORS]
    yield from _falling(ranks, key, "physical, local, adjacent, network")


def _impact_faults(impact: ImpactSettings) -> Faults:
    if impact.aggregation == "per category":
        if impact.numbers or impact.bands:
            why = "numbers and bands have no meaning per category"
            yield "impact", why, 'leave them out, or write aggregation = "sum"'
        return
    yield from _other_names(impact.numbers, CATEGORIES, "impact.numbers")
    for category, numbers in impact.numbers.items():
        key = f"impact.numbers.{category}"
        yield from _other_names(numbers, IMPACT_LEVELS, key)
        ordered = [numbers[level] for level in IMPACT_LEVELS]
        yield from _falling(ordered, key, ", ".join(IMPACT_LEVELS))
    bands = [impact.bands[row] for row in _lowest_first(impact.bands)]
    highest = sum(max(numbers.values()) for numbers in impact.numbers.values())
    yield from _band_faults(bands, (0, highest), "impact.bands")


def _lowest_first(bands: Mapping[str, tuple[int, int]]) -> list[str]:
    return sorted(bands, key=lambda name: bands[name])


def _matrix_faults(
    matrix: Mapping[str, Sequence[int]], rows: Sequence[str], width: int, key: str
) -> Faults:
    yield from _other_names(matrix, rows, key)
    for row in rows:
        if len(matrix[row]) != width:
            yield f"{key}.{row}", f"{len(matrix[row])} values", f"give {width} values"
        order = "from the hardest attack to the easiest"
        yield from _falling(matrix[row], f"{key}.{row}", order)
    for column in zip(*(matrix[row] for row in rows), strict=True):
        yield from _falling(column, key, f"down a column: {', '.join(rows)}")


def _band_faults(bands: Sequence[tuple[int, int]], span: tuple[int, int], key: str) -> Faults:
    """Check that bands, lowest first, join without a gap over the whole span."""
    for low, high in bands:
        if low > high:
            yield key, f"[{low}, {high}] is upside down", "write [lowest, highest]"
    for (_, high), (low, _) in pairwise(bands):
        if low != high + 1:
            hint = "bands join without gap or overlap, and the easiest level has the lowest numbers"
            yield key, f"after {high} comes {low}", hint
    if not bands or bands[0][0] > span[0] or bands[-1][1] < span[1]:
        yield key, f"they must cover {span[0]} to {span[1]}", "widen the outermost bands"


def _other_names(given: Iterable[str], wanted: Iterable[str], key: str) -> Faults:
    present, needed = {str(name) for name in given}, [str(name) for name in wanted]
    for unknown in sorted(present - set(needed)):
        why = f"no such name; allowed: {', '.join(needed)}"
        yield f"{key}.{unknown}", why, closest(unknown, needed)
    missing = [name for name in needed if name not in present]
    if missing:
        yield key, f"{', '.join(missing)} is missing", f"add '{missing[0]}'"


def _falling(numbers: Sequence[float], key: str, order: str) -> Faults:
    if any(after < before for before, after in pairwise(numbers)):
        hint = "values must not fall in that order, or a harder attack would be rated higher"
        yield key, f"{', '.join(map(str, numbers))} falls ({order})", hint
