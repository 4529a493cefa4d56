"""What a TARA is rated by: tables of a model, profiles, capabilities, gates, UN R155 Annex 5."""

from dataclasses import fields

from reference_pages.configuration_page import object_lines
from reference_pages.markdown import code, table
from voltward.assurance.standards.annex5 import load_annex5
from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.exchange.json_format import model_schema
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model_folder import WORKED_MODEL, model_folder
from voltward.assurance.tara.rating.risk_gate import METRICS
from voltward.documents.toml_document import shipped_names


def model_page() -> list[str]:
    """Return the tables of a model folder, key by key."""
    lines = [
        "# Tables of a TARA model",
        "",
        "A model is a folder of TOML files. A file holds any of these tables; lists of several",
        "files are joined. JSON Schema: `data/schemas/tara-model.schema.json` of the package.",
        "",
    ]
    schema = model_schema()
    shapes = schema["$defs"]
    for name, entry in schema["properties"].items():
        kind = entry.get("items") or next(p for p in entry["anyOf"] if "$ref" in p)
        mark = f"[{name}]" if name == "model" else f"[[{name}]]"
        shape = shapes[kind["$ref"].rsplit("/", 1)[-1]]
        lines += [f"## `{mark}`", "", *object_lines(shape)]
    for name in ("Effort", "Cost"):
        lines += [f"## {name}", "", *object_lines(shapes[name])]
    return lines


def profiles_page() -> list[str]:
    """Return the method profiles with their numbers."""
    lines = [
        "# Method profiles",
        "",
        "A profile is data: `--profile` takes a shipped name or a file in the same form.",
        "",
    ]
    for name in shipped_names("tara/profiles"):
        profile = load_profile(name)
        lines += [f"## {name}", "", profile.title, "", f"Source: {profile.source}", ""]
        potential = profile.settings.attack_potential
        if potential:
            rows = [
                (parameter, ", ".join(f"{option} {points}" for option, points in options.items()))
                for parameter, options in potential.parameters.items()
            ]
            lines += table(("attack potential", "points"), rows)
            bands = [(level, f"{low} to {high}") for level, (low, high) in potential.bands.items()]
            lines += table(("feasibility", potential.aggregation), bands)
        rows = [
            (impact, *map(str, values)) for impact, values in profile.settings.risk.matrix.items()
        ]
        lines += table(("risk", *profile.levels), rows)
    return lines


def capabilities_page() -> list[str]:
    """Return what each capability of the worked model costs an attacker."""
    model = load_model(model_folder(WORKED_MODEL))
    rows = []
    for step in model.tables.capability:
        effort = step.effort
        values = " / ".join(getattr(effort, field.name) for field in fields(effort))
        rows.append((f"`{step.id}`", values, step.cvss, code(step.r155), step.source))
    return [
        "# Capabilities and what they cost an attacker",
        "",
        "A path's feasibility comes from the capabilities that it needs. These are the values of",
        "the worked model; you change them in `capabilities.toml` of your own model. The five",
        "options are elapsed time, expertise, knowledge, window and equipment.",
        "",
        *table(("capability", "attack potential", "CVSS exploitability", "R155", "source"), rows),
    ]


def annex5_page() -> list[str]:
    """Return UN R155 Annex 5 in our words, in the regulation's order."""
    annex = load_annex5()
    rows = [(entry.id, entry.threat, " ".join(entry.mitigations)) for _, entry in annex.entries()]
    mitigations = [(entry.id, entry.title) for entry in annex.mitigation]
    return [
        "# UN R155 Annex 5",
        "",
        f"In our words, from {annex.source_version}. The regulation's text is authentic.",
        "",
        *table(("id", "threat", "mitigations"), rows),
        *table(("mitigation", "what it is"), mitigations),
    ]


def risk_gates_page() -> list[str]:
    """Return the metrics of gates over a rating."""
    return [
        "# Gates over a rating",
        "",
        '`voltward tara rate DIR --gate "METRIC(SET) OP NUMBER"`, several joined by `and`; OP is',
        "one of `<=`, `<`, `>=`, `>`, `==`, SET a control set of the model. Exit code 3 when it",
        "fails, with the risks that broke it.",
        "",
        *table(("metric", "what it is"), [(f"`{n}`", w) for n, (_, w) in METRICS.items()]),
    ]
