"""A model and its rating as one readable document."""

from collections.abc import Iterable, Iterator, Sequence

from voltward.assurance.tara.checks.annex5_coverage import coverage
from voltward.assurance.tara.checks.model_counts import work_products
from voltward.assurance.tara.exchange.exported import Exported
from voltward.assurance.tara.exchange.mermaid import flowchart
from voltward.assurance.tara.exchange.record_links import Links
from voltward.assurance.tara.model.model import Tables
from voltward.assurance.tara.model.words import CATEGORIES
from voltward.assurance.tara.rating.records import RatedRisk, Rating

_LOWEST_SHOWN = 2
_ESCAPED = str.maketrans(
    {"|": "\\|", "<": "&lt;", ">": "&gt;", "`": "\\`", "*": "\\*", "[": "\\[", "]": "\\]"}
)


def markdown(exported: Exported) -> str:
    """Return the whole analysis as Markdown: item to regulation, in the order of the clauses."""
    tables = exported.model.tables
    parts = (
        _item(exported),
        _work_products(exported),
        _assets(tables),
        _damages(tables),
        _threats(tables),
        _risks(exported),
        _controls(tables),
        _decisions(tables),
        _regulation(tables),
    )
    return "\n".join(line for part in parts for line in part).rstrip("\n") + "\n"


def _item(exported: Exported) -> Iterator[str]:
    head = exported.model.tables.model
    yield f"# {_text(head.title if head else exported.model.id)}"
    yield ""
    if head:
        yield _text(head.item)
        yield ""
        yield _text(f"Model {head.id}, version {head.version}, profile {head.profile}.")
        yield ""
        if head.assumptions:
            yield "## Assumptions"
            yield ""
            yield from (f"- {_text(text)}" for text in head.assumptions)
            yield ""


def _work_products(exported: Exported) -> Iterator[str]:
    rows = [
        (
            product.id,
            product.title,
            str(product.entries) if product.tables else "made by the rating",
        )
        for product in work_products(exported.model)
    ]
    head = ("ISO/SAE 21434:2021", "work product", "entries")
    yield from _table("Work products", head, rows)


def _assets(tables: Tables) -> Iterator[str]:
    rows = [
        (asset.id, asset.title, asset.kind, asset.component, ", ".join(asset.properties))
        for asset in tables.asset
    ]
    yield from _table("Assets", ("id", "asset", "kind", "component", "properties"), rows)
    flows = [
        (flow.id, flow.title, f"{flow.source} to {flow.target}", flow.technology)
        for flow in tables.data_flow
    ]
    yield from _table("Data flows", ("id", "flow", "between", "technology"), flows)


def _damages(tables: Tables) -> Iterator[str]:
    rows = []
    for damage in tables.damage:
        levels = [str(damage.impact.get(category, "-")) for category in CATEGORIES]
        others = ", ".join(f"{name} {level}" for name, level in damage.stakeholders.items())
        reasons = "; ".join(f"{key}: {text}" for key, text in damage.reason.items())
        rows.append((damage.id, damage.title, *levels, others, reasons))
    head = ("id", "damage", *CATEGORIES, "others", "reasons")
    yield from _table("Damage scenarios", head, rows)


def _threats(tables: Tables) -> Iterator[str]:
    links = Links(tables)
    yield "## Threat scenarios and attack paths"
    yield ""
    for threat in tables.threat:
        yield f"### {_text(threat.id)}: {_text(threat.title)}"
        yield ""
        if threat.description:
            yield _text(threat.description)
            yield ""
        damages = ", ".join(threat.damages) or "no damage scenario"
        yield _text(f"{threat.property} of {threat.asset} ({threat.stride}), leads to {damages}.")
        yield ""
        paths = links.paths_of.get(threat.id, ())
        for path in paths:
            left_out = f" (left out: {_text(path.impossible)})" if path.impossible else ""
            title = f"{_text(path.title)}: " if path.title else ""
            yield f"- {_text(path.id)}: {title}{_text(path.tree)}{left_out}"
        if paths:
            yield ""
            yield "```mermaid"
            yield flowchart(tables, (threat.id,)).rstrip("\n")
            yield "```"
        else:
            yield "No attack path."
        yield ""
    rows = [(item.asset, item.property, item.reason) for item in tables.dismissed]
    yield from _table("Left out", ("asset", "property", "reason"), rows)


