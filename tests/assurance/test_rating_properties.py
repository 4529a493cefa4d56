"""Laws that every rating obeys, over random small models and made-up campaigns."""

import runpy
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.words import CATEGORIES, IMPACT_LEVELS

WORLD = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tara_world.py"))))
PROFILES = ("iso21434-example", "itemis-example", "heavens")
METHODS = ("attack-potential", "cvss", "attack-vector")
EFFORTS = {
    "elapsed_time": ("1d", "1w", "1m", "6m", "more"),
    "expertise": ("layman", "proficient", "expert", "multiple"),
    "knowledge": ("public", "restricted", "confidential", "strict"),
    "window": ("unlimited", "easy", "moderate", "difficult"),
    "equipment": ("standard", "specialised", "bespoke", "multiple"),
}
LEAVES = ("s0", "s1", "s2", "s3", "can-write", "frame-key")
# Attacks of the catalogue; `check` would ask for what they need, the arithmetic does not.
ATTACKS = ("contactor-open", "can-spoof-telemetry")
STOPPING, EFFORTFUL, REACTING = ("v0", "v1", "v2"), ("e0", "e1"), ("w0",)
CONTROLS = (*STOPPING, *EFFORTFUL, *REACTING)
CVSS = st.builds(
    "AV:{}/AC:{}/PR:{}/UI:{}/S:U".format,
    st.sampled_from("NALP"),
    st.sampled_from("LH"),
    st.sampled_from("NLH"),
    st.sampled_from("NR"),
)
VECTORS = st.sampled_from(("physical", "local", "adjacent", "network"))


@st.composite
def efforts(draw):
    chosen = {name: draw(st.sampled_from(options)) for name, options in EFFORTS.items()}
    return ", ".join(f'{name} = "{option}"' for name, option in chosen.items())


@st.composite
def trees(draw, leaves, depth=2):
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(leaves))
    parts = draw(st.lists(trees(leaves, depth - 1), min_size=1, max_size=3))
    return f"({draw(st.sampled_from([' & ', ' | '])).join(parts)})"


def _costs(draw):
    return (
        f"effort = {{ {draw(efforts())} }}\n"
        f'cvss = "{draw(CVSS)}"\nattack_vector = "{draw(VECTORS)}"\n'
    )


@st.composite
def models(draw):
    """Steps, capabilities, a named branch, controls of every kind, and a few paths."""
    text = ""
    for name in LEAVES:
        table = "step" if name.startswith("s") else "capability"
        gives = 'gives = ["frame-key"]\n' if name == "s3" and draw(st.booleans()) else ""
        text += f'[[{table}]]\nid = "{name}"\ntitle = "x"\n{gives}{_costs(draw)}'
    branch = draw(trees(LEAVES))
    text += f'[[step]]\nid = "branch"\ntitle = "x"\ntree = "{branch}"\n'
    for name in STOPPING:
        stops = draw(st.lists(st.sampled_from(ATTACKS), min_size=1, max_size=2, unique=True))
        bypass = draw(trees((*LEAVES, "branch")))
        text += f'[[control]]\nid = "{name}"\ntitle = "x"\nbypass = "{bypass}"\n'
        text += f"mitigates = {stops}\n".replace("'", '"')
    for name in EFFORTFUL:
        guards = draw(st.lists(st.sampled_from((*LEAVES, "branch")), min_size=1, max_size=3))
        text += f'[[control]]\nid = "{name}"\ntitle = "x"\n{_costs(draw)}'
        text += f"mitigates = {guards}\n".replace("'", '"')
    for name in REACTING:
        text += f'[[control]]\nid = "{name}"\ntitle = "x"\n'
    for index in range(draw(st.integers(1, 3))):
        tree = draw(trees((*LEAVES, *ATTACKS, "branch"), 3))
        text += f'[[path]]\nid = "P{index}"\nthreat = "TS"\ntree = "{tree}"\n'
    return text + '[[control_set]]\nid = "none"\ntitle = "x"\n'


@st.composite
def campaigns(draw, outcomes):
    """At most two campaigns: some attacks without controls, and under some stacks."""
    made = []
    for number in range(draw(st.integers(0, 2))):
        entries = []
        for attack in ATTACKS:
            if draw(st.booleans()):
                entries.append(WORLD.baseline(attack=attack))
            for index in range(draw(st.integers(0, 2))):
                on = draw(st.sets(st.sampled_from(CONTROLS), min_size=1, max_size=3))
                reached, runs = draw(st.sampled_from(outcomes))
                entries.append(WORLD.ran(f"k{index}", on, reached, runs, attack=attack))
        made.append(WORLD.campaign(*entries, name=f"c{number}"))
    return tuple(made)


# Holds, too few runs, fails; and the same without a failure.
ANY_OUTCOME = ((0, 73), (0, 5), (30, 60))
NO_FAILURE = ANY_OUTCOME[:2]
SETS = st.frozensets(st.sampled_from(CONTROLS))


