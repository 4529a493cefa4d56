"""A hand-made world for plans: a judge whose risks follow from a table, and an organisation."""

from dataclasses import dataclass, field

from voltward.assurance.plan.organisation import Deployed, Organisation, Role
from voltward.assurance.tara.model.attacks import AttackPath, Cost, Effort, Measure, Step
from voltward.assurance.tara.model.item import Damage, Threat
from voltward.assurance.tara.model.model import Tables
from voltward.assurance.tara.model.words import (
    Basis,
    Category,
    Feasibility,
    ImpactLevel,
    SecurityProperty,
)
from voltward.assurance.tara.rating.records import RatedPath, RatedRisk

LEVELS = {1: Feasibility.VERY_LOW, 2: Feasibility.VERY_LOW, 3: Feasibility.LOW,
          4: Feasibility.MEDIUM, 5: Feasibility.HIGH}  # fmt: skip


@dataclass(frozen=True)
class Cut:
    """With all of these controls a threat's risk is at most `risk`."""

    threat: str
    controls: frozenset[str]
    risk: int
    measured: bool = False


@dataclass
class TableJudge:
    """Risks by threat, lowered by the cuts whose controls are all there."""

    risks: dict[str, int]
    cuts: tuple[Cut, ...]
    rated: list[frozenset[str]] = field(default_factory=list)

    def rate_set(self, name, controls):
        self.rated.append(controls)
        paths, risks = [], []
        for threat, start in self.risks.items():
            met = [cut for cut in self.cuts if cut.threat == threat and cut.controls <= controls]
            shown = min([start, *(cut.risk for cut in met)])
            risk = min([start, *(cut.risk for cut in met if cut.measured)])
            paths.append(_path(threat, name, risk, shown))
            risks.append(_risk(threat, name, risk, shown))
        return tuple(paths), tuple(risks)


def _path(threat, name, risk, shown):
    return RatedPath(
        id=f"AP-{threat}", threat=threat, control_set=name, feasibility=LEVELS[risk],
        potential=None, leaves=(f"step-{threat}",), attacks=(), cut_by=(), basis=Basis.ESTIMATED,
        evidence=None, reasons=(), if_shown=LEVELS[shown],
    )  # fmt: skip


def _risk(threat, name, risk, shown):
    return RatedRisk(
        id=f"D.{threat}.safety", damage="D", threat=threat, category=Category.SAFETY,
        impact=ImpactLevel.SEVERE, feasibility=LEVELS[risk], risk=risk, cal=None, treatment="",
        control_set=name, basis=Basis.ESTIMATED, evidence=None, path=f"AP-{threat}", reasons=(),
        if_shown=shown,
    )  # fmt: skip


def world(costs, risks, cuts, infrastructure=None, blind=()):
    """Return tables and a judge.

    Args:
        costs: Control to EUR once.
        risks: Threat to its risk without controls.
        cuts: (threat, controls joined by "+", risk with them).
        infrastructure: Control to what it needs.
        blind: Controls of which no attack path says that they help.
    """
    made = tuple(Cut(cut[0], frozenset(cut[1].split("+")), *cut[2:]) for cut in cuts)
    needs = infrastructure or {}
    steps = tuple(
        Step(id=f"step-{threat}", title="x", effort=Effort(), cvss="AV:N/AC:L/PR:N/UI:N/S:U")
        for threat in risks
    )
    controls = tuple(
        Measure(
            id=name,
            title="x",
            mitigates=_stopped(name, made) if name not in blind else ("nothing",),
            cost=Cost(once_EUR=cost, infrastructure=needs.get(name, ()), basis="assumed"),
        )
        for name, cost in costs.items()
    )
    tables = Tables(
        damage=(Damage(id="D", title="x", impact={Category.SAFETY: ImpactLevel.SEVERE}),),
        threat=tuple(
            Threat(
                id=threat, title="x", asset="A", property=SecurityProperty.INTEGRITY,
                stride="tampering", damages=("D",), r155=("4.1",),
            )
            for threat in risks
        ),
        step=steps,
        path=tuple(
            AttackPath(id=f"AP-{threat}", threat=threat, tree=f"step-{threat}") for threat in risks
        ),
        control=controls,
    )  # fmt: skip
    return tables, TableJudge(risks, made)


def _stopped(name, cuts):
    return tuple(f"step-{cut.threat}" for cut in cuts if name in cut.controls) or ("nothing",)


def organisation(**changes):
    """Return an organisation of one skill with plenty of days."""
    plain = {
        "name": "Test",
        "day_rate_EUR": 1000.0,
        "horizon_years": 2.0,
        "default_skill": "work",
        "basis": "assumed",
        "role": (Role(id="team", skill="work", days_a_year=100.0, basis="assumed"),),
        "deployed": Deployed(basis="none"),
    }
    return Organisation(**{**plain, **changes})
