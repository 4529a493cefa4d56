"""JSON, TM-BOM, SARIF, Mermaid and Markdown: complete, well-formed, and safe to paste."""

import dataclasses
import json
import re
import runpy
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.exchange.exported import Exported, rated_export
from voltward.assurance.tara.exchange.formats import FORMATS
from voltward.assurance.tara.exchange.json_format import json_document, model_schema
from voltward.assurance.tara.exchange.markdown import markdown
from voltward.assurance.tara.exchange.mermaid import escaped_label, flowchart, is_too_large
from voltward.assurance.tara.exchange.sarif import sarif
from voltward.assurance.tara.exchange.threat_model_bom import threat_model_bom
from voltward.assurance.tara.exchange.toml_folder import write_folder
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model import AttackPath, Step, Tables
from voltward.assurance.tara.model.model_folder import Model, model_folder, read_model
from voltward.assurance.tara.rating.rating import Rater
from voltward.assurance.tara.rating.verdict import Holds, Verdict
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import adapter

HERE = Path(__file__).parent
MODELS = runpy.run_path(str(HERE / "exchange_models.py"))
SHAPE = runpy.run_path(str(HERE / "tm_bom_shape.py"))["SHAPE"]
small, rating = MODELS["small"], MODELS["rating"]
# Sarif 2.1.0, sections 3.13 to 3.27: what every reader relies on.
SARIF_RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
    "properties": {
        "level": {"enum": ["error", "warning", "note"]},
        "message": {"type": "object", "required": ["text"]},
        "locations": {"type": "array", "minItems": 1},
    },
}


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    write_folder(tmp_path / "model", small())
    fails = Verdict(Holds.NO, None, ("frame-authentication",), "goal reached in 40 of 80 runs")
    return Exported(
        read_model(tmp_path / "model"),
        rating(),
        load_profile().settings,
        "planned",
        (("can-spoof-telemetry", fails),),
    )


@pytest.fixture(scope="module")
def worked() -> Exported:
    model = load_model(model_folder("cbms"))
    return rated_export(Rater(model, load_profile()))


def _unrated(exported: Exported) -> Exported:
    return Exported(exported.model)


def test_json_holds_the_model_and_the_rating(exported: Exported) -> None:
    document = json.loads(json_document(exported))
    assert document["schema_version"] == 1
    assert adapter(Tables).validate_json(json.dumps(document["model"]), strict=True) == small()
    assert document["rating"]["risks"][0]["evidence"]["n"] == 80
    assert json.loads(json_document(_unrated(exported)))["rating"] is None


def test_every_model_fits_the_published_schema(exported: Exported, worked: Exported) -> None:
    schema = model_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for one in (exported, worked):
        jsonschema.validate(json.loads(json_document(one))["model"], schema)
    bad = json.loads(json_document(exported))["model"]
    bad["threat"][0]["stride"] = "teasing"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, schema)


def test_tm_bom_has_the_shape_of_the_schema(exported: Exported, worked: Exported) -> None:
    for one in (exported, _unrated(exported), worked):
        document = json.loads(threat_model_bom(one))
        jsonschema.validate(document, SHAPE)
        _references_hold(document)


def _references_hold(document: dict[str, list[dict[str, object]]]) -> None:
    def names(kind: str) -> set[object]:
        found = [entry["symbolic_name"] for entry in document[kind]]
        assert len(found) == len(set(found))
        return set(found)

    zones, components, threats = (names(kind) for kind in ("trust_zones", "components", "threats"))
    personas = names("threat_personas")
    assert {entry["trust_zone"] for entry in document["components"]} <= zones
    for pair in document["trust_boundaries"]:
        assert set(pair.values()) <= zones
    for flow in document["data_flows"]:
        assert {flow["source"]["object"], flow["destination"]["object"]} <= components
    for threat in document["threats"]:
        assert threat["threat_persona"] in personas
        assert set(threat["components_affected"]) <= components
    for entry in (*document["controls"], *document["risks"]):
        assert set(entry["threats"]) <= threats
    likelihoods = ["rare", "unlikely", "possible", "likely", "certain"]
    impacts = ["negligible", "minor", "moderate", "major", "severe"]
    for risk in document["risks"]:
        factors = likelihoods.index(risk["likelihood"]) + 1, impacts.index(risk["impact"]) + 1
        assert risk["score"] == factors[0] * factors[1]


def test_tm_bom_says_what_the_model_says(exported: Exported) -> None:
    document = json.loads(threat_model_bom(exported))
    assert document["trust_boundaries"] == [
        {"trust_zone_a": "cloud-zone", "trust_zone_b": "vehicle"}
    ]
    assert document["data_flows"][0]["encrypted"] is True
    assert document["scope"]["data_sensitivity"] == ["op", "cred"]
    assert document["controls"][0]["threats"] == ["ts-1"]
    assert document["controls"][0]["priority"] == "high"
    medium = document["risks"][0]
    assert (medium["likelihood"], medium["score"], medium["level"]) == ("possible", 15, "very_high")
    extension = document["extensions"]["voltward.example/tara-model/1"]
    assert adapter(Tables).validate_json(json.dumps(extension), strict=True) == small()


def test_names_stay_apart_when_they_look_alike(exported: Exported) -> None:
    twins = tuple(
        dataclasses.replace(small().component[0], id=name) for name in ("a.b", "a_b", "A-B")
    )
    tables = dataclasses.replace(small(), component=twins, data_flow=(), asset=(), threat=())
    model = Model(exported.model.path, tables, {})
    document = json.loads(threat_model_bom(Exported(model)))
    assert [entry["symbolic_name"] for entry in document["components"]] == ["a-b", "a-b-2", "a-b-3"]


