"""Commands sent by a stolen operator account.

The attacker has an operator's password. The login grants `OPERATOR_ACCOUNT`, and with it commands
that the service signs as usual: no receiver downstream can tell them from the operator's own.

- `operator-phish`: charging of a vehicle is stopped.
- `reserve-denial`: power limits are taken away while the pack serves the grid.
- `fleet-charge-switch`: charging of a fleet is switched on and off in step with the grid.
"""

from functools import partial

from voltward.attacks.building_blocks import CHARGING_DENIED
from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

_LOGIN = Step(
    "log in",
    "service.login",
    needs=Capability.BROKER_REACH | Capability.PASSWORD | Capability.SECOND_FACTOR,
    grants=Capability.OPERATOR_ACCOUNT,
    inject=True,
)
# A command of the account, once the login was accepted.
_command = partial(
    Step,
    tap="service.command",
    needs=Capability.OPERATOR_ACCOUNT | Capability.COMMAND_KEY,
    requires_step=_LOGIN.name,
    inject=True,
)
# What all entries of this file share.
_attack = partial(
    Attack,
    layer=Layer.CLOUD,
    holds=Capability.BROKER_REACH | Capability.PASSWORD,
    component_impact="none",
    claimed_by=("command-plausibility",),
    stopped_by=("second-factor",),
)


OPERATOR_PHISH = _attack(
    id="operator-phish",
    title="Phished operator account",
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.SPOOFING, Stride.ELEVATION),
    r155=("15.1", "1.2", "16.1"),
    technique="ATT&CK ICS T0859",
    parameters=(),
    steps=lambda _values: (
        _LOGIN,
        _command(name="stop charging", field="charge_enable", gain=-1.0),
    ),
    goal=CHARGING_DENIED,
    duty="commute-and-charge",
    start_s=1000.0,
    system_impact="vehicle not charged, range lost",
    source="use of valid accounts, ATT&CK for ICS T0859; the order is an assumption",
)

RESERVE_DENIAL = _attack(
    id="reserve-denial",
    title="Grid reserve denied through a stolen account",
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.SPOOFING, Stride.DENIAL),
    r155=("15.1", "1.2"),
    technique="ATT&CK ICS T0813",
    parameters=(Parameter("derate", "1", 1.0, 0.0, 1.0, "share of the limits taken away"),),
    steps=lambda values: (
        _LOGIN,
        _command(name="take the limits away", field="derate", bias=values["derate"]),
    ),
    goal=Goal("reserve_unserved_kWh", 1000.0, "a megawatt-hour of reserve missing (assumption)"),
    duty="grid-service",
    start_s=600.0,
    system_impact="reserve missing when the grid asks for it",
    source="Ohrstrom et al., Energy Informatics 2025, 10.1186/s42162-025-00499-4: cloud-"
    "controlled storage under attack; magnitude is an assumption",
)

FLEET_CHARGE_SWITCH = _attack(
    id="fleet-charge-switch",
    title="Fleet charging switched in a square wave",
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.SPOOFING, Stride.TAMPERING),
    r155=("15.1", "1.2", "16.1"),
    technique="ATT&CK ICS T0831",
    parameters=(Parameter("period_s", "s", 4.0, 2.0, 600.0, "period of the square wave"),),
    steps=lambda values: (
        _LOGIN,
        _command(
            name="stop charging",
            field="charge_enable",
            start_s=2.0,
            period_s=values["period_s"],
            duty_share=0.5,
            gain=-1.0,
        ),
        _command(
            name="start charging",
            field="charge_enable",
            start_s=2.0 + 0.5 * values["period_s"],
            period_s=values["period_s"],
            duty_share=0.5,
        ),
    ),
    goal=Goal(
        "frequency_deviation_Hz",
        0.1,
        "twice the standard frequency range of Continental Europe, Regulation (EU) "
        "2017/1485 Annex III",
    ),
    duty="commute-and-charge",
    start_s=1200.0,
    system_impact="grid frequency disturbed: account to vehicle to grid",
    source="dynamic and static load altering: Lakshminarayana et al., arXiv 2009.13352; "
    "Sayed et al.; fleet and share are the system file's assumption",
)
