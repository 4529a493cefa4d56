"""Whatever a script hands over by mistake is answered by Voltward, and not by what it calls."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import voltward as vw
from voltward.core.errors import VoltwardError
from voltward.interfaces.python.campaign import Options

# What each function needs besides the argument that is wrong.
FUNCTIONS = {
    "System": {"source": "reference"},
    "Attack": {"attack": "voltage-bias"},
    "Stack": {"base": "full"},
    "Campaign": {"attacks": ["no-attack"]},
    "replay": {"recording": "absent.csv", "cell": "lg-m50"},
    "identify": {"recordings": "absent.csv"},
    "plan": {"organisation": "small-supplier"},
    "open_run": {"path": "absent"},
    "Model": {"source": "cbms"},
}
MORE = {"Campaign": list(Options.__annotations__), "Attack": ["bias_V", "start_s"]}


def parameters_of(name):
    known = inspect.signature(getattr(vw, name)).parameters
    named = [key for key, value in known.items() if value.kind is not value.VAR_KEYWORD]
    return [key for key in (*named, *MORE.get(name, ())) if key != "progress"]


ARGUMENTS = [(name, key) for name in FUNCTIONS for key in parameters_of(name)]
MISTAKES = st.recursive(
    st.sampled_from(
        [
            "",
            "zz",
            "a\0b",
            "../x",
            b"x",
            len,
            object(),
            np.zeros(3),
            10**400,
            float("nan"),
            -1,
            True,
        ]
    )
    | st.none(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.tuples(inner)
        | st.dictionaries(st.sampled_from(["a", "id", "base"]), inner, max_size=2)
    ),
    max_leaves=3,
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@given(argument=st.sampled_from(ARGUMENTS), mistake=MISTAKES)
def test_a_mistake_is_answered_in_words(argument, mistake):
    name, key = argument
    function = getattr(vw, name)
    given_all = {**FUNCTIONS[name], key: mistake}
    kinds = inspect.signature(function).parameters
    first = [k for k in given_all if k in kinds and kinds[k].kind is inspect._POSITIONAL_ONLY]
    positional = [given_all.pop(k) for k in first]
    try:
        function(*positional, **given_all)
    except VoltwardError as error:
        answer = str(error)
    else:
        answer = "accepted"
    assert answer


@pytest.mark.parametrize(
    ("name", "key", "mistake"),
    [
        ("System", "cloud", []),
        ("System", "cloud", np.zeros(3)),
        ("Stack", "name", np.zeros(3)),
        ("Campaign", "file", "a\0b"),
        ("Campaign", "set", [[]]),
        ("replay", "initial_soc", 10**400),
        ("replay", "temperature_degC", np.zeros(3)),
        ("identify", "recordings", "a\0b"),
        ("identify", "chemistry", []),
        ("plan", "budget_EUR", 10**400),
    ],
)
def test_what_ended_in_a_traceback_is_refused_by_name(name, key, mistake):
    with pytest.raises(VoltwardError) as caught:
        getattr(vw, name)(**{**FUNCTIONS[name], key: mistake})
    assert key in caught.value.what
