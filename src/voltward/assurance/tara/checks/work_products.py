"""Which work products of ISO/SAE 21434:2021 a model and its rating hold, by their ids."""

from dataclasses import dataclass

from voltward.assurance.tara.model.model_folder import Model

# Id, short title, and the tables of the model that hold it; "" is made by the rating.
_ROWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
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
    for name, title, tables in _ROWS:
        values = (getattr(model.tables, table) for table in tables)
        count = sum(len(value) if isinstance(value, tuple) else bool(value) for value in values)
        found.append(WorkProduct(name, title, tables, count))
    return tuple(found)
