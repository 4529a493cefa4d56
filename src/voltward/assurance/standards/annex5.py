"""UN R155 Annex 5 as data, in our own words and in the regulation's order."""

from collections.abc import Iterator
from functools import cache
from typing import Literal

from voltward.documents.settings_table import settings_table
from voltward.documents.toml_document import check_document, data_folder, read_document


@settings_table
class Annex5Heading:
    """One of the seven groups of table A1.

    Attributes:
        number: Such as "4.3.1".
        title: In our words.
    """

    number: str
    title: str


@settings_table
class Annex5Entry:
    """One id: an example of a threat.

    Attributes:
        id: Such as "4.1".
        threat: In our words.
        mitigations: Ids of mitigations, such as "M10".
        tables: Tables of parts B and C that name the id.
        examples: Where the id has several; empty means that `threat` is the only one.
    """

    id: str
    threat: str
    mitigations: tuple[str, ...]
    tables: tuple[str, ...]
    examples: tuple[str, ...] = ()


@settings_table
class Annex5Row:
    """One numbered row of table A1.

    Attributes:
        number: 1 to 32; there is no 14 and no 30.
        heading: Number of the heading above it.
        title: In our words.
        entries: Its ids, in order.
    """

    number: int
    heading: str
    title: str
    entries: tuple[Annex5Entry, ...]


@settings_table
class Annex5Mitigation:
    """One mitigation of parts B and C.

    Attributes:
        id: "M1" to "M24"; there is no M17.
        title: In our words.
    """

    id: str
    title: str


@settings_table
class Annex5:
    """The annex.

    Attributes:
        title: One line.
        source: What the ids are from.
        source_version: Which edition.
        licence: Of ids and sentences.
        text_status: Whose words these are.
        note: What a reader of the regulation may stumble over.
        heading: The headings, in order.
        row: The rows, in order.
        outside: Ids that only table C3 has; they are not counted.
        mitigation: The mitigations, in order.
    """

    title: str
    source: str
    source_version: str
    licence: str
    text_status: Literal["own-words"]
    note: str
    heading: tuple[Annex5Heading, ...]
    row: tuple[Annex5Row, ...]
    outside: tuple[Annex5Entry, ...]
    mitigation: tuple[Annex5Mitigation, ...]

    def entries(self) -> Iterator[tuple[Annex5Row, Annex5Entry]]:
        """Go through the ids of table A1 in order, each with its row."""
        for row in self.row:
            for entry in row.entries:
                yield row, entry

    def ids(self) -> tuple[str, ...]:
        """Return the ids of table A1, in order."""
        return tuple(entry.id for _, entry in self.entries())

    def known_ids(self) -> tuple[str, ...]:
        """Return every id that a model may name: those of table A1, then those of table C3."""
        return (*self.ids(), *(entry.id for entry in self.outside))

    def hint(self, unknown: str) -> str:
        """Return what to do about an id that the annex does not have: the ids of its row."""
        row = unknown.partition(".")[0]
        ids = [known for known in self.known_ids() if known.partition(".")[0] == row]
        if ids:
            return f"row {row} has {', '.join(ids)}"
        return f"ids run from {self.ids()[0]} to {self.ids()[-1]}; there is no row {row or '?'}"

    def example_count(self) -> int:
        """Return how many examples table A1 holds."""
        return sum(max(1, len(entry.examples)) for _, entry in self.entries())


@cache
def load_annex5() -> Annex5:
    """Read the shipped annex.

    Source: UN Regulation No. 155, Annex 5 (CELEX 42021X0387); ids are the regulation's, sentences
    are ours.
    Limits: Later supplements are not compared.
    """
    path = data_folder() / "standards" / "r155-annex5.toml"
    return check_document(Annex5, read_document(path), path.name)
