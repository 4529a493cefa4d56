"""A workbook of another tool: gaps are filled in openly, each with a note.

1. Head, titles, components with zones, technologies of flows.
2. Threats: asset, property, class of STRIDE, damages (`foreign_threats`).
3. Properties of assets, from what threats and damages name.
4. Attack paths from refined steps (`foreign_threats`).
5. Efforts, goals, claims, the control set `none`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from voltward.assurance.tara.exchange.foreign_terms import EFFORT_KEYS
from voltward.assurance.tara.exchange.foreign_threats import complete_paths, complete_threats
from voltward.assurance.tara.exchange.workbook_rows import Draft, Drafts, SheetRows
from voltward.assurance.tara.model.words import SecurityProperty

# Zone and layer of components, for which the template has no columns.
_ZONE = "item"
_LAYER = "physical"
_UNTITLED = {"treatment", "override", "impact_rule", "r155", "dismissed"}


def complete(path: Path, sheets: Mapping[str, SheetRows], drafts: Drafts) -> None:
    """Fill the gaps that the template leaves, with a note for every guess and omission.

    Args:
        path: The workbook.
        sheets: Its sheets by normalised name.
        drafts: What was read; changed in place.
    """
    _complete_head(path, drafts)
    _complete_titles(drafts)
    _complete_components(path, drafts)
    _complete_flows(sheets, drafts)
    complete_threats(path, drafts)
    _complete_properties(drafts)
    complete_paths(path, drafts)
    _complete_measures(path, drafts)


def _complete_head(path: Path, drafts: Drafts) -> None:
    """Give the model a head: from the project's sheet, else from the name of the file."""
    head = drafts.head or Draft.without_row("Project Info", path)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", path.stem).strip("-._")[:80] or "imported"
    title = str(head.document.get("title") or path.stem or name)
    defaults = {"id": name, "title": title, "item": f"Taken from {path.name}: {title}"}
    missing = [key for key in defaults if not head.document.get(key)]
    for key in missing:
        head.document[key] = defaults[key]
    if missing:
        drafts.notes.append(
            f"sheet 'Project Info': {', '.join(missing)} taken from the name of the file"
        )
    drafts.head = head


def _complete_titles(drafts: Drafts) -> None:
    """Take the name, the description or the id where a title is missing."""
    for table, found in drafts.tables.items():
        key = "statement" if table in {"goal", "claim"} else "title"
        for draft in found:
            if key == "title" and table in _UNTITLED:
                continue
            if not draft.document.get(key):
                text = draft.cell("name") or draft.cell("description") or draft.id
                if text:
                    draft.document[key] = text


def _complete_components(path: Path, drafts: Drafts) -> None:
    """Give components a zone and a layer, and assets a component."""
    components = drafts.tables["component"]
    needs_zone = [draft for draft in components if not draft.document.get("boundary")]
    if needs_zone and _ZONE not in drafts.ids("boundary"):
        drafts.tables["boundary"].append(_zone(path))
    for draft in needs_zone:
        draft.document["boundary"] = _ZONE
        draft.document.setdefault("layer", _LAYER)
    if needs_zone:
        drafts.notes.append(
            f"{len(needs_zone)} components: no trust boundary or layer in the template; "
            f"taken as '{_ZONE}' and '{_LAYER}'"
        )
    _place_assets(path, drafts)


def _zone(path: Path) -> Draft:
    return Draft.without_row("Trust Boundaries", path, id=_ZONE, title="The item")


def _place_assets(path: Path, drafts: Drafts) -> None:
    stored: dict[str, str] = {}
    for draft in drafts.tables["component"]:
        for title in ("stored data", "function assignment"):
            for name in draft.row.items(title):
                stored.setdefault(name, draft.id)
    lost = []
    for draft in drafts.tables["asset"]:
        if draft.row.sheet.casefold() == "functions":
            draft.document.setdefault("kind", "function")
        if not draft.document.get("component"):
            if draft.id not in stored:
                lost.append(draft.id)
            draft.document["component"] = stored.get(draft.id) or _first_component(path, drafts)
    if lost:
        drafts.notes.append(
            f"assets without a component, put into the first one: {', '.join(lost)}"
        )


