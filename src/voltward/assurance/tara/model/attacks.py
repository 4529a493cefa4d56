"""Tables of a model: what costs an attacker effort: steps, paths made of them, and controls."""

from typing import Annotated, Literal

from annotated_types import Interval

from voltward.assurance.tara.model.words import AttackVector, Id, Text
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
        attack_vector: Where the attacker is; left out for steps from a position gained before.
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


@settings_table
class Cost:
    """What a control costs the organisation, before calibration.

    Attributes:
        once_person_days: To build it in.
        yearly_person_days: To keep it.
        once_EUR: Bought once.
        yearly_EUR: Bought every year.
        infrastructure: What must be there first, such as "pki" or "hsm".
        basis: Where the figures are from; assumptions say so.
    """

    once_person_days: Annotated[float, Interval(ge=0.0, le=1e5)] = 0.0
    yearly_person_days: Annotated[float, Interval(ge=0.0, le=1e5)] = 0.0
    once_EUR: Annotated[float, Interval(ge=0.0, le=1e9)] = 0.0
    yearly_EUR: Annotated[float, Interval(ge=0.0, le=1e9)] = 0.0
    infrastructure: tuple[str, ...] = ()
    basis: Text = "assumed"


@settings_table
class Measure:
    """A cybersecurity control of the model.

    Attributes:
        id: Short name; the id of a control of the catalogue makes it testable.
        title: One line.
        bypass: Tree of what an attacker must do in addition where the control holds: the missing
            key or position. Used for `verify` and `shape` controls.
        mitigates: Attacks and steps that it is meant to stop; for a control of the catalogue left
            out means: what the attack catalogue says.
        effort: For a control that no campaign can test: what breaking it costs, as judged.
        cvss: What breaking it costs, as exploitability metrics, such as "AV:L/AC:H/PR:H/UI:N/S:U".
        attack_vector: Where an attacker must be to break it.
        cost: To the organisation.
        requirement: What must be built (WP-09-06), in one sentence.
        source: Where effort and bypass are from, or "assumed" with a reason.
    """

    id: Id
    title: Text
    bypass: str = ""
    mitigates: tuple[Id, ...] = ()
    effort: Effort | None = None
    cvss: str = ""
    attack_vector: AttackVector | None = None
    cost: Cost = Cost()
    requirement: str = ""
    source: Text = "assumed"


@settings_table
class ControlSet:
    """A named set of controls; every risk is rated under each set.

    Attributes:
        id: Short name; `none` must be there and be empty.
        title: One line.
        controls: Ids of measures.
        includes: Ids of other sets whose measures belong to this one.
    """

    id: Id
    title: Text
    controls: tuple[Id, ...] = ()
    includes: tuple[Id, ...] = ()
