"""A made-up rating with the shape of a real one, for tests only: no value in it is measured."""

import json
from dataclasses import replace

from voltward.assurance.tara.model.words import (
    FEASIBILITIES,
    Basis,
    Category,
    Feasibility,
    ImpactLevel,
)
from voltward.assurance.tara.rating.records import Evidence, RatedPath, RatedRisk, Rating
from voltward.results.metrics import wilson_interval

SETS = ("none", "planned", "all")
MATRIX = {
    "severe": (2, 3, 4, 5),
    "major": (1, 2, 3, 4),
    "moderate": (1, 2, 2, 3),
    "negligible": (1, 1, 1, 1),
}
TITLES = {
    "D1": "Thermal runaway <in use> & on the road",
    "D2": "Charging is denied",
    "T1": "False charge limit",
    "T2": "Broker flooded",
    "T3": "Frames replayed",
    "T4": "Twin poisoned",
    "none": "no control",
    "planned": "prevention only",
    "all": "everything and what the organisation does",
}
HIGH, LOW = Feasibility.HIGH, Feasibility.VERY_LOW


def make_evidence(attack, stack, reached, runs):
    bounds = wilson_interval(reached, runs)
    cases = tuple(f"c{number:05d}" for number in range(runs))
    parts = ("synthetic", attack, stack, "matched", "synthetic-drive", "", cases, runs)
    return Evidence(*parts, reached / runs, bounds.low, bounds.high)


# threat: (damage, attack, after each set: (feasibility, cut_by, basis, reached, runs, stack,
# reason, feasibility if shown)). A run count of 0 means no evidence.
_OPEN = (HIGH, (), Basis.MEASURED, 8, 8, "none", "the attack works without a control", HIGH)
THREATS = {
    "T1": (
        "D1",
        "charge-command-spoof",
        _OPEN,
        (
            LOW,
            ("frame-mac",),
            Basis.MEASURED,
            0,
            80,
            "prevention",
            "charge-command-spoof: 0 of 80",
            LOW,
        ),
        (
            LOW,
            ("frame-mac",),
            Basis.MEASURED,
            0,
            80,
            "prevention",
            "charge-command-spoof: 0 of 80",
            LOW,
        ),
    ),
    "T2": (
        "D2",
        "uplink-flood",
        _OPEN,
        (HIGH, (), Basis.MEASURED, 8, 8, "prevention", "8 of 8 runs still reach it", HIGH),
        (HIGH, (), Basis.MEASURED, 8, 8, "prevention", "8 of 8 runs still reach it", HIGH),
    ),
    "T3": (
        "D1",
        "frame-replay",
        _OPEN,
        (HIGH, (), Basis.MEASURED, 0, 4, "prevention", "frame-replay: 0 of 4 runs", LOW),
        (HIGH, (), Basis.MEASURED, 0, 4, "prevention", "frame-replay: 0 of 4 runs", LOW),
    ),
    "T4": (
        "D2",
        "",
        (HIGH, (), Basis.ASSUMED, 0, 0, "", "no attack tests this step", HIGH),
        (HIGH, (), Basis.ASSUMED, 0, 0, "", "untested", LOW),
        (LOW, (), Basis.ESTIMATED, 0, 0, "", "judged effort of the audit", LOW),
    ),
}
IMPACTS = {
    "D1": {Category.SAFETY: ImpactLevel.SEVERE, Category.FINANCIAL: ImpactLevel.NEGLIGIBLE},
    "D2": {Category.OPERATIONAL: ImpactLevel.MAJOR},
}


def value(impact, feasibility):
    return MATRIX[impact][FEASIBILITIES.index(feasibility)]


def make_rating():
    """Return a rating with one threat of each kind."""
    paths, risks = [], []
    for column, control_set in enumerate(SETS):
        for threat, (damage, attack, *rated) in THREATS.items():
            feasibility, cut_by, basis, reached, runs, stack, reason, shown = rated[column]
            evidence = make_evidence(attack, stack, reached, runs) if runs else None
            path = f"P-{threat}"
            paths.append(
                RatedPath(
                    id=path,
                    threat=threat,
                    control_set=control_set,
                    feasibility=feasibility,
                    potential=3,
                    leaves=("can-write", attack or "audit"),
                    attacks=(attack,) if attack else (),
                    cut_by=cut_by,
                    basis=basis,
                    evidence=evidence,
                    reasons=(reason,),
                    if_shown=shown,
                )
            )
            stakes = {"fleet": {"impact": "major", "risk": value("major", feasibility)}}
            risks += [
                RatedRisk(
                    id=f"{damage}.{threat}.{category}",
                    damage=damage,
                    threat=threat,
                    category=category,
                    impact=impact,
                    feasibility=feasibility,
                    risk=value(impact, feasibility),
                    cal=4 if impact is ImpactLevel.SEVERE else None,
                    treatment="reduce" if threat == "T1" else "",
                    control_set=control_set,
                    basis=basis,
                    evidence=evidence,
                    path=path,
                    reasons=(reason,),
                    if_shown=value(impact, shown),
                    stakeholders=stakes if damage == "D2" else {},
                )
                for category, impact in IMPACTS[damage].items()
            ]
    return Rating(
        model="made-up",
        model_sha256="0" * 64,
        profile="iso21434-example",
        run="synthetic",
        run_sha256="1" * 64,
        control_sets=SETS,
        paths=tuple(paths),
        risks=tuple(risks),
    )


def only(rating, *sets):
    """Return the part of a rating that concerns some control sets."""
    return replace(
        rating,
        control_sets=sets,
        paths=tuple(path for path in rating.paths if path.control_set in sets),
        risks=tuple(risk for risk in rating.risks if risk.control_set in sets),
    )


def make_document(rating=None, **extra):
    """Return what a run folder's risk.json holds, as read back from JSON."""
    document = {**(rating or make_rating()).as_document(), "titles": TITLES, "limits": [], **extra}
    return json.loads(json.dumps(document))
