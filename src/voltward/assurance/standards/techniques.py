"""Names of the MITRE techniques that the attack catalogue cites."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from voltward.documents.settings_table import settings_table
from voltward.documents.toml_document import check_document, data_folder, read_document

_CATALOGUES = ("attack-ics", "emb3d")


@settings_table
class TechniqueNames:
    """Ids and names of one public catalogue.

    Attributes:
        title: One line.
        source: Where they are from.
        source_version: Which edition.
        licence: The owner's notice.
        text_status: Whether the words are the owner's, and free to ship.
        prefix: What the attack catalogue writes before an id.
        names: Id to name.
    """

    title: str
    source: str
    source_version: str
    licence: str
    text_status: str
    prefix: str
    names: Mapping[str, str]


@cache
def technique_names() -> Mapping[str, str]:
    """Return names by technique as attacks cite it, such as "ATT&CK ICS T0855"."""
    folder = data_folder() / "standards"
    catalogues = [
        check_document(TechniqueNames, read_document(folder / f"{name}.toml"), f"{name}.toml")
        for name in _CATALOGUES
    ]
    return MappingProxyType(
        {f"{one.prefix} {id_}": name for one in catalogues for id_, name in one.names.items()}
    )
