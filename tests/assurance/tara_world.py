"""Small models as text and made-up campaigns, for tests of the TARA: nothing here is measured."""

import hashlib
import json
import runpy
import tomllib
from pathlib import Path

from voltward.assurance.tara.checks.loading import problems
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model import Tables
from voltward.assurance.tara.model.model_folder import Model
from voltward.assurance.tara.rating.campaign_results import CampaignResults, Scope, Tested
from voltward.assurance.tara.rating.rating import Rater
from voltward.documents.toml_document import check_document
from voltward.results.columns import MEASURED_COLUMNS
from voltward.results.consequences import CONSEQUENCES
from voltward.results.run_folder import RunWriter

SYNTHETIC = runpy.run_path(str(Path(__file__).parents[1] / "synthetic_run.py"))
# An attack of the catalogue that needs `can-write`, and what may stand against it.
ATTACK = "contactor-open"
OTHER_ATTACK = "charger-overrequest"
DRIVE = Scope("matched", "drive", "")

HEAD = """
[model]
id = "small"
title = "A model for tests"
item = "Nothing real."
"""
SYSTEM = """
[[boundary]]
id = "inside"
title = "Inside"

[[component]]
id = "unit"
title = "A unit"
layer = "physical"
boundary = "inside"

[[asset]]
id = "frames"
title = "Frames"
component = "unit"
properties = ["integrity", "availability"]

[[data_flow]]
id = "flow"
title = "Frames on their way"
source = "unit"
target = "unit"
assets = ["frames"]
taps = ["can.up"]
"""
SCENARIOS = """
[[damage]]
id = "DS"
title = "Contactors open at speed"
impact = { safety = "severe", operational = "major" }
reason = { all = "made up" }
concerns = ["frames:integrity"]
consequences = ["propulsion_lost_s", "charging_denied_s"]

[[threat]]
id = "TS"
title = "Forged frames"
asset = "frames"
property = "integrity"
stride = "tampering"
damages = ["DS"]
r155 = ["11.1"]
"""
CAPABILITIES = """
[[capability]]
id = "can-write"
title = "Write on the bus"
effort = { elapsed_time = "1w" }
attack_vector = "physical"

[[capability]]
id = "charger-link"
title = "Stand between charger and vehicle"
effort = { elapsed_time = "1w" }

[[capability]]
id = "frame-key"
title = "The key of the frames"
effort = { expertise = "expert", knowledge = "confidential", equipment = "bespoke" }

[[capability]]
id = "update-key"
title = "The key of updates"
effort = { elapsed_time = "more", knowledge = "strict" }
"""
PATHS = """
[[path]]
id = "AP"
threat = "TS"
tree = "can-write & contactor-open"
"""
CONTROLS = """
[[control]]
id = "can-frame-authentication"
title = "Proof on each frame"
bypass = "frame-key"

[[control]]
id = "can-freshness"
title = "A counter on each frame"
mitigates = ["contactor-open"]
bypass = "update-key"

[[control]]
id = "enclosure"
title = "A locked box"
mitigates = ["can-write"]
effort = { window = "difficult", equipment = "specialised" }

[[control]]
id = "derate"
title = "Less power after an alarm"

[[control]]
id = "open-contactors"
title = "No power after an alarm"
"""
SETS = """
[[control_set]]
id = "none"
title = "No control"

[[control_set]]
id = "key"
title = "The proof alone"
controls = ["can-frame-authentication"]

[[control_set]]
id = "box"
title = "The box alone"
controls = ["enclosure"]

[[control_set]]
id = "react"
title = "What reacts"
controls = ["derate", "open-contactors"]

[[control_set]]
id = "all"
title = "All of it"
controls = ["can-freshness"]
includes = ["key", "box", "react"]
"""
DECISIONS = """
[[treatment]]
threat = "TS"
decision = "reduce"
reason = "made up"
goals = ["CG"]

[[goal]]
id = "CG"
statement = "Frames shall be proven."
owner = "tester"
controls = ["can-frame-authentication"]

[[claim]]
id = "CL"
statement = "The rest is small."
owner = "tester"
rationale = "made up"
expires = "2030-01-31"
"""
RULES = """
[[impact_rule]]
consequence = "propulsion_lost_s"
category = "safety"
moderate = 1.0
major = 10.0
severe = 100.0
source = "made up"

[[impact_rule]]
consequence = "charging_denied_s"
category = "operational"
moderate = 60.0
major = 600.0
source = "made up"
"""
FILES = {
    "model.toml": HEAD,
    "system.toml": SYSTEM,
    "scenarios.toml": SCENARIOS,
    "capabilities.toml": CAPABILITIES,
    "paths.toml": PATHS,
    "controls.toml": CONTROLS,
    "sets.toml": SETS,
    "decisions.toml": DECISIONS,
    "rules.toml": RULES,
}


