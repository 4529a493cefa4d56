"""A run folder alone is enough to repeat the run, to the byte, in another process and place."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import jsonschema
import numpy as np
import pytest

from voltward.documents.toml_document import data_folder
from voltward.ranges.configuration.campaign_file import load_campaign
from voltward.ranges.configuration.case_grid import Case
from voltward.ranges.configuration.duty import load_duty
from voltward.ranges.configuration.run_inputs import gather_inputs
from voltward.ranges.configuration.world_duty import world_duty
from voltward.ranges.virtual.assembly import assemble
from voltward.ranges.virtual.batch import case_arrays, duty_arrays
from voltward.results.columns import NO_ATTACK, json_schemas
from voltward.results.run_folder import RunFolder
from voltward.results.run_layout import TIMING_FILE, is_run_file, sealed_files

CAMPAIGN = """
name = "own"
attacks = [{ id = "voltage-bias", start_s = 60.0 }]
stacks = ["none", "full"]
seeds = 1
duty = "profile.csv"
duty_level = "pack"
system = "own-system.toml"
date = 2026-11-28
"""
SYSTEM = """
name = "own \\"quoted\\" pack"
cell = "own-cell.toml"
link = { name = "own-link.toml", latency_median_ms = 41.5 }
can = { dbc = "own.dbc" }
[pack]
series = 12
"""


def write_own_files(folder):
    """Write a campaign whose system, cell, calibration, link, DBC and duty are the user's own."""
    data = data_folder()
    cell = (data / "cells" / "reference-nmc.toml").read_text(encoding="utf-8")
    link = (data / "links" / "wifi.toml").read_text(encoding="utf-8")
    calibration = data / "cells" / "lg-18650hg2.calibration.toml"
    dbc = (data / "dbc" / "voltward.dbc").read_bytes()
    rows = [f"{second},{40.0 if second > 150 else -40.0}" for second in range(301)]
    files = {
        "campaign.toml": CAMPAIGN.encode(),
        "own-system.toml": SYSTEM.encode(),
        "own-cell.toml": cell.replace('"reference-nmc"', '"own-cell"', 1).encode(),
        "own-cell.calibration.toml": calibration.read_bytes(),
        "own-link.toml": link.encode(),
        "own.dbc": dbc + b"\n",
        "profile.csv": "\n".join(["time_s,current_A", *rows, ""]).encode(),
    }
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder / "campaign.toml"


def voltward(*arguments, cwd):
    """Run the command line in a process of its own."""
    code = "import sys; from voltward.interfaces.cli.main import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "--quiet", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return a run of files that are gone since, and its repetition from its own folder."""
    base = tmp_path_factory.mktemp("inputs")
    campaign = write_own_files(base / "mine")
    digest = load_campaign(campaign).config_sha256
    voltward("run", "campaign.toml", "--out", base / "first", "--tara", "none", cwd=base / "mine")
    shutil.rmtree(base / "mine")
    moved = base / "elsewhere" / "moved"
    moved.parent.mkdir()
    (base / "first").rename(moved)
    voltward("run", moved / "config.toml", "--out", base / "again", "--tara", "none", cwd=base)
    return moved, base / "again", digest


def test_a_run_is_repeated_from_its_folder_alone_to_the_byte(runs):
    first, again, digest = runs
    assert RunFolder.open(first).run["config_sha256"] == digest
    names = {p.relative_to(first).as_posix() for p in first.rglob("*") if p.is_file()}
    assert names == {p.relative_to(again).as_posix() for p in again.rglob("*") if p.is_file()}
    assert {"matrix.csv", "run.json", "report.html", "config.toml"} < names
    for name in sorted(names - {TIMING_FILE}):
        assert (first / name).read_bytes() == (again / name).read_bytes(), name


def test_all_inputs_are_named_by_run_json(runs):
    files = RunFolder.open(runs[0]).run["files"]
    names = {path.name for path in (runs[0] / "inputs").iterdir()}
    assert names == {
        "system.toml",
        "cell.toml",
        "cell.calibration.toml",
        "link.toml",
        "bus.dbc",
        "duty.toml",
        "duty-1.csv",
    }
    assert {f"inputs/{name}" for name in names} < set(files)
    assert all(is_run_file(f"inputs/{name}") for name in names)


def test_timing_stands_apart_and_is_known_as_ours(runs):
    run = RunFolder.open(runs[0])
    timing = json.loads((runs[0] / TIMING_FILE).read_text(encoding="utf-8"))
    jsonschema.validate(timing, json_schemas()["timing.schema.json"])
    assert timing["wall_s"] >= timing["compile_s"] > 0.0
    assert not {"wall_s", "compile_s", "host", "started_at"} & set(run.run)
    assert TIMING_FILE not in run.run["files"]
    assert sealed_files(runs[0])[TIMING_FILE]
    assert run.run["date"] == "2026-11-28"


