"""Runs share a cell exactly as long as their currents are the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ranges.electrochemical_plant.steppers import CountingStepper

from voltward.ranges.electrochemical_plant.shared_histories import SharedHistories


def begun(runs, cases, ticks=100):
    stepper = CountingStepper()
    histories = SharedHistories(stepper, 1.0, ticks)
    histories.expect([f"c{n}" for n in range(cases)])
    histories.start(np.zeros(runs))
    return stepper, histories


def test_equal_currents_are_computed_once():
    stepper, histories = begun(3, 3)
    table = histories.step(np.array([1.0, 1.0, 1.0]))
    assert len(stepper.steps) == 1
    assert (histories.counts.computed, histories.counts.reused) == (1, 2)
    assert table[2] == pytest.approx([1.0, 1.0, 1.0])


def test_another_current_begins_a_branch_that_never_joins_again():
    stepper, histories = begun(2, 2)
    histories.step(np.array([1.0, 2.0]))
    table = histories.step(np.array([2.0, 1.0]))
    assert len(stepper.steps) == 4
    assert table[2] == pytest.approx([3.0, 3.0])
    histories.step(np.array([0.0, 0.0]))
    assert len(stepper.steps) == 6


def test_a_branch_starts_from_the_shared_state():
    _, histories = begun(2, 2)
    histories.step(np.array([1.0, 1.0]))
    table = histories.step(np.array([1.0, -1.0]))
    assert table[2] == pytest.approx([2.0, 0.0])


def test_another_start_is_another_history():
    stepper = CountingStepper()
    histories = SharedHistories(stepper, 1.0, 10)
    histories.expect(["a", "b"])
    histories.start(np.array([0.0, 0.5]))
    table = histories.step(np.array([1.0, 1.0]))
    assert table[2] == pytest.approx([1.0, 1.5])
    assert histories.counts.computed == 2


def test_padding_runs_are_not_counted():
    _, histories = begun(4, 2)
    histories.step(np.ones(4))
    assert (histories.counts.computed, histories.counts.reused) == (1, 1)


def test_ticks_that_pad_the_duty_are_not_computed():
    stepper, histories = begun(1, 1, ticks=2)
    for _ in range(5):
        table = histories.step(np.array([1.0]))
    assert len(stepper.steps) == 2
    assert table[2] == pytest.approx([2.0])


def test_a_model_that_gives_up_keeps_its_last_reading_and_says_when():
    _, histories = begun(2, 2)
    histories.step(np.array([9.0, 0.0]))
    table = histories.step(np.array([5.0, 0.0]))
    assert list(table[3]) == [0.0, 1.0]
    assert table[2] == pytest.approx([9.0, 0.0])
    assert histories.counts.gave_up == {"c0": 1.0}
    # It is not asked again.
    histories.step(np.array([-9.0, 0.0]))
    assert histories.counts.computed == 5


def test_a_new_batch_begins_anew():
    _, histories = begun(1, 1)
    histories.step(np.array([3.0]))
    histories.expect(["next"])
    assert histories.start(np.array([0.5]))[2] == pytest.approx([0.5])
    assert histories.counts.computed == 0


@given(
    st.lists(
        st.lists(st.sampled_from([-1.0, 0.0, 0.5]), min_size=3, max_size=3),
        min_size=1,
        max_size=12,
    )
)
def test_sharing_changes_no_result(currents):
    _, together = begun(3, 3)
    alone = [begun(1, 1)[1] for _ in range(3)]
    for row in currents:
        table = together.step(np.array(row))
        for run, single in enumerate(alone):
            assert table[:, run] == pytest.approx(single.step(np.array([row[run]]))[:, 0])
    counts = together.counts
    assert counts.computed + counts.reused == 3 * len(currents)
    assert counts.computed <= sum(single.counts.computed for single in alone)
