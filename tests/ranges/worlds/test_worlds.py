"""Draws of worlds: against published figures, independent, and refused where physics ends."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_writer import toml_text
from voltward.ranges.configuration.duty import DutyMode, load_duty
from voltward.ranges.configuration.world_duty import drawn_starts, world_duty
from voltward.ranges.worlds.choice import draw_worlds, world_document
from voltward.ranges.worlds.draw import design_factors, draw_factors
from voltward.ranges.worlds.factors import FACTORS, MONTHS, Quantity
from voltward.ranges.worlds.world_file import load_world_laws

SHIPPED = ("everyday", "cold", "hot", "aged", "harsh")
EVERYDAY = load_world_laws("everyday")
MANY = 4000


@pytest.fixture(scope="module")
def drawn():
    return draw_factors(EVERYDAY, seed=1, worlds=MANY)


@pytest.mark.parametrize(
    ("age_years", "left_pct"),
    # 8,000 tests of cars in the United Kingdom (2026): medians at 2 to 3, 4 to 5, 8 to 12 years.
    [(2.5, 96.9), (4.5, 93.5), (9.2, 85.0)],
)
def test_capacity_left_is_that_of_the_tested_cars(age_years, left_pct):
    fixed = f"everyday,age_years={age_years},fade_scale=1,use=mixed,climate=germany"
    worlds = draw_worlds(fixed, seed=3, worlds=MANY)
    assert 100.0 * np.median(worlds.capacity_factor) == pytest.approx(left_pct, abs=0.6)


@pytest.mark.parametrize(
    ("climate", "month", "mean_degC"),
    # Normals: Germany (ERA5 2016), Oslo, Phoenix, Taipei.
    [("germany", "jan", 1.2), ("norway", "feb", -3.9), ("arizona", "jul", 35.0),
     ("taiwan", "jan", 16.0)],
)  # fmt: skip
def test_the_weather_is_that_of_the_place(climate, month, mean_degC):
    worlds = draw_worlds(f"everyday,climate={climate},month={month}", seed=3, worlds=MANY)
    # Arizona's law is cut at 48 degC.
    assert worlds.ambient_degC.mean() == pytest.approx(mean_degC, abs=0.3)


def test_choices_come_as_often_as_their_weights(drawn):
    assert set(drawn["month"]) == set(MONTHS)
    shares = [np.mean(drawn["climate"] == name) for name in ("germany", "norway", "arizona")]
    assert shares == pytest.approx([0.5, 0.15, 0.15], abs=0.03)


def test_factors_are_independent_of_each_other(drawn):
    # Only factors without a law that depends on a choice.
    names = [n for n, law in EVERYDAY.laws.items() if not law.by and law.law != "choice"]
    table = np.array([drawn[name] for name in names if np.ptp(drawn[name]) > 0.0])
    correlation = stats.spearmanr(table.T).statistic
    off = correlation[~np.eye(len(correlation), dtype=bool)]
    assert np.abs(off).max() < 4.5 / np.sqrt(MANY)


def test_a_world_is_the_same_draw_however_many_there_are():
    few = draw_factors(EVERYDAY, seed=9, worlds=3, first=5)
    many = draw_factors(EVERYDAY, seed=9, worlds=20)
    for name in FACTORS:
        assert (few[name] == many[name][5:8]).all()
    other = draw_factors(EVERYDAY, seed=10, worlds=20)
    assert (other["soc"] != many["soc"]).all()


def test_a_fixed_factor_changes_no_other():
    plain = draw_worlds("everyday", seed=4, worlds=50)
    fixed = draw_worlds("everyday,soc=0.75", seed=4, worlds=50)
    assert (fixed.start_soc == 0.75).all()
    for name, values in plain.columns().items():
        if name != "start_soc":
            assert (getattr(fixed, name) == values).all(), name


@pytest.mark.parametrize("name", SHIPPED)
def test_every_draw_is_inside_what_physics_allows(name):
    laws = load_world_laws(name)
    for made in (draw_factors(laws, seed=2, worlds=500), design_factors(laws, seed=2, worlds=500)):
        for factor, values in made.items():
            known = FACTORS[factor]
            if isinstance(known, Quantity):
                assert known.low <= values.min()
                assert values.max() <= known.high
            else:
                assert set(values) <= set(known.options)


def test_a_first_soc_is_never_exact():
    worlds = draw_worlds("everyday", seed=5, worlds=MANY)
    for error in (worlds.bms_soc_error, worlds.twin_soc_error):
        assert np.abs(error).min() >= 0.01
        assert np.abs(error).max() <= 0.05
        assert abs(np.mean(error > 0.0) - 0.5) < 0.03


def test_shipped_worlds_differ_as_their_names_say():
    cold, hot, aged, everyday = (
        draw_worlds(name, seed=6, worlds=500) for name in ("cold", "hot", "aged", "everyday")
    )
    assert np.median(cold.ambient_degC) < np.median(everyday.ambient_degC) - 8.0
    assert np.median(hot.ambient_degC) > np.median(everyday.ambient_degC) + 8.0
    assert np.median(aged.capacity_factor) < np.median(everyday.capacity_factor) - 0.05


def test_a_design_covers_every_factor_evenly():
    made = design_factors(EVERYDAY, seed=2, worlds=64)
    ranks = np.sort(made["onset_rank"])
    assert np.abs(ranks - (np.arange(64) + 0.5) / 64).max() < 1.0 / 64


def test_laws_written_out_draw_the_same(tmp_path):
    path = tmp_path / "world.toml"
    path.write_text(toml_text(world_document(load_world_laws("cold,use=mixed"))))
    before, after = (draw_factors(load_world_laws(text), seed=3, worlds=40)
                     for text in ("cold,use=mixed", str(path)))  # fmt: skip
    for name in FACTORS:
        assert (before[name] == after[name]).all(), name


def law(text):
    return f'name = "own"\nextends = "everyday"\n[factor.{text}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "own"\n', "Field required|factor"),
        ('name = "own"\n[factor]\n', "factor 'climate' has no law"),
        (law('sok]\nlaw = "constant"\nvalue = 0.5\nsource = "a"\n'), "no factor 'sok'"),
        (law('soc]\nlaw = "normal"\nmean = 0.5\nsd = 0.1\nsource = "a"\n'), "reaches from"),
        (law('soc]\nlaw = "constant"\nvalue = 1.5\nsource = "a"\n'), "reaches from 1.5"),
        (law('soc]\nlaw = "constant"\nvalue = nan\nsource = "a"\n'), "value"),
        (law('soc]\nlaw = "constant"\nvalue = 0.5\n'), "law and source"),
        (law('soc]\nlaw = "choice"\nweights = {}\nsource = "a"\n'), "none is above 0"),
        (law('soc]\nlaw = "choice"\nweights = { a = 1 }\nsource = "a"\n'), "not a number"),
        (law('cycle]\nlaw = "choice"\nweights = { nedc = 1 }\nsource = "a"\n'), "no outcome"),
        (law('cycle]\nlaw = "choice"\nweights = { udds = -1 }\nsource = "a"\n'), "from 0"),
        (law('cycle]\nlaw = "constant"\nvalue = 1\nsource = "a"\n'), "is not allowed"),
        (law('soc]\nlaw = "constant"\nby = ["link"]\nvalue = 0.5\nsource = "a"\n'),
         "not a choice that is drawn before"),
        (law('soc]\nlaw = "constant"\nby = ["climate"]\nvalue = { norway = 0.5 }\n'
             'source = "a"\n'), "not given for germany"),
    ],
)  # fmt: skip
def test_a_wrong_world_file_is_refused_with_file_and_factor(tmp_path, text, words):
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=words) as caught:
        load_world_laws(str(path))
    assert "own.toml" in caught.value.what


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (law('charger_power_W]\nlaw = "choice"\nsource = "a"\n'
             'weights = { 50000 = 1, 1e12 = 1, 60000 = 1 }\n'), "reaches from 50000 to 1e.12"),
        (law('month]\nlaw = "choice"\nsource = "a"\nweights = { jan = 1e308, feb = 1e308 }\n'),
         "jan = 1e.308 is not allowed"),
        (law('soc]\nlaw = "constant"\nvalue = 0.5\nsource = "a"\nby = 5\n'), "by = 5"),
        (law('soc]\nlaw = "constant"\nvalue = 0.5\nsource = "a"\nby = "month"\n'), "by = .month"),
        (law('onset_rank]\nlaw = "constant"\nvalue = 0.5\nsource = "a"\n'
             'by = ["month", "month"]\n'), "each once"),
        (law('ambient_degC]\nlaw = "constant"\nsource = "a"\nby = ["month"]\n'
             f'value = {[1.0] * 14}\n'), "14 values for month"),
        (law('soc]\nlaw = "constant"\nsource = "a"\nby = ["parking"]\n'
             'value = { outdoors = 0.5, france = 9 }\n'), "'france' is not an outcome"),
        (law('soc]\nlaw = "constant"\nvalue = 0.5\nsource = " "\n'), "law and source"),
        (law('soc]\nlaw = "constant"\nvalue = 0.5\nsource = 5\n'), "law and source"),
        ('name = "own"\nextends = "nowhere.toml"\n[factor]\n', "extends: world file nowhere.toml"),
    ],
)  # fmt: skip
def test_a_law_that_says_more_or_less_than_it_may_is_refused(tmp_path, text, words):
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=words) as caught:
        load_world_laws(str(path))
    assert "own.toml" in caught.value.what


def test_the_order_of_weights_is_free(tmp_path):
    path = tmp_path / "own, of mine.toml"  # a path may hold a comma
    path.write_text(law('charger_power_W]\nlaw = "choice"\nsource = "a"\n'
                        "weights = { 350000 = 0.5, 50000 = 0.5 }\n"))  # fmt: skip
    powers = draw_factors(load_world_laws(str(path)), seed=1, worlds=200)["charger_power_W"]
    assert set(powers) == {350000.0, 50000.0}


def test_a_file_that_is_extended_lies_beside(tmp_path):
    (tmp_path / "vans.toml").write_text(law('soc]\nlaw = "constant"\nvalue = 0.5\nsource = "a"\n'))
    child = tmp_path / "child.toml"
    child.write_text('name = "child"\nextends = "vans.toml"\n[factor]\n')
    assert draw_factors(load_world_laws(str(child)), seed=1, worlds=3)["soc"][0] == 0.5


def test_a_circle_of_files_is_refused(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(f'name = "own"\nextends = "{path}"\n[factor]\n')
    with pytest.raises(ConfigurationError, match="circle"):
        load_world_laws(str(path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nowhere", "no world 'nowhere'"),
        ("", "world"),
        ("everyday,sok=1", "no factor 'sok'"),
        ("everyday,soc=high", "soc = 'high' is not allowed"),
        ("everyday,soc=2", "'everyday,soc=2': soc = '2' is not allowed"),
        ("everyday,soc=nan", "soc = 'nan' is not allowed"),
        ("everyday,soc=1e999", "soc = '1e999' is not allowed"),
        ("everyday,climate=norway=5", "climate = 'norway=5' is not known"),
        ("everyday,soc=0.5,soc=0.6", "'soc' appears twice"),
        ("everyday,soc", "'soc' is not a factor and its value"),
    ],
)
def test_a_wrong_choice_on_the_command_line_is_refused(text, words):
    with pytest.raises(ConfigurationError, match=words):
        load_world_laws(text)


DUTY = load_duty("commute-and-charge")


@pytest.fixture(scope="module")
def worlds():
    return draw_worlds("everyday", seed=8, worlds=200)


def test_a_drive_begins_at_rest_and_keeps_the_rest_of_the_duty(worlds):
    for number in range(40):
        own = world_duty(DUTY, worlds, number)
        assert own.speed_mps[0] == 0.0
        assert (own.mode == DUTY.mode).all()
        assert (own.speed_mps[~DUTY.shipped_cycle] == DUTY.speed_mps[~DUTY.shipped_cycle]).all()
        assert (own.ambient_degC == worlds.ambient_degC[number]).all()
        assert own.speed_mps.max() > 10.0


def test_a_drive_of_the_users_own_stays(worlds):
    own = replace(DUTY, shipped_cycle=np.zeros(DUTY.ticks, bool))
    assert (world_duty(own, worlds, 3).speed_mps == DUTY.speed_mps).all()


def test_onsets_fall_where_they_were_drawn(worlds):
    starts = np.array(drawn_starts(DUTY, worlds).onsets_s)
    assert (starts[worlds.onset == "power-up"] == 0.0).all()
    charging = np.flatnonzero(DUTY.mode == DutyMode.CHARGE)
    within = starts[worlds.onset == "while charging"]
    assert (within >= charging[0]).all()
    assert (within < charging[-1]).all()
    any_time = starts[worlds.onset == "any time"]
    assert (any_time >= 60.0).all()
    assert stats.kstest((any_time - 60.0) / (0.9 * 3600.0 - 60.0), "uniform").pvalue > 1e-3
