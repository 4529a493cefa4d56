"""The columns of every table in a run folder, and the JSON Schemas that publish them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from voltward.core.files import pretty_json, write_text
from voltward.results.consequences import AT_DETECTION, CONSEQUENCES, HARMS

SCHEMA_VERSION = 2
NO_ATTACK = "no-attack"
BASELINE_STACK = "none"
EVENT_KINDS = (
    "attack_start",
    "attack_stop",
    "grant",
    "revoke",
    "reject",
    "alarm",
    "request",
    "contactor",
    "limit",
)

Kind = Literal["string", "integer", "number", "boolean"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: As in the file's head.
        kind: JSON type.
        unit: Unit of a quantity, "1" for shares and counts, empty for text.
        description: One line.
        nullable: Whether the value may be absent.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    nullable: bool = False


def _text(name: str, description: str) -> Column:
    return Column(name, "string", "", description)


def _flag(name: str, description: str) -> Column:
    return Column(name, "boolean", "", description)


def _count(name: str, description: str) -> Column:
    return Column(name, "integer", "1", description)


def _number(name: str, unit: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name, "number", unit, description, nullable)


CONSEQUENCE_COLUMNS: tuple[Column, ...] = tuple(
    _number(entry.name, entry.unit, f"{entry.title}: {entry.description}") for entry in CONSEQUENCES
)
AVOIDED = (
    "plated_charge_mAh",
    "capacity_loss_pct",
    "over_voltage_s",
    "propulsion_lost_s",
    "energy_unserved_Wh",
    "soc_error_pct",
)
_UNIT = {column.name: column.unit for column in CONSEQUENCE_COLUMNS}

MEASURED_COLUMNS: tuple[Column, ...] = (
    *CONSEQUENCE_COLUMNS,
    *(
        _number(f"{name}_at_detection", _UNIT[name], f"{name} up to the first alarm", nullable=True)
        for name in AT_DETECTION
    ),
    *(
        _number(
            f"added_{entry.name}",
            entry.unit,
            f"{entry.name} beyond the clean run of the same world",
            nullable=True,
        )
        for entry in CONSEQUENCES
    ),
    *(
        _number(
            f"harm_{name}",
            _UNIT[name],
            f"{name} that the defence adds to stack '{BASELINE_STACK}', same attack and seed",
            nullable=True,
        )
        for name in HARMS
    ),
)

CASE_COLUMNS: tuple[Column, ...] = (
    _text("case_id", "name of the case, unique in the campaign"),
    _text("attack", f"attack id, or '{NO_ATTACK}' for clean duty"),
    _text("attack_parameters", "name=value;... as run"),
    _text("stack", "name of the defence stack"),
    _text("controls", "ids of the enabled controls, sorted, joined by ';'"),
    _count("seed", "seed of the case"),
    _count("world_id", "number of its world; cases of one number are paired"),
    _text("track", "truth track: how far the plant may differ from the twin's model"),
    _text("duty", "name of the duty"),
    _flag("goal_reached", "the attacker's goal was met, beyond the clean run"),
    _flag("any_goal", "any goal of the catalogue was met, by attack or defence"),
    _flag("defence_goal", "one was met that the attack alone does not meet"),
    _number(
        "goal_margin",
        "1",
        "most that was added, over the lowest threshold of a goal",
        nullable=True,
    ),
    _text("goals_reached", "consequence>=threshold:by;... by attack, defence or both"),
    _flag("blocked", "a verify or shape control kept the attack from taking effect"),
    _flag("detected", "an alarm sounded after the attack's start"),
    _text("detector", "id of the first control to alarm after the start, or empty"),
    _flag("contained", "detected, a safe state reached, and no goal of the catalogue met"),
    _number("attack_s", "s", "time of the attack's start", nullable=True),
    _number("detect_s", "s", "time of the first alarm after it", nullable=True),
    _number("safe_s", "s", "time of the safe state", nullable=True),
    _count("false_alarms", "alarms before the attack, or on clean duty"),
    _number("hours", "h", "time in which a false alarm could occur"),
    _number("goal_s", "s", "time at which the goal was met", nullable=True),
    _text("compromise", "step>granted capability;... in the order of time"),
    *MEASURED_COLUMNS,
)

MATRIX_COLUMNS: tuple[Column, ...] = (
    _text("attack", "attack id"),
    _text("stack", "name of the defence stack"),
    _text("track", "truth track"),
    _count("n", "cases in the row, one per seed, duty and parameter set"),
    _number("goal_share", "1", "share of cases in which the attacker's goal was met"),
    _number("goal_low", "1", "lower end of its 95 % Wilson interval"),
    _number("goal_high", "1", "upper end of its 95 % Wilson interval"),
    _number("any_goal_share", "1", "share of cases in which any goal of the catalogue was met"),
    _number("any_goal_low", "1", "lower end of its 95 % Wilson interval"),
    _number("any_goal_high", "1", "upper end of its 95 % Wilson interval"),
    _number("defence_goal_share", "1", "share in which one was met that the attack alone does not"),
    _number("blocked_share", "1", "share of cases blocked"),
    _number("detected_share", "1", "share of cases detected"),
    _number("contained_share", "1", "share of cases contained"),
    _number("delay_median_s", "s", "median from attack to alarm, of detected cases", nullable=True),
    _number("delay_p95_s", "s", "95th percentile of the same", nullable=True),
    _count("false_alarms", "false alarms, summed over cases"),
    _number("hours", "h", "time in which one could occur, summed over cases"),
    _number(
        "false_alarms_per_hour_upper",
        "1/h",
        "one-sided 95 % bound: the wider of exact Poisson and bootstrap over worlds",
        nullable=True,
    ),
    _number("false_alarms_per_hour_low", "1/h", "lower end, two-sided 95 %", nullable=True),
    _number("false_alarms_per_hour_high", "1/h", "upper end, two-sided 95 %", nullable=True),
    _number("safe_median_s", "s", "median from attack to safe state", nullable=True),
    *(
        Column(c.name, "number", c.unit, f"mean over cases: {c.description}", nullable=True)
        for c in MEASURED_COLUMNS
    ),
    *(
        _number(
            f"added_{name}_{quantile}", _UNIT[name], f"{words} of what was added", nullable=True
        )
        for name in HARMS
        for quantile, words in (("median", "median"), ("p95", "95th percentile"))
    ),
    *(
        column
        for name in AVOIDED
        for column in (
            _number(
                f"avoided_{name}",
                _UNIT[name],
                f"mean of {name} under '{BASELINE_STACK}' less this stack, cases paired",
                nullable=True,
            ),
            _number(f"avoided_{name}_low", _UNIT[name], "lower end, paired t 95 %", nullable=True),
            _number(f"avoided_{name}_high", _UNIT[name], "upper end, paired t 95 %", nullable=True),
        )
    ),
)

EVENT_COLUMNS: tuple[Column, ...] = (
    _text("case_id", "the case"),
    _number("time_s", "s", "time in the duty"),
    _text("kind", "one of " + ", ".join(EVENT_KINDS)),
    _text("source", "attack step, control or part that caused it"),
    _text("tap", "where, or empty"),
    _text("detail", "what exactly, or empty"),
)

TRACE_COLUMNS: tuple[Column, ...] = (
    _number("time_s", "s", "time in the duty"),
    _number("true_voltage_min_V", "V", "lowest true cell voltage"),
    _number("true_voltage_max_V", "V", "highest true cell voltage"),
    _number("true_voltage_target_V", "V", "true voltage of the attacked cell"),
    _number("reported_voltage_target_V", "V", "the same as reported to the BMS"),
    _number("twin_voltage_target_V", "V", "the same as the twin predicts it"),
    _number("true_current_A", "A", "true pack current, positive when charging"),
    _number("reported_current_A", "A", "the same as reported"),
    _number("twin_current_A", "A", "the same in the twin"),
    _number("true_temperature_max_degC", "degC", "highest true cell temperature"),
    _number("reported_temperature_max_degC", "degC", "the same as reported"),
    _number("twin_temperature_max_degC", "degC", "the same in the twin"),
    _number("true_soc", "1", "true mean state of charge"),
    _number("bms_soc", "1", "the BMS's estimate"),
    _number("twin_soc", "1", "the twin's estimate"),
    _number("speed_mps", "m/s", "speed of the vehicle"),
    _number("contactor_closed", "1", "1 while the main contactors are closed"),
    _number("queued_records", "1", "records that wait in the gateway"),
    _number("worst_score", "1", "highest score of any watch; above 1 is an alarm"),
)

RUN_KEYS: dict[str, dict[str, Any]] = {
    "schema_version": {"const": SCHEMA_VERSION},
    "seed": {"type": "integer"},
    "config_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "versions": {"type": "object", "additionalProperties": {"type": "string"}},
    "track": {"type": "string"},
    "files": {"type": "object", "additionalProperties": {"type": "string"}},
    "command": {"type": "string"},
    "catalogue": {
        "type": "object",
        "required": ["attacks", "controls", "consequences"],
        "properties": {
            "attacks": {"type": "object"},
            "controls": {"type": "object"},
            "consequences": {"type": "object"},
        },
    },
}
OPTIONAL_RUN_KEYS: dict[str, dict[str, Any]] = {
    "name": {"type": "string"},
    "world": {"type": "string", "description": "What worlds were drawn from; fixed is none."},
    "date": {"type": "string", "format": "date"},
    "source": {
        "type": ["object", "null"],
        "description": "Revision of the code where it is known; null where it is not.",
        "required": ["revision", "dirty"],
        "properties": {"revision": {"type": "string"}, "dirty": {"type": ["boolean", "null"]}},
    },
    "gate": {
        "type": "object",
        "required": ["expression", "passed", "reason"],
        "properties": {
            "expression": {"type": "string"},
            "passed": {"type": "boolean"},
            "reason": {"type": "string"},
        },
    },
    "limits": {"type": "array", "items": {"type": "string"}},
    "truth": {
        "type": "object",
        "description": "Of track mismatched: the electrochemical model and its limits.",
        "properties": {
            "model": {"type": "string"},
            "pybamm": {"type": "string"},
            "parameter_set": {"type": "string"},
            "source": {"type": "string"},
            "limits": {"type": "string"},
            "gave_up_s": {"type": "object", "additionalProperties": {"type": "number"}},
        },
    },
}

_COUNT = {"type": "integer", "minimum": 0}
_SECONDS = {"type": "number", "minimum": 0}
TIMING_KEYS: dict[str, dict[str, Any]] = {
    "schema_version": {"const": SCHEMA_VERSION},
    "started_at": {"type": "string", "description": "ISO 8601 in UTC."},
    "wall_s": {**_SECONDS, "description": "From the start to the tables."},
    "compile_s": {**_SECONDS, "description": "Longest time that a worker compiled."},
    "programs_compiled": {**_COUNT, "description": "Most programs that one batch compiled."},
    "cell_steps": {**_COUNT, "description": "Ticks x cells x runs that were computed."},
    "workers": {**_COUNT, "description": "Processes that computed; 0 when all was kept."},
    "batches_kept": {**_COUNT, "description": "Taken over from an interrupted run."},
    "host": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "system": {"type": "string"},
            "machine": {"type": "string"},
            "cores": {"type": "integer"},
        },
    },
    "sha256": {"type": "string", "description": "Of the other keys, as canonical JSON."},
}
OPTIONAL_TIMING_KEYS: dict[str, dict[str, Any]] = {
    "truth": {
        "type": "object",
        "description": "Of track mismatched: what the electrochemical model cost.",
        "properties": {"steps_computed": _COUNT, "steps_reused": _COUNT, "model_s": _SECONDS},
    },
}


def _property(column: Column) -> dict[str, Any]:
    kind: Any = [column.kind, "null"] if column.nullable else column.kind
    words = {"type": kind, "description": column.description}
    return {**words, "unit": column.unit} if column.unit else words


def _head(title: str) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}


def row_schema(title: str, columns: tuple[Column, ...]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one row; `unit` is an annotation."""
    return {
        **_head(title),
        "type": "object",
        "additionalProperties": False,
        "required": [column.name for column in columns],
        "properties": {column.name: _property(column) for column in columns},
    }


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return every published schema by file name."""
    event = row_schema("One line of events.jsonl", EVENT_COLUMNS)
    event["properties"]["kind"]["enum"] = list(EVENT_KINDS)
    return {
        "run.schema.json": {
            **_head("run.json of a campaign"),
            "type": "object",
            "additionalProperties": True,
            "required": list(RUN_KEYS),
            "properties": {**RUN_KEYS, **OPTIONAL_RUN_KEYS},
        },
        "timing.schema.json": {
            **_head("timing.json of a campaign"),
            "type": "object",
            "additionalProperties": True,
            "required": list(TIMING_KEYS),
            "properties": {**TIMING_KEYS, **OPTIONAL_TIMING_KEYS},
        },
        "case.schema.json": row_schema("One row of cases.parquet and cases.csv", CASE_COLUMNS),
        "matrix.schema.json": row_schema("One row of matrix.csv", MATRIX_COLUMNS),
        "event.schema.json": event,
        "trace.schema.json": row_schema("One row of traces/CASE.parquet", TRACE_COLUMNS),
    }


def write_schemas(folder: Path) -> list[Path]:
    """Write every published schema.

    Args:
        folder: Where to; `data/schemas` of the package in the repository.

    Returns:
        The files written.
    """
    paths = []
    for name, schema in sorted(json_schemas().items()):
        write_text(folder / name, pretty_json(schema))
        paths.append(folder / name)
    return paths