def _natives(rater, controls):
    """Return native level and native level if shown, of every path."""
    touched = rater.trees.touched(controls)
    found = {}
    for path in rater.model.tables.path:
        rated = rater._paths.rate(path, "asked", controls, touched)
        found[path.id] = (rated.native, rated.native_if_shown)
    return found


def _model(text):
    changes = dict.fromkeys(("capabilities", "paths", "controls", "sets", "decisions", "rules"))
    return WORLD.model_of(text, sound=False, **changes)


@given(models(), campaigns(ANY_OUTCOME), SETS, st.sampled_from(PROFILES), st.sampled_from(METHODS))
@settings(max_examples=150)
def test_no_control_ever_makes_a_path_easier(text, ran, controls, profile, method):
    if profile == "heavens":
        method = ""
    rater = WORLD.rater_of(_model(text), *ran, profile=profile, method=method)
    without, under = _natives(rater, frozenset()), _natives(rater, controls)
    for name, (level, if_shown) in under.items():
        assert if_shown <= level <= without[name][0]
        assert without[name][0] == without[name][1]


@given(models(), campaigns(NO_FAILURE), SETS, SETS, st.sampled_from(METHODS))
@settings(max_examples=150)
def test_where_nothing_is_refuted_more_controls_never_promise_less(text, ran, some, others, method):
    rater = WORLD.rater_of(_model(text), *ran, method=method)
    fewer, more = _natives(rater, some), _natives(rater, some | others)
    for name, (_, if_shown) in more.items():
        assert if_shown <= fewer[name][1]


@given(models(), campaigns(ANY_OUTCOME), SETS, st.sampled_from(PROFILES))
@settings(max_examples=75)
def test_no_risk_is_higher_if_controls_hold(text, ran, controls, profile):
    rater = WORLD.rater_of(_model(text), *ran, profile=profile)
    paths, risks = rater.rate_set("asked", controls)
    easiest = max(path.feasibility.rank for path in paths)
    for risk in risks:
        assert 1 <= risk.if_shown <= risk.risk <= 5
        assert risk.feasibility.rank <= easiest


@given(models(), SETS, st.sampled_from(LEAVES), st.sampled_from(tuple(EFFORTS)))
@settings(max_examples=75)
def test_a_harder_step_never_raises_a_risk(text, controls, leaf, parameter):
    start = text.index(f'id = "{leaf}"')
    place = text.index(f'{parameter} = "', start) + len(parameter) + 4
    end = text.index('"', place)
    hardest = EFFORTS[parameter][-1]
    harder = text[:place] + hardest + text[end:]
    for profile in PROFILES:
        before = WORLD.rater_of(_model(text), profile=profile).rate_set("asked", controls)[1]
        after = WORLD.rater_of(_model(harder), profile=profile).rate_set("asked", controls)[1]
        for one, other in zip(before, after, strict=True):
            assert (other.id, other.impact) == (one.id, one.impact)
            assert other.risk <= one.risk
            assert other.if_shown <= one.if_shown


@given(models(), SETS)
@settings(max_examples=25)
def test_a_higher_declared_impact_never_lowers_a_risk(text, controls):
    for profile in PROFILES:
        rater = WORLD.rater_of(_model(text), profile=profile)
        risks = {}
        for level in IMPACT_LEVELS:
            scenarios = WORLD.SCENARIOS.replace(
                'safety = "severe", operational = "major"',
                ", ".join(f'{category} = "{level}"' for category in CATEGORIES),
            )
            changes = dict.fromkeys(
                ("capabilities", "paths", "controls", "sets", "decisions", "rules")
            )
            model = WORLD.model_of(text, sound=False, scenarios=scenarios, **changes)
            rater = WORLD.rater_of(model, profile=profile)
            risks[level] = rater.rate_set("asked", controls)[1]
        for low, high in pairwise(IMPACT_LEVELS):
            for one, other in zip(risks[low], risks[high], strict=True):
                assert one.risk <= other.risk
                assert (one.cal or 0) <= (other.cal or 0)


@pytest.mark.parametrize("name", PROFILES)
def test_every_shipped_matrix_rises_with_impact_and_with_feasibility(name):
    profile = load_profile(name)
    for category in CATEGORIES:
        for native in range(len(profile.levels)):
            values = [profile.overall_risk({category: level}, native) for level in IMPACT_LEVELS]
            assert values == sorted(values)
            if native:
                easier = [
                    profile.overall_risk({category: level}, native - 1) for level in IMPACT_LEVELS
                ]
                assert all(a <= b for a, b in zip(easier, values, strict=True))


def test_an_override_of_impact_counts_where_a_threat_has_no_path():
    override = (
        '[[override]]\ndamage = "DS"\ncategory = "safety"\nimpact = "negligible"\n'
        'reason = "made up"\ndate = "2026-01-01"\nreviewer = "tester"\n'
    )
    rating = WORLD.rater_of(WORLD.model_of(override, paths="")).rate(["none"])
    safety = next(risk for risk in rating.risks if risk.category == "safety")
    assert (safety.risk, safety.if_shown) == (1, 1)


