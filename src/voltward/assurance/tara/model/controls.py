"""Tables of a model: controls, what they cost, and the sets that they stand in."""

from typing import Annotated

from annotated_types import Interval

from voltward.assurance.tara.model.attacks import Effort
from voltward.assurance.tara.model.field_types import Id, Text
from voltward.assurance.tara.model.words import AttackVector
from voltward.documents.settings_table import settings_table


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
        cvss: The same as exploitability metrics, such as "AV:L/AC:H/PR:H/UI:N/S:U".
        attack_vector: Where an attacker must stand to break it.
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
    """A named set of controls; risks are shown for every set side by side.

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
