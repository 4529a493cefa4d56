"""Taps, shipped data, and the checks of the physics."""

from collections.abc import Mapping

from reference_pages.markdown import code, table
from voltward.core.capabilities import POSITIONS, Capability
from voltward.core.control import SHAPE_POINTS
from voltward.core.taps import TAPS
from voltward.documents.toml_document import data_folder, read_document, shipped_names
from voltward.interfaces.cli.attacks import capability_names
from voltward.physical.published_checks import checks


def taps_page() -> list[str]:
    """Return where attacks and controls can take hold."""
    rows = [(f"`{t.name}`", t.layer.value, code(t.wide), code(t.scalars)) for t in TAPS]
    bits = [
        (f"`{capability_names(bit)[0]}`", "position" if bit & POSITIONS else "secret")
        for bit in Capability
    ]
    return [
        "# Taps, hooks and capabilities",
        "",
        "## Taps",
        "",
        "Every place where a signal or message crosses from one part to the next.",
        "",
        *table(("tap", "layer", "values of each cell", "values of the pack"), rows),
        "## Shape points",
        "",
        *table(("point", "values and view"), [(f"`{k}`", v) for k, v in SHAPE_POINTS.items()]),
        "## Capabilities",
        "",
        "A missing position stops a step. A missing secret does not: the forged record travels",
        "without its proof, and the receiver's rule decides.",
        "",
        *table(("capability", "kind"), bits),
    ]


def shipped_page() -> list[str]:
    """Return the duties, links, cells and systems in the package."""
    lines = ["# Shipped duties, links, cells and systems", ""]
    for folder in ("duties", "links", "cells", "systems"):
        rows = []
        for name in shipped_names(folder):
            path = data_folder() / folder / f"{name}.toml"
            entry = read_document(path)
            what = entry.get("title") or entry.get("description") or entry.get("chemistry") or ""
            source = entry.get("source", "")
            if isinstance(source, Mapping):
                source = "; ".join(f"{key}: {text}" for key, text in source.items())
            rows.append((f"`{path.stem}`", what, source))
        lines += [f"## {folder}", "", *table(("name", "what it is", "source"), rows)]
    return lines


def validation_page() -> list[str]:
    """Return the checks of the physics."""
    rows = [(c.name, f"{c.expected:.4g}", f"{c.tolerance:.2g}", c.unit, c.source) for c in checks()]
    return [
        "# Physics checks",
        "",
        "`voltward validate` computes each figure anew and exits 3 when one is out of tolerance.",
        "",
        *table(("figure", "expected", "tolerance", "unit", "source"), rows),
    ]
