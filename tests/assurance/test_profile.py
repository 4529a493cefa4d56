"""Profiles: shipped ones are complete and monotone, broken ones are refused with a reason."""

from itertools import pairwise, product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.assurance.tara.method.cvss_metrics import METRICS, cvss_score, exploitability
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.method.profile_check import EFFORT_OPTIONS
from voltward.assurance.tara.model.model import Effort
from voltward.assurance.tara.model.words import (
    ATTACK_VECTORS,
    FEASIBILITIES,
    IMPACT_LEVELS,
    AttackVector,
    Category,
    Feasibility,
    ImpactLevel,
)
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import data_folder, shipped_names

SHIPPED = ("heavens", "iso21434-example", "itemis-example")
EXAMPLE = data_folder() / "tara" / "profiles" / "iso21434-example.toml"
HEAVENS = data_folder() / "tara" / "profiles" / "heavens.toml"
PROFILES = {name: load_profile(name) for name in SHIPPED}
profiles = st.sampled_from(list(PROFILES.values()))
impacts = st.dictionaries(
    st.sampled_from(list(Category)), st.sampled_from(IMPACT_LEVELS), min_size=1
)
efforts = st.builds(
    Effort, **{name: st.sampled_from(options) for name, options in EFFORT_OPTIONS.items()}
)
ranks = st.tuples(*(st.integers(0, len(values) - 1) for values in METRICS.values()))


def harder_effort(first, second):
    """Return the effort that is the harder of both in every parameter."""
    chosen = {
        name: max(getattr(first, name), getattr(second, name), key=options.index)
        for name, options in EFFORT_OPTIONS.items()
    }
    return Effort(**chosen)


def feasibility(method, values):
    return method.reported(method.native(values)).rank


def test_the_shipped_profiles():
    assert shipped_names("tara/profiles") == SHIPPED
    for name, profile in PROFILES.items():
        assert profile.name == name
        assert profile.title
        assert profile.source


@given(profiles, impacts, st.data())
def test_risk_never_falls_when_feasibility_rises(profile, impact, data):
    native = data.draw(st.integers(0, len(profile.levels) - 2))
    assert profile.overall_risk(impact, native) <= profile.overall_risk(impact, native + 1)
    harder, easier = profile.risk(impact, native), profile.risk(impact, native + 1)
    assert all(harder[category] <= easier[category] for category in impact)


@given(profiles, impacts, st.data())
def test_risk_never_falls_when_impact_rises(profile, impact, data):
    native = data.draw(st.integers(0, len(profile.levels) - 1))
    category = data.draw(st.sampled_from(sorted(impact)))
    level = data.draw(st.sampled_from(IMPACT_LEVELS[impact[category].rank :]))
    worse = {**impact, category: level}
    assert profile.overall_risk(impact, native) <= profile.overall_risk(worse, native)
    assert profile.risk(impact, native)[category] <= profile.risk(worse, native)[category]


@given(profiles, impacts, st.data())
def test_overall_risk_is_at_least_that_of_each_category(profile, impact, data):
    native = data.draw(st.integers(0, len(profile.levels) - 1))
    overall, single = profile.overall_risk(impact, native), profile.risk(impact, native)
    assert set(single) == set(impact)
    assert max(single.values()) <= overall <= 5
    assert profile.settings.impact.aggregation == "sum" or overall == max(single.values())


@given(profiles, efforts, efforts)
def test_a_harder_attack_is_never_more_feasible(profile, first, second):
    method = profile.method("attack-potential")
    values, other = method.values(first, "", None), method.values(second, "", None)
    both = tuple(map(max, values, other))
    assert both == method.values(harder_effort(first, second), "", None)
    assert method.native(both) <= min(method.native(values), method.native(other))
    assert feasibility(method, both) <= min(feasibility(method, values), feasibility(method, other))


@given(st.sampled_from(["iso21434-example", "itemis-example"]), ranks, ranks)
def test_harder_metrics_are_never_more_feasible(name, first, second):
    method = PROFILES[name].method("cvss")
    both = tuple(map(max, first, second))
    assert method.native(both) <= min(method.native(first), method.native(second))


