"""`voltward config`: check files before a run, and publish what they may hold."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from voltward.assurance.tara.exchange.json_format import model_schema, rating_schema
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import Document, adapter, read_document
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    emit,
    emit_json,
    message,
)
from voltward.ranges.configuration.bus import bus_warnings
from voltward.ranges.configuration.campaign_file import CampaignDocument, load_campaign
from voltward.ranges.configuration.duty import DutyDocument, load_duty
from voltward.ranges.configuration.duty_recording import is_recorded
from voltward.ranges.configuration.system import load_link, load_system, system_schema
from voltward.ranges.configuration.system_settings import LinkSettings, SystemSettings

SHAPES: dict[str, Any] = {
    "campaign": CampaignDocument,
    "system": SystemSettings,
    "duty": DutyDocument,
    "link": LinkSettings,
}
# What 'voltward tara' reads and writes; 'tara check' checks it.
TARA_SCHEMAS = {"tara-model": model_schema, "rating": rating_schema}
# Files of other kinds: a key that only they have, and what reads them.
_ELSEWHERE = {
    "case": ("a live file", "voltward live run FILE"),
    "factor": ("a world", "voltward worlds show FILE"),
    "ocv_V": ("a cell file", "name it as 'cell' in a system file, and check that"),
    "columns": ("a column map", "voltward replay RECORDING --columns FILE"),
    "sensitivity": ("a calibration", "it is read with the cell beside which it lies"),
}


def print_schema(kind: str) -> None:
    """Print the JSON Schema of a kind of file."""
    if kind in TARA_SCHEMAS:
        schema = TARA_SCHEMAS[kind]()
    else:
        schema = system_schema() if kind == "system" else adapter(SHAPES[kind]).json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["schema_version"] = SCHEMA_VERSION
    emit_json(schema)


def check_file(file: Path, kind: str | None, level: str | None, *, as_json: bool) -> None:
    """Check a file and print what it is."""
    recorded = is_recorded(file)
    chosen = kind or ("duty" if recorded else kind_of(read_document(file), str(file)))
    digest, text, system = _checked(chosen, file, level or "")
    warnings = [] if system is None else list(bus_warnings(system))
    if as_json:
        document = {"file": str(file), "kind": chosen, "valid": True, "config_sha256": digest}
        emit_json({"schema_version": SCHEMA_VERSION, **document, "warnings": warnings})
        return
    emit(f"{file}: valid {chosen}; {text}")
    for warning in warnings:
        emit(f"warning: {warning}")


def kind_of(document: Document, file: str) -> str:
    """Return what a document is: the kind that knows most of its keys, a campaign if several do.

    Raises:
        ConfigurationError: It is a file of another kind, which is checked elsewhere.
    """
    shapes = {name: adapter(shape).json_schema()["properties"] for name, shape in SHAPES.items()}
    known = {
        name: sum(_fits(key, value, keys) for key, value in document.items())
        for name, keys in shapes.items()
    }
    chosen = max(known, key=lambda name: known[name])
    for key, (words, reader) in _ELSEWHERE.items():
        if key in document and key not in shapes[chosen]:
            raise ConfigurationError(
                f"{file}: is {words}, by its key '{key}'",
                why=f"checked here are {', '.join(SHAPES)}",
                hint=reader,
            )
    return chosen


def _fits(key: str, value: Any, known: Document) -> bool:
    """Return whether a kind has a key, be it misspelt, and a table there where one is given."""
    near = get_close_matches(key, list(known), n=1, cutoff=0.75)
    table = isinstance(value, Mapping)
    return bool(near) and not (table and not {"$ref", "object"} & _words(known[near[0]]))


def _words(schema: Any) -> set[str]:
    """Return all keys and texts of a schema."""
    if isinstance(schema, dict):
        return set(schema).union(*map(_words, schema.values()))
    if isinstance(schema, list):
        return set().union(*map(_words, schema))
    return {schema} if isinstance(schema, str) else set()


def _checked(kind: str, file: Path, level: str) -> tuple[str | None, str, SystemSettings | None]:
    if not file.is_file():
        raise ConfigurationError(f"{file}: there is no such file", hint="check the path")
    name = str(file)
    if kind == "duty":
        duty = load_duty(name, level=level)
        for note in duty.notes:
            message(f"note: {note}")
        return None, f"{duty.duration_s:g} s on a tick of {duty.tick_s:g} s", None
    if kind == "system":
        system = load_system(name)
        layout = f"{system.pack.series}s{system.pack.parallel}p of {system.cell}"
        return None, f"{layout}, link {system.link.name}, bus {system.can.dbc}", system
    if kind == "link":
        link = load_link(name)
        return None, f"{link.latency_median_ms:g} ms at the median", None
    campaign = load_campaign(file)
    size = (
        f"{len(campaign.attacks)} attacks x {len(campaign.stacks)} stacks x {campaign.seed_words}"
    )
    digest = campaign.config_sha256
    return digest, f"{size}, config {digest[:8]}", campaign.load_system()
