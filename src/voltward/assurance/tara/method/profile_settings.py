"""A method profile as data: what its TOML file holds."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from annotated_types import Interval, Len

from voltward.assurance.tara.model.words import (
    AttackVector,
    Category,
    Feasibility,
    ImpactLevel,
    Text,
)
from voltward.documents.settings_table import Name, settings_table

Points = Annotated[int, Interval(ge=0, le=1_000_000)]
RiskValue = Annotated[int, Interval(ge=1, le=5)]
MethodName = Literal["attack-potential", "cvss", "attack-vector"]


@settings_table
class LevelSettings:
    """A feasibility level of the profile.

    Attributes:
        name: As the profile calls it.
        reported: The level of ISO/SAE 21434 that it is reported as.
    """

    name: Name
    reported: Feasibility


@settings_table
class AttackPotentialSettings:
    """Feasibility from what an attack costs.

    Attributes:
        parameters: Parameter to option to number, from the easiest to the hardest option.
        aggregation: How the numbers of the parameters become one.
        bands: Level to the lowest and the highest number of it.
        source: Where the numbers are from.
    """

    parameters: Annotated[Mapping[str, Mapping[str, Points]], Len(1)]
    aggregation: Literal["sum", "maximum"]
    bands: Mapping[str, tuple[Points, Points]]
    source: Text


@settings_table
class CvssSettings:
    """Feasibility from the exploitability of CVSS v3.

    Attributes:
        bands: Level to the lowest and the highest exploitability of it, to two decimals.
        source: Where the bands are from.
    """

    bands: Mapping[str, tuple[float, float]]
    source: Text


@settings_table
class AttackVectorSettings:
    """Feasibility from where the attacker must be.

    Attributes:
        levels: Attack vector to level.
        source: Where they are from.
    """

    levels: Mapping[AttackVector, str]
    source: Text


@settings_table
class ImpactSettings:
    """How the impact of the categories becomes a row of the risk matrix.

    Attributes:
        aggregation: Each category by itself, or numbers that are summed.
        numbers: For `sum`: category to level to number.
        bands: For `sum`: impact level of the profile to the lowest and highest sum of it.
        source: Where the numbers are from.
    """

    aggregation: Literal["per category", "sum"]
    numbers: Mapping[Category, Mapping[ImpactLevel, Points]] = field(default_factory=dict)
    bands: Mapping[str, tuple[Points, Points]] = field(default_factory=dict)
    source: Text


@settings_table
class RiskSettings:
    """The risk matrix.

    Attributes:
        matrix: Impact level of the profile to its risk values, from the hardest to the easiest
            feasibility level.
        names: Native names of the risk values 1 to 5; empty when they have none.
        source: Where the values are from.
    """

    matrix: Mapping[str, tuple[RiskValue, ...]]
    names: tuple[Name, ...] = ()
    source: Text


@settings_table
class CalSettings:
    """The matrix of cybersecurity assurance levels.

    Attributes:
        matrix: Impact level to its levels for physical, local, adjacent and network; 0 is none.
        source: Where the levels are from.
    """

    matrix: Mapping[ImpactLevel, tuple[Annotated[int, Interval(ge=0, le=4)], ...]]
    source: Text


@settings_table
class ProfileSettings:
    """A method profile.

    Attributes:
        name: Short name.
        title: One line.
        source: Where the profile is from.
        default_method: Feasibility method where none is named.
        level: Feasibility levels, from the hardest to the easiest.
        attack_potential: The method `attack-potential`, where the profile has it.
        cvss: The method `cvss`, where the profile has it.
        attack_vector: The method `attack-vector`, where the profile has it.
        impact: Aggregation of impact.
        risk: Risk matrix.
        cal: Assurance levels, where the profile has them.
    """

    name: Name
    title: Text
    source: Text
    default_method: MethodName
    level: Annotated[tuple[LevelSettings, ...], Len(1, 20)]
    attack_potential: AttackPotentialSettings | None = None
    cvss: CvssSettings | None = None
    attack_vector: AttackVectorSettings | None = None
    impact: ImpactSettings
    risk: RiskSettings
    cal: CalSettings | None = None