def test_an_edited_timing_is_not_ours(runs, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(runs[0], copy)
    text = (copy / TIMING_FILE).read_text(encoding="utf-8")
    (copy / TIMING_FILE).write_text(text.replace('"wall_s": ', '"wall_s": 1'), encoding="utf-8")
    assert TIMING_FILE not in sealed_files(copy)
    assert RunFolder.open(copy).timing() == {}


@pytest.mark.parametrize("duty", ["commute-and-charge", "grid-service", "hill-climb"])
@pytest.mark.parametrize("system", ["reference", "reference-lfp"])
def test_gathered_inputs_are_the_same_configuration(duty, system, tmp_path):
    flags = {"attacks": ["voltage-bias"], "duty": duty, "system": system, "cloud": False}
    settings = load_campaign(None, {**flags, "link": "wifi", "tick_s": 2.0})
    again = read_back(settings, tmp_path)
    assert again.config_sha256 == settings.config_sha256
    assert gather_inputs(again) == gather_inputs(settings)


def read_back(settings, folder):
    """Return a campaign as it is read from the files that a run keeps of it."""
    inputs = gather_inputs(settings)
    (folder / "inputs").mkdir()
    (folder / "config.toml").write_text(inputs.config_text, encoding="utf-8")
    for name, content in inputs.files.items():
        (folder / "inputs" / name).write_bytes(content)
    return load_campaign(folder / "config.toml")


@pytest.mark.parametrize("world", ["everyday", "cold,soc=0.7"])
@pytest.mark.parametrize("duty", ["commute-and-charge", "us06-drive"])
def test_drawn_worlds_are_the_same_from_the_folder_of_the_run(duty, world, tmp_path):
    flags = {"attacks": ["voltage-bias"], "duty": duty, "world": world, "seeds": 3}
    settings = load_campaign(None, flags)
    again = read_back(settings, tmp_path)
    assert again.config_sha256 == settings.config_sha256
    assert gather_inputs(again) == gather_inputs(settings)
    assert (again.world_name, again.seed_words) == (world, settings.seed_words)
    found = []
    for each in (settings, again):
        system, written, worlds = each.load_system(), each.load_duty(), each.draw_worlds()
        duties = [world_duty(written, worlds, number) for number in range(3)]
        system = written.charging(system)
        cases = [
            Case(f"c{number}", NO_ATTACK, {}, math.inf, each.baseline_stack(), 7, world=number)
            for number in range(3)
        ]
        assembly = assemble(system, (), written.tick_s)
        arrays = case_arrays(assembly, system, written, cases, worlds)
        found.append(jax.tree.leaves((arrays, duty_arrays(duties, system))))
        speeds = [one.speed_mps for one in duties]
        assert not np.array_equal(speeds[0], written.speed_mps)
        assert not np.array_equal(speeds[0], speeds[1])
    assert len(found[0]) == len(found[1])
    assert all(map(np.array_equal, *found))


def test_a_copy_of_a_shipped_cycle_is_that_cycle_and_another_is_not(tmp_path):
    cycle = (data_folder() / "cycles" / "us06.csv").read_bytes()
    duty = tmp_path / "duty.toml"
    for content, shipped in ((cycle, True), (cycle + b"700,0.0\n", False)):
        (tmp_path / "own.csv").write_bytes(content)
        duty.write_text(
            'name = "a"\nsource = "b"\n[[segment]]\nkind = "cycle"\ncycle = "own.csv"\n', "utf-8"
        )
        assert load_duty(str(duty)).shipped_cycle.all() == shipped


def test_the_name_of_a_recorded_profile_is_not_part_of_the_configuration(tmp_path):
    rows = [f"{second},{'nan' if second == 150 else -1.0}" for second in range(301)]
    (tmp_path / "own.csv").write_text("\n".join(["time_s,current_A", *rows, ""]), "utf-8")
    flags = {"attacks": ["voltage-bias"], "duty": str(tmp_path / "own.csv"), "duty_level": "cell"}
    settings = load_campaign(None, flags)
    assert settings.load_duty().notes
    assert read_back(settings, tmp_path).config_sha256 == settings.config_sha256


def test_the_dbc_counts_by_its_content_and_not_by_its_name(tmp_path):
    campaign = write_own_files(tmp_path / "mine")
    other = load_campaign(campaign).config_sha256
    shipped = data_folder() / "dbc" / "voltward.dbc"
    (tmp_path / "mine" / "own.dbc").write_bytes(shipped.read_bytes())
    same = load_campaign(campaign).config_sha256
    text = SYSTEM.replace("own.dbc", "voltward")
    Path(tmp_path / "mine" / "own-system.toml").write_text(text, encoding="utf-8")
    assert load_campaign(campaign).config_sha256 == same != other
