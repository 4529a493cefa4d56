"""How a model answers every id of UN R155 Annex 5: by threats, or by a reason why not."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from voltward.assurance.standards.annex5 import Annex5, Annex5Entry, load_annex5
from voltward.assurance.tara.model.model import Tables

Status = Literal["linked", "not applicable", "missing", "outside table A1"]


@dataclass(frozen=True)
class CoverageRow:
    """One id of the annex and the model's answer.

    Attributes:
        id: Such as "4.1".
        row: Number of its row; 0 for an id that only table C3 has.
        heading: Number of its heading; empty for an id that only table C3 has.
        threat: What the id is about, in our words.
        mitigations: Of the regulation.
        status: The answer; linked wins where the model says both. An id that only table C3 has is
            never missing.
        threats: Threats of the model that name the id.
        steps: Steps and capabilities of the model that name it; alone they answer nothing.
        controls: The model's controls, by treatments and goals of those threats.
        reason: Why the id does not concern the item, where the model says so.
    """

    id: str
    row: int
    heading: str
    threat: str
    mitigations: tuple[str, ...]
    status: Status
    threats: tuple[str, ...]
    steps: tuple[str, ...]
    controls: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class CoverageProblem:
    """Something in the model that contradicts the annex or itself.

    Attributes:
        id: The Annex 5 id as the model writes it.
        where: What writes it, such as "threat T-01".
        what: What is wrong.
        hint: What to do.
    """

    id: str
    where: str
    what: str
    hint: str


@dataclass(frozen=True)
class Coverage:
    """The whole answer.

    Attributes:
        source: What the ids are from.
        source_version: Which edition.
        rows: The ids of table A1 in the regulation's order.
        outside: Ids that only table C3 has; never counted.
        problems: Empty for a sound model.
    """

    source: str
    source_version: str
    rows: tuple[CoverageRow, ...]
    outside: tuple[CoverageRow, ...]
    problems: tuple[CoverageProblem, ...]

    def counts(self) -> Mapping[str, int]:
        """Return how many ids there are, and how many have each status."""
        found = Counter(row.status for row in self.rows)
        return {
            "ids": len(self.rows),
            "linked": found["linked"],
            "not_applicable": found["not applicable"],
            "missing": found["missing"],
        }

    def count_line(self) -> str:
        """Return the counts as a sentence: how many are answered, and how."""
        count = self.counts()
        answered = count["ids"] - count["missing"]
        return (
            f"{answered} of {count['ids']} ids: {count['linked']} linked, "
            f"{count['not_applicable']} not applicable, {count['missing']} missing"
        )

    def as_document(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it."""
        return {**asdict(self), "counts": dict(self.counts())}


def coverage(tables: Tables) -> Coverage:
    """Set every id of the annex against a model.

    Args:
        tables: The model.

    Returns:
        One row for each id; contradictions come as data and raise nothing.
    """
    annex = load_annex5()
    threats = _by_id((threat.id, threat.r155) for threat in tables.threat)
    steps = _by_id((step.id, step.r155) for step in (*tables.capability, *tables.step))
    reasons = {row.id: row.not_applicable for row in reversed(tables.r155)}
    controls = _controls(tables)

    def answered(entry: Annex5Entry, row: int, heading: str) -> CoverageRow:
        linked = threats.get(entry.id, ())
        reason = reasons.get(entry.id, "")
        none: Status = "missing" if row else "outside table A1"
        status: Status = "linked" if linked else "not applicable" if reason else none
        found = dict.fromkeys(name for threat in linked for name in controls.get(threat, ()))
        return CoverageRow(
            id=entry.id,
            row=row,
            heading=heading,
            threat=entry.threat,
            mitigations=entry.mitigations,
            status=status,
            threats=linked,
            steps=steps.get(entry.id, ()),
            controls=tuple(found),
            reason=reason,
        )

    return Coverage(
        source=annex.source,
        source_version=annex.source_version,
        rows=tuple(answered(entry, row.number, row.heading) for row, entry in annex.entries()),
        outside=tuple(answered(entry, 0, "") for entry in annex.outside),
        problems=(*_unknown(tables, annex), *_contradictions(tables, threats)),
    )


def _by_id(named: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    """Turn (who, Annex 5 ids) into Annex 5 id to who."""
    found: dict[str, dict[str, None]] = {}
    for who, ids in named:
        for id_ in ids:
            found.setdefault(id_, {})[who] = None
    return {id_: tuple(who) for id_, who in found.items()}


def _controls(tables: Tables) -> dict[str, tuple[str, ...]]:
    """Return threat to controls, as treatments and goals join them."""
    of_goal = {goal.id: goal.controls for goal in tables.goal}
    found: dict[str, dict[str, None]] = {}
    for treatment in tables.treatment:
        joined = found.setdefault(treatment.threat, {})
        for goal in treatment.goals:
            joined.update(dict.fromkeys(of_goal.get(goal, ())))
    return {threat: tuple(names) for threat, names in found.items()}


def _unknown(tables: Tables, annex: Annex5) -> Iterable[CoverageProblem]:
    """Find ids that the annex does not have."""
    known = annex.known_ids()
    named = [
        *((f"threat {threat.id}", threat.r155) for threat in tables.threat),
        *((f"capability {step.id}", step.r155) for step in tables.capability),
        *((f"step {step.id}", step.r155) for step in tables.step),
        *(("table r155", (row.id,)) for row in tables.r155),
    ]
    for where, ids in named:
        for id_ in ids:
            if id_ not in known:
                what = "Annex 5 has no such id"
                yield CoverageProblem(id_, where, what, annex.hint(id_))


def _contradictions(
    tables: Tables, threats: Mapping[str, tuple[str, ...]]
) -> Iterable[CoverageProblem]:
    """Find ids that are both linked and declared not applicable, or declared twice."""
    declared = Counter(row.id for row in tables.r155)
    for id_, times in declared.items():
        if times > 1:
            yield CoverageProblem(id_, "table r155", "declared more than once", "keep one of them")
        if id_ in threats:
            names = ", ".join(threats[id_])
            yield CoverageProblem(
                id_,
                "table r155",
                f"declared not applicable, yet named by {names}",
                "remove the declaration, or the id from the threats",
            )
