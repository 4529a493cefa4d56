"""UN R155 Annex 5 as shipped: complete, in order, in our own words; and what attacks cite."""

import re
import tomllib

import pytest

from voltward.assurance.standards.annex5 import load_annex5
from voltward.assurance.standards.techniques import technique_names
from voltward.attacks.catalogue import ATTACKS
from voltward.documents.toml_document import data_folder

ANNEX = load_annex5()
STANDARDS = sorted((data_folder() / "standards").glob("*.toml"))
# How many ids each row of table A1 has, counted in the Official Journal's text.
ROWS = [number for number in range(1, 33) if number not in {14, 30}]
COUNTS = (3, 1, 5, 2, 5, 3, 2, 2, 1, 1, 4, 4, 1, 2, 3, 1, 3, 3, 5, 1, 1, 1, 1, 2, 3, 1, 2, 2, 1, 1)
IDS_OF_ROW = dict(zip(ROWS, COUNTS, strict=True))
TEXT_STATUS = {"verbatim-free", "own-words", "id-only"}
# Tables that say which mitigation answers which rows; 21.1 also stands beside 5.4 in B1.
TABLE_NAMES = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "C1", "C2")
TABLE_ROWS = ((4, 11), (12, 13), (15, 15), (16, 18), (19, 25), (26, 29), (31, 31), (32, 32))
ROWS_OF_TABLE = dict(zip(TABLE_NAMES, (*TABLE_ROWS, (1, 3), (15, 15)), strict=True))


def test_counts_are_those_of_the_regulation():
    assert len(ANNEX.heading) == 7
    assert len(ANNEX.row) == 30
    assert len(ANNEX.ids()) == len(set(ANNEX.ids())) == 67
    assert ANNEX.example_count() == 69
    assert len(ANNEX.mitigation) == 23


def test_rows_and_ids_come_in_the_regulations_order_and_none_is_missing():
    assert [heading.number for heading in ANNEX.heading] == [f"4.3.{n}" for n in range(1, 8)]
    assert [row.number for row in ANNEX.row] == ROWS
    headings = [row.heading for row in ANNEX.row]
    assert headings == sorted(headings)
    assert set(headings) == {heading.number for heading in ANNEX.heading}
    first = {22: 2}
    expected = [
        f"{row}.{first.get(row, 1) + index}"
        for row, count in IDS_OF_ROW.items()
        for index in range(count)
    ]
    assert list(ANNEX.ids()) == expected


@pytest.mark.parametrize(
    ("heading", "rows"),
    [
        ("4.3.1", range(1, 4)),
        ("4.3.2", range(4, 12)),
        ("4.3.3", range(12, 14)),
        ("4.3.4", range(15, 16)),
        ("4.3.5", range(16, 19)),
        ("4.3.6", range(19, 26)),
        ("4.3.7", (26, 27, 28, 29, 31, 32)),
    ],
)
def test_each_row_stands_below_its_heading(heading, rows):
    assert [row.number for row in ANNEX.row if row.heading == heading] == list(rows)


def test_only_the_hardware_row_has_three_examples_and_loss_by_accident_is_not_counted():
    several = {entry.id: len(entry.examples) for _, entry in ANNEX.entries() if entry.examples}
    assert several == {"32.1": 3}
    assert [entry.id for entry in ANNEX.outside] == ["30.1", "30.2", "30.3"]
    assert {entry.tables for entry in ANNEX.outside} == {("C3",)}
    assert not set(ANNEX.ids()) & {"22.1", "30.1", "30.2", "30.3"}
    assert ANNEX.known_ids() == (*ANNEX.ids(), "30.1", "30.2", "30.3")


def test_mitigations_are_m1_to_m24_without_m17_and_each_answers_some_id():
    ids = [mitigation.id for mitigation in ANNEX.mitigation]
    assert ids == [f"M{n}" for n in range(1, 25) if n != 17]
    entries = [entry for _, entry in ANNEX.entries()]
    assert all(entry.mitigations for entry in (*entries, *ANNEX.outside))
    assert {one for entry in entries for one in entry.mitigations} == set(ids)


