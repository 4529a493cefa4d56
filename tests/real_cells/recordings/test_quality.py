"""The checks on arrays: every defect is found and named, an honest recording is left alone."""

import numpy as np
import pytest

from voltward.real_cells.recordings.column_map import ColumnEntry, ColumnMap
from voltward.real_cells.recordings.quality import check_recording


def _frozen(values, start, stop):
    held = values.copy()
    held[start:stop] = held[start]
    return held


def test_an_honest_recording_has_no_findings(bench):
    assert check_recording(bench.recording()) == ()


# What is done to the columns, whether it refuses, and the words of the message.
DEFECTS = {
    "milliampere": (
        lambda c: {"current_A": 1000.0 * c["current_A"]},
        ["looks like mA", 'current_A = { column = "current_A", scale = 0.001 }'],
    ),
    "millivolt": (
        lambda c: {"voltage_V": 1000.0 * c["voltage_V"]},
        ["looks like mV", 'voltage_V = { column = "voltage_V", scale = 0.001 }'],
    ),
    "ten microvolt": (
        lambda c: {"voltage_V": 1e5 * c["voltage_V"]},
        ["looks like 10 uV", "scale = 1e-05"],
    ),
    "pack": (lambda c: {"voltage_V": 96.0 * c["voltage_V"]}, ["pack of about", "pack_voltage_V"]),
    "kelvin": (
        lambda c: {"temperature_degC": c["temperature_degC"] + 273.15},
        ["looks like kelvin", "offset = -273.15"],
    ),
    "fahrenheit": (
        lambda c: {"temperature_degC": 1.8 * c["temperature_degC"] + 32.0},
        ["looks like fahrenheit", "scale = 0.555555556, offset = -17.7777778"],
    ),
    "millidegree": (
        lambda c: {"temperature_degC": 1000.0 * c["temperature_degC"]},
        ["thousandths of a degree", "scale = 0.001"],
    ),
    "milliseconds": (
        lambda c: {"time_s": 1000.0 * c["time_s"]},
        ["steps by 1000 s", "milliseconds", 'time_s = { column = "time_s", scale = 0.001 }'],
    ),
    "fast milliseconds": (
        # 100 Hz, so a step is 10: only the charge tells.
        lambda c: {"time_s": 10.0 * c["time_s"], "current_A": c["current_A"] * 50.0},
        ["time_s looks like milliseconds", "scale = 0.001"],
    ),
    "milliseconds from the middle on": (
        lambda c: {"time_s": np.where(c["time_s"] < 1800.0, 1.0, 1000.0) * c["time_s"]},
        ["changes its unit after row 1800", "steps of 1 become steps of 1000"],
    ),
    "milliseconds from the middle on, by a clock that jitters": (
        lambda c: {
            "time_s": np.where(c["time_s"] < 1800.0, 1.0, 1000.0)
            * (c["time_s"] + 0.004 * np.mod(c["time_s"], 3.0))
        },
        ["changes its unit after row 1800"],
    ),
    "seconds from the middle on": (
        lambda c: {"time_s": np.cumsum(np.where(c["time_s"] < 1800.0, 0.1, 100.0))},
        ["changes its unit"],
    ),
    "reversed sign": (
        lambda c: {"current_A": -c["current_A"]},
        ["sign reversed", "of its", "steps", 'column = "current_A", sign = -1'],
    ),
    "backward": (
        lambda c: {"time_s": np.where(c["time_s"] > 3000.0, c["time_s"] - 500.5, c["time_s"])},
        ["runs backwards at one place", "from 3000 s to 2500.5 s after row 3001", "split the file"],
    ),
    "step time": (
        lambda c: {"time_s": np.mod(c["time_s"], 600.0)},
        ["runs backwards at 5 places", "column of the total time", "restarts = true"],
    ),
    "clock stands": (
        lambda c: {"time_s": np.ones_like(c["time_s"])},
        ["time_s is 1 s in every row"],
    ),
    "hours": (
        lambda c: {"time_s": c["time_s"] / 3600.0},
        ["too short", "3600 samples over 0.99", "hours", "scale = 3600"],
    ),
    "no cell": (lambda c: {"voltage_V": 0.0 * c["voltage_V"]}, ["not a cell's voltage in 3600"]),
    "spikes": (
        lambda c: {"voltage_V": np.where(c["time_s"] == 77.0, 6.5, c["voltage_V"])},
        ["not a cell's voltage in 1 of 3600", "6.5 V at 77 s", "between 0 and 5 V"],
    ),
    "broken thermistor": (
        lambda c: {"temperature_degC": np.where(c["time_s"] > 9.0, c["temperature_degC"], -273.15)},
        ["out of range in 10 of 3600", "-60 to 100 degC"],
    ),
    "clipped current": (
        lambda c: {"current_A": np.clip(c["current_A"], -1.0, None)},
        ["current_A is saturated at its lower end, -1 A", "moves both ways"],
    ),
    "clipped voltage": (
        lambda c: {"voltage_V": np.clip(c["voltage_V"], 3.5, None)},
        ["voltage_V is saturated at its lower end, 3.5 V", "moves both ways"],
    ),
    "stuck voltage": (
        lambda c: {"voltage_V": _frozen(c["voltage_V"], 1000, 2000)},
        ["voltage_V is stuck", "999 s in all", "from 1000 s on"],
    ),
    "dead current": (
        lambda c: {"current_A": np.zeros_like(c["current_A"])},
        ["current_A is stuck", "while the voltage moves"],
    ),
}


