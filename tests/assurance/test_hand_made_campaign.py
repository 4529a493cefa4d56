"""A campaign folder that a hand made in the published schema rates like one of our own."""

import csv
import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pyarrow.parquet as pq
import pytest

from voltward.assurance.tara.model.words import Basis
from voltward.assurance.tara.rating.campaign_results import read_campaign
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import data_folder
from voltward.results.run_folder import RunFolder

WORLD = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tara_world.py"))))
PROOF, COUNTER = "can-frame-authentication", "can-freshness"
GROUPS = (("none", "", 20, 20), ("proof", PROOF, 1, 100))


@pytest.fixture
def folder(tmp_path):
    rows = WORLD.cases_of(*GROUPS)
    rows.append(WORLD.case_row(900, "none", "", attack="no-attack"))
    return WORLD.write_run(tmp_path / "run", rows)


def _schema(name):
    text = (data_folder() / "schemas" / f"{name}.schema.json").read_text("utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def test_the_folder_fits_the_published_schemas(folder):
    _schema("run").validate(json.loads((folder / "run.json").read_text("utf-8")))
    run = RunFolder.open(folder)
    for row in run.cases():
        _schema("case").validate(row)
    for row in run.matrix():
        _schema("matrix").validate(row)


def test_it_rates_on_its_measurements(folder):
    results = read_campaign(folder)
    assert results.name == "hand-made"
    (before, under) = results.of_attack(WORLD.ATTACK)
    assert (before.stack, before.controls, before.worst.goal_share) == ("none", frozenset(), 1.0)
    assert (under.stack, under.controls) == ("proof", frozenset({PROOF}))
    # Wilson, 1 of 100: centre and half width by the closed form.
    z = 1.959963984540054
    middle = (0.01 + z * z / 200) / (1 + z * z / 100)
    half = z * (0.01 * 0.99 / 100 + z * z / 40000) ** 0.5 / (1 + z * z / 100)
    assert under.worst.low == pytest.approx(middle - half, rel=1e-9)
    assert under.worst.high == pytest.approx(middle + half, rel=1e-9)
    # That is 0.0545: not enough to be shown.
    rating = WORLD.rater_of(WORLD.model_of(), results).rate(["none", "key"])
    (path,) = (entry for entry in rating.paths if entry.control_set == "key")
    assert path.cut_by == ()
    assert "runs with no more successes would show it" in path.reasons[0]


def test_enough_runs_make_the_basis_measured(tmp_path):
    rows = WORLD.cases_of(("none", "", 20, 20), ("proof", PROOF, 1, 120))
    results = read_campaign(WORLD.write_run(tmp_path / "run", rows))
    rating = WORLD.rater_of(WORLD.model_of(), results).rate(["none", "key"])
    assert rating.run == "hand-made"
    assert rating.run_sha256 == results.sha256
    for risk in rating.risks:
        assert risk.basis is Basis.MEASURED
        assert risk.evidence.n == (20 if risk.control_set == "none" else 120)
    assert {path.feasibility for path in rating.paths} == {"high", "low"}


def test_clean_cases_are_no_evidence(folder):
    assert read_campaign(folder).of_attack("no-attack") == ()


def test_measured_damage_is_read_from_the_columns(tmp_path):
    rows = [
        *(WORLD.case_row(n, "none", "", reached=True, propulsion_lost_s=500.0) for n in range(9)),
        *(WORLD.case_row(9 + n, "react", "derate", reached=True) for n in range(9)),
    ]
    results = read_campaign(WORLD.write_run(tmp_path / "run", rows))
    rating = WORLD.rater_of(WORLD.model_of(), results).rate(["none", "react"])
    levels = {r.control_set: r.impact for r in rating.risks if r.category == "safety"}
    assert levels == {"none": "severe", "react": "negligible"}


def _edit_matrix(folder, change):
    file = folder / "matrix.csv"
    rows = list(csv.reader(file.read_text("utf-8").splitlines()))
    change(rows)
    file.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    WORLD.reseal(folder)


@pytest.mark.parametrize(
    ("column", "value"), [("goal_share", "0"), ("goal_share", "0.5"), ("n", "101"), ("n", "0")]
)
def test_a_matrix_that_disagrees_with_the_cases_is_refused(folder, column, value):
    def change(rows):
        place = next(i for i, row in enumerate(rows) if row[:2] == [WORLD.ATTACK, "proof"])
        rows[place][rows[0].index(column)] = value

    _edit_matrix(folder, change)
    with pytest.raises(ConfigurationError) as caught:
        read_campaign(folder)
    assert f"matrix.csv and cases disagree on {WORLD.ATTACK} under proof" in str(caught.value)
    assert "the cases say 1 of 100" in caught.value.why


def test_a_row_of_the_matrix_without_cases_is_refused_and_so_is_one_left_out(folder):
    kept = {}

    def drop(rows):
        place = next(i for i, row in enumerate(rows) if row[:2] == [WORLD.ATTACK, "proof"])
        kept["row"] = rows.pop(place)

    _edit_matrix(folder, drop)
    with pytest.raises(ConfigurationError, match="the matrix says 0 of 0, the cases say 1 of 100"):
        read_campaign(folder)

    def invent(rows):
        rows.append(kept["row"])
        rows.append([*kept["row"]])
        rows[-1][1] = "invented"

    _edit_matrix(folder, invent)
    with pytest.raises(ConfigurationError, match="disagree on contactor-open under invented"):
        read_campaign(folder)


def test_a_changed_table_is_refused_by_its_digest(folder):
    table = pq.read_table(folder / "cases.parquet")
    pq.write_table(table.slice(1), folder / "cases.parquet")
    with pytest.raises(ConfigurationError, match="cases"):
        read_campaign(folder)


def test_a_stack_whose_rows_differ_in_controls_is_no_test_of_the_common_ones(tmp_path):
    # 72 of the 73 rows had a further control on, so they are no test of the proof alone.
    rows = WORLD.cases_of(("none", "", 20, 20), ("mixed", f"{PROOF};sensor-voting", 0, 72))
    rows.append(WORLD.case_row(900, "mixed", PROOF))
    results = read_campaign(WORLD.write_run(tmp_path / "run", rows))
    rating = WORLD.rater_of(WORLD.model_of(), results).rate(["none", "key"])
    assert {path.potential for path in rating.paths} == {1}


def test_a_stack_called_none_that_had_controls_on_is_no_baseline(tmp_path):
    rows = WORLD.cases_of(("none", "sensor-voting", 20, 20), ("proof", PROOF, 0, 100))
    results = read_campaign(WORLD.write_run(tmp_path / "run", rows))
    rating = WORLD.rater_of(WORLD.model_of(), results).rate(["none", "key"])
    assert {path.potential for path in rating.paths} == {1}
    (bare,) = (path for path in rating.paths if path.control_set == "none")
    assert bare.basis is not Basis.MEASURED


def test_the_order_of_rows_does_not_matter(tmp_path):
    rows = WORLD.cases_of(("none", "", 20, 20), ("proof", PROOF, 0, 73), ("both", COUNTER, 3, 9))
    levels = []
    for name, ordered in (("a", rows), ("b", rows[::-1])):
        results = read_campaign(WORLD.write_run(tmp_path / name, ordered, name="same"))
        rating = WORLD.rater_of(WORLD.model_of(), results).rate()
        levels.append(
            [(p.id, p.control_set, p.potential, p.basis, p.reasons) for p in rating.paths]
        )
    assert levels[0] == levels[1]
