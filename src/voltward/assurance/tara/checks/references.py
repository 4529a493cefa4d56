"""Checks of a model: ids are unique, every id that is named exists, and every entry is used."""

from collections.abc import Iterable, Iterator
from typing import Any

from voltward.assurance.tara.checks.problem import Place, Problem, Severity, places
from voltward.assurance.tara.model.leaves import CAPABILITY_NAMES, Leaves
from voltward.assurance.tara.model.model_folder import Model
from voltward.assurance.tara.model.words import STRIDE_OF
from voltward.core.taps import TAP_INDEX
from voltward.results.consequences import CONSEQUENCE_INDEX

_WITH_IDS = (
    "boundary",
    "component",
    "asset",
    "data_flow",
    "damage",
    "threat",
    "path",
    "control",
    "control_set",
    "goal",
    "claim",
)
# Table and key that names ids, and the table of those ids or the names that are known.
_NAMES: tuple[tuple[str, str, str | Iterable[str]], ...] = (
    ("component", "boundary", "boundary"),
    ("asset", "component", "component"),
    ("data_flow", "source", "component"),
    ("data_flow", "target", "component"),
    ("data_flow", "assets", "asset"),
    ("data_flow", "taps", TAP_INDEX),
    ("damage", "consequences", CONSEQUENCE_INDEX),
    ("threat", "asset", "asset"),
    ("threat", "damages", "damage"),
    ("dismissed", "asset", "asset"),
    ("path", "threat", "threat"),
    ("capability", "gives", CAPABILITY_NAMES),
    ("step", "gives", CAPABILITY_NAMES),
    ("control", "mitigates", "leaf"),
    ("control_set", "controls", "control"),
    ("control_set", "includes", "control_set"),
    ("treatment", "threat", "threat"),
    ("treatment", "damage", "damage"),
    ("treatment", "goals", "goal"),
    ("treatment", "claims", "claim"),
    ("goal", "controls", "control"),
    ("override", "path", "path"),
    ("override", "damage", "damage"),
    ("override", "control_set", "control_set"),
    ("impact_rule", "consequence", CONSEQUENCE_INDEX),
)


def unique_ids(model: Model) -> Iterator[Problem]:
    """Yield ids that are used twice in a table, and leaves that share a name."""
    for table in _WITH_IDS:
        yield from _repeated(places(model, table))
    yield from _repeated(places(model, "capability", "step"))
    attacks = Leaves.of(model.tables).attacks
    for place, step in places(model, "step"):
        if step.id in attacks or step.id in CAPABILITY_NAMES:
            kind = "an attack" if step.id in attacks else "a capability"
            yield place.problem("id", f"'{step.id}' is {kind} already", hint="rename the step")
    for place, step in places(model, "capability"):
        if step.id not in CAPABILITY_NAMES:
            yield place.unknown("id", step.id, CAPABILITY_NAMES)


def _repeated(entries: Iterable[tuple[Place, Any]]) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for place, entry in entries:
        if entry.id in first:
            yield place.problem(
                "id",
                f"'{entry.id}' is used twice",
                why=f"first in {first[entry.id].words()}",
                hint="rename one of them",
            )
        first.setdefault(entry.id, place)


def references(model: Model) -> Iterator[Problem]:
    """Yield every id that is named and does not exist."""
    ids: dict[str, Iterable[str]] = {
        table: [entry.id for entry in getattr(model.tables, table)] for table in _WITH_IDS
    }
    ids["leaf"] = Leaves.of(model.tables).names()
    for table, key, of in _NAMES:
        known = frozenset(ids[of] if isinstance(of, str) else of)
        for place, entry in places(model, table):
            value = getattr(entry, key)
            for name in (value,) if isinstance(value, str) else value:
                if name and name not in known:
                    yield place.unknown(key, name, known)


def properties(model: Model) -> Iterator[Problem]:
    """Yield losses of properties that the asset does not have, and classes that do not fit."""
    assets = {asset.id: asset for asset in model.tables.asset}
    for place, damage in places(model, "damage"):
        for text in damage.concerns:
            name, _, lost = text.partition(":")
            if name not in assets:
                yield place.unknown("concerns", name, assets)
            elif lost not in assets[name].properties:
                yield place.unknown(f"concerns {name}", lost, assets[name].properties)
    for place, entry in places(model, "threat", "dismissed"):
        asset = assets.get(entry.asset)
        if asset is not None and entry.property not in asset.properties:
            yield place.unknown(f"property of {asset.id}", entry.property, asset.properties)
    for place, threat in places(model, "threat"):
        fitting = STRIDE_OF[threat.property]
        if threat.stride != fitting:
            yield place.problem(
                "stride",
                f"'{threat.stride}' does not violate {threat.property}",
                why="a threat scenario names one property and the class of STRIDE that violates it",
                hint=f"'{fitting}' violates {threat.property}",
            )


def gaps(model: Model) -> Iterator[Problem]:
    """Yield what is missing without being wrong: the rating fills it with the worst case."""
    tables = model.tables
    with_path = {path.threat for path in tables.path if not path.impossible}
    reached = {damage for threat in tables.threat for damage in threat.damages}
    treated = {treatment.threat for treatment in tables.treatment}
    for table, used, what, hint in (
        ("threat", with_path, "no attack path realises it", "rated as easily feasible until then"),
        ("damage", reached, "no threat leads to it", "it is rated nowhere"),
        ("threat", treated, "no treatment is decided", "add a [[treatment]]"),
    ):
        for place, entry in places(model, table):
            if entry.id not in used:
                yield place.problem("", what, hint=hint, severity=Severity.WARNING)