@pytest.mark.parametrize("case", DEFECTS, ids=str)
def test_a_defect_is_refused_with_its_cause(bench, case):
    change, words = DEFECTS[case]
    findings = check_recording(bench.recording(**change(bench.columns())))
    assert findings
    assert findings[0].refuses
    for word in words:
        assert word in findings[0].text


def test_the_hint_repairs_the_users_own_entry(bench):
    columns = ColumnMap(name="own", columns={"current_A": ColumnEntry(column="I", scale=0.5)})
    reversed_A = -bench.columns()["current_A"]
    (finding,) = check_recording(bench.recording(current_A=reversed_A), columns=columns)
    assert 'current_A = { column = "I", scale = 0.5, sign = -1 }' in finding.hint


def test_capacity_sharpens_the_check_of_the_current(bench):
    recording = bench.recording(current_A=20.0 * bench.columns()["current_A"])
    assert check_recording(recording) == ()
    (finding,) = check_recording(recording, capacity_Ah=3.0)
    assert finding.refuses
    assert "looks like mA" in finding.what


def test_a_constant_discharge_shows_a_reversed_sign_by_its_trend(bench):
    time_s = np.arange(0.0, 3600.0, 10.0)
    voltage_V = 4.1 - 0.8 * time_s / 3600.0
    columns = {
        "time_s": time_s,
        "voltage_V": voltage_V,
        "current_A": np.full_like(time_s, -2.9),
        "temperature_degC": 25.0 + time_s / 1e4,
    }
    assert check_recording(bench.recording(**columns)) == ()
    columns["current_A"] = -columns["current_A"]
    (finding,) = check_recording(bench.recording(**columns))
    assert finding.refuses
    assert "falls while charge is counted in (correlation -1.00)" in finding.what


def test_held_voltage_and_rest_are_no_stuck_sensors(bench):
    # Constant current, constant voltage with a tapering current, rest: exact values throughout.
    time_s = np.arange(5400.0)
    constant, held = time_s < 1800.0, (time_s >= 1800.0) & (time_s < 3600.0)
    current_A = np.where(constant, 3.0, np.where(held, 3.0 * np.exp((1800 - time_s) / 600.0), 0.0))
    voltage_V = np.where(
        constant,
        3.6 + time_s / 3000.0,
        np.where(held, 4.2, 4.15 + 0.05 * np.exp(3.6 - time_s / 1e3)),
    )
    recording = bench.recording(
        time_s=time_s,
        voltage_V=voltage_V,
        current_A=current_A,
        temperature_degC=25.0 + time_s / 1e4,
    )
    assert check_recording(recording) == ()


def test_a_short_freeze_is_a_note_with_its_place(bench):
    held_V = _frozen(bench.columns()["voltage_V"], 100, 131)
    (finding,) = check_recording(bench.recording(voltage_V=held_V))
    assert not finding.refuses
    assert finding.spans_s == ((100.0, 130.0),)


def test_holes_are_notes_with_place_and_length(bench):
    columns = bench.columns()
    keep = (columns["time_s"] < 400.0) | (columns["time_s"] >= 816.0)
    (finding,) = check_recording(bench.recording(**{k: v[keep] for k, v in columns.items()}))
    assert not finding.refuses
    assert "417 s from 399 s on" in finding.what
    assert "charge cannot be counted over a hole" in finding.why
    assert finding.spans_s == ((399.0, 816.0),)


def test_a_short_hole_counts_in_a_drive_but_not_in_a_rest(bench):
    columns = bench.columns(step_s=0.1)
    keep = (columns["time_s"] < 400.0) | (columns["time_s"] >= 430.0)
    drive = {k: v[keep] for k, v in columns.items()}
    (finding,) = check_recording(bench.recording(**drive))
    assert "30 s from 400 s on" in finding.what
    rest = (columns["time_s"] > 395.0) & (columns["time_s"] < 435.0)
    columns["current_A"] = np.where(rest, 0.0, columns["current_A"])
    resting = {k: v[keep] for k, v in columns.items()}
    assert not any("hole" in found.what for found in check_recording(bench.recording(**resting)))


def test_a_constant_temperature_is_noted(bench):
    (finding,) = check_recording(bench.recording(temperature_degC=np.full(3600, 25.0)))
    assert not finding.refuses
    assert "temperature_degC is 25 throughout" in finding.what


def test_one_stuck_cell_of_a_string_is_named(bench):
    voltage_V = bench.columns()["voltage_V"]
    string_V = np.stack([voltage_V, _frozen(voltage_V, 500, 1500), voltage_V + 0.001], axis=1)
    (finding,) = check_recording(bench.recording(voltage_V=string_V))
    assert finding.refuses
    assert "voltage_2_V is stuck" in finding.what
