"""The words of a TARA: categories, levels, properties, classes of STRIDE, forms of texts."""

from enum import StrEnum
from typing import Annotated, Literal

from annotated_types import Len
from pydantic import StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]
Text = Annotated[str, Len(1, 4000)]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Stride = Literal[
    "spoofing",
    "tampering",
    "repudiation",
    "information disclosure",
    "denial of service",
    "elevation of privilege",
]


class Category(StrEnum):
    """Impact categories of the road user (ISO/SAE 21434, 15.5)."""

    SAFETY = "safety"
    FINANCIAL = "financial"
    OPERATIONAL = "operational"
    PRIVACY = "privacy"


class ImpactLevel(StrEnum):
    """Impact levels, from none to the worst."""

    NEGLIGIBLE = "negligible"
    MODERATE = "moderate"
    MAJOR = "major"
    SEVERE = "severe"

    @property
    def rank(self) -> int:
        """0 for negligible to 3 for severe."""
        return IMPACT_LEVELS.index(self)


class Feasibility(StrEnum):
    """Attack feasibility levels, from the hardest to the easiest."""

    VERY_LOW = "very_low"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for very low to 3 for high."""
        return FEASIBILITIES.index(self)


class AttackVector(StrEnum):
    """Where an attacker must be, from the hardest to the easiest."""

    PHYSICAL = "physical"
    LOCAL = "local"
    ADJACENT = "adjacent"
    NETWORK = "network"

    @property
    def rank(self) -> int:
        """0 for physical to 3 for network."""
        return ATTACK_VECTORS.index(self)


class SecurityProperty(StrEnum):
    """Cybersecurity properties of an asset."""

    AUTHENTICITY = "authenticity"
    INTEGRITY = "integrity"
    NON_REPUDIATION = "non-repudiation"
    CONFIDENTIALITY = "confidentiality"
    AVAILABILITY = "availability"
    AUTHORISATION = "authorisation"


class Decision(StrEnum):
    """Risk treatment options (ISO/SAE 21434, 15.9)."""

    AVOID = "avoid"
    REDUCE = "reduce"
    SHARE = "share"
    RETAIN = "retain"


class Basis(StrEnum):
    """What a rating rests on.

    MEASURED: an executed campaign. ESTIMATED: values as judged, with a stated source: nothing was
    executed, or too little to tell, or the level is what it is by the declared effort of a
    control that no campaign can test. ASSUMED: a step that no attack of the catalogue can test.
    """

    MEASURED = "measured"
    ESTIMATED = "estimated"
    ASSUMED = "assumed"


IMPACT_LEVELS = tuple(ImpactLevel)
FEASIBILITIES = tuple(Feasibility)
ATTACK_VECTORS = tuple(AttackVector)
CATEGORIES = tuple(Category)

# The class of STRIDE that violates each property.
STRIDE_OF = {
    SecurityProperty.AUTHENTICITY: "spoofing",
    SecurityProperty.INTEGRITY: "tampering",
    SecurityProperty.NON_REPUDIATION: "repudiation",
    SecurityProperty.CONFIDENTIALITY: "information disclosure",
    SecurityProperty.AVAILABILITY: "denial of service",
    SecurityProperty.AUTHORISATION: "elevation of privilege",
}
