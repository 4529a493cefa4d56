"""Open risks and controls that are not shown to hold, as SARIF 2.1.0 for code-hosting services.

Source: OASIS SARIF 2.1.0: version, $schema, runs[].tool.driver.rules, results[].
Limits: a result points to the line of the model that it is about, not to product code.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from voltward.assurance.tara.exchange.exported import Exported
from voltward.assurance.tara.model.model_folder import Model
from voltward.assurance.tara.rating.records import RatedRisk
from voltward.assurance.tara.rating.verdict import Holds
from voltward.core.files import pretty_json
from voltward.core.input_file import read_text
from voltward.core.version import VERSION

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# Risk value to level; a risk of 1 is not a finding.
LEVELS = {5: "error", 4: "error", 3: "warning", 2: "note"}


def sarif(exported: Exported) -> str:
    """Return the findings of a rating as SARIF text."""
    places = _Places(exported.model)
    results = [*_risk_results(exported, places), *_control_results(exported, places)]
    names = list(dict.fromkeys(result["ruleId"] for result in results))
    rules = _rules(exported)
    for result in results:
        result["ruleIndex"] = names.index(result["ruleId"])
    rating = exported.rating
    driver = {
        "name": "voltward tara",
        "semanticVersion": VERSION,
        "rules": [rules[name] for name in names],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "properties": {
            "model": exported.model.id,
            "profile": rating.profile if rating else "",
            "campaign": rating.run if rating else "",
            "controlSet": exported.control_set,
        },
        "results": results,
    }
    return pretty_json({"version": "2.1.0", "$schema": SCHEMA, "runs": [run]})


class _Places:
    """The places of a model's entries in its files."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._indices = {
            (table, entry.id): index
            for table in ("threat", "control")
            for index, entry in enumerate(getattr(model.tables, table))
        }
        self._lines: dict[tuple[str, str], list[int]] = {}

    def location(self, table: str, name: str) -> dict[str, Any]:
        """Return the location of an entry; the first line where its own is not found."""
        place = (table, self._indices.get((table, name), -1))
        file, position = self.model.origins.get(place, ("model.toml", 0))
        lines = self._starts(file, table)
        line = lines[position] if position < len(lines) else 1
        region = {"startLine": line}
        artifact = {"uri": _uri(self.model.path, file)}
        return {"physicalLocation": {"artifactLocation": artifact, "region": region}}

    def _starts(self, file: str, table: str) -> list[int]:
        if (file, table) not in self._lines:
            path = self.model.path / file
            text = read_text(path) if path.is_file() else ""
            head = re.compile(rf"\s*\[\[\s*{table}\s*\]\]")
            self._lines[file, table] = [
                number for number, line in enumerate(text.splitlines(), 1) if head.match(line)
            ]
        return self._lines[file, table]


def _uri(folder: Path, file: str) -> str:
    """Return the file as seen from where the command ran; an absolute folder tells nothing."""
    path = Path(file) if folder.is_absolute() or ".." in folder.parts else folder / file
    return quote(path.as_posix())


def _risk_results(exported: Exported, places: _Places) -> Iterator[dict[str, Any]]:
    for risk in exported.risks():
        if risk.risk not in LEVELS:
            continue
        text = (
            f"Risk {risk.risk} under '{risk.control_set}': impact {risk.impact}, "
            f"feasibility {risk.feasibility}, {risk.basis}."
        )
        if risk.if_shown < risk.risk:
            text += f" It would be {risk.if_shown} if every untested control were shown to hold."
        text = " ".join([text, *(f"{reason}." for reason in risk.reasons)])
        yield _result(
            f"risk/{risk.id}", LEVELS[risk.risk], text, places.location("threat", risk.threat)
        )


def _control_results(exported: Exported, places: _Places) -> Iterator[dict[str, Any]]:
    for attack, verdict in exported.open_verdicts:
        level = "error" if verdict.holds is Holds.NO else "warning"
        for control in verdict.controls:
            yield _result(
                f"control/{control}",
                level,
                f"Against {attack}: {verdict.holds}. {verdict.reason}.",
                places.location("control", control),
                attack,
            )


def _result(
    rule: str, level: str, text: str, location: dict[str, Any], more: str = ""
) -> dict[str, Any]:
    identity = hashlib.sha256(f"{rule} {more}".encode()).hexdigest()
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"voltward/v1": identity},
    }


def _rules(exported: Exported) -> dict[str, dict[str, Any]]:
    tables = exported.model.tables
    damages = {damage.id: damage.title for damage in tables.damage}
    threats = {threat.id: threat.title for threat in tables.threat}
    controls = {control.id: control for control in tables.control}
    rules = {}
    for risk in exported.risks():
        rules[f"risk/{risk.id}"] = _rule(
            f"risk/{risk.id}",
            f"{threats.get(risk.threat, risk.threat)}: {damages.get(risk.damage, risk.damage)}",
            _help(risk),
        )
    for _, verdict in exported.open_verdicts:
        for name in verdict.controls:
            control = controls.get(name)
            title = control.title if control else name
            text = (control.requirement if control else "") or title
            rules[f"control/{name}"] = _rule(f"control/{name}", title, text)
    return rules


def _rule(name: str, title: str, text: str) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": title},
        "fullDescription": {"text": text},
        "help": {"text": text},
        "properties": {"tags": ["security", "ISO/SAE 21434"]},
    }


def _help(risk: RatedRisk) -> str:
    treatment = f"treatment: {risk.treatment}" if risk.treatment else "no treatment is written"
    return f"{risk.category} risk of {risk.damage} by {risk.threat}; {treatment}."
