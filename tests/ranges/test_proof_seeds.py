"""`proof_seeds`: more runs exactly where a control claims to stop an attack."""

from collections import Counter

import pytest

from voltward.attacks.catalogue import ATTACKS
from voltward.ranges.configuration.attack_and_stack_choices import AttackChoice
from voltward.ranges.configuration.campaign_file import load_campaign
from voltward.ranges.configuration.case_grid import grid
from voltward.results.columns import NO_ATTACK

STOPPED, UNSTOPPED = "contactor-open", "voltage-bias"
SMALL = {"attacks": [STOPPED, UNSTOPPED], "stacks": ["none", "detection", "prevention", "full"]}
# Of that campaign with seeds 4 and without proof seeds, made before the key was read.
CLAIMING = "prevention"


def _counts(seeds, proof_seeds, stacks=("none", "detection", "prevention", "full")):
    campaign = load_campaign(None, {**SMALL, "stacks": list(stacks)})
    attacks = [AttackChoice(STOPPED), AttackChoice(UNSTOPPED)]
    cases = grid(attacks, campaign.resolved_stacks(), seeds, 7, 600.0, proof_seeds)
    return Counter((case.attack, case.stack.name) for case in cases), cases


def test_the_attacks_are_what_the_tests_take_them_for():
    assert ATTACKS.load(STOPPED).stopped_by
    assert not ATTACKS.load(UNSTOPPED).stopped_by


def test_only_the_first_claiming_stack_of_a_stoppable_attack_runs_longer():
    counts, _ = _counts(4, 73)
    assert counts == {
        (attack, stack): 73 if (attack, stack) == (STOPPED, CLAIMING) else 4
        for attack in (NO_ATTACK, STOPPED, UNSTOPPED)
        for stack in ("none", "detection", "prevention", "full")
    }


def test_the_order_of_the_stacks_decides_which_is_first():
    counts, _ = _counts(4, 73, ("full", "none", "prevention"))
    assert counts[STOPPED, "full"] == 73
    assert counts[STOPPED, "prevention"] == 4


@pytest.mark.parametrize("proof_seeds", [0, 1, 4])
def test_proof_seeds_never_take_runs_away(proof_seeds):
    counts, _ = _counts(4, proof_seeds)
    assert set(counts.values()) == {4}


def test_no_stack_that_claims_means_no_further_run():
    counts, _ = _counts(4, 73, ("none", "detection"))
    assert set(counts.values()) == {4}


def test_seeds_go_on_and_stay_paired():
    _, cases = _counts(4, 73)
    seeds = {}
    for case in cases:
        seeds.setdefault((case.attack, case.stack.name), []).append(case.seed)
    assert seeds[STOPPED, CLAIMING] == list(range(7, 80))
    assert all(found[:4] == [7, 8, 9, 10] for found in seeds.values())
    assert len({case.case_id for case in cases}) == len(cases)


def test_the_count_of_cases_is_what_the_grid_may_hold():
    campaign = load_campaign(None, {**SMALL, "seeds": 4, "proof_seeds": 73})
    _, cases = _counts(4, 73)
    assert len(cases) == 3 * 4 * 4 + 69
    assert len(cases) <= campaign.case_count
    assert load_campaign(None, {**SMALL, "seeds": 4}).case_count == 3 * 4 * 4


def test_the_digest_is_that_of_a_campaign_without_the_key_when_it_is_0(tmp_path):
    file = tmp_path / "campaign.toml"
    file.write_text(f'attacks = ["{STOPPED}"]\nstacks = ["none"]\nseeds = 4\n')
    plain = load_campaign(file)
    file.write_text(file.read_text() + "proof_seeds = 0\n")
    zero = load_campaign(file)
    more = load_campaign(file, {"proof_seeds": 73})
    assert plain.config_sha256 == zero.config_sha256
    assert more.config_sha256 != zero.config_sha256
    assert load_campaign(None, {**SMALL, "proof_seeds": 80}).config_sha256 != (
        load_campaign(None, {**SMALL, "proof_seeds": 81}).config_sha256
    )


def test_a_resolved_campaign_keeps_its_proof_seeds(tmp_path):
    campaign = load_campaign(None, {**SMALL, "proof_seeds": 73})
    file = tmp_path / "config.toml"
    file.write_text(campaign.as_toml(), encoding="utf-8")
    assert load_campaign(file).proof_seeds == 73
    assert load_campaign(file).config_sha256 == campaign.config_sha256