def write_model(folder, **changes):
    """Write the small model; a keyword names a file without `.toml` and gives its text."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = FILES | {f"{name}.toml": text for name, text in changes.items()}
    for name, text in texts.items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def replaced(text, old, new):
    """Replace one place of a text, which must be there."""
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def model_of(more="", *, sound=True, **changes):
    """Return the small model without a folder; keywords replace its files as in `write_model`."""
    texts = FILES | {f"{name}.toml": text for name, text in changes.items()}
    document = tomllib.loads("\n".join([*filter(None, texts.values()), more]))
    model = Model(Path("small"), check_document(Tables, document, "small"), {})
    if sound:
        assert [fault for fault in problems(model) if fault.severity == "error"] == []
    return model


def rater_of(model, *campaigns, profile="iso21434-example", method=""):
    return Rater(model, load_profile(profile), campaigns, method)


def ran(stack, controls, reached, runs, *, attack=ATTACK, scopes=(DRIVE,), **values):
    """Return `runs` cases of an attack under a stack in each scope; the first ones reach the goal.

    A keyword names a consequence: one value for all cases, or a list with one a case.
    """
    return Tested(
        "made-up",
        attack,
        stack,
        frozenset(controls),
        {scope: _rows(stack, scope, reached, runs, values) for scope in scopes},
    )


def _rows(stack, scope, reached, runs, values):
    zeros = {entry.name: 0.0 for entry in CONSEQUENCES}
    series = {name: v if isinstance(v, list) else [v] * runs for name, v in values.items()}
    return [
        zeros
        | {name: numbers[index] for name, numbers in series.items()}
        | {"case_id": f"{stack}-{scope.duty}-{index}", "goal_reached": index < reached}
        for index in range(runs)
    ]


def campaign(*entries, name="made-up"):
    return CampaignResults(
        name, hashlib.sha256(repr((name, entries)).encode()).hexdigest(), entries
    )


def baseline(runs=20, reached=None, **changes):
    """Return cases without controls, in all of which the goal is met unless told otherwise."""
    return ran("none", (), runs if reached is None else reached, runs, **changes)


def case_row(number, stack, controls, *, attack=ATTACK, reached=False, **values):
    """Return a row of the published cases table: what is told, everything else zero or absent."""
    return {
        "case_id": f"h{number:05d}",
        "attack": attack,
        "attack_parameters": "",
        "stack": stack,
        "controls": controls,
        "seed": number,
        "world_id": number,
        "track": "matched",
        "duty": "drive",
        "goal_reached": reached,
        "any_goal": reached,
        "defence_goal": False,
        "goal_margin": 1.0 if reached else 0.0,
        "goals_reached": "",
        "blocked": False,
        "detected": False,
        "detector": "",
        "contained": False,
        "attack_s": None,
        "detect_s": None,
        "safe_s": None,
        "false_alarms": 0,
        "hours": 0.0,
        "goal_s": None,
        "compromise": "",
        **{column.name: 0.0 for column in MEASURED_COLUMNS},
        **values,
    }


def cases_of(*groups, attack=ATTACK, first=0):
    """Return rows for groups of (stack, controls, reached, runs)."""
    rows = []
    for stack, controls, reached, runs in groups:
        for index in range(runs):
            number = first + len(rows)
            rows.append(case_row(number, stack, controls, attack=attack, reached=index < reached))
    return rows


def write_run(folder, rows, name="hand-made"):
    """Write a run folder of given rows."""
    writer = RunWriter.begin(folder, f'name = "{name}"\n', {"config_sha256": "0" * 64})
    writer.parts.write(0, rows, [])
    empty = {"attacks": {}, "controls": {}, "consequences": {}}
    run = SYNTHETIC["make_run"](name=name, catalogue=empty)
    del run["gate"]
    writer.finish(run)
    return folder


def reseal(folder):
    """Renew every digest in run.json, as a hand that edits a folder would."""
    file = folder / "run.json"
    run = json.loads(file.read_text("utf-8"))
    run["files"] = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in run["files"]
    }
    file.write_text(json.dumps(run), encoding="utf-8")
