"""The risk chapter of the report, its figure, and the lines at the end of a run."""

import io
import json
import runpy
from html import escape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from voltward.assurance.tara.rating.rating_file import check_rating
from voltward.core.errors import ConfigurationError
from voltward.interfaces.report import write_report
from voltward.interfaces.report.content import Content
from voltward.interfaces.report.figure_risk import RISK_COLOURS, describe_risk
from voltward.interfaces.report.risk_chapter import evidence_words, write_risk_chapter
from voltward.interfaces.report.risk_moves import BY_DAMAGE, BY_EFFORT, BY_TEST, moved
from voltward.interfaces.report.risk_view import RiskView
from voltward.interfaces.risk_lines import print_risk_lines
from voltward.results.run_folder import RunFolder

TESTS = Path(__file__).parents[1]
SYNTHETIC = runpy.run_path(str(TESTS / "synthetic_run.py"))
RISK = runpy.run_path(str(TESTS / "synthetic_risk.py"))
make_document = RISK["make_document"]


def view_of(document):
    """Return a rating as the report reads it."""
    return RiskView.of(check_rating(json.dumps(document), "risk.json"))


def make_run(path, document=None):
    SYNTHETIC["make_folder"](path)
    text = json.dumps(document or make_document(limits=["<b>Judged</b> & stated."]), sort_keys=True)
    (path / "risk.json").write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = make_run(tmp_path_factory.mktemp("runs") / "rated")
    write_report(path)
    return path


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def chapter(page):
    start = page.index('<section id="risk">')
    return page[start : page.index("</section>", start)]


@pytest.fixture(scope="module")
def written(folder):
    return write_risk_chapter(Content.read(folder))


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]


def test_page_one_and_navigation_lead_to_the_chapter(page):
    first = page[page.index('id="answer"') : page.index('id="matrix"')]
    assert '<a href="#risk">4 of 4 risks</a> at 4 or 5 before, 2 after (control set all).' in first
    assert '<a href="#risk">Risk</a>' in page[: page.index("</nav>")]
    reader = Reader(page)
    assert len(reader.ids) == len(set(reader.ids))
    assert {link[1:] for link in reader.links if link.startswith("#")} <= set(reader.ids)


def test_a_folder_without_a_rating_has_no_chapter(tmp_path):
    SYNTHETIC["make_folder"](tmp_path / "old")
    write_report(tmp_path / "old")
    page = (tmp_path / "old" / "report.html").read_text(encoding="utf-8")
    assert "#risk" not in page
    assert 'id="risk"' not in page
    assert "risk.json" not in page
    assert not (tmp_path / "old" / "figures" / "risk.svg").exists()


def test_lead_counts_values_and_basis(written):
    assert written.lead[0] == (
        "4 of 4 pairs of damage and threat are at 4 or 5 with control set none, 3 with planned, "
        "2 with all."
    )
    assert written.lead[1].startswith("Under all, 3 rest on measurement, 1 on estimates")
    assert "iso21434-example" in written.lead[2]
    assert "track matched, 8 seeds" in written.lead[2]
    assert [row.values for row in written.counts] == [
        (2, 2, 0, 0, 0),
        (1, 2, 0, 1, 0),
        (1, 1, 0, 1, 1),
    ]
    assert [sum(row.bases) for row in written.counts] == [4, 4, 4]


def test_top_risks_start_with_the_highest_that_stays(written):
    first = written.top[0]
    assert first.id == "D1.T3.safety"
    assert [value.value for value in first.values] == [5, 5, 5]
    assert [value.if_shown for value in first.values] == [None, 2, 2]
    assert first.treatment == "open"
    second = written.top[1]
    assert (second.id, second.cal, second.treatment) == ("D1.T1.safety", "CAL4", "reduce")
    assert second.feasibility == "high → very low"
    assert second.impact == "severe"
    assert [rest.evidence for rest in second.rests] == [
        "goal 8 of 8, 95 % interval 68 to 100 %",
        "goal 0 of 80, upper 95 % bound 4.6 %",
    ]
    # One row for each pair of damage and threat: the financial risk of D1 is not among them.
    assert len(written.top) == 4


def test_evidence_links_to_the_attack_of_the_test(chapter):
    assert '<a href="#attack-charge-command-spoof">goal 0 of 80' in chapter
    assert "assumed, untested" in chapter


