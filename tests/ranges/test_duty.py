"""Duties: the shipped ones, composed ones, recorded ones, and what is refused."""

import numpy as np
import pytest

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import shipped_names
from voltward.ranges.configuration.duty import DutyMode, load_duty

HEAD = 'name = "own"\nsource = "test"\n'


@pytest.mark.parametrize("name", shipped_names("duties"))
def test_shipped_duties_are_whole(name):
    duty = load_duty(name)
    assert duty.name == name
    assert duty.source
    arrays = (
        duty.mode,
        duty.speed_mps,
        duty.grade,
        duty.current_A,
        duty.power_W,
        duty.ambient_degC,
        duty.auxiliary_power_W,
    )
    assert {array.shape for array in arrays} == {(duty.ticks,)}
    assert np.all(np.isfinite(duty.speed_mps))
    assert set(np.unique(duty.mode)) <= {int(mode) for mode in DutyMode}
    assert 0.0 <= duty.initial_soc <= 1.0


def test_the_reference_duty_drives_rests_and_charges_for_one_hour():
    duty = load_duty("commute-and-charge")
    assert duty.duration_s == 3600.0
    changes = duty.mode[np.flatnonzero(np.diff(duty.mode, prepend=-1))]
    assert list(changes) == [DutyMode.DRIVE, DutyMode.STANDBY, DutyMode.CHARGE]
    # US06 covers 12.9 km in 600 s (EPA, dynamometer driving schedules).
    assert duty.speed_mps.sum() * duty.tick_s == pytest.approx(12_888.0, rel=1e-3)


def test_distance_is_kept_on_any_tick():
    fine, coarse = load_duty("wltc-drive", tick_s=0.5), load_duty("wltc-drive", tick_s=10.0)
    assert fine.speed_mps.sum() * 0.5 == pytest.approx(coarse.speed_mps.sum() * 10.0)


