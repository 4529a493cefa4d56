"""System and link files: the shipped ones, the user's own, and what is refused."""

import dataclasses
import json

import pytest

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import data_folder, read_document, shipped_names
from voltward.physical.faults import DELAYED_FAULTS
from voltward.ranges.configuration.system import (
    capacities_Ah,
    load_link,
    load_system,
    system_schema,
)

TABLES = ("pack", "limits", "sensors", "charging", "cloud", "vehicle", "grid")


def test_the_reference_system_is_whole_and_sourced():
    system = load_system()
    assert (system.pack.series, system.pack.parallel, system.cell) == (96, 1, "reference-nmc")
    assert system.limits.maximum.voltage_high_V > system.limits.operating.voltage_high_V
    assert set(system.limits.delay_s) == set(DELAYED_FAULTS)
    assert system.cloud.enabled
    for table in TABLES:
        assert any(key.split(".")[0] == table for key in system.source), table
    with pytest.raises(dataclasses.FrozenInstanceError):
        system.name = "other"


@pytest.mark.parametrize("name", shipped_names("systems"))
def test_every_shipped_system_loads(name):
    assert load_system(name).name == name


@pytest.mark.parametrize("name", shipped_names("links"))
def test_every_shipped_link_loads_and_says_where_from(name):
    link = load_link(name)
    assert link.name == name
    assert link.source
    numbers = [
        field.name
        for field in dataclasses.fields(link)
        if isinstance(getattr(link, field.name), float | bool)
    ]
    groups = {number: number.split("_")[0] for number in numbers}
    for number, group in groups.items():
        assert "all" in link.source or any(key.startswith(group) for key in link.source), number


def test_the_four_links_have_open_and_protected_variants():
    assert {"wifi", "lte", "5g", "can-over-ip"} <= set(shipped_names("links"))
    assert not load_link("wifi").encrypted
    assert not load_link("wifi-open").encrypted
    assert not load_link("can-over-ip").encrypted
    assert load_link("can-over-ip-tls").encrypted


def test_a_user_file_needs_only_what_differs(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'name = "own"\nlink = { name = "wifi", loss_share = 0.25 }\n'
        "[pack]\nseries = 14\n[pack.spread]\ncapacity_pct = 2.5\n"
    )
    system = load_system(str(path))
    assert (system.pack.series, system.pack.parallel) == (14, 1)
    assert (system.pack.spread.capacity_pct, system.pack.spread.resistance_pct) == (2.5, 3.0)
    assert (system.link.name, system.link.loss_share) == ("wifi", 0.25)
    assert load_system(str(path), link="lte").link.name == "lte"
    assert capacities_Ah(system) == {"cell": 60.0, "pack": 60.0}


def test_files_that_a_system_names_are_found_beside_it(tmp_path):
    cell = (data_folder() / "cells" / "reference-nmc.toml").read_text()
    (tmp_path / "mine.toml").write_text(cell)
    (tmp_path / "system.toml").write_text('cell = "mine.toml"\n')
    assert load_system(str(tmp_path / "system.toml")).cell == str(tmp_path / "mine.toml")


BAD = {
    "unknown table": ("[pakc]\nseries = 3\n", ["unknown key 'pakc'", "'pack'"]),
    "unknown key": ("[pack]\nserie = 3\n", ["unknown key 'pack.serie'", "'series'"]),
    "unit missing": ("[vehicle]\nmass = 3\n", ["unknown key 'vehicle.mass'", "'mass_kg'"]),
    "millivolt": (
        "[limits.maximum]\nvoltage_high_V = 4250\n",
        ["limits.maximum.voltage_high_V", "got 4250", "mV"],
    ),
    "milliohm": ("[pack]\nbleed_resistance_ohm = -3\n", ["bleed_resistance_ohm", "got -3"]),
    "text": ('[pack]\nseries = "96"\n', ["pack.series", 'got "96"', "integer"]),
    "fraction": ("[pack]\nseries = 9.5\n", ["pack.series", "got 9.5", "integer"]),
    "zero cells": ("[pack]\nseries = 0\n", ["pack.series", "got 0", "1"]),
    "share": ("[grid]\nshare_compromised = 30\n", ["share_compromised", "got 30", "1"]),
    "not a number": ("[vehicle]\nmass_kg = nan\n", ["vehicle.mass_kg", "got nan"]),
    "infinite": ("[grid]\nbase_MW = inf\n", ["grid.base_MW", "got inf"]),
    "flag as number": ("[cloud]\nenabled = 1\n", ["cloud.enabled", "got 1", "boolean"]),
    "tiers crossed": (
        "[limits.operating]\nvoltage_high_V = 4.24\n",
        ["limits.operating.voltage_high_V = 4.24", "limits.recommended.voltage_high_V = 4.23"],
    ),
    "limits upside down": (
        "[limits.operating]\nvoltage_low_V = 4.2\n[limits.recommended]\nvoltage_low_V = 2.7\n",
        ["limits.operating.voltage_low_V = 4.2 is not below"],
    ),
    "fault": ("[limits.delay_s]\nover_volt = 1\n", ["limits.delay_s.over_volt", "'over_voltage'"]),
    "negative delay": ("[limits.delay_s]\nover_voltage = -1\n", ["over_voltage", "got -1"]),
    "wildcard topic": ('[topics]\ncommand = "a/#"\n', ["topics", "command = 'a/#'"]),
    "unknown link": ('link = "wfii"\n', ["no link 'wfii'", "'wifi'"]),
    "link key": ('link = { name = "wifi", los_share = 0 }\n', ["'los_share'", "'loss_share'"]),
    "link without name": ("link = { loss_share = 0 }\n", ["key 'link'", "name"]),
    "percentiles crossed": (
        'link = { name = "wifi", latency_p95_ms = 1 }\n',
        ["latency_p95_ms = 1", "below the median"],
    ),
    "unknown cell": ('cell = "reference-nmv"\n', ["no cell 'reference-nmv'", "'reference-nmc'"]),
    "other chemistry": (
        'cell = "reference-lfp"\n',
        ["voltage_high_V = 4.25 does not fit", "3.45 to 3.95"],
    ),
    "low limit": (
        """
        limits.maximum.voltage_low_V = 2.9
        limits.recommended.voltage_low_V = 3
        limits.operating.voltage_low_V = 3
        """,
        ["limits.maximum.voltage_low_V = 2.9 does not fit", "2.8793 V or less"],
    ),
    "key that is no more": (
        "[sensors.isolation]\nlatency_s = 5.0\n",
        ["sensors.isolation.latency_s", "no more", "take the line out"],
    ),
    "no TOML": ("[pack\n", ["not valid TOML", "line 1"]),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_systems_say_file_key_got_and_allowed(tmp_path, case):
    text, words = BAD[case]
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_system(str(path))
    for word in words:
        assert word in str(caught.value)
    if "no " not in words[0][:3]:
        assert str(path) in caught.value.what


def test_the_schema_lets_a_user_leave_keys_out():
    schema = system_schema()
    assert "required" not in json.dumps(schema)
    assert {"type": "string"} in schema["properties"]["link"]["anyOf"]
    reference = read_document(data_folder() / "systems" / "reference.toml")
    assert set(reference) == set(schema["properties"])
