"""Consequences, and the files of a run with their columns."""

from collections.abc import Sequence

from reference_pages.configuration_page import kind_of
from reference_pages.markdown import code, table
from voltward.results.columns import (
    CASE_COLUMNS,
    EVENT_COLUMNS,
    EVENT_KINDS,
    MATRIX_COLUMNS,
    TRACE_COLUMNS,
    Column,
    json_schemas,
)
from voltward.results.consequences import AT_DETECTION, CONSEQUENCES, HARMS
from voltward.results.folder_ledger import LEDGER_FILE

_INPUTS = (
    "`config.toml` is the campaign with every key filled in. What it names stands beside it, so",
    "that `voltward run FOLDER/config.toml --out ELSEWHERE` gives the same tables anywhere:",
    "`inputs/system.toml` (every key filled in), `cell.toml` and its `cell.calibration.toml`,",
    "`link.toml`, `bus.dbc`, `duty.toml` and the tables it names, `duty-N.csv` or `.parquet`.",
    "Attacks and controls are named, not copied: they belong to the version in `run.json`, and to",
    "installed plug-ins.",
    "",
)
_TIMING = (
    "What differs between two runs of one configuration. No digest covers it, and the report does",
    "not read it: with the same installation, configuration and seed all other files are the same",
    "bytes. It names its own digest, by which a later run knows it as written by voltward.",
    "",
)


def consequences_page() -> list[str]:
    """Return what a case can break."""
    rows = [(f"`{c.name}`", c.unit, c.world, c.title, c.description) for c in CONSEQUENCES]
    return [
        "# Consequences",
        "",
        "Each is a column of `cases.csv`, measured on the true state of the plant.",
        "",
        *table(("column", "unit", "world", "what", "how it is measured"), rows),
        f"Also kept as they were at the first alarm, as `NAME_at_detection`: {code(AT_DETECTION)}.",
        "",
        f"Also given as the extra that the defence itself did, as `harm_NAME`: {code(HARMS)}.",
        "",
    ]


def columns_of(columns: Sequence[Column]) -> list[str]:
    """Return the columns of a table in a run folder."""
    rows = [
        (f"`{c.name}`", c.kind, c.unit, "may be empty" if c.nullable else "", c.description)
        for c in columns
    ]
    return table(("column", "type", "unit", "", "meaning"), rows)


def run_folder_page() -> list[str]:
    """Return the files of a run, and their columns."""
    schemas = ", ".join(f"`{name}`" for name in sorted(json_schemas()))
    lines = [
        "# Run folder",
        "",
        "A run is a folder; reports and comparisons read nothing else. JSON Schemas are shipped in",
        f"`src/voltward/data/schemas`: {schemas}.",
        "",
        "## Whose a file is",
        "",
        "A file is the run's own when it still has the SHA-256 that voltward noted when it wrote",
        "it: in `run.json` of a finished run, whose canonical encoding shows an edit, and until",
        f"then in `{LEDGER_FILE}`. That file also holds the lock: a second run into the folder is",
        "refused, and a killed one leaves no lock behind. It goes when the run has ended.",
        "",
        "- A run replaces an earlier one of its own in the folder, unasked.",
        "- A folder that is no run's, a file that another wrote or that was changed since, and a",
        "  link in the place of a file or folder are refused before anything is written.",
        "  `--force` writes there, and names each file that it replaces.",
        "- Files of other names are never touched, also with `--force`; `parts/` goes when it is",
        "  empty. A folder in the place of a file is never removed.",
        "- `--resume` goes on with an interrupted run of the same configuration. A finished one is",
        "  left as it is; a report or rating that it lacks is added.",
        "",
        "The folders of `voltward plant`, `benchmark` and `live run` keep their",
        f"`{LEDGER_FILE}`, and follow the same rules.",
        "",
    ]
    parts = (
        ("cases.csv, cases.parquet", "A row for each case.", CASE_COLUMNS),
        ("matrix.csv", "A row for each attack and stack, computed from the cases.", MATRIX_COLUMNS),
        ("events.jsonl", f"An object a line. Kinds: {code(EVENT_KINDS)}.", EVENT_COLUMNS),
        (
            "traces/CASE.parquet",
            "A row for each tick of a case whose trace is kept.",
            TRACE_COLUMNS,
        ),
    )
    for name, text, columns in parts:
        lines += [f"## {name}", "", text, "", *columns_of(columns)]
    lines += ["## config.toml and inputs/", "", *_INPUTS]
    lines += ["## run.json", "", *_keys_of("run.schema.json")]
    return [*lines, "## timing.json", "", *_TIMING, *_keys_of("timing.schema.json")]


def _keys_of(schema_file: str) -> list[str]:
    schema = json_schemas()[schema_file]
    required = set(schema.get("required", ()))
    rows = [
        (
            f"`{key}`",
            kind_of(entry),
            "" if key in required else "optional",
            entry.get("description", ""),
        )
        for key, entry in schema["properties"].items()
    ]
    return table(("key", "type", "", "meaning"), rows)
