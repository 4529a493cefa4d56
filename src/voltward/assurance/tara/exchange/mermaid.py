"""Attack trees as Mermaid flowcharts.

Source: Mermaid's flowchart syntax; `#name;` entities encode signs that a label cannot hold.
Limits: Mermaid by default refuses 500 edges, or 50,000 characters; draw single threats then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from voltward.assurance.tara.exchange.record_links import Links
from voltward.assurance.tara.model.attack_tree import (
    AllOf,
    AnyOf,
    Leaf,
    Tree,
    TreeTextError,
    read_tree,
)
from voltward.assurance.tara.model.model import AttackPath, Tables, Threat

_ENTITIES = str.maketrans(
    {
        '"': "#quot;",
        "#": "#35;",
        "&": "#amp;",
        "<": "#lt;",
        ">": "#gt;",
        "`": "#96;",
        "\\": "#92;",
        "%": "#37;",
    }
)
_LONGEST_LABEL = 120
# Mermaid's defaults for maxEdges and maxTextSize.
LARGEST_EDGES = 500
LARGEST_CHARACTERS = 50_000
_CLASSES = (
    "classDef threat stroke-width:3px",
    "classDef attack stroke-dasharray:4 2",
    "classDef out opacity:0.5",
)


@dataclass
class _Drawing:
    """Lines of a flowchart, and the next free name of a node."""

    links: Links
    lines: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def node(self, label: str, left: str = "[", right: str = "]", look: str = "") -> str:
        name = f"n{next(self.numbers)}"
        self.lines.append(f'  {name}{left}"{escaped_label(label)}"{right}{look and f":::{look}"}')
        return name

    def threat(self, threat: Threat) -> None:
        top = self.node(f"{threat.id}: {threat.title}", "([", "])", "threat")
        for path in self.links.paths_of.get(threat.id, ()):
            self.path(top, path)

    def path(self, top: str, path: AttackPath) -> None:
        look = "out" if path.impossible else ""
        name = self.branch(path.id, path.title, path.tree, (), ("(", ")", look))
        if path.impossible:
            reason = escaped_label(f"left out: {path.impossible}")
            self.lines.append(f'  {top} -. "{reason}" .-> {name}')
        else:
            self.lines.append(f"  {top} --> {name}")

    def branch(
        self,
        name: str,
        title: str,
        text: str,
        above: tuple[str, ...],
        shape: tuple[str, str, str],
    ) -> str:
        """Draw something with a tree; it is itself the gate over the tree's branches."""
        try:
            tree = read_tree(text)
        except TreeTextError:
            return self.node(f"{name}: {title or text}", *shape)
        gate = "" if isinstance(tree, Leaf) else f" {_gate(tree)}"
        drawn = self.node(f"{name}{gate}: {title}" if title else f"{name}{gate}", *shape)
        for branch in (tree,) if isinstance(tree, Leaf) else tree.branches:
            self.tree(drawn, branch, above)
        return drawn

    def tree(self, top: str, tree: Tree, above: tuple[str, ...]) -> None:
        if isinstance(tree, Leaf):
            self.lines.append(f"  {top} --> {self.leaf(tree.id, above)}")
            return
        gate = self.node(_gate(tree), "{", "}")
        self.lines.append(f"  {top} --> {gate}")
        for branch in tree.branches:
            self.tree(gate, branch, above)

    def leaf(self, name: str, above: tuple[str, ...]) -> str:
        step = self.links.steps.get(name)
        if step is None:
            return self.node(f"attack {name}", "[[", "]]", "attack")
        if step.tree and name not in above:
            return self.branch(name, step.title, step.tree, (*above, name), ("[", "]", ""))
        return self.node(f"{name}: {step.title}")


def _gate(tree: AllOf | AnyOf) -> str:
    return "AND" if isinstance(tree, AllOf) else "OR"


def escaped_label(text: str) -> str:
    """Return a text as it is written between the quotes of a label."""
    words = " ".join(text.split())
    if len(words) > _LONGEST_LABEL:
        words = words[: _LONGEST_LABEL - 3] + "..."
    return words.translate(_ENTITIES) or " "


def is_too_large(text: str) -> bool:
    """Tell whether Mermaid refuses a flowchart unless it is configured otherwise."""
    edges = sum(" --> " in line or " .-> " in line for line in text.splitlines())
    return edges >= LARGEST_EDGES or len(text) >= LARGEST_CHARACTERS


def flowchart(tables: Tables, threats: tuple[str, ...] = ()) -> str:
    """Return the attack trees of threats as one flowchart.

    Args:
        tables: The model.
        threats: Ids of the threats to draw; empty for all.
    """
    drawing = _Drawing(Links(tables))
    for threat in tables.threat:
        if not threats or threat.id in threats:
            drawing.threat(threat)
    used = [line for line in _CLASSES if any(f":::{line.split()[1]}" in x for x in drawing.lines)]
    return "\n".join(["flowchart TD", *drawing.lines, *(f"  {line}" for line in used)]) + "\n"