def _first_component(path: Path, drafts: Drafts) -> str:
    components = drafts.tables["component"]
    if not components:
        component = {"id": _ZONE, "title": "The item", "layer": _LAYER, "boundary": _ZONE}
        components.append(Draft.without_row("Components", path, **component))
        if _ZONE not in drafts.ids("boundary"):
            drafts.tables["boundary"].append(_zone(path))
    return components[0].id


def _complete_flows(sheets: Mapping[str, SheetRows], drafts: Drafts) -> None:
    """Take the technology of a flow from its channel."""
    names = {
        row.cells["id"]: row.cells.get("title") or row.cells.get("name", "")
        for row in sheets.get("technologies", SheetRows("")).rows
        if "id" in row.cells
    }
    channels = {}
    for row in sheets.get("channels", SheetRows("")).rows:
        technologies = row.items("technologies")
        channels[row.cells.get("id", "")] = ", ".join(
            names.get(name) or name for name in technologies
        )
    for draft in drafts.tables["data_flow"]:
        used = [channels.get(name, name) for name in draft.row.items("channel")]
        if used and not draft.document.get("technology"):
            draft.document["technology"] = ", ".join(text for text in used if text)


def _complete_properties(drafts: Drafts) -> None:
    """Give assets the properties that threats and damage scenarios name."""
    wanted: dict[str, set[str]] = {}
    for draft in drafts.tables["threat"]:
        wanted.setdefault(str(draft.document.get("asset")), set()).add(
            str(draft.document.get("property"))
        )
    for draft in drafts.tables["damage"]:
        kept: list[str] = []
        out: list[str] = []
        for text in draft.document.get("concerns", ()):
            asset, _, name = text.partition(":")
            good = asset in drafts.ids("asset") and name in set(SecurityProperty)
            (kept if good else out).append(text)
            if good:
                wanted.setdefault(asset, set()).add(name)
        draft.document["concerns"] = kept
        if out:
            drafts.note(draft, f"concerns left out, as no 'asset:property': {', '.join(out)}")
    for draft in drafts.tables["asset"]:
        found = wanted.get(draft.id, set())
        draft.document.setdefault("properties", [p.value for p in SecurityProperty if p in found])


def _complete_measures(path: Path, drafts: Drafts) -> None:
    """Fill in efforts, goals, claims and the set `none`."""
    for table in ("step", "capability", "control"):
        for draft in drafts.tables[table]:
            effort = draft.document.get("effort")
            if effort is not None and set(effort) != set(EFFORT_KEYS):
                empty = ", ".join(key for key in EFFORT_KEYS if key not in effort)
                drafts.note(draft, f"{empty} empty, taken as the easiest")
            draft.document.setdefault("source", f"assumed: imported from {path.name}")
    for draft in drafts.tables["goal"]:
        if not draft.document.get("owner"):
            draft.document["owner"] = "not stated"
            drafts.note(draft, "no owner, written as 'not stated'")
    kept = [draft for draft in drafts.tables["claim"] if draft.document.get("expires")]
    if len(kept) < len(drafts.tables["claim"]):
        drafts.notes.append(
            f"sheet 'Claims': {len(drafts.tables['claim']) - len(kept)} claims left out, as the "
            "template has no owner, rationale and day of expiry"
        )
    drafts.tables["claim"] = kept
    if "none" not in drafts.ids("control_set"):
        none = Draft.without_row("Control Scenarios", path, id="none", title="No control")
        drafts.tables["control_set"].insert(0, none)
        drafts.notes.append("sheet 'Control Scenarios': the empty set 'none' was added")
