"""The published vectors against figures that stand here by themselves, from public sources."""

import json
import runpy
import subprocess
import sys
from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.method.score import score
from voltward.documents.toml_document import data_folder

FOLDER = data_folder() / "tara" / "vectors"
TOOL = Path(__file__).resolve().parents[2] / "tools" / "generate_conformance_vectors.py"
FIVE = ("elapsed_time", "expertise", "knowledge", "window", "equipment")
# Typed from the public tables, not read from the profiles.
POINTS = {
    "elapsed_time": {"1d": 0, "1w": 1, "1m": 4, "6m": 17, "more": 19},
    "expertise": {"layman": 0, "proficient": 3, "expert": 6, "multiple": 8},
    "knowledge": {"public": 0, "restricted": 3, "confidential": 7, "strict": 11},
    "window": {"unlimited": 0, "easy": 1, "moderate": 4, "difficult": 10},
    "equipment": {"standard": 0, "specialised": 4, "bespoke": 7, "multiple": 9},
}
RISK = {
    ("severe", "very_low"): 2,
    ("severe", "low"): 3,
    ("severe", "medium"): 4,
    ("severe", "high"): 5,
    ("major", "very_low"): 1,
    ("major", "low"): 2,
    ("major", "medium"): 3,
    ("major", "high"): 4,
    ("moderate", "very_low"): 1,
    ("moderate", "low"): 2,
    ("moderate", "medium"): 2,
    ("moderate", "high"): 3,
    ("negligible", "very_low"): 1,
    ("negligible", "low"): 1,
    ("negligible", "medium"): 1,
    ("negligible", "high"): 1,
}
CAL = {
    ("severe", "physical"): 2,
    ("severe", "local"): 3,
    ("severe", "adjacent"): 4,
    ("severe", "network"): 4,
    ("major", "physical"): 1,
    ("major", "local"): 2,
    ("major", "adjacent"): 3,
    ("major", "network"): 4,
    ("moderate", "physical"): 1,
    ("moderate", "local"): 1,
    ("moderate", "adjacent"): 2,
    ("moderate", "network"): 3,
    ("negligible", "physical"): None,
    ("negligible", "local"): None,
    ("negligible", "adjacent"): None,
    ("negligible", "network"): None,
}
# Exploitability and level of samples AV/AC/PR/UI.
SAMPLES = {
    "AV:N/AC:L/PR:N/UI:N/S:U": (3.8870, "high"),
    "AV:N/AC:L/PR:N/UI:R/S:U": (2.8353, "medium"),
    "AV:N/AC:L/PR:L/UI:N/S:U": (2.8353, "medium"),
    "AV:A/AC:L/PR:N/UI:N/S:U": (2.8353, "medium"),
    "AV:L/AC:L/PR:N/UI:N/S:U": (2.5151, "medium"),
    "AV:N/AC:H/PR:N/UI:N/S:U": (2.2212, "medium"),
    "AV:A/AC:L/PR:L/UI:N/S:U": (2.0681, "medium"),
    "AV:L/AC:L/PR:L/UI:N/S:U": (1.8346, "low"),
    "AV:N/AC:L/PR:H/UI:N/S:U": (1.2347, "low"),
    "AV:N/AC:H/PR:L/UI:R/S:U": (1.1818, "low"),
    "AV:L/AC:H/PR:N/UI:R/S:U": (1.0483, "very_low"),
    "AV:P/AC:L/PR:N/UI:N/S:U": (0.9146, "very_low"),
    "AV:P/AC:H/PR:H/UI:R/S:U": (0.1211, "very_low"),
}
HEAVENS_NAMES = ("none", "low", "medium", "high", "critical")