def test_an_override_replaces_the_level_and_keeps_the_rated_one_in_its_reason():
    override = (
        '[[override]]\npath = "AP"\nfeasibility = "very_low"\ncontrol_set = "key"\n'
        'reason = "seen by the reviewer"\ndate = "2026-01-01"\nreviewer = "tester"\n'
    )
    rating = WORLD.rater_of(WORLD.model_of(override)).rate()
    levels = {path.control_set: path.feasibility for path in rating.paths}
    assert (levels["none"], levels["key"]) == ("high", "very_low")
    reasons = next(path.reasons for path in rating.paths if path.control_set == "key")
    assert reasons[0] == (
        "tester, 2026-01-01: very_low in place of high, because seen by the reviewer"
    )


def test_the_easiest_of_several_paths_decides():
    more = '[[path]]\nid = "AP-2"\nthreat = "TS"\ntree = "update-key & can-write"\n'
    rating = WORLD.rater_of(WORLD.model_of(more)).rate(["none", "box"])
    assert {risk.path for risk in rating.of_set("none")} == {"AP"}
    assert {path.id for path in rating.paths} == {"AP", "AP-2"}


def test_a_path_that_is_left_out_decides_nothing():
    paths = WORLD.PATHS + 'impossible = "not built"\n'
    rating = WORLD.rater_of(WORLD.model_of(paths=paths)).rate(["none"])
    assert rating.paths == ()
    assert {risk.path for risk in rating.risks} == {""}
    assert {risk.feasibility for risk in rating.risks} == {"high"}


def test_stakeholders_stand_beside_and_are_never_merged():
    text = WORLD.replaced(
        WORLD.SCENARIOS,
        'impact = { safety = "severe", operational = "major" }',
        'impact = { safety = "negligible" }\nstakeholders = { grid = "severe" }',
    )
    (risk,) = WORLD.rater_of(WORLD.model_of(scenarios=text)).rate(["none"]).risks
    assert risk.risk == 1
    assert risk.stakeholders == {"grid": {"impact": "severe", "risk": 5}}


def test_an_override_without_a_set_holds_for_all_and_one_with_a_set_comes_first():
    text = "".join(
        f'[[override]]\npath = "AP"\nfeasibility = "{level}"\ncontrol_set = "{name}"\n'
        'reason = "made up"\ndate = "2026-01-01"\nreviewer = "tester"\n'
        for name, level in (("", "medium"), ("key", "very_low"))
    )
    rating = WORLD.rater_of(WORLD.model_of(text)).rate()
    levels = {path.control_set: path.feasibility for path in rating.paths}
    assert levels.pop("key") == "very_low"
    assert set(levels.values()) == {"medium"}


def test_of_alternatives_on_one_level_the_cheapest_is_told():
    # Potentials 1 and 3 are both of the level high.
    paths = WORLD.replaced(WORLD.PATHS, "can-write &", "(can-write & lab | can-write) &")
    lab = '[[step]]\nid = "lab"\ntitle = "x"\neffort = { knowledge = "restricted" }\n'
    (path,) = WORLD.rater_of(WORLD.model_of(lab, paths=paths)).rate(["none"]).paths
    assert (path.potential, path.leaves) == (1, ("can-write", "contactor-open"))


def test_of_paths_with_the_same_risk_the_easiest_decides():
    scenarios = WORLD.replaced(WORLD.SCENARIOS, "severe", "negligible")
    more = '[[path]]\nid = "{}"\nthreat = "TS"\ntree = "{}"\n'
    hard, easy = ("AP", "can-write & update-key"), ("AP-2", "can-write")
    for order in ((hard, easy), (easy, hard)):
        paths = "".join(more.format(*entry) for entry in order)
        model = WORLD.model_of(scenarios=scenarios, paths=paths)
        risk = WORLD.rater_of(model).rate(["none"]).risks[0]
        assert (risk.category, risk.risk, risk.path, risk.feasibility) == (
            "safety", 1, "AP-2", "high",
        )  # fmt: skip


def test_of_paths_with_the_same_risk_the_easiest_decides_where_damage_was_measured():
    more = '[[path]]\nid = "AP-2"\nthreat = "TS"\ntree = "can-write & update-key & can-flood"\n'
    runs = [
        WORLD.campaign(
            *(
                WORLD.ran(stack, on, 9, 9, attack=attack, propulsion_lost_s=lost)
                for attack in (WORLD.ATTACK, "can-flood")
                for stack, on, lost in (("none", (), 500.0), ("react", ("derate",), 0.0))
            )
        )
    ]
    for paths in (WORLD.PATHS + more, more + WORLD.PATHS):
        rater = WORLD.rater_of(WORLD.model_of(paths=paths), *runs)
        risk = rater.rate(["react"]).risks[0]
        assert (risk.impact, risk.risk, risk.path) == ("negligible", 1, "AP")
