"""The attack catalogue: a new attack is one file and one line."""

from voltward.core.attack import Attack
from voltward.core.catalogue import Catalogue

ATTACKS: Catalogue[Attack] = Catalogue(
    "attack",
    {
        "voltage-bias": "voltward.attacks.voltage_bias:ATTACK",
    },
    group="voltward.attacks",
)
