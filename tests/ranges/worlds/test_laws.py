"""Laws against SciPy's distributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from voltward.core.errors import ConfigurationError
from voltward.ranges.worlds.laws import law_of

SHARES = np.linspace(1e-6, 1.0 - 1e-6, 501)
PEERS = {
    "uniform": ({"low": -2.0, "high": 5.0}, stats.uniform(-2.0, 7.0)),
    "log-uniform": ({"low": 0.1, "high": 20.0}, stats.loguniform(0.1, 20.0)),
    "normal": ({"mean": 3.0, "sd": 2.0}, stats.norm(3.0, 2.0)),
    "log-normal": ({"median": 2.0, "sigma": 0.4}, stats.lognorm(0.4, scale=2.0)),
    "beta": ({"a": 4.0, "b": 7.0}, stats.beta(4.0, 7.0)),
    "truncated-normal": (
        {"mean": 3.0, "sd": 2.0, "low": 2.0, "high": 4.5},
        stats.truncnorm(-0.5, 0.75, loc=3.0, scale=2.0),
    ),
}


@pytest.mark.parametrize("name", PEERS)
def test_a_law_is_the_quantile_function_of_its_distribution(name):
    parameters, peer = PEERS[name]
    assert law_of(name, parameters)(SHARES) == pytest.approx(peer.ppf(SHARES), rel=1e-9, abs=1e-9)


@given(
    st.floats(-50.0, 50.0),
    st.floats(0.1, 20.0),
    st.floats(-60.0, 60.0),
    st.floats(0.5, 50.0),
)
def test_a_cut_law_stays_in_its_range_and_keeps_its_shape(mean, sd, low, width):
    parameters = {"mean": mean, "sd": sd, "low": low, "high": low + width}
    share_inside = stats.norm(mean, sd).cdf(low + width) - stats.norm(mean, sd).cdf(low)
    if share_inside < 1e-6:
        return
    values = law_of("truncated-normal", parameters)(SHARES)
    assert low <= values.min()
    assert values.max() <= low + width
    peer = stats.truncnorm((low - mean) / sd, (low + width - mean) / sd, loc=mean, scale=sd)
    assert values == pytest.approx(peer.ppf(SHARES), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("gaussian", {}, "there is no law"),
        ("truncated-uniform", {"low": 0.0, "high": 1.0}, "there is no law"),
        ("normal", {"mean": 0.0}, "sd is absent"),
        ("normal", {"mean": 0.0, "sd": 1.0, "low": 1.0}, "low is not a parameter"),
        ("normal", {"mean": 0.0, "sd": 0.0}, "sd = 0 is out of range"),
        ("uniform", {"low": 2.0, "high": 1.0}, "not below"),
        ("beta", {"a": -1.0, "b": 1.0}, "a = -1 is out of range"),
        (
            "truncated-normal",
            {"mean": 0.0, "sd": 1.0, "low": 50.0, "high": 60.0},
            "nothing of it lies between",
        ),
    ],
)
def test_what_is_no_law_is_refused_by_name(name, parameters, words):
    with pytest.raises(ConfigurationError, match=words):
        law_of(name, parameters)
