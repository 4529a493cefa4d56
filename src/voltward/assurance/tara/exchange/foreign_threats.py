"""Threats and attack steps of another tool's workbook: what they act on, and their paths.

Limits: a list of refinements is read as alternatives, which is what the template's example means.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voltward.assurance.tara.exchange.workbook_rows import Draft, Drafts
from voltward.assurance.tara.model.attack_tree import (
    AnyOf,
    Leaf,
    Tree,
    TreeTextError,
    read_tree,
)
from voltward.assurance.tara.model.words import STRIDE_OF, SecurityProperty

_WORDS = (
    (re.compile(r"\s*(?:[,;\n]|\bor\b)\s*", re.IGNORECASE), " | "),
    (re.compile(r"\s*(?:\+|\band\b)\s*", re.IGNORECASE), " & "),
)
_STRIDE_PROPERTY = {stride: name for name, stride in STRIDE_OF.items()}
_WORD = re.compile(r"[a-z-]+")
_YES = {"true", "yes", "x", "1"}
_NO = {"false", "no", "0"}
_LONGEST_ID = 80


@dataclass(frozen=True)
class _Refined:
    """An attack step of the workbook.

    Attributes:
        tree: What refines it, or None.
        has_effort: Whether the step costs something itself.
        impossible: Whether it is out of the question.
    """

    tree: Tree | None
    has_effort: bool
    impossible: bool


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
        words = " ".join((text, draft.cell("cause of compromise"), *map(str, _texts(draft))))
        _name_property(draft, words.casefold(), drafts)


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
    asset = Draft.without_row("Data", path, id=name, title=name, component=component, kind=kind)
    drafts.tables["asset"].append(asset)
    drafts.notes.append(f"'{name}' is the target of a threat, so it became an asset")
    return name


def _name_property(draft: Draft, text: str, drafts: Drafts) -> None:
    words = set(_WORD.findall(text))
    if "property" not in draft.document:
        named = [name for name in SecurityProperty if name.value in words]
        classes = [stride for stride in _STRIDE_PROPERTY if stride in text]
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
    steps = {draft.id: _refinement(draft, drafts) for draft in drafts.tables["step"]}
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
    path: Path, threat: Draft, top: str, steps: dict[str, _Refined], drafts: Drafts
) -> None:
    try:
        text = _expanded_step(top, steps)
        read_tree(text or top)
    except TreeTextError as error:
        raise threat.row.fault(
            "threatened by", str(error), hint="see 'refined by' on the sheet of attack steps"
        ) from error
    name = f"{threat.id}.{top}"[:_LONGEST_ID]
    draft = Draft.without_row("Attack Steps", path, id=name, threat=threat.id, tree=text or top)
    if not text:
        draft.document["impossible"] = f"marked impossible in {path.name}"
    drafts.tables["path"].append(draft)


def _refinement(draft: Draft, drafts: Drafts) -> _Refined:
    text = str(draft.document.get("tree") or draft.cell("refined by"))
    tree = None
    if text:
        try:
            tree = read_tree(_tree_text(text))
        except TreeTextError as error:
            raise draft.row.fault(
                "refined by",
                f"'{text}' is not a list of attack steps: {error}",
                hint="write ids with commas between, or joined by & and |",
            ) from error
    mark = draft.cell("impossible").casefold()
    if mark and mark not in _YES | _NO:
        drafts.note(draft, f"'impossible' says '{mark}', taken as yes")
    impossible = bool(mark) and mark not in _NO
    return _Refined(tree, "effort" in draft.document, impossible)


def _complete_controls(drafts: Drafts) -> None:
    """Read what controls are broken by, and what steps and threats say of their controls."""
    controls = {draft.id: draft for draft in drafts.tables["control"]}
    for draft in controls.values():
        text = draft.document.get("bypass")
        if text:
            try:
                draft.document["bypass"] = _tree_text(text)
            except TreeTextError as error:
                raise draft.row.fault(
                    "threatened by", f"'{text}' is not a list of attack steps: {error}"
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


def _tree_text(text: str) -> str:
    """Return a cell's references as a tree: lists and words become signs.

    Raises:
        TreeTextError: What is left is not a tree.
    """
    for pattern, sign in _WORDS:
        text = pattern.sub(sign, text.strip(" ,;\n"))
    read_tree(text)
    return text


def _expanded_step(name: str, steps: Mapping[str, _Refined], above: tuple[str, ...] = ()) -> str:
    """Return the tree of a step with all that refines it; empty when it cannot be done.

    Args:
        name: Id of the step.
        steps: Every step by id.
        above: Steps that led here.

    Raises:
        TreeTextError: A step refines itself.
    """
    if name in above:
        raise TreeTextError(f"{' -> '.join((*above, name))}: a step refines itself")
    step = steps.get(name)
    if step is None:
        return name
    if step.impossible:
        return ""
    if step.tree is None:
        return name
    inner = _text(step.tree, steps, (*above, name))
    if not inner:
        return ""
    if not step.has_effort:
        return inner
    return f"{name} & ({inner})" if " | " in inner else f"{name} & {inner}"


def _text(tree: Tree, steps: Mapping[str, _Refined], above: tuple[str, ...]) -> str:
    if isinstance(tree, Leaf):
        return _expanded_step(tree.id, steps, above)
    parts = [_text(branch, steps, above) for branch in tree.branches]
    if isinstance(tree, AnyOf):
        return " | ".join(part for part in parts if part)
    if not all(parts):
        return ""
    return " & ".join(f"({part})" if " | " in part else part for part in parts)
