"""Models with one fault each: which fault is found, where it is, and which id is the nearest."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from voltward.assurance.tara.checks.loading import load_model, problems
from voltward.assurance.tara.model.model_folder import model_folder, read_model
from voltward.core.errors import ConfigurationError

WORLD = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tara_world.py"))))
FILES = {name.removesuffix(".toml"): text for name, text in WORLD.FILES.items()}
OVERRIDE = '[[override]]\n{}\nreason = "made up"\ndate = "{}"\nreviewer = "tester"\n'
DAY = "2026-01-31"


def _changed(file, old, new):
    return {file: WORLD.replaced(FILES[file], old, new)}


def _more(file, *texts):
    return {file: "\n".join((FILES[file], *texts))}


def _override(*whats, day=DAY):
    return _more("decisions", *(OVERRIDE.format(what, day) for what in whats))


def _faults(folder):
    """Return the errors of a model, and check that loading ends with the first of them."""
    found = [fault for fault in problems(read_model(folder)) if fault.severity == "error"]
    with pytest.raises(ConfigurationError) as caught:
        load_model(folder)
    assert f"{found[0].file}: {found[0].key}: {found[0].what}" in str(caught.value)
    return found


def _only_fault(folder, change):
    (found,) = _faults(WORLD.write_model(folder, **change))
    return found


def test_the_small_model_has_no_fault(tmp_path):
    assert problems(load_model(WORLD.write_model(tmp_path))) == ()


# The file, what is changed to what, the place of the fault, and the id that is meant.
UNKNOWN_IDS = [
    ("system", 'y = "inside"', 'y = "insde"', "component[0] unit: boundary", "inside"),
    ("system", 'component = "unit"', 'component = "unti"', "asset[0] frames: component", "unit"),
    ("system", 'source = "unit"', 'source = "unti"', "data_flow[0] flow: source", "unit"),
    ("system", 'target = "unit"', 'target = "unti"', "data_flow[0] flow: target", "unit"),
    ("system", 'assets = ["frames"]', 'assets = ["frame"]', "data_flow[0] flow: assets", "frames"),
    ("system", '"can.up"', '"can.uo"', "data_flow[0] flow: taps", "can.up"),
    ("scenarios", '"frames:int', '"frame:int', "damage[0] DS: concerns", "frames"),
    ("scenarios", 's:integrity"', 's:integrty"', "damage[0] DS: concerns frames", "integrity"),
    ("scenarios", "lost_s", "lost", "damage[0] DS: consequences", "propulsion_lost_s"),
    ("scenarios", 'asset = "frames"', 'asset = "frame"', "threat[0] TS: asset", "frames"),
    ("scenarios", 'damages = ["DS"]', 'damages = ["DX"]', "threat[0] TS: damages", "DS"),
    ("paths", 'threat = "TS"', 'threat = "TX"', "path[0] AP: threat", "TS"),
    ("paths", "contactor-open", "contactor-opn", "path[0] AP: tree", "contactor-open"),
    ("paths", "can-write", "can-wrte", "path[0] AP: tree", "can-write"),
    ("capabilities", "can-write", "can-writ", "capability[0] can-writ: id", "can-write"),
    ("controls", '= "frame-key"', '= "frame-kay"', "control[0] can-frame-authentication: bypass",
     "frame-key"),
    ("controls", '["can-write"]', '["can-writ"]', "control[2] enclosure: mitigates", "can-write"),
    ("sets", '["enclosure"]', '["enclosur"]', "control_set[2] box: controls", "enclosure"),
    ("sets", '"react"]', '"reactt"]', "control_set[4] all: includes", "react"),
    ("decisions", 'threat = "TS"', 'threat = "TX"', "treatment[0]: threat", "TS"),
    ("decisions", '"TS"', '"TS"\ndamage = "DX"', "treatment[0]: damage", "DS"),
    ("decisions", 'goals = ["CG"]', 'goals = ["CX"]', "treatment[0]: goals", "CG"),
    ("decisions", '["CG"]', '["CG"]\nclaims = ["CX"]', "treatment[0]: claims", "CL"),
    ("decisions", '["can-frame-auth', '["can-fram-auth', "goal[0] CG: controls",
     "can-frame-authentication"),
    ("rules", "ng_denied_s", "ng_denid_s", "impact_rule[1]: consequence", "charging_denied_s"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "key", "near"), UNKNOWN_IDS)
def test_an_unknown_id_is_found_with_its_place_and_the_nearest(tmp_path, file, old, new, key, near):
    faults = _faults(WORLD.write_model(tmp_path, **_changed(file, old, new)))
    (fault,) = [fault for fault in faults if fault.key == key]
    assert fault.file == f"{file}.toml"
    assert f"'{near}'" in fault.hint


STEP = '[[step]]\nid = "{}"\ntitle = "x"\n{}\n'
# A change, the place of the only fault, and a word that tells which fault it is.
FAULTS = {
    "override of an unknown path": (_override('path = "AQ"\nfeasibility = "low"'),
        "decisions.toml: override[0]: path", "AQ"),
    "override of an unknown damage": (
        _override('damage = "DX"\ncategory = "safety"\nimpact = "major"'),
        "decisions.toml: override[0]: damage", "DX"),
    "override in an unknown set": (
        _override('path = "AP"\nfeasibility = "low"\ncontrol_set = "boxx"'),
        "decisions.toml: override[0]: control_set", "boxx"),
    **{
        f"override of nothing or of both {number}": (_override(what),
            "decisions.toml: override[0]", "what it overrides")
        for number, what in enumerate((
            "",
            'path = "AP"',
            'feasibility = "low"',
            'damage = "DS"\nimpact = "major"',
            'damage = "DS"\ncategory = "safety"',
            ('path = "AP"\nfeasibility = "low"\ndamage = "DS"\ncategory = "safety"\n'
            'impact = "major"'),
            'path = "AP"\nfeasibility = "low"\nimpact = "major"',
        ))
    },
    "two overrides of the same": (
        _override('path = "AP"\nfeasibility = "low"', 'path = "AP"\nfeasibility = "high"'),
        "decisions.toml: override[1]", "already"),
    "override of a category that was not rated": (
        _override('damage = "DS"\ncategory = "privacy"\nimpact = "major"'),
        "decisions.toml: override[0]: category", "privacy"),
    "claim until a day that no calendar has": (
        _changed("decisions", "2030-01-31", "2030-02-30"),
        "decisions.toml: claim[0] CL: expires", "2030-02-30"),
    "override on a day that no calendar has": (
        _override('path = "AP"\nfeasibility = "low"', day="2026-13-01"),
        "decisions.toml: override[0]: date", "2026-13-01"),
    "id used in two files": ({"zz": '[[control]]\nid = "derate"\ntitle = "x"\n'},
        "zz.toml: control[0] derate: id", "twice"),
    "step called as an attack": (_more("paths", STEP.format("can-flood", "effort = {}")),
        "paths.toml: step[0] can-flood: id", "attack"),
    "step called as a capability": (_more("paths", STEP.format("broker-reach", "effort = {}")),
        "paths.toml: step[0] broker-reach: id", "capability"),
    **{
        f"tree {tree}": (_changed("paths", "can-write & contactor-open", tree),
            "paths.toml: path[0] AP: tree", word)
        for tree, word in (
            ("can-write & & contactor-open", "got '&'"),
            ("(can-write & contactor-open", "never closed"),
            ("can-write contactor-open", "not expected"),
            ("can-write ; contactor-open", "cannot read"),
        )
    },
    "bypass that cannot be read": (
        _changed("controls", 'bypass = "frame-key"', 'bypass = "frame-key |"'),
        "controls.toml: control[0] can-frame-authentication: bypass", "ends"),
    "step that leads to itself": (_more("paths", STEP.format("one", 'tree = "one"')),
        "paths.toml: step[0] one: tree", "one -> one"),
    "steps that lead to one another": (
        _more("paths", STEP.format("one", 'tree = "two & can-write"'),
              STEP.format("two", 'tree = "can-write | (three)"'),
              STEP.format("three", 'tree = "one"')),
        "paths.toml: step[0] one: tree", "one -> two -> three -> one"),
    "capability that leads to itself": (
        _changed("capabilities", 'effort = { elapsed_time = "1w" }',
                 'tree = "frame-key & can-write"'),
        "capabilities.toml: capability[0] can-write: tree", "can-write -> can-write"),
    **{
        f"control set that includes {target}": (
            _changed("sets", '["enclosure"]', f'["enclosure"]\nincludes = ["{target}"]'),
            "sets.toml: control_set[2] box: includes", "box")
        for target in ("all", "box")
    },
    "leaf without effort": (
        _changed("capabilities", 'effort = { elapsed_time = "1w" }\nattack_vector',
                 "attack_vector"),
        "capabilities.toml: capability[0] can-write: effort", "neither"),
    "leaf with effort and tree": (
        _changed("capabilities", 'effort = { elapsed_time = "1w" }',
                 'effort = {}\ntree = "frame-key"'),
        "capabilities.toml: capability[0] can-write: effort", "effort and tree"),
    "set none with a control": (
        _changed("sets", 'title = "No control"', 'title = "x"\ncontrols = ["derate"]'),
        "sets.toml: control_set[0] none: controls", "empty"),
    "set none with another set": (
        _changed("sets", 'title = "No control"', 'title = "x"\nincludes = ["box"]'),
        "sets.toml: control_set[0] none: controls", "empty"),
    **{
        f"{decision} with goals [{goals}] and claims [{claims}]": (
            {"decisions": FILES["decisions"].replace('"reduce"', f'"{decision}"').replace(
                'goals = ["CG"]', f"goals = [{goals}]\nclaims = [{claims}]")},
            f"decisions.toml: treatment[0]: {key}", decision)
        for decision, goals, claims, key in (
            ("reduce", "", '"CL"', "goals"),
            ("retain", "", "", "claims"),
            ("share", '"CG"', "", "claims"),
            ("avoid", '"CG"', "", "goals"),
        )
    },
    **{
        f"two treatments, the second {decision}": (
            _more("decisions", f'[[treatment]]\nthreat = "TS"\ndecision = "{decision}"\n'
                  'reason = "x"\ngoals = ["CG"]\nclaims = ["CL"]\n'),
            "decisions.toml: treatment[1]: decision", word)
        for decision, word in (("retain", "contradicts"), ("reduce", "repeats"))
    },
    **{
        f"thresholds with {new or 'nothing'}": (_changed("rules", old, new),
            "rules.toml: impact_rule[0]: moderate", "rise")
        for old, new in (
            ("major = 10.0", "major = 0.5"),
            ("severe = 100.0", "severe = 5.0"),
            ("moderate = 1.0\nmajor = 10.0\nsevere = 100.0\n", ""),
        )
    },
    "two rules for the same": (
        _more("rules", f"[[impact_rule]]{FILES['rules'].split('[[impact_rule]]')[1]}"),
        "rules.toml: impact_rule[2]: consequence", "already"),
    "class of STRIDE that does not violate the property": (
        _changed("scenarios", 'stride = "tampering"', 'stride = "spoofing"'),
        "scenarios.toml: threat[0] TS: stride", "integrity"),
    "property that the asset does not have": (
        {"scenarios": FILES["scenarios"].replace('property = "integrity"',
            'property = "authenticity"').replace('"tampering"', '"spoofing"')},
        "scenarios.toml: threat[0] TS: property of frames", "authenticity"),
    "profile that does not exist": (_more("model", 'profile = "iso21434-exampel"'),
        "model.toml: model: profile", "iso21434-exampel"),
    "id that the regulation does not have, of a threat": (
        _changed("scenarios", '"11.1"', '"11.9"'),
        "scenarios.toml: threat[0] TS: r155", "11.9"),
    "id that the regulation does not have, of a capability": (
        _changed("capabilities", 'attack_vector = "physical"', 'r155 = ["99.1"]'),
        "capabilities.toml: capability[0] can-write: r155", "99.1"),
    "id that is linked and not applicable": (
        _more("decisions", '[[r155]]\nid = "11.1"\nnot_applicable = "x"\n'),
        "decisions.toml: r155[0] 11.1: not_applicable", "TS"),
    "exploitability metrics that cannot be read": (
        _changed("capabilities", 'attack_vector = "physical"', 'cvss = "AV:X"'),
        "capabilities.toml: capability[0] can-write: cvss", "AV:X"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "place", "word"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(tmp_path, change, place, word):
    fault = _only_fault(tmp_path, change)
    assert f"{fault.file}: {fault.key}" == place
    assert word in fault.what


def test_a_model_without_the_set_none_is_at_fault(tmp_path):
    fault = _only_fault(tmp_path, _changed("sets", 'id = "none"', 'id = "nothing"'))
    assert (fault.key, "'none'" in fault.what) == ("control_set", True)


@pytest.mark.parametrize(
    ("file", "text", "key"),
    [
        ("system", '[[boundary]]\nid = "inside"\ntitle = "x"\n', "boundary[1] inside"),
        ("system", ('[[component]]\nid = "unit"\ntitle = "x"\nlayer = "cloud"\n'
         'boundary = "inside"\n'), "component[1] unit"),
        ("system", ('[[asset]]\nid = "frames"\ntitle = "x"\ncomponent = "unit"\n'
         'properties = ["integrity"]\n'), "asset[1] frames"),
        ("paths", '[[path]]\nid = "AP"\nthreat = "TS"\ntree = "can-write"\n', "path[1] AP"),
        ("controls", '[[control]]\nid = "derate"\ntitle = "x"\n', "control[5] derate"),
        ("sets", '[[control_set]]\nid = "box"\ntitle = "x"\n', "control_set[5] box"),
        ("decisions", '[[goal]]\nid = "CG"\nstatement = "x"\nowner = "x"\n', "goal[1] CG"),
        ("capabilities", STEP.format("s", "effort = {}") * 2, "step[1] s"),
        ("capabilities", '[[capability]]\nid = "can-write"\ntitle = "x"\neffort = {}\n',
         "capability[4] can-write"),
    ],
)  # fmt: skip
def test_an_id_that_is_used_twice_is_found_with_both_places(tmp_path, file, text, key):
    first, *_ = _faults(WORLD.write_model(tmp_path, **_more(file, text)))
    assert (first.file, first.key) == (f"{file}.toml", f"{key}: id")
    assert f"{file}.toml: {key.partition('[')[0]}[" in first.why


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
    steps = (
        STEP.format("gift", 'gives = ["can-write"]\neffort = {}'),
        STEP.format("branch", 'tree = "frame-key & can-write"'),
        STEP.format("open-branch", 'tree = "frame-key | can-write"'),
        STEP.format("whole", 'tree = "contactor-open"'),
    )
    text = WORLD.replaced(FILES["paths"], "can-write & contactor-open", tree)
    WORLD.write_model(tmp_path, paths="\n".join((text, *steps)))
    if fine:
        load_model(tmp_path)
    else:
        (fault,) = _faults(tmp_path)
        assert (fault.file, fault.key) == ("paths.toml", "path[0] AP: tree")
        assert "'can-write & contactor-open'" in fault.hint


def test_a_path_that_is_left_out_needs_nothing(tmp_path):
    text = WORLD.replaced(FILES["paths"], "can-write & ", "") + 'impossible = "not built"\n'
    load_model(WORLD.write_model(tmp_path, paths=text))


def test_a_treatment_of_one_damage_is_allowed_beside_that_of_the_threat(tmp_path):
    text = '[[treatment]]\nthreat = "TS"\ndamage = "DS"\ndecision = "avoid"\nreason = "x"\n'
    model = load_model(WORLD.write_model(tmp_path, **_more("decisions", text)))
    (risk, *_) = WORLD.rater_of(model).rate(["none"]).risks
    assert risk.treatment == "avoid"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": None}, ("[model]", "no file")),
        ({"zz": WORLD.HEAD}, ("[model]", "model.toml and zz.toml")),
        (_changed("paths", 'id = "AP"', 'id = "AP"\ntitel = "x"'), ("paths.toml", "'title'")),
        ({"zz": "[[pathh]]\n"}, ("zz.toml", "'path'")),
        (_changed("scenarios", '"severe"', '"sever"'), ("scenarios.toml", "severe")),
        (_changed("capabilities", '"1w"', '"2w"'), ("capabilities.toml", "elapsed_time", "2w")),
        (_changed("decisions", "2030-01-31", "31.1.2030"), ("decisions.toml", "expires")),
        (_changed("paths", 'id = "AP"', 'id = "a path"'), ("paths.toml", "id", "a path")),
        (_changed("scenarios", '"DS"\n', '"DS"\ntitle = [1]\n'), ("scenarios.toml",)),
        ({"zz": "[[path\n"}, ("zz.toml",)),
        (_changed("rules", "moderate = 1.0", 'moderate = "much"'), ("rules.toml", "moderate")),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_and_key(tmp_path, change, words):
    with pytest.raises(ConfigurationError) as caught:
        load_model(WORLD.write_model(tmp_path, **change))
    text = f"{caught.value.what} {caught.value.why} {caught.value.hint}"
    assert [word for word in words if word not in text] == []


def test_a_folder_without_models_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.toml").write_text(WORLD.HEAD)
    for find, name in (
        (read_model, "empty"),
        (read_model, "absent"),
        (model_folder, "file.toml"),
        (model_folder, "absent"),
    ):
        with pytest.raises(ConfigurationError, match=name):
            find(tmp_path / name)


def test_all_faults_are_found_at_once(tmp_path):
    changes = {
        **_changed("sets", '"react"]', '"reactt"]'),
        **_changed("decisions", "2030-01-31", "2030-02-30"),
    }
    assert len(_faults(WORLD.write_model(tmp_path, **changes))) == 2
    with pytest.raises(ConfigurationError, match="and 1 more"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("change", "key", "word"),
    [
        ({"paths": ""}, "threat[0] TS", "path"),
        ({"decisions": ""}, "threat[0] TS", "treatment"),
        (
            _more("scenarios", '[[damage]]\nid = "DX"\ntitle = "x"\nimpact = { safety = "major" }'),
            "damage[1] DX",
            "threat",
        ),
    ],
)
def test_a_gap_is_a_warning_and_the_model_still_rates(tmp_path, change, key, word):
    (found,) = problems(load_model(WORLD.write_model(tmp_path, **change)))
    assert (found.severity, found.key) == ("warning", key)
    assert word in found.what
