"""The formats of `voltward tara export`."""

from collections.abc import Callable
from dataclasses import dataclass

from voltward.assurance.tara.exchange.exported import Exported
from voltward.assurance.tara.exchange.json_format import json_document
from voltward.assurance.tara.exchange.markdown import markdown
from voltward.assurance.tara.exchange.mermaid import flowchart
from voltward.assurance.tara.exchange.sarif import sarif
from voltward.assurance.tara.exchange.threat_model_bom import threat_model_bom
from voltward.assurance.tara.exchange.workbook_export import workbook

RATING = frozenset({"--run", "--profile", "--method"})


@dataclass(frozen=True)
class Format:
    """A format to export to.

    Attributes:
        title: One line.
        suffix: Of its files.
        content: The file of a model.
        is_text: Whether it can go to standard output.
        takes: Options of the export that it needs beside the model: those of the rating, the set
            of controls to report, the threats to draw.
    """

    title: str
    suffix: str
    content: Callable[[Exported], bytes]
    is_text: bool = True
    takes: frozenset[str] = RATING


def _text(make: Callable[[Exported], str]) -> Callable[[Exported], bytes]:
    return lambda exported: make(exported).encode()


FORMATS = {
    "xlsx": Format(
        "workbook in the columns of the public itemis template; can be imported",
        ".xlsx",
        lambda exported: workbook(exported.model.tables, exported.rating, exported.profile),
        is_text=False,
    ),
    "json": Format("all tables and the rating", ".json", _text(json_document)),
    "tmbom": Format("OWASP threat model library 1.0.2", ".tmbom.json", _text(threat_model_bom)),
    "sarif": Format(
        "open risks and controls, SARIF 2.1.0",
        ".sarif",
        _text(sarif),
        takes=RATING | {"--controls"},
    ),
    "mermaid": Format(
        "attack trees as a flowchart",
        ".mmd",
        _text(lambda exported: flowchart(exported.model.tables, exported.threats)),
        takes=frozenset({"--threat"}),
    ),
    "md": Format("one document to read", ".md", _text(markdown)),
}
