"""What there is to choose from: attacks and controls with their sources, and what is shipped.

Example:
    >>> import voltward as vw
    >>> attack = vw.catalogue.attacks["voltage-bias"]
    >>> [parameter.name for parameter in attack.parameters]
    ['bias_V', 'first_cell', 'cell_share']
    >>> "derate" in vw.catalogue.controls
    True
    >>> vw.catalogue.stacks()["prevention"]
    'what keeps forged records out'
    >>> vw.catalogue.shipped("cells")
    ('lg-18650hg2', 'lg-m50', 'panasonic-18650pf', 'reference-lfp', 'reference-nmc')
"""

from typing import Literal, get_args

from voltward.attacks.catalogue import ATTACKS as attacks  # noqa: N811
from voltward.controls.catalogue import CONTROLS as controls  # noqa: N811
from voltward.documents.toml_document import shipped_names
from voltward.interfaces.python.arguments import choice_of
from voltward.ranges.configuration.stacks import stack_titles

__all__ = ["attacks", "controls", "shipped", "stacks"]

Kind = Literal["cells", "duties", "links", "systems"]


def stacks() -> dict[str, str]:
    """Return the name of every defence stack with one line on it."""
    return stack_titles()


def shipped(kind: Kind) -> tuple[str, ...]:
    """Return the names of the shipped files of one kind.

    Raises:
        ConfigurationError: There is no such kind.
    """
    return shipped_names(choice_of("kind", kind, get_args(Kind)))
