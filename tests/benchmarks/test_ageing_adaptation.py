"""The twin beside a plant that ages, track matched; days where the figures take weeks."""

from dataclasses import replace

import jax
import numpy as np
from benchmarks.ageing_adaptation import UNGUARDED
from benchmarks.ageing_loop import DAY_S, runs_of, simulate

from voltward.cloud.adaptation import AdaptationParameters

jax.config.update("jax_enable_x64", True)
RULES = AdaptationParameters()


def test_cells_that_fade_do_not_alarm_a_twin_that_follows():
    days, pace = 2.5, 120.0
    runs = runs_of(
        2,
        seed=np.array([1, 1], np.uint64),
        learning=[pace, 0.0],
        fade=[0.2, 0.2],
        growth=[0.4, 0.4],
        ageing_s=[days * DAY_S] * 2,
    )
    # Jumps and apartness are those of a clock that runs four times faster than in the figures.
    rules = replace(RULES, resistance_jump=0.04, capacity_jump=0.04)
    found = simulate(runs, rules, days)
    assert found["onsets"][0].sum() == 0
    assert found["onsets"][1, 0] > 0
    for factor in ("resistance", "capacity"):
        off = np.abs(found[factor] / found[f"true_{factor}"] - 1.0)
        assert off[-1, 0].max() < 0.03
    assert found["soc_error"][:, 0].max() < 0.01 < found["soc_error"][:, 1].max()


def test_biases_are_not_learnt_and_are_forgotten():
    start_h, stop_h, days = 12, 36, 2.5
    biases = {
        "bias_V": [0.02, 0.02, 0.02, 0.0, 0.0],
        "ramp_s": [0.0, 0.0, 6 * 3600.0, 0.0, 0.0],
        "gain": [0.0, 0.0, 0.0, 0.02, -0.02],
        "cells": [6.0, 1.0, 6.0, 6.0, 6.0],
    }
    count = 5
    runs = runs_of(
        count,
        seed=np.full(count, 2, np.uint64),
        start_s=np.full(count, start_h * 3600.0),
        stop_s=np.full(count, stop_h * 3600.0),
        **biases,
    )
    moved = {}
    for name, rules in (("guarded", RULES), ("unguarded", UNGUARDED)):
        found = simulate(runs, rules, days)
        for factor in ("resistance", "capacity"):
            path = np.abs(found[factor] - found[factor][start_h - 1])
            moved[name, factor] = path[start_h:stop_h].max(axis=(0, 2))
            if name == "guarded":
                assert path[-1].max() < 0.003
    assert moved["guarded", "resistance"].max() < 0.005
    assert moved["guarded", "capacity"].max() < 0.005
    # Without guards a bias of voltage changes capacity, and one of current both factors.
    assert moved["unguarded", "capacity"][:3].min() > 0.02
    assert moved["unguarded", "resistance"][3:].min() > 0.015
    assert moved["unguarded", "capacity"][3:].min() > 0.015


def test_a_twin_that_may_not_learn_is_the_twin_that_cannot():
    runs = runs_of(2, learning=[0.0, 0.0])
    one, two = simulate(runs, RULES, 0.25), simulate(runs, None, 0.25)
    for name in ("soc_error", "onsets", "first_s", "alarm_s"):
        assert np.array_equal(one[name], two[name])
