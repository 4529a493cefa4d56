"""What an evidence pack holds, in words."""

from collections.abc import Mapping
from typing import Any

from voltward.interfaces.cli.output import columns

Document = Mapping[str, Any]


def pack_text(statement: Document, exceptions: Document, files: int) -> str:
    """Return a pack in words.

    Args:
        statement: The predicate of the signed statement.
        exceptions: The content of `exceptions.json`.
        files: How many files are signed.
    """
    run, times = statement["environment"]["run"], statement["environment"]["times"]
    seeds = run["seeds"]
    lines = [
        f"run        {run['name']}: {run['cases']} cases, track {run['track']}",
        f"seeds      {len(seeds)} from seed {run['seed']}: {_listed(seeds)}",
        f"config     sha256 {run['config_sha256']}",
        f"observed   {times['observed_at'] or 'not told by the run'}",
        f"collected  {times['collected_at']}",
        f"signed     {times['signed_at']} by the signer's own clock, key {_signer(statement)}",
        f"files      {files}",
        f"previous   {statement['previous_pack'] or 'none: the first of its history'}",
    ]
    return "\n".join([*lines, "", *_risk_lines(statement["risk"]), "", *_claims(exceptions, times)])


def _signer(statement: Document) -> str:
    return str(statement["signer"]["key_id"])


def _listed(seeds: list[int]) -> str:
    shown = ", ".join(map(str, seeds[:8]))
    return f"{shown}, ... {seeds[-1]}" if len(seeds) > 8 else shown


def _risk_lines(risk: Document | None) -> list[str]:
    if risk is None:
        return ["risks      no TARA was signed"]
    rows = [
        (moment, name, *(str(risk[moment][name][str(value)]) for value in range(5, 0, -1)))
        for moment in ("before", "after")
        for name in risk["control_sets"]
        if name in risk[moment]
    ]
    head = ("", "controls", "risk 5", "4", "3", "2", "1")
    of = f"risks      damage x threat, model {risk['model']}, profile {risk['profile']}"
    return [of, columns(rows, head)]


def _claims(exceptions: Document, times: Document) -> list[str]:
    claims = exceptions["claims"]
    if claims is None:
        return ["exceptions not known: no model was signed"]
    if not claims:
        return ["exceptions none"]
    signed_on = times["signed_at"][:10]
    rows = [
        (
            claim["id"],
            claim["expires"] + (" expired when signed" if claim["expires"] < signed_on else ""),
            claim["owner"],
            claim["statement"],
        )
        for claim in claims
    ]
    return [
        f"exceptions {len(claims)}; overruled ratings {len(exceptions['overrides'])}",
        columns(rows, ("claim", "expires", "owner", "statement")),
    ]
