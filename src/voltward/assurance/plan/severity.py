"""CVSS beside a pick: the vector of the worst path that it makes harder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from voltward.assurance.tara.method.cvss_metrics import METRICS, cvss_score, exploitability
from voltward.assurance.tara.model.attacks import Step
from voltward.assurance.tara.model.item import Damage, Threat
from voltward.assurance.tara.model.words import Category, ImpactLevel, SecurityProperty
from voltward.assurance.tara.rating.records import RatedPath

RULE = (
    "exploitability: of each metric the hardest value over the steps of the path's easiest way; "
    "impact: the violated property takes the level of the threat's worst damage, "
    "availability at least that of its worst operational damage; "
    "severe and major are H, moderate is L"
)
_METRIC_OF = {
    SecurityProperty.CONFIDENTIALITY: "C",
    SecurityProperty.AVAILABILITY: "A",
}
_LEVEL = {
    ImpactLevel.NEGLIGIBLE: "N",
    ImpactLevel.MODERATE: "L",
    ImpactLevel.MAJOR: "H",
    ImpactLevel.SEVERE: "H",
}
_ORDER = "NLH"


@dataclass(frozen=True)
class Severity:
    """Scores of one attack path; always shown with their vectors.

    Attributes:
        path: Id of the attack path.
        score: Base score of CVSS v3.1.
        severity: Its word.
        vector: The vector.
        score_v4: Base score of CVSS v4.0.
        vector_v4: Its vector.
    """

    path: str
    score: float
    severity: str
    vector: str
    score_v4: float
    vector_v4: str


def worst_of(
    paths: Iterable[RatedPath],
    steps: Mapping[str, Step],
    threats: Mapping[str, Threat],
    damages: Mapping[str, Damage],
) -> Severity | None:
    """Return the highest score over paths, or None where no step has metrics.

    Args:
        paths: Rated paths.
        steps: Capabilities and steps of the model.
        threats: Threat scenarios of the model.
        damages: Damage scenarios of the model.
    """
    found = (severity_of(path, steps, threats[path.threat], damages) for path in paths)
    return max(
        (entry for entry in found if entry),
        key=lambda entry: (entry.score, entry.score_v4, entry.path),
        default=None,
    )


def severity_of(
    path: RatedPath, steps: Mapping[str, Step], threat: Threat, damages: Mapping[str, Damage]
) -> Severity | None:
    """Return the scores of one path, or None where no step of it has metrics."""
    known = [
        exploitability(steps[leaf].cvss).ranks
        for leaf in path.leaves
        if leaf in steps and steps[leaf].cvss
    ]
    if not known:
        return None
    hardest = [max(ranks) for ranks in zip(*known, strict=True)]
    value = {metric: METRICS[metric][rank] for metric, rank in zip(METRICS, hardest, strict=True)}
    impact = _impact(threat, [damages[damage] for damage in threat.damages])
    vector = "CVSS:3.1/" + "/".join(f"{key}:{item}" for key, item in {**value, **impact}.items())
    own = "/".join(f"V{key}:{item}" for key, item in impact.items())
    interaction = "P" if value["UI"] == "R" else "N"
    vector_v4 = (
        f"CVSS:4.0/AV:{value['AV']}/AC:{value['AC']}/AT:N/PR:{value['PR']}/UI:{interaction}"
        f"/{own}/SC:N/SI:N/SA:N"
    )
    _, score, word = cvss_score(vector)
    return Severity(path.id, score, word, vector, cvss_score(vector_v4)[1], vector_v4)


def _impact(threat: Threat, damages: Iterable[Damage]) -> dict[str, str]:
    damages = tuple(damages)
    worst = max((_worst(damage) for damage in damages), key=_ORDER.index, default="N")
    operational = max(
        (
            _LEVEL[damage.impact.get(Category.OPERATIONAL, ImpactLevel.NEGLIGIBLE)]
            for damage in damages
        ),
        key=_ORDER.index,
        default="N",
    )
    values = {"C": "N", "I": "N", "A": operational}
    metric = _METRIC_OF.get(threat.property, "I")
    values[metric] = max(worst, values[metric], key=_ORDER.index)
    return values


def _worst(damage: Damage) -> str:
    levels = damage.impact.values()
    return _LEVEL[max(levels, key=lambda level: level.rank, default=ImpactLevel.NEGLIGIBLE)]
