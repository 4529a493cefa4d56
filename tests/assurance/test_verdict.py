"""The published rule from a measured goal share to whether a control holds."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from voltward.assurance.tara.model.words import Basis, Feasibility
from voltward.assurance.tara.rating.verdict import Holds, judge_controls, runs_needed

WORLD = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tara_world.py"))))
ATTACK, DRIVE, Scope = WORLD.ATTACK, WORLD.DRIVE, WORLD.Scope
ran, campaign, baseline = WORLD.ran, WORLD.campaign, WORLD.baseline
PROOF, COUNTER, BOX = "can-frame-authentication", "can-freshness", "enclosure"
# The 97.5 % point of the standard normal distribution, squared.
Z_SQUARED = 1.959963984540054**2


def _judge(*tests, controls=(PROOF,), stopping=(PROOF, COUNTER), name="made-up"):
    stop = set(stopping) & set(controls)
    return judge_controls(ATTACK, stop, controls, {"derate"}, [campaign(*tests, name=name)])


def _path(model, campaigns, controls, path="AP"):
    """Return the path of a small model under controls, as rated."""
    rater = WORLD.rater_of(model, *campaigns)
    paths, _ = rater.rate_set("asked", frozenset(controls))
    return next(entry for entry in paths if entry.id == path)


@pytest.mark.parametrize(("runs", "holds"), [(72, Holds.TOO_FEW), (73, Holds.YES)])
def test_seventy_three_runs_without_success_are_what_it_takes(runs, holds):
    bound = Z_SQUARED / (runs + Z_SQUARED)
    assert (bound <= 0.05) == (holds is Holds.YES)
    verdict = _judge(baseline(), ran("s", [PROOF], 0, runs))
    assert verdict.holds is holds
    assert verdict.evidence.high == pytest.approx(bound, rel=1e-9)
    assert (verdict.evidence.n, verdict.evidence.goal_share) == (runs, 0.0)
    level = _path(WORLD.model_of(), [campaign(baseline(), ran("s", [PROOF], 0, runs))], [PROOF])
    assert level.potential == (21 if holds is Holds.YES else 1)
    assert level.cut_by == ((PROOF,) if holds is Holds.YES else ())


@pytest.mark.parametrize("reached", [0, 1, 2, 5])
def test_the_runs_that_are_asked_for_are_the_fewest_that_show_it(reached):
    needed = runs_needed(reached)
    for runs, holds in ((needed - 1, False), (needed, True)):
        verdict = _judge(baseline(), ran("s", [PROOF], reached, runs))
        assert (verdict.holds is Holds.YES) == holds
    assert runs_needed(0) == 73
    assert "73 runs" in _judge(baseline(), ran("s", [PROOF], 0, 8)).reason


def test_a_failing_test_leaves_the_path_as_it_is_without_the_control_and_says_so():
    runs = [campaign(baseline(), ran("s", [PROOF], 6, 100))]
    model = WORLD.model_of()
    path = _path(model, runs, [PROOF])
    assert path.potential == _path(model, runs, []).potential == 1
    assert (path.cut_by, path.basis) == ((), Basis.MEASURED)
    assert path.evidence.goal_share == pytest.approx(0.06)
    assert path.evidence.stack == "s"
    assert f"{PROOF} does not stop it" in path.reasons[0]
    assert "6 of 100" in path.reasons[0]
    # A control that a test refutes is not offered as what might be.
    assert path.if_shown is path.feasibility


def test_a_failing_control_reopens_what_a_passing_test_had_closed():
    passing = campaign(baseline(), ran("s", [PROOF], 0, 80))
    failing = campaign(baseline(), ran("s", [PROOF], 40, 80))
    model = WORLD.model_of()
    assert _path(model, [passing], [PROOF]).feasibility is Feasibility.LOW
    assert _path(model, [failing], [PROOF]).feasibility is Feasibility.HIGH


@pytest.mark.parametrize(
    "before",
    [
        (),
        (baseline(20, reached=0),),
        # One success in a hundred does not show that the attack works.
        (baseline(100, reached=1),),
        # It works, but in another scope than the tested one.
        (baseline(20, scopes=(Scope("matched", "charge", ""),)),),
        (baseline(20, scopes=(Scope("mismatched", "drive", ""),)),),
        (baseline(20, scopes=(Scope("matched", "drive", "bias=9"),)),),
    ],
)
def test_a_pass_proves_nothing_where_the_attack_does_not_work_without_the_control(before):
    entries = (*before, ran("s", [PROOF], 0, 500))
    assert _judge(*entries).holds is Holds.NO_BASELINE
    path = _path(WORLD.model_of(), [campaign(*entries)], [PROOF])
    assert (path.potential, path.cut_by) == (1, ())
    assert "proves nothing" in path.reasons[0]


def test_the_worst_scope_counts():
    scopes = (DRIVE, Scope("matched", "charge", ""))
    good = ran("s", [PROOF], 0, 100, scopes=scopes[:1])
    bad = ran("s", [PROOF], 50, 100, scopes=scopes[1:])
    both = WORLD.Tested("made-up", ATTACK, "s", frozenset([PROOF]), {**good.scopes, **bad.scopes})
    before = baseline(20, scopes=scopes)
    assert _judge(baseline(20), good).holds is Holds.YES
    verdict = _judge(before, both)
    assert verdict.holds is Holds.NO
    assert verdict.evidence.duty == "charge"


def test_runs_of_two_scopes_do_not_add_up():
    scopes = (DRIVE, Scope("matched", "drive", "bias=2"))
    entries = (baseline(20, scopes=scopes), ran("s", [PROOF], 0, 40, scopes=scopes))
    assert _judge(*entries).holds is Holds.TOO_FEW


def test_a_row_with_a_control_that_is_not_in_the_set_is_no_test_of_it():
    entries = (baseline(), ran("s", [PROOF, "sensor-voting"], 0, 100))
    assert _judge(*entries).holds is Holds.UNTESTED
    with_both = _judge(*entries, controls=(PROOF, "sensor-voting"))
    assert with_both.holds is Holds.YES
    assert with_both.controls == (PROOF,)


def test_the_test_with_most_of_the_sets_controls_decides():
    before = (baseline(), ran("s", [PROOF], 100, 100))
    both = (PROOF, COUNTER)
    verdict = _judge(*before, ran("t", both, 0, 100), controls=both)
    assert (verdict.holds, verdict.evidence.stack) == (Holds.YES, "t")
    assert _judge(*before, ran("t", both, 0, 100)).holds is Holds.NO


def test_of_equal_tests_the_one_with_fewer_guards_decides():
    before = (baseline(), ran("bare", [PROOF], 50, 100))
    guarded = ran("watched", [PROOF, "derate"], 0, 500)
    verdict = _judge(*before, guarded, controls=(PROOF, "derate"))
    assert (verdict.holds, verdict.evidence.stack) == (Holds.NO, "bare")


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_campaigns_a_failing_one_wins(order):
    passing = campaign(baseline(), ran("s", [PROOF], 0, 500), name="good")
    failing = campaign(baseline(), ran("s", [PROOF], 20, 20), name="bad")
    path = _path(WORLD.model_of(), [passing, failing][::order], [PROOF])
    assert (path.potential, path.cut_by) == (1, ())
    assert "20 of 20" in path.reasons[0]


def test_controls_tested_apart_must_both_be_bypassed_and_together_only_the_cheapest():
    model = WORLD.model_of()
    apart = campaign(baseline(), ran("a", [PROOF], 0, 90), ran("b", [COUNTER], 0, 90))
    together = campaign(baseline(), ran("ab", [PROOF, COUNTER], 0, 90))
    both = _path(model, [apart], [PROOF, COUNTER])
    # frame-key (0, 6, 7, 0, 7) and update-key (19, 0, 11, 0, 0) beside can-write (1, 0, 0, 0, 0).
    assert both.potential == 19 + 6 + 11 + 7
    assert set(both.leaves) >= {"frame-key", "update-key"}
    one = _path(model, [together], [PROOF, COUNTER])
    assert one.potential == 1 + 6 + 7 + 7
    assert "update-key" not in one.leaves
    # Whoever holds one of two that were tested together is shown nothing of that one alone.
    assert _path(model, [together], [PROOF]).potential == 1


def test_a_test_of_two_adds_nothing_to_a_test_of_one_of_them():
    runs = campaign(baseline(), ran("a", [PROOF], 0, 90), ran("ab", [PROOF, COUNTER], 0, 90))
    path = _path(WORLD.model_of(), [runs], [PROOF, COUNTER])
    assert (path.potential, path.cut_by) == (21, (PROOF,))


def test_an_insider_has_the_bypass_free():
    model = WORLD.model_of(
        paths=WORLD.replaced(WORLD.PATHS, "can-write &", "can-write & frame-key &")
    )
    path = _path(model, [campaign(baseline(), ran("s", [PROOF], 0, 90))], [PROOF, BOX])
    without = _path(model, [], [BOX])
    assert (path.potential, path.cut_by) == (without.potential, (BOX, PROOF))


def test_a_step_that_gives_the_key_frees_the_bypass_too():
    step = '[[step]]\nid = "lab"\ntitle = "A lab"\ngives = ["frame-key"]\neffort = {}\n'
    paths = WORLD.replaced(WORLD.PATHS, "can-write &", "can-write & lab &")
    runs = [campaign(baseline(), ran("s", [PROOF], 0, 90))]
    assert _path(WORLD.model_of(step, paths=paths), runs, [PROOF]).potential == 1
    useless = step.replace("frame-key", "charger-link")
    assert _path(WORLD.model_of(useless, paths=paths), runs, [PROOF]).potential == 21


def test_only_the_way_with_the_key_has_it_free():
    text = "can-write & contactor-open | frame-key & can-write & contactor-open"
    paths = WORLD.replaced(WORLD.PATHS, "can-write & contactor-open", text)
    key = WORLD.replaced(
        WORLD.CAPABILITIES,
        'knowledge = "confidential", equipment = "bespoke"',
        'knowledge = "confidential", equipment = "multiple"',
    )
    model = WORLD.model_of(paths=paths, capabilities=key)
    path = _path(model, [campaign(baseline(), ran("s", [PROOF], 0, 90))], [PROOF])
    assert path.potential == 1 + 6 + 7 + 9


def test_a_judged_effort_counts_without_a_campaign_and_says_that_it_is_declared():
    path = _path(WORLD.model_of(), [], [BOX])
    assert (path.potential, path.cut_by) == (1 + 10 + 4, (BOX,))
    assert path.basis is Basis.ESTIMATED
    assert path.if_shown is path.feasibility
    assert f"by declared effort: {BOX}" in path.reasons


def test_a_judged_effort_hardens_a_bypass():
    controls = WORLD.replaced(WORLD.CONTROLS, '["can-write"]', '["frame-key"]')
    runs = [campaign(baseline(), ran("s", [PROOF], 0, 90))]
    model = WORLD.model_of(controls=controls)
    assert _path(model, runs, [BOX]).potential == 1
    assert _path(model, runs, [PROOF]).potential == 21
    # The window: difficult is 10; specialised equipment is no more than the bespoke of the key.
    assert _path(model, runs, [PROOF, BOX]).potential == 31


def test_an_untested_control_of_the_catalogue_cuts_nothing_but_shows_what_it_could():
    path = _path(WORLD.model_of(), [], [PROOF])
    assert (path.potential, path.cut_by, path.basis) == (1, (), Basis.ESTIMATED)
    assert (path.feasibility, path.if_shown) == (Feasibility.HIGH, Feasibility.LOW)
    assert "untested" in path.reasons[0]
    rating = WORLD.rater_of(WORLD.model_of()).rate(["key"])
    safety = next(risk for risk in rating.risks if risk.category == "safety")
    assert (safety.risk, safety.if_shown) == (5, 3)


def test_too_few_runs_still_show_what_the_control_could():
    runs = [campaign(baseline(), ran("s", [PROOF], 0, 10))]
    path = _path(WORLD.model_of(), runs, [PROOF])
    assert (path.feasibility, path.if_shown) == (Feasibility.HIGH, Feasibility.LOW)


def test_a_control_is_judged_only_by_the_attacks_that_it_is_meant_to_stop():
    # The proof on frames is not meant to stop a forged charger; its pass says nothing of this one.
    paths = WORLD.PATHS.replace("can-write & contactor-open", "charger-link & charger-overrequest")
    runs = campaign(
        baseline(attack=WORLD.OTHER_ATTACK),
        ran("s", [PROOF], 0, 100, attack=WORLD.OTHER_ATTACK),
    )
    path = _path(WORLD.model_of(paths=paths), [runs], [PROOF])
    assert (path.potential, path.cut_by) == (1, ())
    assert path.if_shown is Feasibility.HIGH


def test_a_bypass_that_is_a_named_branch_costs_what_its_tree_costs():
    branch = '[[step]]\nid = "two-keys"\ntitle = "Both"\ntree = "update-key & frame-key"\n'
    controls = WORLD.replaced(WORLD.CONTROLS, 'bypass = "frame-key"', 'bypass = "two-keys"')
    runs = [campaign(baseline(), ran("s", [PROOF], 0, 90))]
    path = _path(WORLD.model_of(branch, controls=controls), runs, [PROOF])
    assert path.potential == 19 + 6 + 11 + 7


def test_an_attack_that_is_stopped_does_not_pay_for_its_own_bypass():
    more = """
    [[capability]]
    id = "diagnostic-port"
    title = "The plug"
    effort = {}

    [[capability]]
    id = "firmware-execution"
    title = "Own code on the unit"
    effort = { elapsed_time = "more" }

    [[control]]
    id = "firmware-signature"
    title = "Signed firmware"
    bypass = "firmware-execution"

    [[path]]
    id = "AP-2"
    threat = "TS"
    tree = "diagnostic-port & firmware-thresholds"
    """
    attack, control = "firmware-thresholds", "firmware-signature"
    runs = campaign(baseline(attack=attack), ran("s", [control], 0, 90, attack=attack))
    assert _path(WORLD.model_of(more), [runs], [control], "AP-2").potential == 19


def test_a_pass_in_one_scope_does_not_close_another_in_which_the_attack_works():
    scopes = (DRIVE, Scope("matched", "drive", "bias=9"))
    entries = (baseline(20, scopes=scopes), ran("s", [PROOF], 0, 100))
    assert _judge(*entries).holds is not Holds.YES


def test_a_scope_without_a_working_attack_spoils_the_proof_of_the_others():
    scopes = (DRIVE, Scope("matched", "charge", ""))
    entries = (baseline(20), ran("s", [PROOF], 0, 100, scopes=scopes))
    assert _judge(*entries).holds is Holds.NO_BASELINE


def test_a_scope_that_fails_is_not_hidden_by_one_with_few_runs():
    scopes = (DRIVE, Scope("matched", "charge", ""))
    few = ran("s", [PROOF], 0, 5, scopes=scopes[:1])
    failing = ran("s", [PROOF], 30, 100, scopes=scopes[1:])
    both = WORLD.Tested(
        "made-up", ATTACK, "s", frozenset([PROOF]), {**few.scopes, **failing.scopes}
    )
    before = baseline(20, scopes=scopes)
    verdict = _judge(before, both)
    assert (verdict.holds, verdict.evidence.duty) == (Holds.NO, "charge")
    passing = campaign(before, ran("s", [PROOF], 0, 100, scopes=scopes), name="good")
    path = _path(WORLD.model_of(), [passing, campaign(before, both, name="bad")], [PROOF])
    assert path.cut_by == ()


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_stacks_with_the_same_controls_a_failing_one_wins(order):
    # The same controls with other settings.
    stacks = (ran("strong", [PROOF], 0, 100), ran("weak", [PROOF], 20, 20))
    assert _judge(baseline(), *stacks[::order]).holds is Holds.NO


@pytest.mark.parametrize("order", [1, -1])
def test_what_one_path_has_free_another_pays_for(order):
    lab = '[[step]]\nid = "lab"\ntitle = "A lab"\ngives = ["frame-key"]\neffort = {}\n'
    other = '[[path]]\nid = "AP-2"\nthreat = "TS"\ntree = "can-write & lab & contactor-open"\n'
    paths = "".join([WORLD.PATHS, other][::order])
    rater = WORLD.rater_of(
        WORLD.model_of(lab, paths=paths), campaign(baseline(), ran("s", [PROOF], 0, 90))
    )
    rated, _ = rater.rate_set("asked", frozenset([PROOF]))
    assert {path.id: path.potential for path in rated} == {"AP": 21, "AP-2": 1}


def test_a_control_that_fails_alone_does_not_undo_another_that_holds_alone():
    entries = (baseline(), ran("z", [PROOF], 20, 20), ran("b", [COUNTER], 0, 90))
    verdict = _judge(*entries, controls=(PROOF, COUNTER))
    assert (verdict.holds, verdict.groups) == (Holds.YES, (frozenset([COUNTER]),))


def test_a_guarded_pass_of_what_fails_unguarded_adds_no_bypass():
    both = (PROOF, COUNTER)
    entries = (
        baseline(),
        ran("bare", [PROOF], 20, 20),
        ran("watched", [PROOF, "derate"], 0, 90),
        ran("both", both, 0, 90),
    )
    verdict = _judge(*entries, controls=(*both, "derate"))
    assert (verdict.holds, verdict.groups) == (Holds.YES, (frozenset(both),))


def test_a_group_that_fails_in_another_campaign_adds_no_bypass():
    both = (PROOF, COUNTER)
    holds = (baseline(), ran("a", [PROOF], 0, 90))
    larger = (baseline(), ran("a", [PROOF], 20, 20), ran("ab", both, 0, 90))
    runs = [campaign(*holds, name="one"), campaign(*larger, name="two")]
    verdict = judge_controls(ATTACK, set(both), both, set(), runs)
    assert (verdict.holds, verdict.groups) == (Holds.YES, (frozenset(both),))


def test_a_guarded_failure_does_not_undo_an_unguarded_pass():
    entries = (baseline(), ran("bare", [PROOF], 0, 90), ran("more", [PROOF, "derate"], 9, 9))
    assert _judge(*entries, controls=(PROOF, "derate")).holds is Holds.YES


def test_a_control_that_no_test_refutes_still_shows_what_it_could():
    runs = [campaign(baseline(), ran("a", [PROOF], 20, 20))]
    model = WORLD.model_of()
    alone = _path(model, runs, [COUNTER])
    both = _path(model, runs, [PROOF, COUNTER])
    assert both.feasibility is Feasibility.HIGH
    assert both.if_shown is alone.if_shown is Feasibility.VERY_LOW
