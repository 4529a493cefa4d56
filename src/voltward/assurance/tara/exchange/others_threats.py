"""Threats and attack steps of somebody else's workbook: what they act on, and their paths."""

import re
from pathlib import Path

from voltward.assurance.tara.exchange.drafts import Draft, Drafts
from voltward.assurance.tara.exchange.others_system import made
from voltward.assurance.tara.exchange.refinements import Refined, expanded_step, tree_text
from voltward.assurance.tara.model.attack_tree import TreeTextError, read_tree
from voltward.assurance.tara.model.words import STRIDE_OF, SecurityProperty

_STRIDE_PROPERTY = {stride: name for name, stride in STRIDE_OF.items()}
_WORD = re.compile(r"[a-z-]+")
_YES = {"true", "yes", "x", "1"}
_NO = {"false", "no", "0"}
_LONGEST_ID = 80


def complete_threats(path: Path, drafts: Drafts) -> None:
    """Give each threat one asset, a property, a class of STRIDE and its damages."""
    for draft in drafts.tables["threat"]:
        text = draft.cell("acts on")
        targets = draft.row.items("acts on")
        if not targets:
            raise draft.row.fault(
                "acts on", "is empty", why="a threat acts on an asset", hint="fill in 'acts on'"
            )
        name = re.split(r"[:( ]", targets[0], maxsplit=1)[0]
        asset = name if name in drafts.ids("asset") else _made_asset(path, name, drafts)
        draft.document["asset"] = asset
        if len(targets) > 1:
            drafts.note(draft, f"acts on several; left out: {', '.join(targets[1:])}")
        draft.document.setdefault("damages", [])
        said = " ".join((text, draft.cell("cause of compromise"), *map(str, _texts(draft))))
        _name_property(draft, said.casefold(), drafts)


def _texts(draft: Draft) -> tuple[object, ...]:
    return draft.document.get("title", ""), draft.document.get("description", "")


def _made_asset(path: Path, name: str, drafts: Drafts) -> str:
    """Return an asset for a threat to a component or a flow."""
    flows = {draft.id: draft for draft in drafts.tables["data_flow"]}
    if name in flows and flows[name].document.get("assets"):
        return str(flows[name].document["assets"][0])
    component = name if name in drafts.ids("component") else ""
    if name in flows:
        component = str(flows[name].document.get("source", ""))
    if not component:
        # An asset that exists nowhere is for the check to name.
        return name
    kind = "data" if name in flows else "hardware"
    document: dict[str, object] = {"id": name, "title": name, "component": component, "kind": kind}
    drafts.tables["asset"].append(made("Data", path, document))
    drafts.notes.append(f"'{name}' is the target of a threat, so it became an asset")
    return name


def _name_property(draft: Draft, said: str, drafts: Drafts) -> None:
    words = set(_WORD.findall(said))
    if "property" not in draft.document:
        named = [name for name in SecurityProperty if name.value in words]
        classes = [stride for stride in _STRIDE_PROPERTY if stride in said]
        if named:
            draft.document["property"] = named[0].value
        elif classes:
            draft.document["property"] = _STRIDE_PROPERTY[classes[0]].value
        else:
            draft.document["property"] = SecurityProperty.INTEGRITY.value
            drafts.note(draft, "names no property, taken as integrity")
    if "stride" not in draft.document:
        draft.document["stride"] = STRIDE_OF[SecurityProperty(draft.document["property"])]


def complete_paths(path: Path, drafts: Drafts) -> None:
    """Turn refined steps and the threats that they lead to into attack paths."""
    steps = {draft.id: _refined(draft, drafts) for draft in drafts.tables["step"]}
    for draft in drafts.tables["step"]:
        step = steps[draft.id]
        draft.document.pop("tree", None)
        if step.tree is None and "effort" not in draft.document:
            draft.document["effort"] = {}
            drafts.note(draft, "has no effort, taken as the easiest")
    # A step that only gathers others lives on in the trees of the paths.
    drafts.tables["step"] = [
        draft
        for draft in drafts.tables["step"]
        if steps[draft.id].tree is None or steps[draft.id].has_effort
    ]
    named = {str(draft.document.get("threat")) for draft in drafts.tables["path"]}
    for draft in drafts.tables["threat"]:
        tops = draft.row.items("threatened by")
        if not tops and draft.id not in named:
            drafts.note(draft, "is threatened by nothing, so it has no attack path")
        for top in tops:
            if draft.id not in named:
                _add_path(path, draft, top, steps, drafts)
    _complete_controls(drafts)


def _add_path(
    path: Path, threat: Draft, top: str, steps: dict[str, Refined], drafts: Drafts
) -> None:
    try:
        text = expanded_step(top, steps)
        read_tree(text or top)
    except TreeTextError as error:
        raise threat.row.fault(
            "threatened by", str(error), hint="see 'refined by' on the sheet of attack steps"
        ) from error
    name = f"{threat.id}.{top}"[:_LONGEST_ID]
    document: dict[str, object] = {"id": name, "threat": threat.id, "tree": text or top}
    if not text:
        document["impossible"] = f"marked impossible in {path.name}"
    drafts.tables["path"].append(made("Attack Steps", path, document))


def _refined(draft: Draft, drafts: Drafts) -> Refined:
    text = str(draft.document.get("tree") or draft.cell("refined by"))
    tree = None
    if text:
        try:
            tree = read_tree(tree_text(text))
        except TreeTextError as error:
            raise draft.row.fault(
                "refined by",
                f"'{text}' is no list of attack steps: {error}",
                hint="write ids with commas between, or joined by & and |",
            ) from error
    mark = draft.cell("impossible").casefold()
    if mark and mark not in _YES | _NO:
        drafts.note(draft, f"'impossible' says '{mark}', taken as yes")
    impossible = bool(mark) and mark not in _NO
    return Refined(tree, "effort" in draft.document, impossible)


def _complete_controls(drafts: Drafts) -> None:
    """Read what controls are broken by, and what steps and threats say of their controls."""
    controls = {draft.id: draft for draft in drafts.tables["control"]}
    for draft in controls.values():
        text = draft.document.get("bypass")
        if text:
            try:
                draft.document["bypass"] = tree_text(text)
            except TreeTextError as error:
                raise draft.row.fault(
                    "threatened by", f"'{text}' is no list of attack steps: {error}"
                ) from error
    named = [
        (draft, name, [draft.id])
        for draft in drafts.tables["step"]
        for name in draft.row.items("mitigated by")
    ]
    named += [
        (draft, name, draft.row.items("threatened by"))
        for draft in drafts.tables["threat"]
        for name in draft.row.items("lessened by")
    ]
    for draft, name, steps in named:
        if name not in controls:
            drafts.note(draft, f"names a control that is not there: {name}")
            continue
        mitigated = controls[name].document.setdefault("mitigates", [])
        mitigated += [step for step in steps if step not in mitigated]
