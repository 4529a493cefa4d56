"""`voltward config`: check files before a run, and publish what they may hold."""

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
# A key that only one kind of file has.
_MARKS = {
    "duty": ("segment",),
    "link": ("latency_median_ms", "latency_p95_ms", "burst"),
    "system": ("pack", "limits", "sensors", "charging", "vehicle", "grid", "controls", "topics"),
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
    chosen = kind or ("duty" if recorded else kind_of(read_document(file)))
    digest, text = _checked(chosen, file, level or "")
    if as_json:
        document = {"file": str(file), "kind": chosen, "valid": True, "config_sha256": digest}
        emit_json({"schema_version": SCHEMA_VERSION, **document})
        return
    emit(f"{file}: valid {chosen}; {text}")


def kind_of(document: Document) -> str:
    """Return what a document is, by keys that only one kind has; else a campaign."""
    for kind, marks in _MARKS.items():
        if any(mark in document for mark in marks):
            return kind
    return "campaign"


def _checked(kind: str, file: Path, level: str) -> tuple[str | None, str]:
    if not file.is_file():
        raise ConfigurationError(f"{file}: there is no such file", hint="check the path")
    name = str(file)
    if kind == "duty":
        duty = load_duty(name, level=level)
        for note in duty.notes:
            message(f"note: {note}")
        return None, f"{duty.duration_s:g} s on a tick of {duty.tick_s:g} s"
    if kind == "system":
        system = load_system(name)
        layout = f"{system.pack.series}s{system.pack.parallel}p of {system.cell}"
        return None, f"{layout}, link {system.link.name}"
    if kind == "link":
        link = load_link(name)
        return None, f"{link.latency_median_ms:g} ms at the median"
    campaign = load_campaign(file)
    size = (
        f"{len(campaign.attacks)} attacks x {len(campaign.stacks)} stacks x {campaign.seed_words}"
    )
    return campaign.config_sha256, f"{size}, config {campaign.config_sha256[:8]}"