@pytest.mark.parametrize(
    ("mitigation", "ids"),
    [
        ("M1", "1.1 3.1"),
        ("M2", "1.2 3.3"),
        ("M3", "2.1 13.1"),
        ("M4", "3.2"),
        ("M5", "3.5"),
        ("M6", "5.1"),
        ("M7", "5.2 5.3 5.4 5.5 19.1 20.1 20.2 20.3 20.4 20.5 21.1 22.2 23.1 25.1 25.2"),
        ("M8", "1.3 3.4 7.2 19.2"),
        ("M9", "9.1 32.1"),
        ("M10", "4.1 5.1 6.1 6.2 6.3 11.2 11.3 11.4"),
        ("M11", "4.2 12.4 19.3"),
        ("M12", "7.1"),
        ("M13", "8.1 8.2 24.1"),
        ("M15", "11.1"),
        ("M16", "12.1 12.2 12.3"),
        ("M18", "15.1"),
        ("M19", "15.2"),
        ("M20", "16.1 16.2 16.3"),
        ("M22", "18.1 18.2 18.3"),
        ("M23", "26.1 26.2 26.3 27.1 28.1 28.2 29.1 29.2"),
        ("M24", "31.1"),
    ],
)
def test_mitigations_answer_the_ids_of_the_regulation(mitigation, ids):
    found = [entry.id for _, entry in ANNEX.entries() if mitigation in entry.mitigations]
    assert found == ids.split()


def test_tables_of_parts_b_and_c():
    for row, entry in ANNEX.entries():
        named = [name for name, (a, b) in ROWS_OF_TABLE.items() if a <= row.number <= b]
        expected = ["B1", "B5"] if entry.id == "21.1" else named
        assert list(entry.tables) == expected, entry.id


def test_texts_are_short_and_ours():
    assert ANNEX.text_status == "own-words"
    assert "42021X0387" in ANNEX.source_version
    entries = [entry for _, entry in ANNEX.entries()]
    for text in (
        *(entry.threat for entry in (*entries, *ANNEX.outside)),
        *(mitigation.title for mitigation in ANNEX.mitigation),
    ):
        assert 0 < len(text) <= 80, text
        # Words of the regulation's own sentences.
        assert not re.search(r"\bshall\b|e\.g\.|for example", text), text


def words_of_entries(value):
    """Every text of a catalogue's entries that is no id: not just letters, digits, dots, dashes."""
    if isinstance(value, str):
        return [] if re.fullmatch(r"[A-Za-z0-9._-]+", value) else [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return []
    return [text for item in value for text in words_of_entries(item)]


def faults(document):
    """What a catalogue lacks, or holds against its own text status."""
    head = {"title", "source", "source_version", "licence", "text_status", "note", "prefix"}
    entries = {key: value for key, value in document.items() if key not in head}
    required = ("title", "source", "source_version", "licence")
    found = [key for key in required if not document.get(key)]
    if document.get("text_status") not in TEXT_STATUS:
        found.append("text_status")
    if document.get("text_status") == "id-only" and words_of_entries(entries):
        found.append("text in an id-only catalogue")
    return found


@pytest.mark.parametrize("path", STANDARDS, ids=lambda path: path.stem)
def test_every_shipped_catalogue_says_source_licence_and_whose_words(path):
    assert faults(tomllib.loads(path.read_text("utf-8"))) == []


def test_a_catalogue_without_licence_or_with_text_that_it_must_not_hold_is_found():
    head = {"title": "t", "source": "s", "source_version": "1", "licence": "l"}
    ids = {**head, "text_status": "id-only", "row": [{"id": "CR-3.1"}]}
    assert faults(ids) == []
    text = {**ids, "row": [{"id": "CR-3.1", "title": "Communication integrity"}]}
    assert faults(text) == ["text in an id-only catalogue"]
    assert faults({**ids, "licence": "", "text_status": "mine"}) == ["licence", "text_status"]


def test_every_technique_and_annex_id_of_the_attack_catalogue_is_known():
    cited = {attack.technique for attack in ATTACKS.all()}
    assert cited == set(technique_names())
    assert all(technique_names().values())
    known = set(ANNEX.known_ids())
    strange = {attack.id: set(attack.r155) - known for attack in ATTACKS.all()}
    assert {who: ids for who, ids in strange.items() if ids} == {}
    assert all(attack.r155 for attack in ATTACKS.all())