def test_sarif_has_what_readers_rely_on(exported: Exported, worked: Exported) -> None:
    for one in (exported, worked):
        document = json.loads(sarif(one))
        assert document["version"] == "2.1.0"
        assert document["$schema"].endswith("sarif-2.1.0.json")
        (run,) = document["runs"]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert len(rules) == len(set(rules))
        assert run["results"]
        for result in run["results"]:
            jsonschema.validate(result, SARIF_RESULT)
            assert rules[result["ruleIndex"]] == result["ruleId"]
            place = result["locations"][0]["physicalLocation"]
            file = one.model.path / Path(place["artifactLocation"]["uri"]).name
            line = file.read_text().splitlines()[place["region"]["startLine"] - 1]
            table = "control" if result["ruleId"].startswith("control/") else "threat"
            assert line == f"[[{table}]]"


def test_sarif_levels_follow_the_risk_and_the_tests(exported: Exported) -> None:
    (run,) = json.loads(sarif(exported))["runs"]
    found = {result["ruleId"]: result for result in run["results"]}
    assert found["risk/DS.1.TS.1.safety"]["level"] == "warning"
    assert "It would be 2" in found["risk/DS.1.TS.1.safety"]["message"]["text"]
    assert found["control/frame-authentication"]["level"] == "error"
    none = dataclasses.replace(exported, control_set="none", open_verdicts=())
    (run,) = json.loads(sarif(none))["runs"]
    assert {result["level"] for result in run["results"]} == {"error"}
    (run,) = json.loads(sarif(_unrated(exported)))["runs"]
    assert run["results"] == []


def test_sarif_paths_are_relative(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(exported.model.path.parent)
    model = read_model(Path("model"))
    (run,) = json.loads(sarif(dataclasses.replace(exported, model=model)))["runs"]
    location = run["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "model/threats.toml"


# A line of our flowcharts: a node, an edge, or a class.
LABEL = r'"[^"\n`<>\\%]+"'
NODE = rf"n\d+(\[{LABEL}\]|\(\[{LABEL}\]\)|\({LABEL}\)|\[\[{LABEL}\]\]|\{{{LABEL}\}})(:::\w+)?"
LINE = re.compile(rf"  ({NODE}|n\d+ --> n\d+|n\d+ -\. {LABEL} \.-> n\d+|classDef [\w :;,.-]+)")


def test_mermaid_lines_are_nodes_edges_and_classes(exported: Exported, worked: Exported) -> None:
    for one in (exported, worked):
        text = flowchart(one.model.tables)
        first, *lines = text.splitlines()
        assert first == "flowchart TD"
        assert all(LINE.fullmatch(line) for line in lines)
        drawn = set(re.findall(r"^  (n\d+)[\[({]", text, re.MULTILINE))
        used = set(re.findall(r"\b(n\d+)\b(?= -|$)", text, re.MULTILINE))
        assert used <= drawn


def test_mermaid_draws_and_or_and_what_is_left_out(exported: Exported) -> None:
    text = flowchart(exported.model.tables)
    assert '("AP.1 AND: Through the bus")' in text
    assert text.count('{"OR"}') == 1
    assert '-. "left out: sealed" .->' in text
    assert "False telemetry | #lt;b#gt;" in text
    assert '("AP.2"):::out' in text
    assert "TS.2" not in flowchart(exported.model.tables, ("TS.1",))


def test_mermaid_draws_shared_branches_and_survives_circles() -> None:
    steps = (
        Step(id="branch", title="Branch", tree="inner | branch"),
        Step(id="inner", title="Inner"),
    )
    path = AttackPath(id="P", threat="TS.1", tree="branch")
    tables = dataclasses.replace(small(), step=steps, capability=(), path=(path,))
    text = flowchart(tables)
    assert '["branch OR: Branch"]' in text
    assert "inner: Inner" in text


def test_mermaid_accepts_the_size_of_the_worked_model(worked: Exported) -> None:
    text = flowchart(worked.model.tables)
    assert not is_too_large(text)
    assert is_too_large(text + "  n1 --> n2\n" * 500)


@given(st.text(max_size=200))
def test_no_text_breaks_out_of_a_label(text: str) -> None:
    assert re.fullmatch(r'[^"`<>\\%\n\r]+', escaped_label(text))


def test_markdown_tells_the_whole_story(exported: Exported) -> None:
    text = markdown(exported)
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert titles == [
        *("Assumptions", "Work products", "Assets", "Data flows", "Damage scenarios"),
        *("Threat scenarios and attack paths", "Left out", "Risks", "Controls", "Treatment"),
        *("Cybersecurity goals", "Cybersecurity claims", "Overrides", "UN R155 Annex 5"),
    ]
    assert "| DS.1.TS.1 | safety | severe | medium | 4 (2) | 3 (2) | 2 | 2 | reduce |" in text
    assert "False telemetry \\| &lt;b&gt;" in text
    assert text.count("```mermaid") == 2
    assert "| 4.1 |" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)


def test_markdown_without_rating_says_nothing_of_risks(exported: Exported) -> None:
    assert "## Risks" not in markdown(_unrated(exported))


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_is_the_same_twice(name: str, worked: Exported) -> None:
    assert FORMATS[name].content(worked) == FORMATS[name].content(worked)


def test_findings_are_reported_for_the_set_that_is_asked_for() -> None:
    rater = Rater(load_model(model_folder("cbms")), load_profile())
    assert rated_export(rater).control_set == "all"
    planned = rated_export(rater, "planned")
    assert {risk.control_set for risk in planned.risks()} == {"planned"}
    assert planned.open_verdicts
    with pytest.raises(ConfigurationError, match="control set"):
        rated_export(rater, "plannd")
    with pytest.raises(ConfigurationError, match="threat"):
        rated_export(rater, threats=["TS-0"])
