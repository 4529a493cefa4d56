"""The grammar of `--inject`, and the kernel's rows it becomes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.attacks.row import COLUMN
from voltward.core.attack import FOREVER_S
from voltward.core.errors import ConfigurationError
from voltward.core.taps import TAP_INDEX
from voltward.real_cells.replay.catalogue_injection import CatalogueInjection, sensor_attacks
from voltward.real_cells.replay.injected_rows import injected_rows, parse_injection, start_of
from voltward.real_cells.replay.injection import SIGNALS, Injection

FINITE = st.floats(-1e3, 1e3, allow_nan=False)
VALUES = {
    "bias": FINITE,
    "gain": FINITE,
    "ramp": FINITE,
    "noise": st.floats(0.0, 1e3),
    "replay": st.floats(1.0, 500.0),
    "delay": st.floats(1.0, 500.0),
    "swap": st.integers(1, 9).map(float),
}


@st.composite
def injections(draw):
    signal = draw(st.sampled_from(sorted(SIGNALS)))
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4, unique=True))
    if {"replay", "delay"} <= set(names):
        names.remove("delay")
    if signal == "current" and "swap" in names:
        names = ["bias"]
    cells = None
    if signal != "current":
        pair = st.tuples(st.integers(1, 9), st.integers(0, 9)).map(lambda p: (p[0], sum(p)))
        cells = draw(st.none() | pair)
    start_s = draw(st.floats(500.0, 1e5))
    stop_s = draw(st.just(FOREVER_S) | st.floats(1.0, 1e5).map(lambda more: start_s + more))
    transforms = tuple((name, draw(VALUES[name])) for name in names)
    return Injection(signal, transforms, cells, start_s, stop_s)


@given(injections())
def test_what_is_written_is_read_back(injection):
    assert parse_injection(str(injection)) == injection


def test_a_catalogue_injection_is_read_back():
    text = "voltage-bias:bias_V=0.02,first_cell=1@600-900"
    parsed = parse_injection(text)
    expected = (("bias_V", 0.02), ("first_cell", 1.0))
    assert parsed == CatalogueInjection("voltage-bias", expected, 600.0, 900.0)
    assert parse_injection(str(parsed)) == parsed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("voltag=bias:0.02", "did you mean 'voltage'"),
        ("voltage=bais:0.02", "did you mean 'bias'"),
        ("voltage=bias", "NAME:VALUE"),
        ("voltage=bias:x", "not a number"),
        ("voltage=bias:nan", "not finite"),
        ("voltage=", "there is no transform ''"),
        ("voltage=cells=1", "nothing is changed"),
        ("voltage=bias:1,bias:2", "each name once"),
        ("voltage=bias:1,cells=0", "counted from 1"),
        ("voltage=bias:1,cells=3-1", "counted from 1"),
        ("voltage=bias:1,cells=1,cells=2", "twice"),
        ("current=bias:1,cells=1", "no cells"),
        ("current=swap:1", "nothing to swap"),
        ("voltage=swap:1.5", "whole number"),
        ("voltage=noise:-1", "not negative"),
        ("voltage=delay:0", "one second or more"),
        ("voltage=replay:60@30", "begin later"),
        ("voltage=replay:60,delay:5@90", "exclude each other"),
        ("voltage=bias:1@", "cannot read the times"),
        ("voltage=bias:1@9-5", "stop later"),
        ("voltage=bias:1@-5", "cannot read the times"),
        ("voltage-bais:bias_V=0.02", "did you mean 'voltage-bias'"),
        ("can-flood@600", "acts beyond the sensors"),
        ("voltage-bias:bias=0.02", "did you mean 'bias_V'"),
        ("voltage-bias:bias_V=x", "not a number"),
        ("voltage-bias:bias_V=9", "out of range"),
        ("voltage-bias:start_s=9", "@START"),
    ],
)
def test_a_wrong_injection_says_what_is_wrong(text, words):
    with pytest.raises(ConfigurationError) as caught:
        parse_injection(text)
    assert words in str(caught.value)


def test_the_sensor_attacks_are_those_at_sensors():
    names = sensor_attacks()
    assert {"voltage-bias", "current-gain", "hot-mask", "sensor-swap"} <= set(names)
    assert not {"can-spoof-telemetry", "contactor-open", "firmware-thresholds"} & set(names)


def test_every_transform_reaches_its_column():
    injection = parse_injection(
        "voltage=bias:0.01,gain:0.02,ramp:0.001,noise:0.003,delay:7,swap:2,cells=2-4@600-900"
    )
    rows = injected_rows([injection], 6)
    row = rows[TAP_INDEX["cell.voltage"], 0]
    wanted = {
        "used": 1.0, "start": 600.0, "stop": 900.0, "bias": 0.01, "gain": 0.02, "ramp": 0.001,
        "noise": 0.003, "delay": 7.0, "window": 0.0, "shift": 2.0, "first": 1.0, "count": 3.0,
    }  # fmt: skip
    assert {name: row[COLUMN[name]] for name in wanted} == wanted
    others = np.delete(rows, TAP_INDEX["cell.voltage"], axis=0)
    assert not np.any(others)


def test_several_injections_share_a_run_as_far_as_slots_go():
    texts = ("voltage=bias:0.01@600", "voltage=gain:0.01@300", "current=gain:0.1@400")
    parsed = [parse_injection(text) for text in texts]
    rows = injected_rows(parsed, 1)
    assert np.count_nonzero(rows[:, :, COLUMN["used"]]) == 3
    assert start_of(parsed) == 300.0
    with pytest.raises(ConfigurationError, match="2 slots"):
        injected_rows([*parsed, parsed[0]], 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("voltage=bias:1,cells=3", "no cell 3"),
        ("voltage=swap:1,cells=2", "two cells"),
        ("voltage=swap:4", "changes nothing"),
        ("sensor-swap:shift_cells=2", "changes nothing"),
        ("sensor-swap:first_cell=1", "two cells"),
        ("voltage-bias:first_cell=7@5", "first_cell = 7"),
    ],
)
def test_an_injection_that_does_not_fit_the_recording_is_refused(text, words):
    with pytest.raises(ConfigurationError, match=words):
        injected_rows([parse_injection(text)], 2)


def test_a_stop_cuts_a_catalogue_attack_short():
    rows = injected_rows([parse_injection("voltage-freeze-replay:window_s=10@100-150")], 1)
    row = rows[TAP_INDEX["cell.voltage"], 0]
    assert (row[COLUMN["start"]], row[COLUMN["stop"]]) == (100.0, 150.0)
