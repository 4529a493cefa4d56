"""Exceptions of a model: risks that are kept or shared by a claim, and ratings overruled."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from voltward.assurance.tara.model.model_folder import Model


def exceptions_document(model: Model | None) -> Mapping[str, Any]:
    """Return the content of `exceptions.json`.

    Args:
        model: The model; None says that its exceptions are not known, which is not "none".
    """
    if model is None:
        return {"schema_version": 1, "model": None, "claims": None, "overrides": None}
    tables = model.tables
    claims = [
        {
            **asdict(claim),
            "accepts": [
                {"threat": entry.threat, "damage": entry.damage, "decision": entry.decision.value}
                for entry in tables.treatment
                if claim.id in entry.claims
            ],
        }
        for claim in sorted(tables.claim, key=lambda claim: (claim.expires, claim.id))
    ]
    overrides = [
        {key: value for key, value in asdict(override).items() if value is not None and value != ""}
        for override in tables.override
    ]
    return {"schema_version": 1, "model": model.id, "claims": claims, "overrides": overrides}
