"""Values that no reading can be moved by are refused with the value that was probably meant."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import find_document, shipped_names
from voltward.physical.cell_file import load_cell
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.injected_rows import changes_nothing, parse_injection
from voltward.real_cells.replay.injection import SIGNALS
from voltward.real_cells.replay.injection_range import check_times, check_values, signal_ranges

CELLS = {name: load_cell(find_document("cells", name, "cell")) for name in shipped_names("cells")}
LG = CELLS["lg-18650hg2"]


def recording(seconds=1000, hole=slice(0, 0)):
    voltage_V = np.full((seconds, 1), 3.7)
    voltage_V[hole] = np.nan
    zeros = np.zeros(seconds)
    return Recording("made", np.arange(float(seconds)), voltage_V, zeros, zeros + 25.0)


def check(text, made=None, cell=LG):
    injection = parse_injection(text)
    check_values(injection, cell)
    check_times(injection, cell, recording() if made is None else made)
    return injection


@pytest.mark.parametrize(
    ("text", "got", "hint"),
    [
        ("voltage=bias:20", "bias = 20 V", "did you mean 0.02 V (20 mV)?"),
        ("voltage=bias:-50@600", "bias = -50 V", "did you mean -0.05 V (-50 mV)?"),
        ("voltage=noise:5", "noise = 5 V", "did you mean 0.005 V (5 mV)?"),
        ("voltage=gain:1", "gain = 1", "did you mean 0.01 (1 %)?"),
        ("voltage=ramp:1", "ramp = 1 V/s", "did you mean 0.001 V/s (1 mV/s)?"),
        ("voltage=ramp:0.01", "would add 9.99 V", "did you mean 1e-05 V/s (0.01 mV/s)?"),
        ("voltage=bias:20000", "bias = 20000 V", "bias is added to every reading, in V"),
        ("current=bias:500", "bias = 500 A", "did you mean 0.5 A (500 mA)?"),
        ("current=gain:5", "gain = 5", "did you mean 0.05 (5 %)?"),
        ("current=ramp:20,gain:0.1", "ramp = 20 A/s", ""),
        ("temperature=bias:298.15", "bias = 298.15 K", "added to every reading, in K"),
        ("temperature=ramp:1", "would add 999 K", "at most 0.17 K/s"),
        ("temperature=gain:-3", "gain = -3", "did you mean -0.03 (-3 %)?"),
        ("voltage=delay:5000", "delay = 5000 s", "did you mean 5 s (5000 ms)?"),
        ("voltage=bias:0.02@5000", "starts at 5000 s", "earlier @START"),
        ("voltage=bias:0.02@999", "starts at 999 s", "earlier @START"),
        ("voltage-bias:bias_V=0.02@1h", "starts at 3600 s", "earlier @START"),
        ("voltage-bias:bias_V=20", "bias_V = 20", "did you mean 0.02 V (20 mV)?"),
        ("current-gain:gain=5", "gain = 5", "did you mean 0.05 (5 %)?"),
        ("voltage-bias:cell_share=50", "cell_share = 50", "did you mean 0.5 (50 %)?"),
        ("voltage-bias:first_cell=400", "first_cell = 400", "the default is 0"),
        ("voltage-bias:bias_V=nan", "bias_V = nan", "the default is -0.15"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_likely_one(text, got, hint):
    with pytest.raises(ConfigurationError) as caught:
        check(text)
    assert got in str(caught.value)
    assert hint in caught.value.hint
    assert caught.value.why


@pytest.mark.parametrize(
    "text",
    [
        "voltage=bias:1e400", "voltage=bias:-inf", "current=ramp:nan", "temperature=noise:inf",
        "voltage=bias:0.1@nan", "voltage=bias:0.1@inf", "voltage=bias:0.1@1e400",
        "voltage=bias:0.1@-1", "voltage=bias:0.1@5--7", "voltage-bias@-5", "current-gain:gain=inf",
        "voltage=bias:0.1@600-600",
    ],
)  # fmt: skip
def test_no_infinite_number_and_no_time_before_the_start(text):
    with pytest.raises(ConfigurationError) as caught:
        check(text)
    assert text.split(":")[0] in caught.value.what
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("voltage=bias:20mV@10min", "voltage=bias:0.02@600"),
        ("voltage=bias:-0.02V@600s-0.25h", "voltage=bias:-0.02@600-900"),
        ("voltage=noise:500uV", "voltage=noise:0.0005"),
        ("voltage=ramp:3.6mV/h", "voltage=ramp:1e-06"),
        ("current=gain:-2%", "current=gain:-0.02"),
        ("current=bias:250 mA", "current=bias:0.25"),
        ("temperature=bias:5degC", "temperature=bias:5"),
        ("temperature=ramp:0.6K/min", "temperature=ramp:0.01"),
        ("voltage=replay:1min@120", "voltage=replay:60@120"),
        ("voltage=delay:2000ms", "voltage=delay:2"),
    ],
)
def test_a_unit_may_follow_a_number(text, same):
    assert check(text) == check(same)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("voltage=bias:20mA", "V, mV, uV"),
        ("voltage=bias:20%", "V, mV, uV"),
        ("voltage=ramp:20mV", "per s, min or h"),
        ("voltage=bias:20mV/s", "V, mV, uV"),
        ("current=gain:2A", "%"),
        ("voltage=delay:2mV", "min, h"),
        ("voltage=swap:2cells,cells=1", "places on"),
        ("voltage=bias:0.1@5mV", "in s after the first sample"),
    ],
)
def test_a_unit_of_another_quantity_is_refused(text, words):
    with pytest.raises(ConfigurationError) as caught:
        parse_injection(text)
    assert words in caught.value.hint


def test_an_injection_into_a_hole_is_refused():
    holed = recording(hole=slice(400, 500))
    with pytest.raises(ConfigurationError, match="acts on no sample"):
        check("voltage=bias:0.1@400-490", holed)
    check("voltage=bias:0.1@400-501", holed)
    check("voltage=bias:0.1@390-490", holed)


def test_a_step_shorter_than_a_sample_acts_once():
    check("voltage=bias:0.1@600.2-600.4")
    check("voltage=bias:0.1@998.9")


def test_nothing_is_changed_by_zeros_and_by_nothing_else():
    for text in ("voltage=bias:0", "current=gain:0,ramp:0@5", "voltage-bias:bias_V=0"):
        assert changes_nothing(parse_injection(text), 1)
    for text in ("voltage=bias:0,noise:1mV", "current=delay:5@10", "voltage-bias"):
        assert not changes_nothing(parse_injection(text), 1)


NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(
    name=st.sampled_from(sorted(CELLS)),
    signal=st.sampled_from(sorted(SIGNALS)),
    transform=st.sampled_from(["bias", "noise", "ramp", "gain"]),
    value=NUMBERS | st.floats(-2.0, 2.0),
    start_s=st.floats(0.0, 2000.0),
)
def test_what_is_accepted_moves_no_reading_out_of_range(name, signal, transform, value, start_s):
    cell, most = CELLS[name], signal_ranges(CELLS[name])[signal].most
    text = f"{signal}={transform}:{value!r}@{start_s!r}"
    try:
        injection = check(text, cell=cell)
    except ConfigurationError as refused:
        injection, cause = None, refused
    if injection is None:
        assert signal in cause.what
        assert cause.hint
        return
    (step,) = injection.steps(1)
    acts_s = 999.0 - start_s
    assert abs(step.bias) + abs(step.noise) + abs(step.ramp_per_s) * acts_s <= most * (1 + 1e-9)
    if signal == "voltage":
        highest_V = float(cell.ocv_V[-1])
        assert abs(step.gain) * highest_V <= most * (1 + 1e-9)
