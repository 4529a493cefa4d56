"""Which ratings are signed, and what a pack counts of them."""

import json
import runpy
from pathlib import Path

import pytest

from voltward.assurance.evidence.collection import Collected
from voltward.assurance.evidence.keys import read_private_key
from voltward.assurance.evidence.rating_snapshot import bases, read_rating
from voltward.assurance.evidence.signing import sign_pack
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model_folder import WORKED_MODEL, model_folder, read_model
from voltward.assurance.tara.rating.rating import model_digest, rate
from voltward.assurance.tara.rating.rating_file import check_rating
from voltward.core.errors import ConfigurationError
from voltward.core.files import pretty_json
from voltward.results.run_folder import RunFolder


def rating_problem(content):
    """Return why a text is not a rating; empty when it is one."""
    try:
        check_rating(content, "rating.json")
    except ConfigurationError as error:
        return error.why
    return ""


PACK = runpy.run_path(str(Path(__file__).parent / "evidence_pack.py"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("ratings")
    PACK["make_pack"](path)
    return path


def test_a_rating_of_other_cases_is_refused(folder):
    run = RunFolder.open(folder / "run")
    signer = read_private_key(folder / "signer.pem")
    cases = run.run["files"]["cases.parquet"]
    for other in ("2" * 64, "", f"{'2' * 64} + {'3' * 64}", cases[:-1]):
        rating = PACK["make_rating"](run, run_sha256=other)
        with pytest.raises(ConfigurationError, match="other cases") as caught:
            sign_pack(folder / "no", Collected(run, rating), signer, PACK["TIMES"])
        assert other in caught.value.why
        assert cases in caught.value.why
        assert f"voltward tara rate MODEL --run {run.path} --out FILE" in caught.value.hint
        assert "risk.json" in caught.value.hint
    assert not (folder / "no").exists()
    joined = PACK["make_rating"](run, run_sha256=f"{'2' * 64} + {cases}")
    sign_pack(folder / "joined", Collected(run, joined), signer, PACK["TIMES"])
    judged = PACK["make_rating"](run, run="", run_sha256="")
    sign_pack(folder / "judged", Collected(run, judged), signer, PACK["TIMES"])


def test_a_rating_of_an_edited_model_is_refused(folder, tmp_path):
    run = RunFolder.open(folder / "run")
    rating = read_rating(run.path / "risk.json")
    signer = read_private_key(folder / "signer.pem")
    text = PACK["MODEL"].replace("The risk is small.", "The risk is tiny.")
    more = '[[claim]]\nid = "CL-2"\nstatement = "x"\nowner = "x"\nrationale = "x"\n'
    (tmp_path / "model.toml").write_text(f'{text}\n{more}expires = "2027-01-31"\n', "utf-8")
    model = read_model(tmp_path)
    with pytest.raises(ConfigurationError, match="not the model that was rated") as caught:
        sign_pack(folder / "no", Collected(run, rating, None, model), signer, PACK["TIMES"])
    assert rating["model_sha256"] in caught.value.why
    assert model_digest(model) in caught.value.why
    assert "entries that differ: claim:CL-1, claim:CL-2 (new)" in caught.value.why
    assert not (folder / "no").exists()
    untold = Collected(run, {**rating, "parts": {}}, None, model)
    with pytest.raises(ConfigurationError, match="does not tell its entries"):
        sign_pack(folder / "no", untold, signer, PACK["TIMES"])


def test_a_rating_of_another_run_or_model_is_refused(folder):
    run = RunFolder.open(folder / "run")
    signer = read_private_key(folder / "signer.pem")
    other = PACK["make_rating"](run, run="another campaign")
    with pytest.raises(ConfigurationError, match="another campaign"):
        sign_pack(folder / "no", Collected(run, other), signer, PACK["TIMES"])
    model = read_model(folder / "model")
    other = PACK["make_rating"](run, model="another-model")
    with pytest.raises(ConfigurationError, match="another-model"):
        sign_pack(folder / "no", Collected(run, other, None, model), signer, PACK["TIMES"])
    several = PACK["make_rating"](run, run="first + synthetic")
    sign_pack(folder / "several", Collected(run, several, None, model), signer, PACK["TIMES"])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"model": None}, "model"),
        ({"control_sets": ["all"]}, "control_sets"),
        ({"risks": {}}, "risks"),
        ({"risks": [1]}, r"risks\[0\]: expected an object"),
        ({"paths": [{}]}, r"paths\[0\].id: is missing"),
        ({"parts": None}, "parts"),
    ],
)
def test_a_rating_of_another_shape_is_refused(folder, tmp_path, change, named):
    rating = PACK["make_rating"](RunFolder.open(folder / "run"), **change)
    (tmp_path / "rating.json").write_text(json.dumps(rating), "utf-8")
    with pytest.raises(ConfigurationError, match=named):
        read_rating(tmp_path / "rating.json")


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("control_set", ["other", None]),
        ("risk", [0, 6, True, "3", None]),
        ("if_shown", [0, 6]),
        ("cal", [0, 5, "1"]),
        ("basis", ["guessed", "", None]),
        ("impact", ["catastrophic", None]),
        ("feasibility", ["easy", None]),
        ("category", ["fleet", None]),
        ("treatment", ["ignore", None]),
        ("evidence", ["yes", {}, []]),
        ("damage", [None, 1]),
        ("threat", [None]),
        ("reasons", ["because"]),
    ],
)
def test_a_risk_without_its_essentials_is_refused(key, values):
    rating = PACK["RISK"]["make_document"]()
    assert rating_problem(json.dumps(rating)) == ""
    first = rating["risks"][0]
    missing = {name: value for name, value in first.items() if name != key}
    for risk in (missing, *(first | {key: value} for value in values)):
        problem = rating_problem(json.dumps(rating | {"risks": [risk]}))
        assert problem.startswith(f"risks[0].{key}")
        assert "Error" not in problem


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"n": 0}, "n: "),
        ({"n": None}, "n: "),
        ({"run": None}, "run: "),
        ({"cases": "c1"}, "cases: "),
        ({"goal_share": 1.5}, "goal_share: "),
        ({"low": -0.1}, "low: "),
        ({"high": "1"}, "high: "),
        ({"goal_share": 0.2, "low": 0.5}, "goal_share lies outside"),
    ],
)
def test_evidence_without_its_essentials_is_refused(change, named):
    rating = PACK["RISK"]["make_document"]()
    risk = rating["risks"][0]
    other = risk | {"evidence": risk["evidence"] | change}
    assert named in rating_problem(json.dumps(rating | {"risks": [other]}))


