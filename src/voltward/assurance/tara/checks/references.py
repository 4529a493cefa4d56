"""Checks of a model: ids are unique, and every id that is named exists."""

from collections.abc import Callable, Iterable, Iterator

from voltward.assurance.tara.checks.problem import Problem, Severity, nearest_id, problem_at
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


def unique_ids(model: Model) -> Iterator[Problem]:
    """Yield ids that are used twice in a table, and leaves that share a name."""
    for table in _WITH_IDS:
        yield from _twice(model, ((table, index) for index in range(_size(model, table))))
    leaves = ((table, i) for table in ("capability", "step") for i in range(_size(model, table)))
    yield from _twice(model, leaves)
    attacks = Leaves.of(model.tables).attacks
    for index, step in enumerate(model.tables.step):
        if step.id in attacks or step.id in CAPABILITY_NAMES:
            kind = "an attack" if step.id in attacks else "a capability"
            yield problem_at(
                model, "step", index, "id", f"'{step.id}' is {kind} already", hint="rename the step"
            )
    for index, step in enumerate(model.tables.capability):
        if step.id not in CAPABILITY_NAMES:
            yield _unknown(model, ("capability", index), "id", step.id, CAPABILITY_NAMES)


def references(model: Model) -> Iterator[Problem]:
    """Yield every id that is named and does not exist."""
    tables = model.tables
    ids = {table: [entry.id for entry in getattr(tables, table)] for table in _WITH_IDS}
    leaves = Leaves.of(tables).names()
    plain: tuple[tuple[str, str, Iterable[str]], ...] = (
        ("component", "boundary", ids["boundary"]),
        ("asset", "component", ids["component"]),
        ("data_flow", "source", ids["component"]),
        ("data_flow", "target", ids["component"]),
        ("data_flow", "assets", ids["asset"]),
        ("data_flow", "taps", TAP_INDEX),
        ("damage", "consequences", CONSEQUENCE_INDEX),
        ("threat", "asset", ids["asset"]),
        ("threat", "damages", ids["damage"]),
        ("dismissed", "asset", ids["asset"]),
        ("path", "threat", ids["threat"]),
        ("capability", "gives", CAPABILITY_NAMES),
        ("step", "gives", CAPABILITY_NAMES),
        ("control", "mitigates", leaves),
        ("control_set", "controls", ids["control"]),
        ("control_set", "includes", ids["control_set"]),
        ("treatment", "threat", ids["threat"]),
        ("treatment", "damage", ids["damage"]),
        ("treatment", "goals", ids["goal"]),
        ("treatment", "claims", ids["claim"]),
        ("goal", "controls", ids["control"]),
        ("override", "path", ids["path"]),
        ("override", "damage", ids["damage"]),
        ("override", "control_set", ids["control_set"]),
        ("impact_rule", "consequence", CONSEQUENCE_INDEX),
    )
    for table, key, known in plain:
        allowed = frozenset(known)
        for index, entry in enumerate(getattr(tables, table)):
            value = getattr(entry, key)
            for name in (value,) if isinstance(value, str) else value:
                if name and name not in allowed:
                    yield _unknown(model, (table, index), key, name, allowed)


def properties(model: Model) -> Iterator[Problem]:
    """Yield losses of properties that the asset does not have, and classes that do not fit."""
    assets = {asset.id: asset for asset in model.tables.asset}
    for index, damage in enumerate(model.tables.damage):
        for text in damage.concerns:
            concerned, _, name = text.partition(":")
            if concerned not in assets:
                yield _unknown(model, ("damage", index), "concerns", concerned, assets)
            elif name not in assets[concerned].properties:
                yield _unknown(
                    model,
                    ("damage", index),
                    f"concerns {concerned}",
                    name,
                    assets[concerned].properties,
                )
    for table in ("threat", "dismissed"):
        for index, entry in enumerate(getattr(model.tables, table)):
            asset = assets.get(entry.asset)
            if asset is not None and entry.property not in asset.properties:
                yield _unknown(
                    model,
                    (table, index),
                    f"property of {asset.id}",
                    entry.property,
                    asset.properties,
                )
    for index, threat in enumerate(model.tables.threat):
        fitting = STRIDE_OF[threat.property]
        if threat.stride != fitting:
            yield problem_at(
                model,
                "threat",
                index,
                "stride",
                f"'{threat.stride}' does not violate {threat.property}",
                why="a threat scenario names one property and the class of STRIDE that violates it",
                hint=f"'{fitting}' violates {threat.property}",
            )


def gaps(model: Model) -> Iterator[Problem]:
    """Yield what is missing without being wrong: the rating fills it with the worst case."""
    tables = model.tables
    used = {
        "threat": {path.threat for path in tables.path if not path.impossible},
        "damage": {damage for threat in tables.threat for damage in threat.damages},
        "treatment": {treatment.threat for treatment in tables.treatment},
    }
    told: tuple[tuple[str, str, str, Callable[[str], bool]], ...] = (
        ("threat", "no attack path realises it", "rated as feasible with ease until one does",
         lambda name: name in used["threat"]),
        ("damage", "no threat leads to it", "it is rated nowhere",
         lambda name: name in used["damage"]),
        ("threat", "no treatment is decided", "add a [[treatment]]",
         lambda name: name in used["treatment"]),
    )  # fmt: skip
    for table, what, hint, fine in told:
        for index, entry in enumerate(getattr(tables, table)):
            if not fine(entry.id):
                yield problem_at(
                    model, table, index, "", what, hint=hint, severity=Severity.WARNING
                )


def _size(model: Model, table: str) -> int:
    return len(getattr(model.tables, table))


def _twice(model: Model, places: Iterable[tuple[str, int]]) -> Iterator[Problem]:
    first: dict[str, tuple[str, int]] = {}
    for table, index in places:
        name = getattr(model.tables, table)[index].id
        if name in first:
            file, key = model.place(*first[name])
            yield problem_at(
                model, table, index, "id", f"'{name}' is used twice", why=f"first in {file}: {key}",
                hint="rename one of them",
            )  # fmt: skip
        else:
            first[name] = (table, index)


def _unknown(
    model: Model, place: tuple[str, int], key: str, name: str, known: Iterable[str]
) -> Problem:
    table, index = place
    return problem_at(
        model, table, index, key, f"there is no '{name}'",
        hint=nearest_id(name, known),
    )  # fmt: skip
