"""Cells and sheets that follow from the model or its rating; an import skips them."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from voltward.assurance.tara.exchange.record_links import Links
from voltward.assurance.tara.exchange.workbook_columns import choices_of
from voltward.assurance.tara.method.profile_settings import ProfileSettings
from voltward.assurance.tara.model.model import Effort, Tables
from voltward.assurance.tara.model.words import (
    CATEGORIES,
    FEASIBILITIES,
    IMPACT_LEVELS,
    STRIDE_OF,
    SecurityProperty,
)
from voltward.assurance.tara.rating.records import Rating

Row = tuple[Any, ...]
Rows = list[Row]
_STATED = ("id", "name", "title", "description")


def derived_cells(tables: Tables) -> dict[tuple[str, str], Callable[[dict[str, Any]], Any]]:
    """Return how each derived column is filled: (sheet, title) to a function of the record."""
    links = Links(tables)
    threats = {threat.id: threat for threat in tables.threat}
    requirement = {control.id for control in tables.control if control.requirement}
    stored: dict[str, list[str]] = {}
    for asset in tables.asset:
        if asset.kind in {"data", "secret"}:
            stored.setdefault(asset.component, []).append(asset.id)
    channels = {_channel_key(flow): f"CH.{index}" for index, flow in _channels(tables)}
    flows = {flow.id: channels.get(_channel_key(flow), "") for flow in tables.data_flow}
    risks: dict[str, list[str]] = {}
    for treatment in tables.treatment:
        for name in (*treatment.goals, *treatment.claims):
            risks.setdefault(name, []).append(
                ".".join(part for part in (treatment.damage, treatment.threat) if part)
            )
    return {
        ("Components", "stored data"): lambda record: stored.get(record["id"], []),
        ("Data Flows", "channel"): lambda record: flows[record["id"]],
        ("Threat Scenarios", "threatened by"): lambda record: [
            path.id for path in links.paths_of.get(record["id"], ())
        ],
        ("Threat Scenarios", "cause of compromise"): lambda record: record["stride"],
        ("Threat Scenarios", "lessened by"): lambda record: links.lessened_by(
            threats[record["id"]]
        ),
        ("Attack Steps", "mitigated by"): lambda record: links.mitigated_by(record["id"]),
        ("Goals", "risk"): lambda record: risks.get(record["id"], []),
        ("Claims", "risk"): lambda record: risks.get(record["id"], []),
        ("Goals", "requirements"): lambda record: [
            f"REQ.{name}" for name in record["controls"] if name in requirement
        ],
    }


def derived_sheets(
    tables: Tables, rating: Rating | None, profile: ProfileSettings | None = None
) -> dict[str, Rows]:
    """Return the sheets that hold no records: name to rows, the first of which is the head."""
    return {
        "Channels": [("id", "name", "title", "endpoints", "technologies"), *_channel_rows(tables)],
        "Risks": _risk_rows(tables, rating),
        "Threat Catalog": [
            _STATED,
            *((stride, stride, stride, f"violates {name}") for name, stride in STRIDE_OF.items()),
        ],
        "Control Catalog": [_STATED],
        "Technologies": [
            ("id", "name", "title"),
            *((name, name, name) for name in _technologies(tables)),
        ],
        "Risk Model": _risk_model(profile),
        "Impact Model": _impact_model(),
        "Feasibility Model": _feasibility_model(profile),
        "Requirements": [_STATED, *_requirement_rows(tables)],
        "Concepts": [_STATED],
    }


def attack_rows(tables: Tables) -> Iterator[str]:
    """Yield the attacks of the catalogue that paths use, for the sheet of attack steps."""
    yield from Links(tables).attacks


def _channel_key(flow: Any) -> Row:
    return (*sorted((flow.source, flow.target)), flow.technology)


def _channels(tables: Tables) -> Iterator[tuple[int, Any]]:
    seen: set[Row] = set()
    numbers = count(1)
    for flow in tables.data_flow:
        if flow.technology and _channel_key(flow) not in seen:
            seen.add(_channel_key(flow))
            yield next(numbers), flow


def _channel_rows(tables: Tables) -> Iterator[Row]:
    for index, flow in _channels(tables):
        title = f"{flow.source} and {flow.target} over {flow.technology}"
        ends = [flow.source, flow.target]
        yield f"CH.{index}", f"CH.{index}", title, ends, [flow.technology]


def _technologies(tables: Tables) -> list[str]:
    return sorted({flow.technology for flow in tables.data_flow if flow.technology})


def _risk_rows(tables: Tables, rating: Rating | None) -> Rows:
    head = (
        *("id", "name", "title", "caused by", "damage", "category", "impact", "feasibility"),
        *("risk", "CAL", "treatment", "control set", "basis", "path", "risk if shown"),
        *("evidence run", "cases", "goal share", "low", "high", "reasons", "profile"),
    )
    rows: Rows = [head]
    titles = {damage.id: damage.title for damage in tables.damage}
    for risk in rating.risks if rating else ():
        found = risk.evidence
        shown = (
            (found.run, found.n, found.goal_share, found.low, found.high) if found else (None,) * 5
        )
        rows.append(
            (
                *(risk.id, risk.id, titles.get(risk.damage, ""), risk.threat, risk.damage),
                *(risk.category.value, risk.impact.value, risk.feasibility.value, risk.risk),
                *(risk.cal, risk.treatment, risk.control_set, risk.basis.value, risk.path),
                *(risk.if_shown, *shown, "\n".join(risk.reasons)),
                rating.profile if rating else "",
            )
        )
    return rows


def _impact_model() -> Rows:
    rows: Rows = [("kind", "name", "description")]
    rows += [
        ("property", name.value, f"{STRIDE_OF[name]} violates it") for name in SecurityProperty
    ]
    rows += [("level", level.value, f"S{level.rank}, F{level.rank}") for level in IMPACT_LEVELS]
    rows += [("category", category.value, "of the road user") for category in CATEGORIES]
    return rows + [("stakeholder", name, "beside SFOP") for name in ("fleet", "grid")]


def _risk_model(profile: ProfileSettings | None) -> Rows:
    rows: Rows = [("kind", "name", "feasibility", "risk")]
    rows += [("risk level", str(level)) for level in range(1, 6)]
    if profile:
        rows += [
            ("matrix", impact, level.name, risk)
            for impact, risks in profile.risk.matrix.items()
            for level, risk in zip(profile.level, risks, strict=True)
        ]
    return rows


def _feasibility_model(profile: ProfileSettings | None) -> Rows:
    rows: Rows = [("kind", "name", "option", "value")]
    method = profile.attack_potential if profile else None
    if method is None:
        rows += [("level", level.value) for level in FEASIBILITIES]
        for name, hint in Effort.__annotations__.items():
            rows += [("category", name, option) for option in choices_of(hint)]
        return rows
    rows += [("level", name, "lower bound", low) for name, (low, _) in method.bands.items()]
    for name, options in method.parameters.items():
        rows += [("category", name, option, value) for option, value in options.items()]
    return rows


def _requirement_rows(tables: Tables) -> Iterator[Row]:
    for control in tables.control:
        if control.requirement:
            name = f"REQ.{control.id}"
            yield name, name, control.title, control.requirement