def vectors(profile, kind):
    text = (FOLDER / profile / f"{kind}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def counts(profile, kind):
    found = Counter(vector["expected"]["feasibility"] for vector in vectors(profile, kind))
    return tuple(found[level] for level in ("high", "medium", "low", "very_low"))


def test_counts_over_all_attack_potentials_tell_the_profiles_apart():
    assert counts("iso21434-example", "attack-potential") == (153, 222, 211, 694)
    assert counts("itemis-example", "attack-potential") == (157, 244, 247, 632)
    assert sum(counts("heavens", "attack-potential")) == 256


@pytest.mark.parametrize(
    ("profile", "six_months"), [("iso21434-example", 17), ("itemis-example", 10)]
)
def test_every_attack_potential_is_the_sum_in_its_band(profile, six_months):
    points = {**POINTS, "elapsed_time": {**POINTS["elapsed_time"], "6m": six_months}}
    found = {
        tuple(vector["input"][name] for name in FIVE): vector["expected"]
        for vector in vectors(profile, "attack-potential")
    }
    assert set(found) == set(product(*POINTS.values()))
    for options, expected in found.items():
        total = sum(points[name][option] for name, option in zip(FIVE, options, strict=True))
        level = (
            "high"
            if total < 14
            else "medium"
            if total < 20
            else "low"
            if total < 25
            else "very_low"
        )
        assert expected == {
            "attack_potential": total,
            "feasibility": level,
            "risk": None,
            "cal": None,
        }


@pytest.mark.parametrize("profile", ["iso21434-example", "itemis-example"])
def test_exploitability_of_the_48_combinations(profile):
    assert counts(profile, "cvss") == (1, 8, 12, 27)
    found = {vector["input"]["cvss"]: vector for vector in vectors(profile, "cvss")}
    assert len(found) == 48
    scores = [vector["about"]["exploitability"] for vector in found.values()]
    assert (max(scores), min(scores)) == (3.8870, 0.1211)
    for text, (value, level) in SAMPLES.items():
        assert found[text]["about"]["exploitability"] == pytest.approx(value, abs=5e-5)
        assert found[text]["expected"]["feasibility"] == level


def test_attack_vectors():
    found = {
        vector["input"]["attack_vector"]: vector["expected"]["feasibility"]
        for vector in vectors("iso21434-example", "attack-vector")
    }
    assert found == {
        "network": "high",
        "adjacent": "medium",
        "local": "low",
        "physical": "very_low",
    }


@pytest.mark.parametrize(
    ("profile", "severe_very_low"), [("iso21434-example", 2), ("itemis-example", 1)]
)
def test_all_16_risk_cells(profile, severe_very_low):
    found = {}
    for vector in vectors(profile, "risk"):
        cell = (vector["input"]["impact"], vector["expected"]["feasibility"])
        assert cell == (vector["about"]["impact"], vector["about"]["feasibility"])
        found[cell] = vector["expected"]["risk"]
    assert found == {**RISK, ("severe", "very_low"): severe_very_low}


@pytest.mark.parametrize("profile", ["iso21434-example", "itemis-example"])
def test_all_16_cal_cells(profile):
    found = {
        (vector["input"]["impact"], vector["input"]["attack_vector"]): vector["expected"]["cal"]
        for vector in vectors(profile, "cal")
    }
    assert found == CAL


def test_the_grid_of_heavens_is_whole_and_symmetric():
    # The grid gives the same security level when threat and impact level change places.
    grid = {
        (vector["about"]["impact_level"], vector["about"]["threat_level"]): vector["expected"][
            "risk"
        ]
        for vector in vectors("heavens", "risk")
    }
    assert set(grid) == set(product(HEAVENS_NAMES, HEAVENS_NAMES))
    assert all(grid[row, column] == grid[column, row] for row, column in grid)
    assert grid["none", "high"] == 1
    assert grid["none", "critical"] == 2
    assert grid["medium", "medium"] == 3
    assert grid["critical", "critical"] == 5


def test_headlamp_example():
    document = json.loads((FOLDER / "headlamp.json").read_text(encoding="utf-8"))
    before = document["expected"]["iso21434-example"]["without controls"]
    assert before["paths"]["P1"] == {"attack_potential": 14, "feasibility": "medium"}
    assert before["paths"]["P2"] == {"attack_potential": 22, "feasibility": "low"}
    assert before["threats"] == {"TS.1": {"feasibility": "medium"}}
    assert before["risks"] == {
        "DS.1": {"safety": 4, "financial": 1, "operational": 3, "privacy": 1},
        "DS.2": {"operational": 3},
    }
    for profile, potential, safety in (("iso21434-example", 44, 2), ("itemis-example", 37, 1)):
        after = document["expected"][profile]["with C.2"]
        assert after["paths"]["P1"] == {"attack_potential": potential, "feasibility": "very_low"}
        assert after["risks"]["DS.1"]["safety"] == safety
        assert after["risks"]["DS.2"] == {"operational": 1}


def test_headlamp_paths_follow_from_the_published_steps():
    document = json.loads((FOLDER / "headlamp.json").read_text(encoding="utf-8"))
    for path, total in (("P1", 14), ("P2", 22)):
        efforts = [document["steps"][step]["effort"] for step in document["paths"][path]]
        assert sum(max(POINTS[name][effort[name]] for effort in efforts) for name in FIVE) == total


@pytest.mark.parametrize(
    "path", sorted(FOLDER.rglob("*.jsonl")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_the_engine_passes_every_vector(path):
    profile = load_profile(path.parent.name)
    ids = []
    for line in path.read_text(encoding="utf-8").splitlines():
        vector = json.loads(line)
        assert list(vector)[:1] == ["id"]
        assert set(vector) - {"about"} == {"id", "input", "expected"}
        assert score(profile, vector["input"]) == vector["expected"], vector["id"]
        ids.append(vector["id"])
    assert len(set(ids)) == len(ids) > 0


def test_a_wrong_number_in_a_profile_would_be_noticed(tmp_path):
    text = (data_folder() / "tara" / "profiles" / "iso21434-example.toml").read_text(
        encoding="utf-8"
    )
    path = tmp_path / "changed.toml"
    path.write_text(text.replace("6m = 17", "6m = 10"), encoding="utf-8")
    changed = load_profile(str(path))
    wrong = sum(
        score(changed, vector["input"]) != vector["expected"]
        for vector in vectors("iso21434-example", "attack-potential")
    )
    assert wrong == 256


def test_files_are_what_the_tool_writes():
    result = subprocess.run(
        [sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_tool_names_a_stale_and_a_foreign_file(tmp_path, monkeypatch, capsys):
    tool = runpy.run_path(str(TOOL))
    main = tool["main"]
    monkeypatch.setitem(main.__globals__, "FOLDER", tmp_path)
    assert main([]) == 0
    assert main(["--check"]) == 0
    (tmp_path / "headlamp.json").write_text("{}")
    (tmp_path / "heavens" / "more.jsonl").write_text("")
    capsys.readouterr()
    assert main(["--check"]) == 1
    printed = capsys.readouterr().out
    assert "headlamp.json" in printed
    assert "more.jsonl" in printed
