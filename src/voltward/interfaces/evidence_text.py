"""What an evidence pack holds, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from voltward.assurance.evidence.kinds_of_files import Leaving
from voltward.assurance.evidence.rating_snapshot import BASES
from voltward.interfaces.cli.output import columns

Document = Mapping[str, Any]
_NAMED = 3


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
        f"seeds      {len(seeds)} from seed {run['seed']}: {_listed(seeds)}{_runs(run)}",
        f"config     sha256 {run['config_sha256']}",
        f"observed   {times['observed_at'] or 'not recorded by the run'}",
        f"collected  {times['collected_at']}",
        f"signed     {times['signed_at']} by the signer's own clock, key {_signer(statement)}",
        f"files      {files}",
        f"withheld   {_withheld_words(statement) or 'nothing'}",
        f"previous   {statement['previous_pack'] or 'none: the first of its history'}",
    ]
    return "\n".join([*lines, "", *_risk_lines(statement["risk"]), "", *_claims(exceptions, times)])


def leaving_text(leaves: Sequence[Leaving], withheld: Sequence[str]) -> str:
    """Return what leaves the house with a pack, and what stays.

    Args:
        leaves: Copied files, kind by kind.
        withheld: Names of the files that stay.
    """
    rows = [
        (entry.kind, str(entry.files), _size(entry.size_bytes), shortened_list(entry.names))
        for entry in leaves
    ]
    text = f"leaves the house:\n{columns(rows, ('kind', 'files', 'size', 'which'))}"
    return f"{text}\nstays here: {', '.join(withheld)}" if withheld else text


def withheld_line(statement: Document) -> str:
    """Return a line on what a pack withholds, empty where it holds all."""
    words = _withheld_words(statement)
    return f"withheld by the signer, salted digests in withheld.json: {words}\n" if words else ""


def _withheld_words(statement: Document) -> str:
    kinds = statement.get("withheld", {})
    return ", ".join(f"{kind} ({count})" for kind, count in kinds.items())


def _size(size_bytes: int) -> str:
    if size_bytes < 10**6:
        return f"{size_bytes / 1e3:.1f} kB"
    return f"{size_bytes / 1e6:.1f} MB"


def shortened_list(names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _signer(statement: Document) -> str:
    return str(statement["signer"]["key_id"])


def _listed(seeds: list[int]) -> str:
    shown = ", ".join(map(str, seeds[:8]))
    return f"{shown}, ... {seeds[-1]}" if len(seeds) > 8 else shown


def _runs(run: Document) -> str:
    """Return how many runs a cell had; nothing where no attack was run, or it is not known."""
    runs = run.get("runs_of_each_attack_and_stack")
    if not runs:
        return ""
    fewest, most = runs["fewest"], runs["most"]
    count = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    noun = "run" if most == 1 else "runs"
    return f"; {count} {noun} of each attack and stack"


def _risk_lines(risk: Document | None) -> list[str]:
    if risk is None:
        return ["risks      no TARA was signed"]
    rows = [
        (moment, name, *_values(risk, moment, name))
        for moment in ("before", "after")
        for name in risk["control_sets"]
        if name in risk[moment]
    ]
    head = ("", "controls", "risk 5", "4", "3", "2", "1", *BASES)
    of = f"model {risk['model']}, profile {risk['profile']}"
    return [
        f"risks      damage x threat pairs at their highest category, {of}",
        columns(rows, head),
        "           measured, estimated, assumed: what the rating of each pair rests on",
    ]


def _values(risk: Document, moment: str, name: str) -> list[str]:
    """Return the counts of one row: by risk value, and by basis where the pack tells it."""
    values = risk[moment][name]
    # A pack signed before the basis was part of the statement does not tell it.
    basis = risk.get("basis", {}).get(moment, {}).get(name, {})
    by_value = [str(values[str(value)]) for value in range(5, 0, -1)]
    return [*by_value, *(str(basis.get(word, "unknown")) for word in BASES)]


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