def _risks(exported: Exported) -> Iterator[str]:
    rating = exported.rating
    if rating is None:
        return
    of_sets = {name: _by_id(rating.of_set(name)) for name in rating.control_sets}
    first = of_sets[rating.control_sets[0]]
    order = sorted(first, key=lambda name: (-first[name].risk, name))
    shown = [
        name
        for name in order
        if any(risks[name].risk >= _LOWEST_SHOWN for risks in of_sets.values() if name in risks)
    ]
    rows = [_risk_row(name, of_sets, rating) for name in shown]
    sets = rating.control_sets
    head = ("risk", "category", "impact", "feasibility", *sets, "CAL", "treatment", "basis")
    yield from _table("Risks", head, rows)
    if shown:
        yield from _risk_words(rating, len(order) - len(shown))


def _by_id(risks: Iterable[RatedRisk]) -> dict[str, RatedRisk]:
    return {risk.id: risk for risk in risks}


def _risk_row(
    name: str, of_sets: dict[str, dict[str, RatedRisk]], rating: Rating
) -> tuple[str, ...]:
    found = [of_sets[control_set].get(name) for control_set in rating.control_sets]
    first = next(risk for risk in found if risk)
    last = next(risk for risk in reversed(found) if risk)
    return (
        f"{first.damage}.{first.threat}",
        first.category,
        first.impact,
        first.feasibility,
        *(_value(risk) for risk in found),
        str(first.cal or "-"),
        first.treatment or "-",
        last.basis,
    )


def _value(risk: RatedRisk | None) -> str:
    if risk is None:
        return "-"
    return f"{risk.risk} ({risk.if_shown})" if risk.if_shown < risk.risk else str(risk.risk)


def _risk_words(rating: Rating, left_out: int) -> Iterator[str]:
    yield (
        "Impact and feasibility are those without controls. In brackets: the risk if every "
        "untested control were shown to hold."
    )
    yield ""
    if left_out:
        yield f"{left_out} risks of 1 under every control set are not listed."
        yield ""
    source = (
        f"Measured by the campaign {_text(rating.run)}: on a simulator, within its tested scope."
        if rating.run
        else "No campaign: nothing here is measured."
    )
    yield f"{source} Profile {_text(rating.profile)}."
    yield ""


def _controls(tables: Tables) -> Iterator[str]:
    links = Links(tables)
    rows = [
        (
            control.id,
            control.title,
            control.requirement,
            control.bypass,
            ", ".join(
                name for name, members in links.control_sets.items() if control.id in members
            ),
        )
        for control in tables.control
    ]
    head = ("id", "control", "requirement", "bypass", "in the sets")
    yield from _table("Controls", head, rows)


def _decisions(tables: Tables) -> Iterator[str]:
    treatments = [
        (
            entry.threat,
            entry.damage or "all",
            entry.decision,
            entry.reason,
            ", ".join((*entry.goals, *entry.claims)),
        )
        for entry in tables.treatment
    ]
    head = ("threat", "damage", "decision", "reason", "goals and claims")
    yield from _table("Treatment", head, treatments)
    goals = [(g.id, g.statement, g.owner, ", ".join(g.controls)) for g in tables.goal]
    yield from _table("Cybersecurity goals", ("id", "goal", "owner", "controls"), goals)
    claims = [(c.id, c.statement, c.owner, c.rationale, c.expires) for c in tables.claim]
    head = ("id", "claim", "owner", "rationale", "expires")
    yield from _table("Cybersecurity claims", head, claims)
    overrides = [
        (
            entry.path or f"{entry.damage} {entry.category or ''}",
            entry.control_set or "all sets",
            str(entry.feasibility or entry.impact or "-"),
            f"{entry.reason} ({entry.reviewer}, {entry.date})",
        )
        for entry in tables.override
    ]
    yield from _table("Overrides", ("of", "where", "level", "reason"), overrides)


def _regulation(tables: Tables) -> Iterator[str]:
    found = coverage(tables)
    yield "## UN R155 Annex 5"
    yield ""
    yield _text(f"{found.count_line()}. Source: {found.source}, {found.source_version}.")
    yield ""
    rows = [
        (row.id, row.threat, row.status, ", ".join(row.threats) or row.reason) for row in found.rows
    ]
    yield from _table("", ("id", "threat", "status", "answer"), rows)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    if title:
        yield f"## {title}"
        yield ""
    yield _line(head)
    yield _line(["---"] * len(head))
    for row in rows:
        yield _line([_text(str(cell)) for cell in row])
    yield ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """Return a text on one line, without signs that Markdown would read."""
    return " ".join(text.split()).replace("\\", "\\\\").translate(_ESCAPED)
