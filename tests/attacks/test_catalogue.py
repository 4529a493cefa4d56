import pkgutil
import re
from importlib import import_module

import pytest

import voltward.attacks
from voltward.attacks.catalogue import ATTACKS
from voltward.attacks.row import COLUMN, rows_of
from voltward.controls.catalogue import CONTROLS
from voltward.core.attack import Attack, AttackType
from voltward.core.capabilities import POSITIONS, Capability
from voltward.core.taps import SLOTS, TAP_INDEX, Layer, tap_named
from voltward.ranges.configuration.duty import load_duty
from voltward.results.consequences import CONSEQUENCE_INDEX

NAMES = ATTACKS.names()
# Ids of UN R155 Annex 5, Table A1 (EUR-Lex 42021X0387), as ranges row: number of ids.
ROWS = {
    1: 3, 2: 1, 3: 5, 4: 2, 5: 5, 6: 3, 7: 2, 8: 2, 9: 1, 10: 1, 11: 4, 12: 4, 13: 1, 15: 2,
    16: 3, 17: 1, 18: 3, 19: 3, 20: 5, 21: 1, 23: 1, 24: 1, 25: 2, 26: 3, 27: 1, 28: 2, 29: 2,
    31: 1, 32: 1,
}  # fmt: skip
R155_IDS = {f"{row}.{n}" for row, count in ROWS.items() for n in range(1, count + 1)} | {"22.2"}
# The ids in use, with their names in MITRE ATT&CK for ICS and in EMB3D.
TECHNIQUES = {
    "ATT&CK ICS T0804": "Block Reporting Message",
    "ATT&CK ICS T0806": "Brute Force I/O",
    "ATT&CK ICS T0813": "Denial of Control",
    "ATT&CK ICS T0814": "Denial of Service",
    "ATT&CK ICS T0830": "Adversary-in-the-Middle",
    "ATT&CK ICS T0831": "Manipulation of Control",
    "ATT&CK ICS T0832": "Manipulation of View",
    "ATT&CK ICS T0836": "Modify Parameter",
    "ATT&CK ICS T0839": "Module Firmware",
    "ATT&CK ICS T0842": "Network Sniffing",
    "ATT&CK ICS T0849": "Masquerading",
    "ATT&CK ICS T0855": "Unauthorized Command Message",
    "ATT&CK ICS T0856": "Spoof Reporting Message",
    "ATT&CK ICS T0859": "Valid Accounts",
    "EMB3D TID-110": "Hardware Fault Injection - Data Manipulation",
    "EMB3D TID-114": "Peripheral Data Bus Interception",
    "EMB3D TID-404": "Remotely Triggerable Deadlock/DoS",
    "EMB3D TID-405": "Network Stack Resource Exhaustion",
    "EMB3D TID-407": "Missing Message Replay Protection",
}


@pytest.fixture(params=NAMES)
def attack(request):
    return ATTACKS.load(request.param)


def test_the_table_names_every_attack_and_no_other():
    found = {}
    for module in pkgutil.iter_modules(voltward.attacks.__path__):
        name = f"voltward.attacks.{module.name}"
        for attribute, value in vars(import_module(name)).items():
            if isinstance(value, Attack):
                assert attribute == value.id.replace("-", "_").upper()
                assert value.id not in found, f"{value.id} appears twice"
                found[value.id] = value
    assert set(found) == set(NAMES)
    assert all(ATTACKS.load(name) is found[name] for name in NAMES)


def test_the_catalogue_covers_all_layers_and_types_with_breadth():
    attacks = ATTACKS.all()
    assert len(attacks) >= 20
    assert {attack.layer for attack in attacks} == set(Layer)
    assert {attack.type for attack in attacks} == set(AttackType)
    assert sum(attack.turns_defence for attack in attacks) >= 2


def test_an_attack_cascades_over_two_layers_through_what_it_is_granted():
    cascades = []
    for attack in ATTACKS.all():
        steps = attack.steps(attack.defaults())
        for first in steps:
            for later in steps:
                layers = {tap_named(step.tap).layer for step in (first, later)}
                if first.grants & later.needs and later.requires_step == first.name:
                    cascades.append((attack.id, attack.goal.consequence, layers))
    reached = {goal for _, goal, _ in cascades}
    assert {"propulsion_lost_s", "frequency_deviation_Hz"} <= reached


def test_ids_and_texts_are_filled(attack):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", attack.id)
    for text in (attack.title, attack.component_impact, attack.system_impact, attack.source):
        assert text.strip()
    assert attack.stride


def test_references_exist(attack):
    assert attack.r155
    assert set(attack.r155) <= R155_IDS
    assert len(R155_IDS) == 67
    assert attack.technique in TECHNIQUES


def test_parameters_lie_in_their_range_and_say_their_unit(attack):
    for parameter in attack.parameters:
        assert parameter.low <= parameter.default <= parameter.high
        assert parameter.unit
        assert parameter.description
        if parameter.unit != "1":
            assert parameter.name.endswith("_" + parameter.unit.replace("/", "_per_"))
    names = [parameter.name for parameter in attack.parameters]
    assert len(set(names)) == len(names)


def test_rows_can_be_made_at_both_ends_of_every_range(attack):
    for end in ("low", "high"):
        for parameter in attack.parameters:
            values = attack.defaults() | {parameter.name: getattr(parameter, end)}
            rows = rows_of(attack, values, attack.start_s, 96, 1.0)
            assert (rows[:, :, COLUMN["used"]] > 0).sum() == len(attack.steps(values))


def test_steps_are_well_formed(attack):
    steps = attack.steps(attack.defaults())
    names = [step.name for step in steps]
    assert steps
    assert len(set(names)) == len(names)
    taps = [step.tap for step in steps]
    assert all(tap in TAP_INDEX and taps.count(tap) <= SLOTS for tap in taps)
    for step in steps:
        assert not step.requires_step or step.requires_step in names


def test_every_position_is_held_at_the_start_or_granted_on_the_way(attack):
    held = attack.holds
    waiting = list(attack.steps(attack.defaults()))
    while waiting:
        able = [step for step in waiting if not (step.needs & POSITIONS) & ~held]
        assert able, f"{attack.id}: {[step.name for step in waiting]} can never act"
        for step in able:
            held |= step.grants
            waiting.remove(step)


def test_a_grant_is_used_by_a_later_step_or_is_the_last_word(attack):
    steps = attack.steps(attack.defaults())
    for step in steps:
        if step.grants and step.grants != Capability.FIRMWARE_EXECUTION:
            assert any(step.grants & other.needs for other in steps)


def test_the_first_step_belongs_to_the_layer(attack):
    assert tap_named(attack.steps(attack.defaults())[0].tap).layer is attack.layer


def test_the_goal_is_a_consequence_and_its_duty_is_shipped(attack):
    assert attack.goal.consequence in CONSEQUENCE_INDEX
    assert attack.goal.at_least > 0.0
    assert attack.goal.description
    duty = load_duty(attack.duty)
    assert attack.start_s < 0.9 * duty.duration_s


def test_claims_name_controls_with_the_hook_they_need(attack):
    for name in attack.claimed_by:
        assert CONTROLS.load(name).watch is not None
    for name in attack.stopped_by:
        control = CONTROLS.load(name)
        assert control.verify is not None or control.shape