@pytest.mark.parametrize("name", ["iso21434-example", "itemis-example"])
def test_a_farther_reach_is_never_less_feasible(name):
    profile = PROFILES[name]
    method = profile.method("attack-vector")
    natives = [method.native(method.values(Effort(), "", vector)) for vector in ATTACK_VECTORS]
    assert natives == sorted(natives)
    for level in IMPACT_LEVELS:
        cals = [profile.cal(level, vector) or 0 for vector in ATTACK_VECTORS]
        assert cals == sorted(cals)
    for vector in ATTACK_VECTORS:
        cals = [profile.cal(level, vector) or 0 for level in IMPACT_LEVELS]
        assert cals == sorted(cals)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_cell_of_every_profile_is_there(name):
    profile = PROFILES[name]
    for native, level, category in product(range(len(profile.levels)), ImpactLevel, Category):
        assert 1 <= profile.overall_risk({category: level}, native) <= 5
    reported = {profile.method().reported(native) for native in range(len(profile.levels))}
    assert reported == set(FEASIBILITIES)
    assert [profile.native_of(level) for level in FEASIBILITIES] == sorted(
        profile.native_of(level) for level in FEASIBILITIES
    )
    assert profile.method().reported(profile.native_of(Feasibility.HIGH)) is Feasibility.HIGH


def test_boundaries_of_the_bands():
    method = PROFILES["iso21434-example"].method()
    found = [
        method.reported(method.levels[total]).value for total in (0, 13, 14, 19, 20, 24, 25, 57)
    ]
    assert found == ["high", "high", "medium", "medium", "low", "low", "very_low", "very_low"]
    assert len(method.levels) == 58


def test_nothing_given_is_the_easiest():
    for profile in PROFILES.values():
        for method in profile.methods.values():
            values = method.values(Effort(), "", None)
            assert values == (0,) * len(method.parameters)
            assert method.native(values) == len(profile.levels) - 1


def test_heavens_sums_impact_over_the_categories():
    profile = PROFILES["heavens"]
    major = {Category.SAFETY: ImpactLevel.MODERATE, Category.FINANCIAL: ImpactLevel.MODERATE}
    medium = profile.levels.index("medium")
    assert profile.risk(major, medium) == {Category.SAFETY: 2, Category.FINANCIAL: 2}
    assert profile.overall_risk(major, medium) == 3
    assert profile.overall_risk({}, medium) == 1
    assert PROFILES["iso21434-example"].overall_risk({}, 3) == 1
    assert profile.cal(ImpactLevel.SEVERE, AttackVector.NETWORK) is None
    assert profile.level_risk(ImpactLevel.SEVERE, 4) == 5


def test_an_unknown_profile_or_method_gets_the_nearest():
    with pytest.raises(ConfigurationError) as unknown:
        load_profile("heaven")
    assert "heavens" in unknown.value.hint
    with pytest.raises(ConfigurationError) as absent:
        PROFILES["heavens"].method("cvss")
    assert "attack-potential" in absent.value.why


def changed(tmp_path, source, old, new):
    text = source.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path = tmp_path / "own.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


def test_an_own_file_is_a_profile(tmp_path):
    own = load_profile(changed(tmp_path, EXAMPLE, "severe = [2, 3, 4, 5]", "severe = [3, 3, 5, 5]"))
    assert own.risk({Category.SAFETY: ImpactLevel.SEVERE}, 0) == {Category.SAFETY: 3}


def test_the_greatest_number_may_count_alone(tmp_path):
    text = EXAMPLE.read_text(encoding="utf-8").replace(
        'aggregation = "sum"', 'aggregation = "maximum"'
    )
    text = text.replace("[0, 13]", "[0, 3]").replace("[14, 19]", "[4, 7]")
    text = text.replace("[20, 24]", "[8, 10]").replace("[25, 57]", "[11, 19]")
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    method = load_profile(str(path)).method()
    values = method.values(Effort(expertise="expert", window="moderate"), "", None)
    assert method.potential(values) == 6
    assert method.reported(method.native(values)) is Feasibility.MEDIUM


