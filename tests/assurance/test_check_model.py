"""Models with one fault each: what is said, with file, key and the nearest id."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from voltward.assurance.tara.checks.loading import load_model, problems
from voltward.assurance.tara.model.model_folder import model_folder, read_model
from voltward.core.errors import ConfigurationError

WORLD = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tara_world.py"))))
FILES = {name.removesuffix(".toml"): text for name, text in WORLD.FILES.items()}


def _changed(file, old, new):
    return {file: WORLD.replaced(FILES[file], old, new)}


def _more(file, text):
    return {file: FILES[file] + text}


def _said(folder):
    """Return the faults of a folder as text, and check that loading is refused."""
    found = [fault for fault in problems(read_model(folder)) if fault.severity == "error"]
    with pytest.raises(ConfigurationError) as caught:
        load_model(folder)
    assert found[0].what in str(caught.value)
    assert found[0].file in str(caught.value)
    return [f"{f.file}: {f.key}: {f.what} | {f.why} | {f.hint}" for f in found]


def test_the_small_model_has_no_fault(tmp_path):
    WORLD.write_model(tmp_path)
    assert problems(load_model(tmp_path)) == ()


# Where it stands, what it is changed to, and what must be told.
DANGLING = [
    (
        "system",
        'boundary = "inside"',
        'boundary = "insde"',
        "component[0] unit: boundary",
        "inside",
    ),
    ("system", 'component = "unit"', 'component = "unti"', "asset[0] frames: component", "unit"),
    ("system", 'source = "unit"', 'source = "unti"', "data_flow[0] flow: source", "unit"),
    ("system", 'target = "unit"', 'target = "unti"', "data_flow[0] flow: target", "unit"),
    ("system", 'assets = ["frames"]', 'assets = ["frame"]', "data_flow[0] flow: assets", "frames"),
    ("system", '"can.up"', '"can.uo"', "data_flow[0] flow: taps", "can.up"),
    ("scenarios", '"frames:integrity"', '"frame:integrity"', "damage[0] DS: concerns", "frames"),
    (
        "scenarios",
        '"frames:integrity"',
        '"frames:integrty"',
        "damage[0] DS: concerns frames",
        "integrity",
    ),
    (
        "scenarios",
        '"propulsion_lost_s"',
        '"propulsion_lost"',
        "damage[0] DS: consequences",
        "propulsion_lost_s",
    ),
    ("scenarios", 'asset = "frames"', 'asset = "frame"', "threat[0] TS: asset", "frames"),
    ("scenarios", 'damages = ["DS"]', 'damages = ["DX"]', "threat[0] TS: damages", "DS"),
    ("paths", 'threat = "TS"', 'threat = "TX"', "path[0] AP: threat", "TS"),
    ("paths", "contactor-open", "contactor-opn", "path[0] AP: tree", "contactor-open"),
    ("paths", "can-write", "can-wrte", "path[0] AP: tree", "can-write"),
    (
        "capabilities",
        'id = "can-write"',
        'id = "can-writ"',
        "capability[0] can-writ: id",
        "can-write",
    ),
    (
        "controls",
        'bypass = "frame-key"',
        'bypass = "frame-kay"',
        "control[0] can-frame-authentication: bypass",
        "frame-key",
    ),
    (
        "controls",
        'mitigates = ["can-write"]',
        'mitigates = ["can-writ"]',
        "control[2] enclosure: mitigates",
        "can-write",
    ),
    (
        "sets",
        'controls = ["enclosure"]',
        'controls = ["enclosur"]',
        "control_set[2] box: controls",
        "enclosure",
    ),
    ("sets", '"react"]', '"reactt"]', "control_set[4] all: includes", "react"),
    ("decisions", 'threat = "TS"', 'threat = "TX"', "treatment[0]: threat", "TS"),
    (
        "decisions",
        'threat = "TS"',
        'threat = "TS"\ndamage = "DX"',
        "treatment[0]: damage",
        "DS",
    ),
    ("decisions", 'goals = ["CG"]', 'goals = ["CX"]', "treatment[0]: goals", "CG"),
    (
        "decisions",
        'goals = ["CG"]',
        'goals = ["CG"]\nclaims = ["CX"]',
        "treatment[0]: claims",
        "CL",
    ),
    (
        "decisions",
        'controls = ["can-frame-authentication"]',
        'controls = ["can-frame-authentcation"]',
        "goal[0] CG: controls",
        "can-frame-authentication",
    ),
    (
        "rules",
        'consequence = "charging_denied_s"',
        'consequence = "charging_denid_s"',
        "impact_rule[1]: consequence",
        "charging_denied_s",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "key", "near"), DANGLING)
def test_a_dangling_id_is_told_with_file_key_and_the_nearest(tmp_path, file, old, new, key, near):
    said = _said(WORLD.write_model(tmp_path, **_changed(file, old, new)))
    (told,) = [line for line in said if line.startswith(f"{file}.toml: {key}: ")]
    assert f"'{near}'" in told.split("|")[-1], told


OVERRIDE = """
[[override]]
{}
reason = "made up"
date = "{}"
reviewer = "tester"
"""
DAY = "2026-01-31"


@pytest.mark.parametrize(
    ("what", "key", "near"),
    [
        ('path = "AQ"\nfeasibility = "low"', "path", "AP"),
        ('damage = "DX"\ncategory = "safety"\nimpact = "major"', "damage", "DS"),
        ('path = "AP"\nfeasibility = "low"\ncontrol_set = "boxx"', "control_set", "box"),
    ],
)
def test_an_override_of_what_does_not_exist_is_told(tmp_path, what, key, near):
    text = OVERRIDE.format(what, DAY)
    (said,) = _said(WORLD.write_model(tmp_path, **_more("decisions", text)))
    assert said.startswith(f"decisions.toml: override[0]: {key}: there is no")
    assert f"'{near}'" in said


@pytest.mark.parametrize(
    "what",
    [
        "",
        'path = "AP"',
        'feasibility = "low"',
        'damage = "DS"\nimpact = "major"',
        'damage = "DS"\ncategory = "safety"',
        'path = "AP"\nfeasibility = "low"\ndamage = "DS"\ncategory = "safety"\nimpact = "major"',
        'path = "AP"\nfeasibility = "low"\nimpact = "major"',
    ],
)
def test_an_override_must_say_what_it_overrides(tmp_path, what):
    text = OVERRIDE.format(what, DAY)
    (said,) = _said(WORLD.write_model(tmp_path, **_more("decisions", text)))
    assert "override[0]: does not say what it overrides" in said


@pytest.mark.parametrize("table", ["claim", "override"])
def test_a_day_that_no_calendar_has_is_told(tmp_path, table):
    if table == "claim":
        change = _changed("decisions", "2030-01-31", "2030-02-30")
    else:
        text = OVERRIDE.format('path = "AP"\nfeasibility = "low"', "2026-13-01")
        change = _more("decisions", text)
    (said,) = _said(WORLD.write_model(tmp_path, **change))
    assert said.startswith(f"decisions.toml: {table}[0]")
    assert "2030-02-30" in said or "2026-13-01" in said


TWICE = [
    ("system", '[[boundary]]\nid = "inside"\ntitle = "x"\n', "boundary[1] inside"),
    (
        "system",
        '[[component]]\nid = "unit"\ntitle = "x"\nlayer = "cloud"\nboundary = "inside"\n',
        "component[1] unit",
    ),
    (
        "system",
        '[[asset]]\nid = "frames"\ntitle = "x"\ncomponent = "unit"\nproperties = ["integrity"]\n',
        "asset[1] frames",
    ),
    ("paths", '[[path]]\nid = "AP"\nthreat = "TS"\ntree = "can-write"\n', "path[1] AP"),
    ("controls", '[[control]]\nid = "derate"\ntitle = "x"\n', "control[5] derate"),
    ("sets", '[[control_set]]\nid = "box"\ntitle = "x"\n', "control_set[5] box"),
    ("decisions", '[[goal]]\nid = "CG"\nstatement = "x"\nowner = "x"\n', "goal[1] CG"),
    ("capabilities", '[[step]]\nid = "s"\ntitle = "x"\neffort = {}\n' * 2, "step[1] s"),
    (
        "capabilities",
        '[[capability]]\nid = "can-write"\ntitle = "x"\neffort = {}\n',
        "capability[4] can-write",
    ),
]


@pytest.mark.parametrize(("file", "text", "key"), TWICE)
def test_an_id_that_is_used_twice_is_told_with_both_places(tmp_path, file, text, key):
    said = _said(WORLD.write_model(tmp_path, **_more(file, text)))
    name = key.split()[1]
    assert said[0].startswith(f"{file}.toml: {key}: id: '{name}' is used twice | first in {file}")


def test_an_id_may_not_be_used_in_two_files_either(tmp_path):
    WORLD.write_model(tmp_path, zz='[[control]]\nid = "derate"\ntitle = "x"\n')
    (said,) = _said(tmp_path)
    assert "zz.toml: control[0] derate: id: 'derate' is used twice" in said
    assert "controls.toml: control[3] derate" in said


@pytest.mark.parametrize(
    ("name", "kind"), [("can-flood", "attack"), ("broker-reach", "capability")]
)
def test_a_step_may_not_be_called_as_an_attack_or_a_capability(tmp_path, name, kind):
    text = f'[[step]]\nid = "{name}"\ntitle = "x"\neffort = {{}}\n'
    (said,) = _said(WORLD.write_model(tmp_path, **_more("paths", text)))
    assert f"'{name}' is a" in said
    assert kind in said


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ("can-write & & contactor-open", "got '&'"),
        ("(can-write & contactor-open", "never closed"),
        ("can-write contactor-open", "'contactor-open' is not expected"),
        ("can-write ; contactor-open", "cannot read '; contactor-open'"),
    ],
)
def test_a_tree_that_cannot_be_read_is_told(tmp_path, tree, reason):
    change = _changed("paths", "can-write & contactor-open", tree)
    (said,) = _said(WORLD.write_model(tmp_path, **change))
    assert said.startswith(f"paths.toml: path[0] AP: tree: '{tree}'")
    assert reason in said


def test_a_bypass_that_cannot_be_read_is_told(tmp_path):
    change = _changed("controls", 'bypass = "frame-key"', 'bypass = "frame-key |"')
    (said,) = _said(WORLD.write_model(tmp_path, **change))
    assert said.startswith("controls.toml: control[0] can-frame-authentication: bypass: ")


@pytest.mark.parametrize(
    "links",
    [{"one": "one"}, {"one": "two & can-write", "two": "can-write | (three)", "three": "one"}],
)
def test_steps_that_lead_back_to_themselves_are_told(tmp_path, links):
    steps = "".join(
        f'[[step]]\nid = "{name}"\ntitle = "x"\ntree = "{tree}"\n' for name, tree in links.items()
    )
    (said,) = _said(WORLD.write_model(tmp_path, **_more("paths", steps)))
    assert "tree: leads back to itself: " in said
    assert all(name in said.split("|")[0] for name in links)


def test_a_capability_may_be_on_a_cycle_too(tmp_path):
    change = _changed(
        "capabilities", 'effort = { elapsed_time = "1w" }', 'tree = "frame-key & can-write"'
    )
    (said,) = _said(WORLD.write_model(tmp_path, **change))
    assert "can-write -> can-write" in said


@pytest.mark.parametrize("target", ["all", "box"])
def test_control_sets_that_include_themselves_are_told(tmp_path, target):
    change = _changed(
        "sets", 'controls = ["enclosure"]', f'controls = ["enclosure"]\nincludes = ["{target}"]'
    )
    (said,) = _said(WORLD.write_model(tmp_path, **change))
    assert said.startswith("sets.toml: control_set[")
    assert "includes: leads back to itself: " in said
    assert "box" in said


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('effort = { elapsed_time = "1w" }\nattack_vector', "attack_vector", "neither effort nor"),
        ('effort = { elapsed_time = "1w" }', 'effort = {}\ntree = "frame-key"', "effort and tree"),
    ],
)
def test_a_leaf_has_an_effort_or_a_tree(tmp_path, old, new, what):
    (said,) = _said(WORLD.write_model(tmp_path, **_changed("capabilities", old, new)))
    assert said.startswith("capabilities.toml: capability[0] can-write: effort: ")
    assert what in said


@pytest.mark.parametrize(
    ("tree", "fine"),
    [
        ("contactor-open", False),
        ("frame-key & contactor-open", False),
        ("(can-write & contactor-open) | contactor-open", False),
        ("(can-write | frame-key) & contactor-open", False),
        ("(can-write | frame-key & can-write) & contactor-open", True),
        ("can-write & (contactor-open | can-flood)", True),
        ("can-write | contactor-open", False),
        ("gift & contactor-open", True),
        ("branch & contactor-open", True),
        ("open-branch & contactor-open", False),
        ("whole", False),
        ("can-write & whole", True),
    ],
)
def test_an_attack_needs_its_capability_on_the_same_branch(tmp_path, tree, fine):
    steps = """
    [[step]]
    id = "gift"
    title = "x"
    gives = ["can-write"]
    effort = {}

    [[step]]
    id = "branch"
    title = "x"
    tree = "frame-key & can-write"

    [[step]]
    id = "open-branch"
    title = "x"
    tree = "frame-key | can-write"

    [[step]]
    id = "whole"
    title = "x"
    tree = "contactor-open"
    """
    text = WORLD.replaced(FILES["paths"], "can-write & contactor-open", tree)
    WORLD.write_model(tmp_path, paths=text + steps)
    if fine:
        load_model(tmp_path)
    else:
        (said,) = _said(tmp_path)
        assert said.startswith("paths.toml: path[0] AP: tree: attack 'contactor-open' needs")
        assert "'can-write & contactor-open'" in said


def test_a_path_that_is_left_out_needs_nothing(tmp_path):
    text = WORLD.replaced(FILES["paths"], "can-write & ", "") + 'impossible = "not built"\n'
    load_model(WORLD.write_model(tmp_path, paths=text))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('id = "none"', 'id = "nothing"', "sets: there is no control set 'none'"),
        ('title = "No control"', 'title = "x"\ncontrols = ["derate"]', "'none' must be empty"),
        ('title = "No control"', 'title = "x"\nincludes = ["box"]', "'none' must be empty"),
    ],
)
def test_the_set_none_is_there_and_empty(tmp_path, old, new, what):
    (said,) = _said(WORLD.write_model(tmp_path, **_changed("sets", old, new)))
    assert what.removeprefix("sets: ") in said


@pytest.mark.parametrize(
    ("decision", "goals", "claims", "what"),
    [
        ("reduce", "", '"CL"', "goals: 'reduce' without goals"),
        ("retain", "", "", "claims: 'retain' without claims"),
        ("share", '"CG"', "", "claims: 'share' without claims"),
        ("avoid", '"CG"', "", "goals: 'avoid' with goals"),
    ],
)
def test_a_decision_needs_its_goal_or_claim(tmp_path, decision, goals, claims, what):
    text = FILES["decisions"].replace('"reduce"', f'"{decision}"')
    text = text.replace('goals = ["CG"]', f"goals = [{goals}]\nclaims = [{claims}]")
    (said,) = _said(WORLD.write_model(tmp_path, decisions=text))
    assert said.startswith(f"decisions.toml: treatment[0]: {what}")


@pytest.mark.parametrize(("decision", "word"), [("retain", "contradicts"), ("reduce", "repeats")])
def test_two_treatments_of_the_same_are_told(tmp_path, decision, word):
    text = (
        f'[[treatment]]\nthreat = "TS"\ndecision = "{decision}"\nreason = "x"\n'
        'goals = ["CG"]\nclaims = ["CL"]\n'
    )
    (said,) = _said(WORLD.write_model(tmp_path, **_more("decisions", text)))
    assert said.startswith(f"decisions.toml: treatment[1]: decision: '{decision}' for TS {word}")
    assert "decisions.toml: treatment[0]" in said


def test_a_treatment_of_one_damage_stands_beside_that_of_the_threat(tmp_path):
    text = '[[treatment]]\nthreat = "TS"\ndamage = "DS"\ndecision = "avoid"\nreason = "x"\n'
    model = load_model(WORLD.write_model(tmp_path, **_more("decisions", text)))
    (risk, *_) = WORLD.rater_of(model).rate(["none"]).risks
    assert risk.treatment == "avoid"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("major = 10.0", "major = 0.5"),
        ("severe = 100.0", "severe = 5.0"),
        ("moderate = 1.0\nmajor = 10.0\nsevere = 100.0\n", ""),
    ],
)
def test_thresholds_rise_with_the_level(tmp_path, old, new):
    (said,) = _said(WORLD.write_model(tmp_path, **_changed("rules", old, new)))
    assert said.startswith("rules.toml: impact_rule[0]: moderate: thresholds must rise")


def test_two_rules_for_the_same_are_told(tmp_path):
    rule = f"[[impact_rule]]{FILES['rules'].split('[[impact_rule]]')[1]}"
    (said,) = _said(WORLD.write_model(tmp_path, **_more("rules", rule)))
    assert "impact_rule[2]: consequence: 'propulsion_lost_s safety' has a rule already" in said
    assert "rules.toml: impact_rule[0]" in said


def test_a_class_of_stride_that_does_not_violate_the_property_is_told(tmp_path):
    change = _changed("scenarios", 'stride = "tampering"', 'stride = "spoofing"')
    (said,) = _said(WORLD.write_model(tmp_path, **change))
    assert "threat[0] TS: stride: 'spoofing' does not violate integrity" in said
    assert "'tampering'" in said


def test_a_property_that_the_asset_does_not_have_is_told(tmp_path):
    text = FILES["scenarios"].replace('property = "integrity"', 'property = "authenticity"')
    text = text.replace('"tampering"', '"spoofing"')
    (said,) = _said(WORLD.write_model(tmp_path, scenarios=text))
    assert "threat[0] TS: property of frames: there is no 'authenticity'" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": None}, ("[model] must be written once", "no file")),
        ({"zz": WORLD.HEAD}, ("[model] must be written once", "model.toml and zz.toml")),
        (_changed("paths", "title", "titel") if "title" in FILES["paths"] else
         _changed("paths", 'id = "AP"', 'id = "AP"\ntitel = "x"'),
         ("paths.toml", "titel", "title")),
        ({"zz": "[[pathh]]\n"}, ("zz.toml", "pathh", "path")),
        (_changed("scenarios", '"severe"', '"sever"'), ("scenarios.toml", "sever", "severe")),
        (_changed("capabilities", '"1w"', '"2w"'), ("capabilities.toml", "elapsed_time", "2w")),
        (_changed("decisions", "2030-01-31", "31.1.2030"), ("decisions.toml", "expires")),
        (_changed("paths", 'id = "AP"', 'id = "a path"'), ("paths.toml", "id", "a path")),
        (_changed("scenarios", '"DS"\n', '"DS"\ntitle = [1]\n'), ("scenarios.toml",)),
        ({"zz": "[[path\n"}, ("zz.toml",)),
        (_changed("rules", "moderate = 1.0", 'moderate = "much"'), ("rules.toml", "moderate")),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_file_and_key(tmp_path, change, words):
    with pytest.raises(ConfigurationError) as caught:
        load_model(WORLD.write_model(tmp_path, **change))
    told = " ".join(filter(None, (str(caught.value), caught.value.why, caught.value.hint)))
    for word in words:
        assert word in told, told


def test_a_folder_without_models_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="holds no TOML file"):
        read_model(tmp_path)
    with pytest.raises(ConfigurationError, match="is no folder"):
        read_model(tmp_path / "absent")
    (tmp_path / "file.toml").write_text(WORLD.HEAD)
    with pytest.raises(ConfigurationError, match="is a file, not a model folder"):
        model_folder(tmp_path / "file.toml")
    with pytest.raises(ConfigurationError, match="no such model folder"):
        model_folder(tmp_path / "absent")


def test_all_faults_are_told_at_once(tmp_path):
    changes = {
        **_changed("sets", '"react"]', '"reactt"]'),
        **_changed("decisions", "2030-01-31", "2030-02-30"),
    }
    said = _said(WORLD.write_model(tmp_path, **changes))
    assert len(said) == 2
    with pytest.raises(ConfigurationError, match="and 1 more"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("file", "what", "key"),
    [
        ("paths", "no attack path realises it", "threat[0] TS"),
        ("decisions", "no treatment is decided", "threat[0] TS"),
    ],
)
def test_a_gap_is_a_warning_and_the_model_still_rates(tmp_path, file, what, key):
    found = problems(load_model(WORLD.write_model(tmp_path, **{file: ""})))
    assert [(fault.severity, fault.key, fault.what) for fault in found] == [("warning", key, what)]


def test_a_damage_that_no_threat_leads_to_is_a_warning(tmp_path):
    text = '[[damage]]\nid = "DX"\ntitle = "x"\nimpact = { safety = "major" }\n'
    found = problems(load_model(WORLD.write_model(tmp_path, **_more("scenarios", text))))
    assert [fault.what for fault in found] == ["no threat leads to it"]


def test_an_unknown_profile_of_the_head_is_told(tmp_path):
    change = _more("model", 'profile = "iso21434-exampel"\n')
    (said,) = _said(WORLD.write_model(tmp_path, **change))
    assert said.startswith("model.toml: ")
    assert "iso21434-example" in said


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("scenarios", '"11.1"', '"11.9"'),
        ("capabilities", 'attack_vector = "physical"', 'r155 = ["99.1"]'),
    ],
)
def test_an_unknown_id_of_the_regulation_is_told(tmp_path, file, old, new):
    said = _said(WORLD.write_model(tmp_path, **_changed(file, old, new)))
    assert said[0].startswith(f"{file}.toml: ")
    assert "r155" in said[0]


def test_exploitability_metrics_that_cannot_be_read_are_told(tmp_path):
    change = _changed("capabilities", 'attack_vector = "physical"', 'cvss = "AV:X"')
    (said,) = _said(WORLD.write_model(tmp_path, **change))
    assert said.startswith("capabilities.toml: capability[0] can-write: cvss")


def test_two_overrides_of_the_same_are_told(tmp_path):
    text = "".join(
        OVERRIDE.format(f'path = "AP"\nfeasibility = "{level}"', DAY) for level in ("low", "high")
    )
    (said,) = _said(WORLD.write_model(tmp_path, **_more("decisions", text)))
    assert "override[1]" in said


def test_an_override_of_a_category_that_was_not_rated_is_told(tmp_path):
    text = OVERRIDE.format('damage = "DS"\ncategory = "privacy"\nimpact = "major"', DAY)
    (said,) = _said(WORLD.write_model(tmp_path, **_more("decisions", text)))
    assert "override[0]" in said
