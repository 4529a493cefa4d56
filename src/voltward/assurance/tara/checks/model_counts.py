"""What a model holds, counted: its tables, its testable paths, its work products."""

from collections.abc import Mapping
from dataclasses import dataclass

from voltward.assurance.tara.model.attack_tree import leaves_of
from voltward.assurance.tara.model.leaves import Leaves
from voltward.assurance.tara.model.model_folder import Model

COUNTED = (
    "boundary",
    "component",
    "asset",
    "data_flow",
    "damage",
    "threat",
    "path",
    "control",
    "control_set",
    "treatment",
    "goal",
    "claim",
)
# More ids than these are counted, not named.
_NAMED = 10
# Id, short title, and the tables of the model that hold it; "" is made by the rating.
_WORK_PRODUCTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("WP-09-01", "item definition", ("model", "boundary", "component", "data_flow")),
    ("WP-15-01", "damage scenarios", ("damage",)),
    ("WP-15-02", "assets with cybersecurity properties", ("asset",)),
    ("WP-15-03", "threat scenarios", ("threat",)),
    ("WP-15-04", "impact ratings with categories", ("damage",)),
    ("WP-15-05", "attack paths", ("path",)),
    ("WP-15-06", "attack feasibility ratings", ()),
    ("WP-15-07", "risk values", ()),
    ("WP-15-08", "risk treatment decisions", ("treatment",)),
    ("WP-09-03", "cybersecurity goals", ("goal",)),
    ("WP-09-04", "cybersecurity claims", ("claim",)),
    ("WP-09-06", "cybersecurity concept", ("control",)),
)


@dataclass(frozen=True)
class ModelCounts:
    """Counts of a model.

    Attributes:
        tables: Table to number of entries.
        testable_paths: Paths with at least one attack of the catalogue.
        untested_paths: The others.
        attacks: Attacks of the catalogue on some path.
        missing_attacks: Attacks of the catalogue on no path.
    """

    tables: Mapping[str, int]
    testable_paths: int
    untested_paths: int
    attacks: tuple[str, ...]
    missing_attacks: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return the counts as sentences."""
        words = [f"{count} {name.replace('_', ' ')}s" for name, count in self.tables.items()]
        total = len(self.attacks) + len(self.missing_attacks)
        lacking = self.missing_attacks
        named = ", ".join(lacking) if len(lacking) <= _NAMED else str(len(lacking))
        missing = f"; on none: {named}" if lacking else ""
        return [
            ", ".join(words).replace("boundarys", "boundaries"),
            (
                f"{self.testable_paths} paths hold an attack that a campaign can execute, "
                f"{self.untested_paths} are untested; {len(self.attacks)} of {total} attacks of "
                f"the catalogue are on some path{missing}"
            ),
        ]


def count_model(model: Model) -> ModelCounts:
    """Return the counts of a model without errors."""
    leaves = Leaves.of(model.tables)
    attacks_below: dict[str, frozenset[str]] = {}

    def attacks_of(text: str) -> frozenset[str]:
        if text not in attacks_below:
            names = set(leaves_of(model.trees[text]))
            inner = (leaves.steps[name].tree for name in names if name in leaves.steps)
            below = (attacks_of(tree) for tree in inner if tree)
            attacks_below[text] = frozenset(names & leaves.attacks).union(*below)
        return attacks_below[text]

    of_paths = [attacks_of(path.tree) for path in model.tables.path if not path.impossible]
    used = frozenset().union(*of_paths)
    return ModelCounts(
        tables={name: len(getattr(model.tables, name)) for name in COUNTED},
        testable_paths=sum(bool(attacks) for attacks in of_paths),
        untested_paths=sum(not attacks for attacks in of_paths),
        attacks=tuple(sorted(used)),
        missing_attacks=tuple(sorted(leaves.attacks - used)),
    )


@dataclass(frozen=True)
class WorkProduct:
    """One work product.

    Attributes:
        id: In the numbering of the 2021 edition.
        title: In a few words.
        tables: Tables of the model that hold it; none when the rating makes it.
        entries: How many entries these tables have.
    """

    id: str
    title: str
    tables: tuple[str, ...]
    entries: int


def work_products(model: Model) -> tuple[WorkProduct, ...]:
    """Return the work products of a model, in the order in which a TARA makes them.

    Source: ISO/SAE 21434:2021, clauses 9 and 15; ids and numbers are the standard's, titles ours.
    Limits: Verification reports (WP-09-05, WP-09-07) are not made here.
    """
    found = []
    for name, title, tables in _WORK_PRODUCTS:
        values = (getattr(model.tables, table) for table in tables)
        count = sum(len(value) if isinstance(value, tuple) else bool(value) for value in values)
        found.append(WorkProduct(name, title, tables, count))
    return tuple(found)
