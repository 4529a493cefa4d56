"""Tables of a model: steps of attackers, their efforts, and attack paths."""

from typing import Literal

from voltward.assurance.tara.model.field_types import Id, Text
from voltward.assurance.tara.model.words import (
    AttackVector,
)
from voltward.documents.settings_table import settings_table


@settings_table
class Effort:
    """What a step costs an attacker; every option is one of the profile's.

    Attributes:
        elapsed_time: Time to find and use it.
        expertise: Of the attacker.
        knowledge: Of the item.
        window: Of opportunity.
        equipment: Needed.
    """

    elapsed_time: Literal["1d", "1w", "1m", "6m", "more"] = "1d"
    expertise: Literal["layman", "proficient", "expert", "multiple"] = "layman"
    knowledge: Literal["public", "restricted", "confidential", "strict"] = "public"
    window: Literal["unlimited", "easy", "moderate", "difficult"] = "unlimited"
    equipment: Literal["standard", "specialised", "bespoke", "multiple"] = "standard"


@settings_table
class Step:
    """A leaf of attack trees: a capability to gain, or an action that no catalogue attack tests.

    A step with a `tree` is a branch with a name, that several paths share.

    Attributes:
        id: Short name; no capability, attack or other step has it.
        title: One line.
        effort: Attack potential; needed unless there is a tree.
        tree: What the step consists of, in the grammar of `AttackPath.tree`.
        cvss: Exploitability metrics, such as "AV:N/AC:L/PR:N/UI:N/S:U"; empty adds nothing.
        attack_vector: Where the attacker stands; left out for steps from a position gained before.
        gives: Capabilities that it grants, such as "can-write".
        r155: Ids of UN R155 Annex 5.
        source: Where the values are from, or "assumed" with a reason.
    """

    id: Id
    title: Text
    effort: Effort | None = None
    tree: str = ""
    cvss: str = ""
    attack_vector: AttackVector | None = None
    gives: tuple[str, ...] = ()
    r155: tuple[str, ...] = ()
    source: Text = "assumed"


@settings_table
class AttackPath:
    """One way to a threat (WP-15-05).

    Attributes:
        id: Short name.
        threat: The threat it realises.
        tree: Ids of capabilities, catalogue attacks and steps, joined by `&` (all of them) and `|`
            (any of them), with parentheses.
        title: One line.
        impossible: Reason for which the path is left out; empty when it counts.
    """

    id: Id
    threat: Id
    tree: Text
    title: str = ""
    impossible: str = ""
