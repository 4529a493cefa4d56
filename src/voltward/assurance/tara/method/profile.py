"""A method profile: feasibility methods, risk matrix and assurance levels, loaded from data."""

from collections.abc import Mapping
from dataclasses import dataclass

from voltward.assurance.tara.method.feasibility_methods import (
    AttackPotential,
    AttackVectorLevel,
    CvssExploitability,
    Method,
    every_exploitability,
)
from voltward.assurance.tara.method.profile_check import check_profile, highest_potential
from voltward.assurance.tara.method.profile_settings import (
    AttackPotentialSettings,
    AttackVectorSettings,
    CvssSettings,
    ProfileSettings,
)
from voltward.assurance.tara.model.words import (
    ATTACK_VECTORS,
    AttackVector,
    Category,
    Feasibility,
    ImpactLevel,
)
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.documents.toml_document import check_document, find_document, read_document

DEFAULT_PROFILE = "iso21434-example"


@dataclass(frozen=True)
class Profile:
    """Method tables of one organisation or standard.

    Attributes:
        name: Short name.
        title: One line.
        source: Where it is from.
        levels: Native names of the feasibility levels, from the hardest to the easiest.
        methods: Name to feasibility method.
        default_method: The method where none is named.
        settings: As loaded.
    """

    name: str
    title: str
    source: str
    levels: tuple[str, ...]
    methods: Mapping[str, Method]
    default_method: str
    settings: ProfileSettings

    def method(self, name: str = "") -> Method:
        """Return a feasibility method; the profile's default when no name is given.

        Raises:
            ConfigurationError: The profile has no such method.
        """
        wanted = name or self.default_method
        if wanted not in self.methods:
            raise ConfigurationError(
                f"profile '{self.name}' has no method '{wanted}'",
                why=f"it has: {', '.join(self.methods)}",
                hint=nearest(wanted, self.methods),
            )
        return self.methods[wanted]

    def native_of(self, feasibility: Feasibility) -> int:
        """Return the easiest native level at or below a reported level, such as a reviewer's."""
        reported = [level.reported.rank for level in self.settings.level]
        return max(
            (index for index, rank in enumerate(reported) if rank <= feasibility.rank), default=0
        )

    def risk(self, impact: Mapping[Category, ImpactLevel], native: int) -> dict[Category, int]:
        """Return the risk value of each category.

        Args:
            impact: Level of each rated category.
            native: Index of the native feasibility level.
        """
        return {
            category: self._matrix_value(self._impact_name({category: level}), native)
            for category, level in impact.items()
        }

    def overall_risk(self, impact: Mapping[Category, ImpactLevel], native: int) -> int:
        """Return the risk value over all categories: the highest, or of the summed impact.

        Args:
            impact: Level of each rated category; one is enough.
            native: Index of the native feasibility level.
        """
        if self.settings.impact.aggregation == "sum":
            return self._matrix_value(self._impact_name(impact), native)
        lowest = self._matrix_value(ImpactLevel.NEGLIGIBLE, native)
        return max(self.risk(impact, native).values(), default=lowest)

    def level_risk(self, level: ImpactLevel, native: int) -> int:
        """Return the risk value of an impact level of an unknown category: the worst."""
        return max(self.overall_risk({category: level}, native) for category in Category)

    def cal(self, impact: ImpactLevel, vector: AttackVector) -> int | None:
        """Return the cybersecurity assurance level, or None where there is none."""
        if self.settings.cal is None:
            return None
        return self.settings.cal.matrix[impact][ATTACK_VECTORS.index(vector)] or None

    def _matrix_value(self, impact_name: str, native: int) -> int:
        return self.settings.risk.matrix[impact_name][native]

    def _impact_name(self, impact: Mapping[Category, ImpactLevel]) -> str:
        """Return the row of the risk matrix."""
        rule = self.settings.impact
        if rule.aggregation != "sum":
            return max(impact.values(), key=lambda level: level.rank)
        total = sum(rule.numbers[category][level] for category, level in impact.items())
        return next(name for name, (low, high) in rule.bands.items() if low <= total <= high)


def load_profile(name_or_path: str = DEFAULT_PROFILE) -> Profile:
    """Load a shipped profile by name, or the user's own file.

    Raises:
        ConfigurationError: There is no such profile, or it is not complete and monotone.
    """
    path = find_document("tara/profiles", name_or_path, "profile")
    settings = check_document(
        ProfileSettings,
        read_document(path),
        str(path),
        hint="the shipped profiles are examples: docs/reference/tara-profiles.md",
    )
    check_profile(settings, str(path))
    names = tuple(level.name for level in settings.level)
    reports = tuple(level.reported for level in settings.level)
    methods: dict[str, Method] = {}
    if settings.attack_potential:
        methods["attack-potential"] = _attack_potential(settings.attack_potential, names, reports)
    if settings.cvss:
        methods["cvss"] = _cvss(settings.cvss, names, reports)
    if settings.attack_vector:
        methods["attack-vector"] = _attack_vector(settings.attack_vector, names, reports)
    return Profile(
        name=settings.name,
        title=settings.title,
        source=settings.source,
        levels=names,
        methods=methods,
        default_method=settings.default_method,
        settings=settings,
    )


def _attack_potential(
    settings: AttackPotentialSettings, names: tuple[str, ...], reports: tuple[Feasibility, ...]
) -> AttackPotential:
    levels = tuple(
        next(names.index(name) for name, (low, high) in settings.bands.items() if low <= n <= high)
        for n in range(highest_potential(settings) + 1)
    )
    return AttackPotential(
        parameters=tuple(settings.parameters),
        points=tuple(dict(options) for options in settings.parameters.values()),
        summed=settings.aggregation == "sum",
        levels=levels,
        reports=reports,
    )


def _cvss(
    settings: CvssSettings, names: tuple[str, ...], reports: tuple[Feasibility, ...]
) -> CvssExploitability:
    levels = {}
    for metrics in every_exploitability():
        score = round(metrics.score, 2)
        levels[metrics.ranks] = next(
            names.index(name)
            for name, (low, high) in settings.bands.items()
            if low <= score <= high
        )
    return CvssExploitability(levels, reports)


def _attack_vector(
    settings: AttackVectorSettings, names: tuple[str, ...], reports: tuple[Feasibility, ...]
) -> AttackVectorLevel:
    levels = tuple(names.index(settings.levels[vector]) for vector in reversed(ATTACK_VECTORS))
    return AttackVectorLevel(levels, reports)