def test_what_moved_is_told_by_kind_controls_and_reason(written):
    kinds = {kind.what: kind for kind in written.moved.kinds}
    assert list(kinds) == [BY_TEST, BY_EFFORT]
    (cut,) = kinds[BY_TEST].groups
    assert (cut.controls, cut.reasons) == ("frame-mac", ("charge-command-spoof: 0 of 80",))
    assert (cut.steps, cut.threats) == ("1\u00a0×\u00a05\u00a0→\u00a02", ("T1",))
    (judged,) = kinds[BY_EFFORT].groups
    assert (judged.controls, judged.steps) == ("", "1\u00a0×\u00a04\u00a0→\u00a01")
    assert [(row.id, row.before, row.after, row.first) for row in written.moved.risks] == [
        ("D1.T1.safety", 5, 2, "planned"),
        ("D2.T4.operational", 4, 1, "all"),
    ]


def test_an_impact_that_fell_is_measured_damage():
    document = make_document()
    for risk in document["risks"]:
        if risk["control_set"] == "all" and risk["id"] == "D1.T3.safety":
            risk.update(impact="moderate", risk=3, reasons=["over_voltage_s fell"])
    kinds = {kind.what: kind for kind in moved(view_of(document)).kinds}
    (group,) = kinds[BY_DAMAGE].groups
    assert (group.reasons, group.risks) == (("over_voltage_s fell",), 1)
    assert group.controls == "those that watch and act"


def test_many_groups_are_cut_short_and_counted():
    document = make_document()
    base = [risk for risk in document["risks"] if risk["id"] == "D2.T4.operational"]
    for number in range(9):
        for risk in base:
            name = f"D2.X{number}.operational"
            document["risks"].append({**risk, "id": name, "threat": f"X{number}", "path": name})
        path = {**document["paths"][-1], "control_set": "all", "cut_by": [f"c{number}"]}
        document["paths"].append({**path, "id": name, "threat": f"X{number}"})
    kind = moved(view_of(document)).kinds[-1]
    assert kind.risks == 10
    assert sum(group.risks for group in kind.groups) + kind.more_risks == 10
    assert kind.more_risks == 4


def test_what_stayed_is_grouped_by_kind(written):
    kinds = {stay.what.partition(":")[0]: stay for stay in written.stayed.kinds}
    few = kinds["Tested, but too little to show that a control holds"]
    assert (few.risks, few.high, few.if_shown) == (1, 1, 1)
    assert few.reasons == (("frame-replay: 0 of 4 runs", 1),)
    failed = kinds["Tested, and the attack still reaches its goal"]
    assert failed.reasons == (("uplink-flood under prevention: goal reached in 8 of 8 runs", 1),)
    assert kinds["Already at the lowest value"].risks == 2
    assert written.stayed.risks == 4
    assert len(written.moved.risks) + written.stayed.risks == 6


def test_untested_controls_are_told_from_absent_ones(tmp_path):
    rating = RISK["only"](RISK["make_rating"](), "none", "planned")
    content = Content.read(make_run(tmp_path / "run", make_document(rating)))
    kinds = {stay.what: stay for stay in write_risk_chapter(content).stayed.kinds}
    untested = next(stay for what, stay in kinds.items() if "no test of this campaign" in what)
    assert untested.reasons == (("untested", 1),)


def test_stakeholders_have_a_table_of_their_own(written, chapter):
    (fleet,) = written.stakes
    assert fleet.name == "fleet"
    assert {row.damage for row in fleet.rows} == {RISK["TITLES"]["D2"]}
    assert [value.value for value in fleet.rows[0].values] == [4, 4, 4]
    assert "never part of the road user" in chapter


def test_text_is_escaped(chapter):
    assert escape(RISK["TITLES"]["D1"]) in chapter
    assert "<in use>" not in chapter
    assert "&lt;b&gt;Judged&lt;/b&gt; &amp; stated." in chapter


def test_limits_are_those_of_the_rating_or_else_the_chapters_own(written, tmp_path):
    assert written.limits[0] == "<b>Judged</b> & stated."
    assert "Track matched" in written.limits[-1]
    plain = write_risk_chapter(Content.read(make_run(tmp_path / "run", make_document())))
    assert "not the true effort of an attacker" in plain.limits[0]


