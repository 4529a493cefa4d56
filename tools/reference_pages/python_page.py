"""The Python API: every name of the package with signature, words and an example that runs."""

import inspect
import re
import typing
from collections.abc import Iterable, Iterator

import voltward
from reference_pages.markdown import table
from voltward.interfaces.python.campaign import Options
from voltward.interfaces.python.rating import Risk
from voltward.interfaces.python.recordings import IdentifiedCell, Replay
from voltward.interfaces.python.run import Outcome
from voltward.interfaces.python.table import Row

_WIDTH = 90
_HEADS = ("Args", "Attributes", "Returns", "Raises", "Example")
# What the names of the package return: documented, and never made by hand.
_RETURNED = (Outcome, Row, Risk, Replay, IdentifiedCell)
_START = """
```python
import voltward as vw

system = vw.System("reference", cell="lg-m50")
attack = vw.Attack("voltage-bias", bias_V=-0.05)
stack = vw.Stack("full").without("cross-cell-residual")
campaign = vw.Campaign(
    system, duty="fast-charge", attacks=[attack], stacks=["none", stack], seeds=20
)
run = campaign.run(out="out/bias")
run.matrix["voltage-bias", "none"].goal_share
```

Names are loaded when they are first used: `open_run` reads a folder without the compiler. Failures
are those of the command line, as `VoltwardError` with `what`, `why` and `hint`. The names in
`voltward.__all__` are stable from 1.0 on; until then the changelog names what changes. A longer
script that passes `mypy --strict` is `examples/voltage_bias.py`, a notebook
`docs/tutorials/in-python.ipynb`.

Every example on this page runs in the tests, in a folder with a made-up run `out/demo`, a recording
`drive.csv`, a folder `recordings` and a duty `short.toml`.
"""


def python_page() -> list[str]:
    """Return the page."""
    lines = ["# Python", *_START.splitlines()]
    for name in voltward.__all__:
        lines += ["", f"## {name}", "", *_entry(name, getattr(voltward, name))]
    lines += ["", "## What they return"]
    for kind in _RETURNED:
        lines += ["", f"### {kind.__name__}", "", *_words(kind), *_members(kind)]
    return lines


def _entry(name: str, documented: object) -> Iterator[str]:
    if isinstance(documented, str):
        yield f"The version of the package, as text: `vw.{name}`."
    elif inspect.ismodule(documented):
        yield from _words(documented)
        for inner in documented.__all__:
            yield from ["", f"### {name}.{inner}", ""]
            member = getattr(documented, inner)
            if inspect.isfunction(member):
                yield from _callable(inner, member)
            else:
                yield f"{len(member)} entries by id: see [the page]({_PAGES[inner]})."
    elif inspect.isclass(documented):
        if name not in _MADE_BY_OTHERS:
            yield from [*_signature(name, documented), ""]
        yield from _words(documented)
        if name == "Campaign":
            yield from ["", *_options()]
        yield from _members(documented)
    else:
        yield from _callable(name, documented)


_PAGES = {"attacks": "attacks.md", "controls": "defences.md"}
_MADE_BY_OTHERS = {"Matrix", "Rating", "Run", "Table", "Trace", "VoltwardError"}


def _callable(name: str, function: object) -> Iterator[str]:
    yield from [*_signature(name, function), ""]
    yield from _words(function)


def _signature(name: str, documented: typing.Any) -> list[str]:
    text = f"{name}{_plain(str(inspect.signature(documented)))}"
    if len(text) > _WIDTH:
        inside, end = text.partition("(")[2].rsplit(")", 1)
        text = "\n".join([f"{name}(", *(f"    {part}," for part in _parts(inside)), f"){end}"])
    return ["```python", text, "```"]


def _parts(parameters: str) -> list[str]:
    """Return the parameters of a signature: commas inside brackets part none."""
    parts, depth = [""], 0
    for sign in parameters:
        depth += (sign in "[(") - (sign in "])")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _plain(text: str) -> str:
    """Return types without the modules that they come from."""
    named = re.sub(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])", "", text).replace("'", '"')
    return named.replace('*<class "Options">', "Unpack[Options]").replace("<factory>", "{}")


def _options() -> list[str]:
    rows = [
        (f"`{key}`", f"`{_plain(_type(kind))}`") for key, kind in Options.__annotations__.items()
    ]
    keys = (
        "Options are [the keys of a campaign file](configuration.md), and `controls` and `set` as"
    )
    return [f"{keys} on the command line:", "", *table(("option", "type"), rows)][:-1]


def _type(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _words(documented: object) -> Iterator[str]:
    """Yield a docstring as Markdown: its sections as tables, its example as code."""
    for head, lines in _sections(inspect.getdoc(documented) or ""):
        if head == "Example":
            yield from ["", "```python", *lines, "```"]
        elif head in {"Args", "Attributes", "Raises"}:
            yield from ["", *table((head.lower(), "meaning"), _named(lines))][:-1]
        elif head:
            yield from ["", f"{head}: {' '.join(line.strip() for line in lines)}"]
        else:
            yield from lines


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    head, kept = "", list[str]()
    for line in text.splitlines():
        found = line.removesuffix(":")
        if line.endswith(":") and found in _HEADS:
            yield head, _trimmed(kept)
            head, kept = found, []
        else:
            kept.append(line.removeprefix("    ") if head else line)
    yield head, _trimmed(kept)


def _trimmed(lines: list[str]) -> list[str]:
    return "\n".join(lines).strip("\n").splitlines()


def _named(lines: Iterable[str]) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith(" ") and rows:
            rows[-1] = (rows[-1][0], f"{rows[-1][1]} {line.strip()}")
        else:
            name, _, meaning = line.partition(": ")
            rows.append((f"`{name}`", meaning))
    return rows


def _members(kind: type) -> Iterator[str]:
    """Yield the methods and properties that a class adds, one line each."""
    rows = []
    for name, member in vars(kind).items():
        words = (inspect.getdoc(member) or "").split("\n\n")[0]
        if name.startswith("_") or not words:
            continue
        if inspect.isfunction(member):
            rows.append((f"`{name}{_plain(str(inspect.signature(member)))}`", words))
        elif isinstance(member, property) or hasattr(member, "func"):
            rows.append((f"`{name}`", words))
    if rows:
        yield from ["", *table(("member", "what it is"), rows)][:-1]
