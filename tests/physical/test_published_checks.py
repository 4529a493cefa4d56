from functools import cache

import numpy as np
import pytest

from voltward.physical.published_checks import CHECKS, check, checks, oven_trace_degC


@cache
def _found():
    return checks()


def test_every_check_passes():
    failed = [f"{c.name}: expected {c.expected}, got {c.got}" for c in _found() if not c.passed]
    assert failed == []


def test_every_group_contributes_named_sourced_checks():
    found = _found()
    assert len(found) >= 40
    assert len({c.name for c in found}) == len(found)
    assert all(c.source and c.unit and c.tolerance > 0.0 for c in found)
    assert all(group.__doc__ for group in CHECKS)


@pytest.mark.parametrize("got", [1.11, 0.89, np.nan, np.inf])
def test_a_check_can_fail(got):
    assert not check("x", 1.0, got, 0.1, "1", "here").passed
    assert check("x", 1.0, 1.05, 0.1, "1", "here").passed


def test_an_oven_below_the_threshold_never_runs_away():
    trace = oven_trace_degC((100.0,), duration_s=7200)
    assert trace.max() < 105.0
