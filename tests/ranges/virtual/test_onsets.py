"""What counts as a detection: an alarm that begins once the attack is under way."""

import jax.numpy as jnp
import numpy as np

from voltward.ranges.virtual.meter import onsets


def judged(series, attack_tick):
    """Detections and false alarms of one watch in one run, tick by tick."""
    before, found, false = jnp.zeros((1, 1), bool), [], []
    for tick, alarm in enumerate(series):
        now = jnp.full((1, 1), bool(alarm))
        detection, mistake = onsets(now, before, jnp.full(1, tick >= attack_tick))
        found.append(bool(detection[0, 0]))
        false.append(bool(mistake[0, 0]))
        before = now
    return np.flatnonzero(found).tolist(), np.flatnonzero(false).tolist()


def test_an_alarm_that_stands_when_the_attack_starts_detects_nothing():
    assert judged([0, 1, 1, 1, 1], attack_tick=3) == ([], [1])


def test_it_detects_when_it_falls_and_rises_again():
    assert judged([0, 1, 1, 0, 1], attack_tick=2) == ([4], [1])


def test_an_alarm_in_the_tick_of_the_start_is_a_detection():
    assert judged([0, 0, 1, 1], attack_tick=2) == ([2], [])


def test_each_rise_before_the_start_is_one_false_alarm():
    assert judged([1, 1, 0, 1, 0], attack_tick=9) == ([], [0, 3])
