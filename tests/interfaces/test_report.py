import hashlib
import re
import runpy
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from voltward.core.errors import ConfigurationError
from voltward.core.taps import TAPS
from voltward.interfaces.report import write_report
from voltward.interfaces.report.figure_architecture import PART_TAPS
from voltward.interfaces.report.figure_timeline import thinned
from voltward.interfaces.report.inline_svg import in_steps
from voltward.interfaces.report.page import heat_level
from voltward.interfaces.report.words import number, percent
from voltward.interfaces.table import print_matrix, print_safety_line, print_written
from voltward.ranges.configuration.campaign_file import load_campaign
from voltward.ranges.configuration.run_inputs import gather_inputs
from voltward.results.run_folder import RunFolder, RunWriter
from voltward.results.run_layout import is_run_file

SYNTHETIC = runpy.run_path(str(Path(__file__).parents[1] / "synthetic_run.py"))
PNG_START = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "demo"
    SYNTHETIC["make_folder"](path)
    write_report(path)
    return path


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


class Reader(HTMLParser):
    """Collects tags, ids and links, and checks that tags are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in {"href", "src", "xlink:href"}]
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def write_run(folder, cases, **changes):
    writer = RunWriter.begin(folder, "", {})
    writer.parts.write(0, cases, [])
    return writer.finish(SYNTHETIC["make_run"](**changes))


def test_the_same_folder_gives_the_same_bytes(folder, tmp_path):
    SYNTHETIC["make_folder"](tmp_path / "again")
    written = write_report(tmp_path / "again")
    assert len(written) > 10
    assert all(is_run_file(path.relative_to(tmp_path / "again").as_posix()) for path in written)
    for path in written:
        name = path.relative_to(tmp_path / "again")
        assert path.read_bytes() == (folder / name).read_bytes(), name


def test_a_second_report_of_the_same_folder_changes_nothing(folder):
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    write_report(folder)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_page_is_whole_and_needs_nothing_else(page):
    reader = Reader(page)
    assert reader.open == []
    assert not {"script", "link", "img", "iframe", "object"} & set(reader.tags)
    assert len(reader.ids) == len(set(reader.ids))
    targets = {link.removeprefix("#") for link in reader.links if link.startswith("#")}
    assert targets <= set(reader.ids)
    assert all(link.startswith(("#", "figures/", "inputs/")) for link in reader.links)
    assert "@import" not in page
    assert set(re.findall(r"url\((.)", page)) == {"#"}
    # Nothing is asked for: the only addresses are names of namespaces, and words of sources.
    without_names = re.sub(r'xmlns(:xlink)?="[^"]*"', "", page)
    assert not re.search(r'(src|href|action|data|content)\s*=\s*"?\s*(https?:)?//', without_names)


def test_the_page_is_small_and_details_are_closed(folder, page):
    # 1.5 MB for the 29 chapters of the demo: this campaign has 9, of which two have a drawing.
    assert len(page.encode()) < 1.5e6 * 9 / 29
    assert " open" not in "".join(re.findall(r"<details[^>]*>", page))
    assert page.count('<details class="chapter">') == len(SYNTHETIC["ATTACKS"])
    # What an inlined figure loses is blanks and digits, never words.
    drawn = (folder / "figures" / "timeline-voltage-bias.svg").read_text(encoding="utf-8")
    shown = page[page.index('id="figure-timeline-voltage-bias"') :]
    shown = shown[: shown.index("</svg>")]
    words = re.compile(r"<text[^>]*>([^<]*)</text>")
    assert words.findall(shown) == words.findall(drawn)
    assert len(shown) < 0.55 * len(drawn)


def test_the_page_opens_with_system_name_and_date(tmp_path, monkeypatch):
    inputs = gather_inputs(load_campaign(None, {"attacks": ["voltage-bias"]}))
    writer = RunWriter.begin(tmp_path / "run", inputs.config_text, {}, inputs=inputs.files)
    writer.parts.write(0, SYNTHETIC["make_cases"](seeds=1), [])
    writer.finish(SYNTHETIC["make_run"](date="2026-11-28", name="My pack"))
    write_report(tmp_path / "run")
    text = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    first = text[text.index("<main>") : text.index('id="answer"')]
    for words in ("My pack", "2026-11-28", "96 cells reference-nmc (96s1p)", "public LTE"):
        assert words in first
    assert 'id="figure-architecture"' in first
    assert 'href="inputs/system.toml"' in first
    # A pack may withhold inputs, and a plain digest would let others try out contents.
    assert not any(hashlib.sha256(file).hexdigest() in text for file in inputs.files.values())
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    write_report(tmp_path / "run")
    assert "1970-01-02" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "today")
    with pytest.raises(ConfigurationError, match="SOURCE_DATE_EPOCH"):
        write_report(tmp_path / "run")


def test_without_a_date_none_is_shown(page):
    assert "<time" not in page


@given(st.floats(0.0, 1.0))
def test_only_never_and_always_have_the_ends_of_the_heat_map(share):
    assert (heat_level(share) == 0) == (share == 0.0)
    assert (heat_level(share) == 5) == (share == 1.0)
    assert heat_level(share) <= heat_level(min(1.0, share + 0.25))


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=2, max_size=40))
def test_lines_of_the_page_stay_within_a_twentieth_of_a_point(points):
    text = "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in points)
    numbers = [float(n) for n in re.findall(r"-?\d*\.?\d+", in_steps(text))]
    end = np.array(numbers).reshape(-1, 2).sum(axis=0)
    assert np.abs(end - np.array(points[-1])).max() <= 0.05 + 1e-6


def test_the_answer_has_verdict_numbers_and_picture(page):
    first = page[page.index('id="answer"') : page.index('id="attacks"')]
    assert "✘ FAIL" in first
    assert "goal_share(full)&lt;=0.05" in first
    assert first.count('class="value"') == 3
    assert 'id="figure-matrix"' in first
    assert "Still open" in first


def test_every_figure_and_table_names_track_and_seeds(page):
    for label in re.findall(r'<p class="label">(.*?)</p>', page, flags=re.DOTALL):
        if label.startswith(("Most common chain", "As in the catalogue", "Report and figures")):
            continue
        assert re.search(r"[Tt]rack matched", label), label
        assert "8 seeds" in label, label
    for caption in re.findall(r"<figcaption>(.*?)</figcaption>", page, flags=re.DOTALL):
        assert "rack matched" in caption or "drawing" in caption, caption


def test_every_chapter_says_what_happened(page):
    for attack, (_, title, *_rest) in SYNTHETIC["ATTACKS"].items():
        start = page.index(f'id="attack-{attack}"')
        chapter = page[start : page.index("</article>", start)]
        assert f'<h3 class="name">{title}</h3>' in page
        assert "goal reached in 8 of 8 runs (68 to 100 %)" in chapter
    assert "gains operator account" in page
    assert page.count('id="figure-timeline-') == 2


def test_figures_carry_no_date_or_program(folder):
    for path in (folder / "figures").iterdir():
        content = path.read_bytes()
        if path.suffix == ".png":
            assert content.startswith(PNG_START)
            assert b"tEXt" not in content
        else:
            assert b"dc:date" not in content
            assert b"matplotlib.org" not in content


def test_the_users_own_style_does_not_show(folder, tmp_path):
    SYNTHETIC["make_folder"](tmp_path / "run")
    with mpl.rc_context({"font.size": 20.0, "axes.facecolor": "black", "svg.hashsalt": None}):
        write_report(tmp_path / "run")
    name = Path("figures") / "matrix.svg"
    assert (tmp_path / "run" / name).read_bytes() == (folder / name).read_bytes()


def test_digests_cover_the_report_and_notice_a_change(folder, tmp_path):
    files = RunFolder.open(folder).run["files"]
    assert {"report.html", "figures/matrix.png", "figures/timeline.svg"} <= set(files)
    SYNTHETIC["make_folder"](tmp_path / "run")
    write_report(tmp_path / "run")
    (tmp_path / "run" / "figures" / "matrix.png").write_bytes(b"other")
    with pytest.raises(ConfigurationError, match=r"matrix\.png"):
        RunFolder.open(tmp_path / "run")
    with pytest.raises(ConfigurationError, match=r"figures/matrix\.png"):
        write_report(tmp_path / "run")
    replaced = []
    write_report(tmp_path / "run", replaced.append)
    assert replaced == [tmp_path / "run" / "figures" / "matrix.png"]
    RunFolder.open(tmp_path / "run")


def test_text_from_the_run_is_escaped(tmp_path):
    cases = SYNTHETIC["make_cases"](seeds=1)
    write_run(tmp_path / "run", cases, name="<script>alert(1)</script>")
    write_report(tmp_path / "run")
    text = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("stacks", [{"none"}, {"full"}, {"detection", "full"}])
@pytest.mark.parametrize("attacks", [{"voltage-bias"}, {"no-attack"}])
def test_small_campaigns_have_reports_too(tmp_path, stacks, attacks):
    cases = [
        case
        for case in SYNTHETIC["make_cases"](seeds=1)
        if case["stack"] in stacks and case["attack"] in attacks
    ]
    run = SYNTHETIC["make_run"]()
    run.pop("gate")
    writer = RunWriter.begin(tmp_path / "run", "", {})
    writer.parts.write(0, cases, [])
    writer.finish(run | {"catalogue": {"attacks": {}, "controls": {}, "consequences": {}}})
    write_report(tmp_path / "run")
    text = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "● DONE" in text
    assert Reader(text).open == []


def test_every_tap_is_drawn_once():
    drawn = [tap for taps in PART_TAPS.values() for tap in taps]
    assert sorted(drawn) == sorted(tap.name for tap in TAPS)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=3000))
def test_thinning_keeps_ends_and_extremes(values):
    series = np.array(values)
    chosen = thinned(series, points=100)
    assert len(chosen) <= max(102, 100)
    assert (chosen[0], chosen[-1]) == (0, len(series) - 1)
    assert series[chosen].max() == series.max()
    assert series[chosen].min() == series.min()


def test_numbers_in_words():
    assert [number(x) for x in (None, 0.0, 0.123456, 12345.6, -2.5)] == [
        "–",
        "0",
        "0.123",
        "12\u202f346",
        "\u22122.5",
    ]
    assert [percent(x) for x in (0.0, 0.004, 0.125, 0.996, 1.0)] == [
        "0 %",
        "0.4 %",
        "12 %",
        "99.6 %",
        "100 %",
    ]


def test_importing_the_report_loads_no_drawing_library():
    code = (
        "import sys, voltward.interfaces.report;"
        "sys.exit(int('matplotlib' in sys.modules or 'jinja2' in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_terminal_table_has_marks_and_the_safety_line_counts(folder):
    rows = RunFolder.open(folder).matrix()
    console = Console(record=True, width=110, color_system=None)
    print_matrix(rows, console)
    print_safety_line(rows, RunFolder.open(folder).cases(), "full", console)
    files = [path for path in folder.rglob("*") if path.is_file()]
    print_written(folder, sorted(files), console)
    text = console.export_text()
    line = next(line for line in text.splitlines() if line.startswith("frame-replay"))
    assert line.split() == [
        "frame-replay",
        "1.00/1.00",
        "0.00/0.00",
        "■",
        "1.00/1.00",
        "●",
        "0.00/0.00",
        "■",
    ]
    assert "no-attack" not in text
    assert "track matched" in text
    assert "goals reached 72/72 (68 to 100 %) -> 13/72" in text
    assert "open report.html" in text