def test_what_was_measured_has_its_evidence():
    rating = PACK["RISK"]["make_document"]()
    risk = rating["risks"][0]
    assert risk["basis"] == "measured"
    without = rating | {"risks": [risk | {"evidence": None}]}
    assert "though the basis is measured" in rating_problem(json.dumps(without))
    judged = rating | {"risks": [risk | {"evidence": None, "basis": "assumed"}]}
    assert rating_problem(json.dumps(judged)) == ""


def test_a_real_rating_has_the_right_shape():
    rated = rate(read_model(model_folder(WORKED_MODEL)), load_profile("iso21434-example"))
    assert rating_problem(pretty_json(rated.as_document())) == ""


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff"])
def test_a_rating_that_is_no_document_is_refused(tmp_path, content):
    (tmp_path / "rating.json").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"rating\.json"):
        read_rating(tmp_path / "rating.json")


def test_a_pair_counts_with_the_weakest_basis_among_its_highest_categories(folder):
    rating = read_rating(folder / "run" / "risk.json")
    like = rating["risks"][0] | {"control_set": "none", "damage": "D", "threat": "T"}
    risks = [
        like | {"category": "safety", "risk": 4, "basis": "measured"},
        like | {"category": "financial", "risk": 4, "basis": "estimated"},
        like | {"category": "privacy", "risk": 1, "basis": "assumed"},
        like | {"threat": "U", "risk": 2, "basis": "measured"},
    ]
    found = bases({**rating, "control_sets": ["none"], "risks": risks})
    assert found == {"none": {"measured": 1, "estimated": 1, "assumed": 0}}
