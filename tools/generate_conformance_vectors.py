"""Write the conformance vectors of attack feasibility, risk and CAL from the shipped profiles.

    python tools/generate_conformance_vectors.py [--check]

With --check nothing is written; the exit code is 1 when a file is not what it should be. The tests
hold the published figures by themselves; these files must agree with both.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from voltward.assurance.tara.method.cvss_metrics import exploitability
from voltward.assurance.tara.method.profile import Profile, load_profile
from voltward.assurance.tara.method.profile_check import EFFORT_OPTIONS
from voltward.assurance.tara.method.score import score
from voltward.assurance.tara.model.model import Effort
from voltward.assurance.tara.model.words import (
    ATTACK_VECTORS,
    FEASIBILITIES,
    IMPACT_LEVELS,
    Category,
    ImpactLevel,
)
from voltward.documents.toml_document import data_folder

FOLDER = data_folder() / "tara" / "vectors"
PROFILES = ("iso21434-example", "itemis-example", "heavens")
Record = Mapping[str, Any]

# One attack for each feasibility level, at the easy end of its band: 0, 14, 20 and 25 in both
# profiles that have five parameters.
ATTACKS = {
    "very_low": ("1d", "multiple", "confidential", "difficult", "standard"),
    "low": ("1d", "layman", "strict", "unlimited", "multiple"),
    "medium": ("1w", "expert", "confidential", "unlimited", "standard"),
    "high": ("1d", "layman", "public", "unlimited", "standard"),
}
# HEAVENS: one attack for each threat level, one impact for each impact level.
THREATS = {
    "none": ("multiple", "strict", "difficult", "bespoke"),
    "low": ("multiple", "strict", "easy", "bespoke"),
    "medium": ("expert", "strict", "easy", "standard"),
    "high": ("expert", "restricted", "unlimited", "standard"),
    "critical": ("proficient", "public", "unlimited", "standard"),
}
IMPACTS = {
    "none": {"safety": "negligible", "financial": "negligible"},
    "low": {"operational": "major", "privacy": "moderate"},
    "medium": {"safety": "moderate", "financial": "moderate"},
    "high": {"safety": "major", "operational": "severe"},
    "critical": {"safety": "severe", "privacy": "negligible"},
}
# The public headlamp example: inputs from the itemis template, modelled on the standard's annex.
HEADLAMP = {
    "damages": {
        "DS.1": {
            "title": "lamp off unexpectedly at speed",
            "impact": {
                "safety": "severe",
                "financial": "negligible",
                "operational": "major",
                "privacy": "negligible",
            },
        },
        "DS.2": {
            "title": "lamp on unexpectedly in daylight",
            "impact": {"operational": "major"},
        },
    },
    "steps": {
        "AS.2": {
            "title": "send the off message from a compromised navigation unit",
            "effort": {
                "elapsed_time": "1d",
                "expertise": "layman",
                "knowledge": "confidential",
                "window": "unlimited",
                "equipment": "standard",
            },
        },
        "AS.3": {
            "title": "compromise the navigation unit over cellular",
            "effort": {
                "elapsed_time": "1w",
                "expertise": "expert",
                "knowledge": "confidential",
                "window": "unlimited",
                "equipment": "standard",
            },
        },
        "AS.4": {
            "title": "compromise the navigation unit over Bluetooth",
            "effort": {
                "elapsed_time": "1w",
                "expertise": "expert",
                "knowledge": "confidential",
                "window": "moderate",
                "equipment": "specialised",
            },
        },
    },
    "controls": {
        "C.2": {
            "title": "break the allow-list of the CAN gateway",
            "effort": {
                "elapsed_time": "6m",
                "expertise": "expert",
                "knowledge": "confidential",
                "window": "difficult",
                "equipment": "specialised",
            },
        }
    },
    "paths": {"P1": ["AS.3", "AS.2"], "P2": ["AS.4", "AS.2"]},
    "threats": {
        "TS.1": {
            "title": "spoofing on CAN",
            "damages": ["DS.1", "DS.2"],
            "paths": ["P1", "P2"],
        }
    },
}


def attack_potential(profile: Profile) -> Iterator[tuple[Record, Record]]:
    """Give every combination of the options that the profile uses."""
    used = {name: EFFORT_OPTIONS[name] for name in profile.method("attack-potential").parameters}
    for options in product(*used.values()):
        yield dict(zip(used, options, strict=True)), {}


def cvss(_profile: Profile) -> Iterator[tuple[Record, Record]]:
    """Give the 48 combinations whose scope is unchanged."""
    for av, ac, pr, ui in product("NALP", "LH", "NLH", "NR"):
        vector = f"AV:{av}/AC:{ac}/PR:{pr}/UI:{ui}/S:U"
        yield {"cvss": vector}, {"exploitability": round(exploitability(vector).score, 4)}


def attack_vector(_profile: Profile) -> Iterator[tuple[Record, Record]]:
    """Give the 4 vectors."""
    for vector in reversed(ATTACK_VECTORS):
        yield {"attack_vector": vector.value}, {}


def risk(profile: Profile) -> Iterator[tuple[Record, Record]]:
    """Give every cell of the risk matrix."""
    if profile.settings.impact.aggregation == "sum":
        names = profile.method("attack-potential").parameters
        for (row, impact), (column, options) in product(IMPACTS.items(), THREATS.items()):
            attack = dict(zip(names, options, strict=True))
            yield {**attack, "impact": impact}, {"impact_level": row, "threat_level": column}
        return
    for level, feasibility in product(reversed(IMPACT_LEVELS), FEASIBILITIES):
        attack = dict(zip(EFFORT_OPTIONS, ATTACKS[feasibility], strict=True))
        about = {"impact": level.value, "feasibility": feasibility.value}
        yield {**attack, "impact": level.value}, about


def cal(_profile: Profile) -> Iterator[tuple[Record, Record]]:
    """Give every cell of the CAL matrix."""
    for level, vector in product(reversed(IMPACT_LEVELS), ATTACK_VECTORS):
        about = {"impact": level.value, "attack_vector": vector.value}
        yield {"attack_vector": vector.value, "impact": level.value}, about


def lines(profile: Profile, kind: str, records: Iterable[tuple[Record, Record]]) -> str:
    """Return vectors as JSON lines: what goes in, what must come out, what it is about."""
    text = ""
    for number, (record, about) in enumerate(records, start=1):
        vector = {"id": f"{profile.name}/{kind}/{number}", **({"about": about} if about else {})}
        expected = score(profile, record)
        text += _compact({**vector, "input": record, "expected": expected}) + "\n"
    return text


def headlamp() -> str:
    """Return the headlamp example with what each profile makes of it."""
    profiles = ("iso21434-example", "itemis-example")
    expected = {name: _headlamp_ratings(load_profile(name)) for name in profiles}
    document = {
        "title": "Headlamp system",
        "source": "inputs: public itemis template and example project; outputs: computed",
        "rules": "path: parameter-wise maximum over its steps; threat: its easiest path; "
        "with a control: its effort is one more step of every path",
        **HEADLAMP,
        "expected": expected,
    }
    return json.dumps(document, indent=2) + "\n"


def _headlamp_ratings(profile: Profile) -> Record:
    return {"without controls": _rated(profile, ()), "with C.2": _rated(profile, ("C.2",))}


def _rated(profile: Profile, controls: tuple[str, ...]) -> Record:
    method = profile.method("attack-potential")
    parts: Mapping[str, Any] = {**HEADLAMP["steps"], **HEADLAMP["controls"]}
    paths: dict[str, Any] = {}
    natives = []
    for path, steps in HEADLAMP["paths"].items():
        efforts = [Effort(**parts[step]["effort"]) for step in (*steps, *controls)]
        columns = zip(*(method.values(effort, "", None) for effort in efforts), strict=True)
        values = tuple(max(column) for column in columns)
        natives.append(method.native(values))
        level = method.reported(natives[-1]).value
        paths[path] = {"attack_potential": method.potential(values), "feasibility": level}
    easiest = max(natives)
    risks = {
        damage: profile.risk(
            {Category(name): ImpactLevel(level) for name, level in record["impact"].items()},
            easiest,
        )
        for damage, record in HEADLAMP["damages"].items()
    }
    return {
        "paths": paths,
        "threats": {"TS.1": {"feasibility": method.reported(easiest).value}},
        "risks": risks,
    }


def documents() -> dict[Path, str]:
    """Return every file with its text."""
    found = {FOLDER / "headlamp.json": headlamp()}
    kinds = {"attack-potential": attack_potential, "risk": risk}
    further = {"cvss": cvss, "attack-vector": attack_vector, "cal": cal}
    for name in PROFILES:
        profile = load_profile(name)
        chosen = {**kinds, **(further if profile.settings.cal else {})}
        for kind, records in chosen.items():
            path = FOLDER / name / f"{kind}.jsonl"
            found[path] = lines(profile, kind, records(profile))
    return found


def main(arguments: list[str]) -> int:
    """Write the files, or check them."""
    wanted = documents()
    if "--check" in arguments:
        stale = [
            path
            for path, text in wanted.items()
            if not path.is_file() or path.read_text(encoding="utf-8") != text
        ]
        stale += [
            path
            for path in FOLDER.rglob("*")
            if path.suffix.startswith(".js") and path not in wanted
        ]
        for path in stale:
            print(f"{path}: not what the profiles give; run tools/generate_conformance_vectors.py")
        return 1 if stale else 0
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path}")
    return 0


def _compact(document: Record) -> str:
    return json.dumps(document, separators=(",", ":"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
