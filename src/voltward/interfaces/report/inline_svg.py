"""A figure inside the page: small, with ids of its own, in the colours of the page's scheme.

1. Head, metadata, comments and blanks go, and ids that nothing refers to.
2. Lines are written as steps of a tenth of a point.
3. Looks that occur more than once become classes.
4. Colours become the page's variables, and type the page's own.
"""

import re
from collections import Counter
from pathlib import Path

from voltward.core.input_file import read_text
from voltward.interfaces.report.style import (
    BLUE,
    GREEN,
    INK,
    LINE,
    MUTED,
    PAPER,
    RISK_COLOURS,
    VERMILLION,
)

_RISK_VARIABLES = ("var(--h0)", "var(--r2)", "var(--r3)", "var(--h4)", "var(--h5)")
_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    PAPER: "var(--figure)",
    BLUE: "var(--blue)",
    VERMILLION: "var(--vermillion)",
    GREEN: "var(--green)",
    "#c3ccd4": "var(--line)",
    "#10181f": "var(--on-heat)",
    **dict(zip(RISK_COLOURS.values(), _RISK_VARIABLES, strict=True)),
}
_NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
_POLYLINE = re.compile(rf"M {_NUMBER} {_NUMBER}(?: ?L {_NUMBER} {_NUMBER})+")
_POINT = re.compile(rf"({_NUMBER}) ({_NUMBER})")
# A tenth of a point is enough on a page; small numbers are scales, dashes and opacities.
_LONG = re.compile(r"(?<![\d.])([1-9]\d*\.\d)\d+")
_TAG = re.compile(r"<[^>]*>")
_WITHOUT_EFFECT = (" stroke-miterlimit: 100000;", " font-family: 'DejaVu Sans';")


def inline_svg(path: Path, title: str) -> str:
    """Return an SVG for use inside the page.

    Args:
        path: A file that `style.save` wrote.
        title: What a screen reader says.
    """
    prefix = re.sub(r"[^a-z0-9]+", "-", path.stem.lower())
    text = read_text(path)
    # 1. What the page does not need.
    text = text[text.index("<svg") :]
    text = re.sub(
        r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL
    )
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    text = re.sub(r"\s*\n\s*", " ", text).replace("> <", "><").replace(' "', '"').strip()
    text = _own_ids(text, prefix)
    text = _without_empty_groups(text.replace("<defs></defs>", ""))
    # 2. Lines.
    text = _POLYLINE.sub(lambda found: in_steps(found[0]), text)
    text = _TAG.sub(lambda found: _LONG.sub(r"\1", found[0]), text)
    # 3. Looks.
    for words in _WITHOUT_EFFECT:
        text = text.replace(words, "")
    text, styles = _with_classes(text, prefix)
    # 4. Colours, and the size of the page.
    for colour, variable in _VARIABLES.items():
        text, styles = text.replace(colour, variable), styles.replace(colour, variable)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    label = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    head, body = text.split(">", 1)
    head = head.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    return f"{head}>{styles}{body}"


def _own_ids(text: str, prefix: str) -> str:
    """Keep the ids that something refers to, and make them the figure's own."""
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
    numbers = {name: index for index, name in enumerate(sorted({a or b for a, b in used}))}

    def renamed(found: re.Match[str]) -> str:
        start, name, end = found.groups()
        if name in numbers:
            return f"{start}{prefix}-{numbers[name]}{end}"
        return "" if start.startswith(" id") else found[0]

    return re.sub(r'( id="|href="#|url\(#)([^")]+)("|\))', renamed, text)


def _without_empty_groups(text: str) -> str:
    """Take away groups that say nothing of what is in them."""
    opened: list[bool] = []

    def kept(found: re.Match[str]) -> str:
        tag = found[0]
        if tag == "<g/>":
            return ""
        if tag == "</g>":
            return tag if opened.pop() else ""
        opened.append(tag != "<g>")
        return tag if opened[-1] else ""

    return re.sub(r"<g/>|</g>|<g\b[^>]*>", kept, text)


def in_steps(line: str) -> str:
    """Return a line of absolute points as a start and relative steps; errors do not add up."""
    points = [(round(10 * float(x)), round(10 * float(y))) for x, y in _POINT.findall(line)]
    x, y = points[0]
    steps = [f"M{_tenths(x)}{_joined(y)}l"]
    for next_x, next_y in points[1:]:
        if (next_x, next_y) != (x, y):
            steps.append(f"{_joined(next_x - x)}{_joined(next_y - y)}")
        x, y = next_x, next_y
    text = "".join(steps).replace("l ", "l")
    return text if len(steps) > 1 else f"{text}0 0"


def _tenths(value: int) -> str:
    text = f"{value / 10:.1f}".removesuffix(".0")
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def _joined(value: int) -> str:
    """Return a number as it follows another: a minus sign parts them as well as a blank."""
    text = _tenths(value)
    return text if text.startswith("-") else f" {text}"


def _with_classes(text: str, prefix: str) -> tuple[str, str]:
    """Return the text with classes for its looks, and the style sheet of these."""
    looks = Counter(re.findall(r'style="([^"]*)"', text))
    names = {
        look: f"{prefix}-c{index}"
        for index, look in enumerate(look for look, count in looks.items() if count > 1)
    }

    def named(found: re.Match[str]) -> str:
        return f'class="{names[found[1]]}"' if found[1] in names else found[0].replace(": ", ":")

    rules = "".join(f".{name}{{{look}}}" for look, name in names.items())
    rules = rules.replace(": ", ":").replace("; ", ";")
    return re.sub(r'style="([^"]*)"', named, text), f"<style>{rules}</style>" if rules else ""