@pytest.mark.parametrize(
    ("source", "old", "new", "words"),
    [
        (
            EXAMPLE,
            "severe = [2, 3, 4, 5]",
            "severe = [2, 3, 4]",
            ("risk.matrix.severe", "3 values"),
        ),
        (
            EXAMPLE,
            "severe = [2, 3, 4, 5]",
            "severe = [3, 2, 4, 5]",
            ("risk.matrix.severe", "falls"),
        ),
        (EXAMPLE, "severe = [2, 3, 4, 5]", "severe = [1, 1, 1, 5]", ("risk.matrix", "falls")),
        (EXAMPLE, "severe = [2, 3, 4, 5]", "severe = [2, 3, 4, 6]", ("risk.matrix.severe[3]", "6")),
        (EXAMPLE, "severe = [2, 3, 4, 5]", "", ("risk.matrix", "severe is missing")),
        (
            EXAMPLE,
            "severe = [2, 3, 4, 5]",
            "sever = [2, 3, 4, 5]",
            ("sever", "did you mean 'severe'"),
        ),
        (EXAMPLE, "severe = [2, 3, 4, 4]", "severe = [2, 3, 4, 5]", ("cal.matrix.severe[3]",)),
        (EXAMPLE, "severe = [2, 3, 4, 4]", "severe = [2, 3, 4]", ("cal.matrix.severe",)),
        (EXAMPLE, "medium = [14, 19]", "medium = [15, 19]", ("bands", "after 13 comes 15")),
        (EXAMPLE, "medium = [14, 19]", "medium = [13, 19]", ("bands", "after 13 comes 13")),
        (EXAMPLE, "medium = [14, 19]", "medium = [19, 14]", ("bands", "upside down")),
        (EXAMPLE, "[25, 57]", "[25, 56]", ("bands", "must cover 0 to 57")),
        (EXAMPLE, "high = [0, 13]", "hihg = [0, 13]", ("hihg", "did you mean 'high'")),
        (EXAMPLE, "6m = 17", "6m = 20", ("elapsed_time", "falls")),
        (EXAMPLE, "6m = 17, ", "", ("elapsed_time", "6m is missing")),
        (EXAMPLE, "window = {", "windows = {", ("windows", "did you mean 'window'")),
        (EXAMPLE, "[2.00, 2.95]", "[2.10, 2.95]", ("cvss.bands", "exploitability 2.07")),
        (EXAMPLE, "[2.00, 2.95]", "[1.50, 2.95]", ("cvss.bands", "falls")),
        (
            EXAMPLE,
            'network = "high"',
            'network = "hihg"',
            ("attack_vector.levels.network", "'high'"),
        ),
        (EXAMPLE, 'network = "high"', 'network = "low"', ("attack_vector.levels", "falls")),
        (
            EXAMPLE,
            'default_method = "attack-potential"',
            'default_method = "cvs"',
            ("default_method",),
        ),
        (EXAMPLE, '"per category"', '"sum"', ("impact.numbers", "safety")),
        (HEAVENS, 'default_method = "attack-potential"', 'default_method = "cvss"', ("[cvss]",)),
        (HEAVENS, "[impact]\n", "[impact]\nsurprise = 1\n", ("impact.surprise",)),
        (HEAVENS, "low = [1, 19]", "low = [2, 19]", ("impact.bands", "after 0 comes 2")),
        (HEAVENS, "critical = [1000, 2200]", "critical = [1000, 2000]", ("cover 0 to 2200",)),
        (HEAVENS, '"QM", "low"', '"low"', ("risk.names", "4 names")),
        (
            HEAVENS,
            'name = "critical"\nreported = "high"',
            'name = "critical"\nreported = "low"',
            ("level",),
        ),
        (HEAVENS, 'name = "critical"\nreported', 'name = "high"\nreported', ("same name",)),
    ],
)
def test_a_broken_profile_is_refused_with_file_and_key(tmp_path, source, old, new, words):
    with pytest.raises(ConfigurationError) as refused:
        load_profile(changed(tmp_path, source, old, new))
    text = str(refused.value)
    assert "own.toml" in text
    assert refused.value.hint or refused.value.why
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        ("AV:N/AC:L/PR:N/UI:N/S:U", 3.8870),
        ("AV:N/AC:L/PR:N/UI:N", 3.8870),
        ("CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H", 2.8353),
        ("CVSS:3.0/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H/E:P/MAV:P", 2.8353),
        ("S:C/UI:N/PR:L/AC:L/AV:N", 3.1096),
        ("AV:N/AC:L/PR:H/UI:N/S:C", 2.2865),
    ],
)
def test_exploitability(vector, score):
    assert exploitability(vector).score == pytest.approx(score, abs=5e-5)