def test_grid_signal_is_neutral_and_within_its_power(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(HEAD + '[[segment]]\nkind = "grid"\nseconds = 39600\npower_W = 1000\n')
    duty = load_duty(str(path))
    assert abs(float(duty.power_W.mean())) < 1.0
    assert 500.0 < float(np.abs(duty.power_W).max()) <= 1000.0


def test_a_recorded_profile_needs_a_level_and_reads_its_side_file(tmp_path):
    path = tmp_path / "drive.csv"
    path.write_text("time_s,current_A,temperature_degC\n0,-3,5\n1,-6,5\n2,3,6\n")
    with pytest.raises(ConfigurationError, match="level is not given"):
        load_duty(str(path))
    duty = load_duty(str(path), level="cell")
    np.testing.assert_array_equal(duty.current_A, [-3.0, -6.0, 3.0])
    np.testing.assert_array_equal(duty.pack_current_A(4), [-12.0, -24.0, 12.0])
    assert set(duty.mode) == {DutyMode.RECORDED}
    assert duty.initial_temperature_degC == 5.0
    (tmp_path / "drive.toml").write_text('level = "pack"\ninitial_soc = 0.25\nscale = 2.0\n')
    beside = load_duty(str(path))
    assert (beside.level, beside.initial_soc, beside.current_A[0]) == ("pack", 0.25, -6.0)
    np.testing.assert_array_equal(beside.pack_current_A(4), beside.current_A)


def test_a_profile_in_milliampere_is_noticed_by_the_capacity(tmp_path):
    path = tmp_path / "drive.csv"
    path.write_text("time_s,current_A\n0,-300\n1,-600\n")
    with pytest.raises(ConfigurationError) as caught:
        load_duty(str(path), level="cell", capacities_Ah={"cell": 3.0})
    assert "mA" in caught.value.hint


BAD = {
    "no segment": ("segment = []\n", ["'segment' is empty"]),
    "unknown key": ('colour = "red"\nsegment = []\n', ["unknown key 'colour'", "allowed here"]),
    "wrong unit": ("initial_temperature_K = 298\nsegment = []\n", ["initial_temperature_degC"]),
    "soc in per cent": ("initial_soc = 80\nsegment = []\n", ["'initial_soc'", "got 80", "1"]),
    "text for number": ('tick_s = "1"\nsegment = []\n', ["'tick_s'", 'got "1"', "valid number"]),
    "not a number": ("tick_s = nan\nsegment = []\n", ["'tick_s'", "got nan"]),
    "long tick": ("tick_s = 601\nsegment = []\n", ["'tick_s'", "got 601", "600"]),
    "unknown kind": ('[[segment]]\nkind = "chrage"\n', ["segment[0].kind", "'charge'"]),
    "no kind": ("[[segment]]\nseconds = 3\n", ["segment[0].kind", "allowed are cycle"]),
    "missing key": ('[[segment]]\nkind = "charge"\n', ["segment[0]", "'seconds' is missing"]),
    "foreign key": (
        '[[segment]]\nkind = "standby"\nseconds = 1\nspeed_mps = 3\n',
        ["segment[0]", "unknown key 'speed_mps'"],
    ),
    "negative power": (
        '[[segment]]\nkind = "charge"\nseconds = 9\npower_W = -5\n',
        ["power_W", "got -5", "greater than 0"],
    ),
    "unknown cycle": (
        '[[segment]]\nkind = "cycle"\ncycle = "us60"\n',
        ["segment[0].cycle", "'us06'"],
    ),
    "unknown signal": (
        '[[segment]]\nkind = "grid"\nseconds = 9\nsignal = "regulaton"\n',
        ["segment[0]", "key 'signal'", 'got "regulaton"', "did you mean 'regulation'?"],
    ),
    "steep": ('[[segment]]\nkind = "cruise"\nseconds = 9\nspeed_mps = 3\ngrade = 6\n', ["grade"]),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_duties_say_file_key_got_and_allowed(tmp_path, case):
    text, words = BAD[case]
    path = tmp_path / "own.toml"
    path.write_text(HEAD + text)
    with pytest.raises(ConfigurationError) as caught:
        load_duty(str(path))
    assert str(path) in caught.value.what
    for word in words:
        assert word in str(caught.value)


def test_names_files_and_ticks_that_do_not_exist(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        load_duty("us6-drive")
    assert caught.value.hint.startswith("did you mean 'us06-drive'")
    with pytest.raises(ConfigurationError, match="there is no such file"):
        load_duty(str(tmp_path / "absent.toml"))
    with pytest.raises(ConfigurationError, match="there is no such file"):
        load_duty(str(tmp_path / "absent.csv"), level="cell")
    with pytest.raises(ConfigurationError, match="tick_s = 0"):
        load_duty("us06-drive", tick_s=0.0)
    broken = tmp_path / "broken.toml"
    broken.write_text("name = own\n")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        load_duty(str(broken))


def test_two_levels_in_one_duty_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("time_s,current_A\n0,1\n1,1\n")
    segment = '[[segment]]\nkind = "recorded"\nfile = "a.csv"\nlevel = "{}"\n'
    path = tmp_path / "own.toml"
    path.write_text(HEAD + segment.format("cell") + segment.format("pack"))
    with pytest.raises(ConfigurationError, match="both levels"):
        load_duty(str(path))


def test_a_recorded_power_reaches_the_pack_and_a_cells_all_cells(tmp_path):
    path = tmp_path / "drive.csv"
    path.write_text("time_s;power_W\n0;3\n1;-6\n2;3\n")
    duty = load_duty(str(path), level="cell")
    assert np.all(np.isnan(duty.current_A))
    np.testing.assert_array_equal(duty.pack_power_W(8), [24.0, -48.0, 24.0])
    np.testing.assert_array_equal(load_duty(str(path), level="pack").pack_power_W(8), [3, -6, 3])


def test_a_side_file_states_map_and_sign(tmp_path):
    path = tmp_path / "drive.csv"
    path.write_text("t,i\n0,3\n1,6\n2,3\n")
    (tmp_path / "own.toml").write_text(
        'name = "own"\n[columns]\ntime_s = { column = "t" }\ncurrent_A = { column = "i" }\n'
    )
    side = tmp_path / "drive.toml"
    side.write_text('level = "pack"\ncolumns = "own.toml"\npositive = "discharging"\n')
    np.testing.assert_array_equal(load_duty(str(path)).current_A, [-3.0, -6.0, -3.0])
