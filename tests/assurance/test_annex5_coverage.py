"""Coverage of Annex 5: linked, not applicable, missing, and contradictions as data."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from voltward.assurance.standards.annex5 import load_annex5
from voltward.assurance.tara.checks.annex5_coverage import coverage
from voltward.assurance.tara.model.model import Tables
from voltward.documents.toml_document import check_document
from voltward.interfaces.cli.commands.tara import annex5_command

IDS = load_annex5().ids()
EFFORT = {"expertise": "expert"}


def tables(**parts):
    return check_document(Tables, parts, "model")


def threat(name, *ids, asset="frames", lost="authenticity", stride="spoofing"):
    return {
        "id": name,
        "title": name,
        "asset": asset,
        "property": lost,
        "stride": stride,
        "damages": ["D1"],
        "r155": list(ids),
    }


def step(name, *ids):
    return {"id": name, "title": name, "effort": EFFORT, "r155": list(ids), "source": "assumed"}


def absent(*ids, reason="the item has none"):
    return [{"id": id_, "not_applicable": reason} for id_ in ids]


def row(found, id_):
    return next(one for one in (*found.rows, *found.outside) if one.id == id_)


def test_an_empty_model_answers_nothing_and_shows_every_id_in_order():
    found = coverage(Tables())
    assert tuple(one.id for one in found.rows) == IDS
    assert {one.status for one in found.rows} == {"missing"}
    assert found.count_line() == "0 of 67 ids: 0 linked, 0 not applicable, 67 missing"
    assert found.problems == ()


def test_a_whole_model_has_no_id_missing():
    found = coverage(tables(threat=[threat("T1", *IDS[:60])], r155=absent(*IDS[60:])))
    assert found.count_line() == "67 of 67 ids: 60 linked, 7 not applicable, 0 missing"
    assert found.problems == ()


def test_rows_name_threats_mitigations_reason_and_heading():
    found = coverage(
        tables(
            threat=[threat("T2", "4.1", "4.1"), threat("T1", "6.2", "4.1")],
            r155=absent("17.1", reason="no hosted applications"),
        )
    )
    assert row(found, "4.1").threats == ("T2", "T1")
    assert row(found, "4.1").mitigations == ("M10",)
    assert (row(found, "4.1").row, row(found, "4.1").heading) == (4, "4.3.2")
    assert row(found, "17.1").status == "not applicable"
    assert row(found, "17.1").reason == "no hosted applications"


def test_controls_come_by_treatments_and_goals_of_the_linked_threats():
    parts = {
        "threat": [threat("T1", "11.1"), threat("T2", "24.1")],
        "treatment": [{"threat": "T1", "decision": "reduce", "reason": "r", "goals": ["G1", "G2"]}],
        "goal": [
            {"id": "G1", "statement": "s", "owner": "o", "controls": ["secoc", "gateway-filter"]},
            {"id": "G2", "statement": "s", "owner": "o", "controls": ["secoc"]},
        ],
    }
    found = coverage(tables(**parts))
    assert row(found, "11.1").controls == ("secoc", "gateway-filter")
    assert row(found, "24.1").controls == ()


def test_a_step_alone_answers_nothing_but_is_named():
    found = coverage(tables(step=[step("crack-key", "26.1")], capability=[step("obd", "18.3")]))
    assert row(found, "26.1").status == "missing"
    assert row(found, "26.1").steps == ("crack-key",)
    assert row(found, "18.3").steps == ("obd",)


def test_unknown_ids_come_as_data_with_the_ids_of_their_row():
    found = coverage(
        tables(
            threat=[threat("T1", "22.1")],
            step=[step("s", "32.11")],
            capability=[step("c", "99")],
            r155=absent("14.1"),
        )
    )
    assert [(one.id, one.where) for one in found.problems] == [
        ("22.1", "threat T1"),
        ("99", "capability c"),
        ("32.11", "step s"),
        ("14.1", "table r155"),
    ]
    assert found.problems[0].hint == "row 22 has 22.2"
    assert found.problems[1].hint == "ids run from 1.1 to 32.1; there is no row 99"
    assert found.counts()["missing"] == 67


def test_linked_and_declared_not_applicable_is_a_problem_and_counts_as_linked():
    found = coverage(tables(threat=[threat("T1", "2.1")], r155=absent("2.1", "3.2", "3.2")))
    assert row(found, "2.1").status == "linked"
    assert [(one.id, one.what) for one in found.problems] == [
        ("2.1", "declared not applicable, yet named by T1"),
        ("3.2", "declared more than once"),
    ]
    assert found.counts() == {"ids": 67, "linked": 1, "not_applicable": 1, "missing": 65}


def test_ids_of_table_c3_are_known_and_never_counted():
    found = coverage(tables(threat=[threat("T1", "30.1")]))
    assert found.problems == ()
    assert row(found, "30.1").status == "linked"
    assert found.counts()["linked"] == 0
    assert row(found, "30.2").status == "outside table A1"
    assert "missing" not in {one.status for one in found.outside}


@given(st.lists(st.sampled_from(IDS), unique=True), st.lists(st.sampled_from(IDS), unique=True))
def test_every_id_has_one_answer_whatever_the_model_says(linked, declared):
    found = coverage(tables(threat=[threat("T1", *linked)], r155=absent(*declared)))
    count = found.counts()
    assert count["linked"] == len(linked)
    assert count["not_applicable"] == len(set(declared) - set(linked))
    assert count["linked"] + count["not_applicable"] + count["missing"] == 67
    assert {one.id for one in found.problems} == set(linked) & set(declared)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model.toml").write_text(
        """
        [model]
        id = "small"
        title = "Small"
        item = "A pack."
        [[threat]]
        id = "T1"
        title = "Forged frames"
        asset = "frames"
        property = "authenticity"
        stride = "spoofing"
        damages = ["D1"]
        r155 = ["4.1", "30.1", "22.1"]
        [[step]]
        id = "crack-key"
        title = "Crack a key"
        effort = {}
        r155 = ["26.1"]
        source = "assumed"
        [[r155]]
        id = "17.1"
        not_applicable = "no hosted applications"
        """,
        encoding="utf-8",
    )
    return tmp_path


def test_the_command_prints_the_regulations_order_and_ends_with_the_counts(folder):
    result = CliRunner().invoke(annex5_command, [str(folder)])
    assert result.exit_code == 0, result.output
    lines = result.output.rstrip().split("\n")
    assert lines[-1] == "2 of 67 ids: 1 linked, 1 not applicable, 65 missing"
    shown = [line.split()[0] for line in lines if line.split("  ")[0] in IDS]
    assert tuple(shown) == IDS
    assert lines.index("4.3.1 back-end servers") < lines.index("4.3.7 weaknesses left open")
    text = " ".join(result.output.split())
    assert "4.1 messages under a false identity M10 T1" in text
    assert "M21 not applicable: no hosted applications" in text
    assert "missing (named by crack-key, but by no threat)" in text
    assert "problem: threat T1: 22.1: Annex 5 has no such id; row 22 has 22.2" in text
    assert "only in table C3, not counted 30.1" in text


def test_the_command_gives_one_json_document(folder):
    result = CliRunner().invoke(annex5_command, [str(folder), "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.output)
    assert document["schema_version"] == 1
    assert [one["id"] for one in document["rows"]] == list(IDS)
    assert document["counts"] == {"ids": 67, "linked": 1, "missing": 65, "not_applicable": 1}
    assert document["problems"][0]["id"] == "22.1"