def test_metrics_are_read_back():
    found = exploitability("CVSS:3.1/AV:A/AC:H/PR:L/UI:R/S:C/C:N/I:H/A:H")
    assert found.text == "AV:A/AC:H/PR:L/UI:R/S:C"
    assert found.attack_vector is AttackVector.ADJACENT
    assert exploitability(found.text) == found


@pytest.mark.parametrize(
    ("vector", "words"),
    [
        ("", "a field is empty"),
        ("AV:N", "AC, PR, UI"),
        ("AV:N/AV:N/AC:L/PR:N/UI:N", "duplicate metric"),
        ("AV:X/AC:L/PR:N/UI:N", "allowed: N, A, L, P"),
        ("AV:/AC:L/PR:N/UI:N", "allowed: N, A, L, P"),
        ("AV:NA/AC:L/PR:N/UI:N", "allowed: N, A, L, P"),
        ("AV:N/AC:L/PR:N/UI:N/", "a field is empty"),
        ("AV:N/AC:L/PR:N/UI:N/Z:Q", "unknown metric"),
        ("AV:N/AC:L/PR:N/UI:N/S:U/C:Q", "allowed: H, L, N"),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", "unknown metric"),
        ("CVSS:2.0/AV:N", "version"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "v4.0"),
        ("AV:N/AC:L/AT:N/PR:N/UI:N", "v4.0"),
    ],
)
def test_what_is_no_vector_is_refused(vector, words):
    with pytest.raises(ConfigurationError) as refused:
        exploitability(vector)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", ("3.1", 9.8, "critical")),
        ("CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H", ("3.1", 8.1, "high")),
        ("CVSS:3.0/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", ("3.0", 0.0, "none")),
        (
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
            ("4.0", 9.3, "critical"),
        ),
    ],
)
def test_base_scores(vector, expected):
    assert cvss_score(vector) == expected


@pytest.mark.parametrize(
    "vector", ["", "AV:N/AC:L/PR:N/UI:N/S:U", "CVSS:3.1/AV:N", "CVSS:4.0/AV:N", "CVSS:5.0/AV:N"]
)
def test_a_vector_without_a_base_score_is_refused(vector):
    with pytest.raises(ConfigurationError, match="no base score"):
        cvss_score(vector)


def test_exploitability_is_the_formula_of_the_specification():
    # Weights of FIRST, CVSS v3.1 specification, section 7.4; with a changed scope PR weighs less.
    weights = {
        "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
        "AC": {"L": 0.77, "H": 0.44},
        "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
        "UI": {"N": 0.85, "R": 0.62},
    }
    changed_scope = {"N": 0.85, "L": 0.68, "H": 0.5}
    for combination in product(*METRICS.values()):
        value = dict(zip(METRICS, combination, strict=True))
        metrics = "/".join(f"{name}:{letter}" for name, letter in value.items())
        found = [weights[name][value[name]] for name in weights]
        if value["S"] == "C":
            found[2] = changed_scope[value["PR"]]
        assert exploitability(metrics).score == pytest.approx(8.22 * prod(found), abs=1e-9)


def test_bands_of_every_level_join():
    for profile in PROFILES.values():
        table = profile.method("attack-potential").levels
        assert all(after in (before, before - 1) for before, after in pairwise(table))