def test_every_table_and_the_figure_name_track_seeds_and_profile(chapter):
    labels = chapter.split('<p class="label">')[1:]
    assert len(labels) == chapter.count("<table>")
    for label in (*labels, chapter.split("<figcaption>")[1]):
        assert label.startswith(("Track matched · 8 seeds", "Pairs of"))
        assert "rack matched · 8 seeds · profile iso21434-example" in label[:200]


def test_the_same_folder_gives_the_same_bytes_and_digests_cover_them(folder, tmp_path):
    again = make_run(tmp_path / "again")
    for _ in range(2):
        for path in write_report(again):
            name = path.relative_to(again)
            assert path.read_bytes() == (folder / name).read_bytes(), name
    files = RunFolder.open(again).run["files"]
    assert {"figures/risk.png", "figures/risk.svg"} <= set(files)
    assert '<th scope="row">risk.json</th>' in (again / "report.html").read_text("utf-8")


def test_figure_places_pairs_and_speaks(folder, page):
    risk = RiskView.read(folder)
    assert len(risk.pairs("none")) == 4
    assert risk.value_of("severe", "high") == 5
    assert risk.value_of("moderate", "low") is None
    words = "control set none: 4 of 4 pairs at risk 4 or 5"
    assert words in describe_risk(risk)
    assert f'aria-label="Risk matrices, impact by feasibility; {words}' in page


def test_the_profiles_matrix_fills_places_without_risks():
    names = ("very_low", "low", "medium", "high")
    matrix = {
        impact: dict(zip(names, values, strict=True)) for impact, values in RISK["MATRIX"].items()
    }
    risk = view_of(make_document(matrix=matrix))
    assert risk.value_of("moderate", "low") == 2


def test_colours_get_darker_with_risk():
    def lightness(colour):
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    found = [lightness(RISK_COLOURS[value]) for value in range(1, 6)]
    assert all(first - second > 10 for first, second in pairwise(found))


def test_one_control_set_alone_is_reported(tmp_path):
    rating = RISK["only"](RISK["make_rating"](), "none")
    path = make_run(tmp_path / "run", make_document(rating))
    write_report(path)
    page = (path / "report.html").read_text(encoding="utf-8")
    assert "4 of 4 risks</a> at 4 or 5 (control set none)." in page
    assert "What changed them" not in page


def test_seven_control_sets_and_missing_titles(tmp_path):
    document = make_document(titles={})
    document["control_sets"] += [f"extra-{number}" for number in range(4)]
    for name in document["control_sets"][3:]:
        of_all = [risk for risk in document["risks"] if risk["control_set"] == "all"]
        document["risks"] += [{**risk, "control_set": name} for risk in of_all]
    assert write_report(make_run(tmp_path / "run", document))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda document: document | {"schema_version": 9}, "schema_version"),
        (lambda document: document | {"control_sets": []}, "control_sets"),
        (lambda document: {k: v for k, v in document.items() if k != "risks"}, "risks"),
        (lambda document: document["risks"][0].update(impact="awful") or document, "awful"),
        (
            lambda document: document["risks"][0].update(risk=6) or document,
            r"risks\[0\].risk: .* got 6",
        ),
        (lambda document: document["risks"][0].pop("if_shown") and document, "if_shown"),
    ],
)
def test_a_rating_of_another_shape_is_refused(change, word):
    with pytest.raises(ConfigurationError, match=word):
        view_of(change(make_document()))


def test_a_damaged_file_is_refused(tmp_path):
    path = make_run(tmp_path / "run")
    (path / "risk.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"risk\.json: line 1, column 2: is not JSON"):
        write_report(path)


def test_lines_at_the_end_of_a_run():
    screen = Console(file=io.StringIO(), width=200, color_system=None)
    print_risk_lines(RISK["make_rating"](), screen)
    first, second = screen.file.getvalue().splitlines()
    assert first == (
        "risk    damage x threat at 5 4 3 2 1: none 2 2 0 0 0 | planned 1 2 0 1 0 | all 1 1 0 1 1"
    )
    assert second == (
        "        3 of 4 rest on measurement, 1 on estimates, 0 on assumptions (set all); "
        "profile iso21434-example"
    )


def test_no_evidence_is_untested():
    assert evidence_words(None) == "untested"
