"""The page: figures drawn, words put together, one HTML file written.

1. The run folder is read, and files that voltward did not write are not replaced.
2. Figures are drawn and kept as PNG and SVG; those of the page are made small.
3. The template is filled; the page needs no script and nothing from elsewhere.
4. `run.json` is renewed with the digests of what was written.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from voltward.core.errors import ConfigurationError
from voltward.core.files import sha256_of
from voltward.core.input_file import read_text
from voltward.interfaces.report.chapter import EVENTS_SHOWN, write_chapter
from voltward.interfaces.report.content import Content
from voltward.interfaces.report.cost import alarm_rows, control_rows, harm_rows
from voltward.interfaces.report.figure_architecture import draw_architecture
from voltward.interfaces.report.figure_damage import draw_damage
from voltward.interfaces.report.figure_delay import draw_delay
from voltward.interfaces.report.figure_matrix import draw_matrix
from voltward.interfaces.report.figure_risk import describe_risk, draw_risk
from voltward.interfaces.report.figure_timeline import draw_timeline
from voltward.interfaces.report.inline_svg import inline_svg
from voltward.interfaces.report.risk_chapter import risk_label, write_risk_chapter
from voltward.interfaces.report.risk_view import RISK_VALUES
from voltward.interfaces.report.style import drawing, save
from voltward.interfaces.report.summary import summarise
from voltward.interfaces.report.system_facts import describe_system
from voltward.interfaces.report.words import between, number, percent
from voltward.interfaces.report.world_rows import factor_rows, shown_factors, worst_worlds
from voltward.results.folder_ownership import OwnedFolder, Replacing
from voltward.results.matrix import Row
from voltward.results.run_folder import RunFolder, owned_run
from voltward.results.run_layout import (
    FIGURES,
    INPUTS,
    REPORT_FILE,
    RISK_FILE,
    is_derived,
    standing,
)

_EPOCH = "SOURCE_DATE_EPOCH"
_TRACKS = {
    "matched": "the plant is the model that the twin uses, so detection is at its easiest; "
    "figures on real cells will be worse",
    "mismatched": "the plant is an electrochemical model that the twin does not know",
    "composed": "the plant follows measured profiles with a stated spread between cells",
    "measured": "the plant is a recording of real cells",
}


@dataclass(frozen=True)
class Drawn:
    """A figure in the page: its SVG text and its files."""

    svg: str
    png: str
    file: str


def write(folder: Path, replacing: Replacing | None) -> list[Path]:
    """Write `report.html` and `figures/` into a run folder and renew its digests.

    Args:
        folder: A finished run folder.
        replacing: Called with each replaced file that voltward did not write; None refuses to.

    Returns:
        The files written, the report first.
    """
    page = folder / REPORT_FILE
    with owned_run(folder, replacing) as owned:
        # 1. What is there.
        content = Content.read(folder)
        names = ((path, path.relative_to(folder).as_posix()) for path in standing(folder))
        owned.refuse_strangers(
            path
            for path, name in names
            if name == FIGURES or (is_derived(name) and name != RISK_FILE)
        )
        # 2. Figures.
        figures, drawn = _draw(content, owned)
        # 3. The page.
        owned.write(page, _render(content, figures).encode())
        # 4. Digests.
        RunFolder.open(folder, with_report=False).seal((page, *drawn))
    return [page, *drawn]


def _draw(content: Content, owned: OwnedFolder) -> tuple[dict[str, Drawn], list[Path]]:
    figures: dict[str, Drawn] = {}
    written: list[Path] = []

    def keep(name: str, title: str, figure: Figure | None) -> None:
        if figure is None:
            return
        png, svg = save(figure, owned.path / FIGURES, name, owned.write)
        written.extend((png, svg))
        figures[name] = Drawn(inline_svg(svg, title), f"{FIGURES}/{png.name}", f"{FIGURES}/{name}")

    with drawing():
        if content.attacks:
            # The page has the heat map as a table; the files are for slides and documents.
            written.extend(save(draw_matrix(content), owned.path / FIGURES, "matrix", owned.write))
            keep("damage", "Bars: damage avoided by each stack", draw_damage(content))
            keep("delay", "Detection delay of each attack", draw_delay(content))
        if content.risk:
            label = risk_label(content, content.risk)
            keep("risk", describe_risk(content.risk), draw_risk(content.risk, label))
        keep("architecture", "The layers and taps of the system", draw_architecture(content))
        for attack, cases in content.traced.items():
            title = f"Time series of {content.title(attack)}"
            keep(f"timeline-{attack}", title, draw_timeline(content, attack, cases))
        best = _telling(content)
        if best:
            png, svg = save(
                draw_timeline(content, best, content.traced[best]),
                owned.path / FIGURES,
                "timeline",
                owned.write,
            )
            written.extend((png, svg))
    return figures, written


def _telling(content: Content) -> str:
    """Return the traced attack that shows a defence at work, or the first one, or nothing."""
    for attack, cases in content.traced.items():
        if len(cases) > 1 and cases[0]["goal_reached"] and not cases[1]["goal_reached"]:
            return attack
    return next(iter(content.traced), "")


def _render(content: Content, figures: dict[str, Drawn]) -> str:
    environment = Environment(
        loader=PackageLoader("voltward.interfaces.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "percent": percent}
    environment.globals |= {"between": between, "heat": heat_level}
    events = _events(content)
    return environment.get_template("report.html.j2").render(
        content=content,
        run=content.run,
        summary=summarise(content),
        date=_date(content),
        system=describe_system(content.folder),
        figures=figures,
        chapters=[write_chapter(content, attack, events) for attack in content.attacks],
        rows=[row for row in content.matrix if row["attack"] in content.attacks],
        harms=harm_rows(content),
        alarms=alarm_rows(content),
        controls=control_rows(content),
        factors=factor_rows(content),
        worst_worlds=worst_worlds(content),
        shown_factors=shown_factors(),
        risk=write_risk_chapter(content),
        risk_values=RISK_VALUES,
        track_words=_TRACKS.get(content.track, "see the documentation of the tracks"),
        sources=_sources(content),
        files=_listed(_data_files(content).items()),
        config=read_text(content.folder.path / "config.toml"),
    )


def heat_level(share: float) -> int:
    """Return how dark a share is drawn: 0 for never, 5 for always, quarters between."""
    return 0 if share <= 0.0 else 5 if share >= 1.0 else 1 + min(3, int(4.0 * share))


def _date(content: Content) -> str:
    """Return the date on the report: no clock is read, so that it stays the same.

    Raises:
        ConfigurationError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    given = os.environ.get(_EPOCH, "")
    if not given:
        return str(content.run.get("date", ""))
    try:
        return datetime.fromtimestamp(int(given), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigurationError(
            f"{_EPOCH} = '{given}': not a time",
            why="allowed are whole seconds since 1970, as in reproducible builds",
            hint=f"unset {_EPOCH}, or give such as 1700000000",
        ) from error


def _events(content: Content) -> dict[str, list[Row]]:
    """Return the first events of each traced case, from one pass over the file."""
    wanted = {case["case_id"] for cases in content.traced.values() for case in cases}
    found: dict[str, list[Row]] = {}
    for event in content.folder.events() if wanted else ():
        if event["case_id"] in wanted:
            kept = found.setdefault(event["case_id"], [])
            if len(kept) < EVENTS_SHOWN:
                kept.append(event)
    return found


def _sources(content: Content) -> list[tuple[str, str]]:
    """Return each source once, with the entries that cite it."""
    cited: dict[str, list[str]] = {}
    shown = {"attacks": content.attacks, "controls": [c.name for c in control_rows(content)]}
    for kind, names in shown.items():
        for name in names:
            source = str(content.run["catalogue"][kind].get(name, {}).get("source", ""))
            if source:
                cited.setdefault(source, []).append(name)
    return [(source, ", ".join(names)) for source, names in cited.items()]


def _data_files(content: Content) -> dict[str, str]:
    """Return the digests of run.json, and of the rating, which may be newer than run.json."""
    files = {name: str(sha) for name, sha in content.run["files"].items() if name != RISK_FILE}
    if content.risk:
        files[RISK_FILE] = sha256_of(content.folder.path / RISK_FILE)
    return files


def _listed(files: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Return data files with digests: not the report, which cannot hold its own.

    Nor the inputs: a pack may withhold them, and their plain digests then must be nowhere in it.
    """
    return [
        (name, str(digest))
        for name, digest in sorted(files)
        if name != REPORT_FILE and not name.startswith((f"{FIGURES}/", f"{INPUTS}/"))
    ]
