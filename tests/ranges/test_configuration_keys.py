"""Every key of every kind of configuration changes something; a new key needs a row here.

A row is a value that differs from the default. What a key changes is looked for in this order: an
argument of the compiled program on which its results depend, the program itself, and the place
outside the program that `ELSEWHERE` names. A key that only documents says why in `DOCUMENTARY`.
"""

import dataclasses
import inspect
import shutil
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook
from tests.ranges.program_inputs import changed_arguments, m50, program_differs, used_arguments

from voltward.controls.catalogue import CONTROLS
from voltward.controls.cell_calibration import (
    calibration_path,
    load_calibration,
    parameters_of,
    with_calibration,
)
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import adapter, data_folder, merged, read_document
from voltward.documents.toml_writer import toml_text
from voltward.physical.can.signal_code import SignalEntry
from voltward.physical.cell_file import load_cell
from voltward.physical.faults import DELAYED_FAULTS
from voltward.ranges.campaign import campaign as campaign_module
from voltward.ranges.campaign.campaign_facts import run_facts
from voltward.ranges.configuration.attack_and_stack_choices import AttackTable
from voltward.ranges.configuration.bus import bus_of
from voltward.ranges.configuration.campaign_file import CampaignDocument, load_campaign
from voltward.ranges.configuration.duty import DutyDocument, load_duty
from voltward.ranges.configuration.duty_segments import _SEGMENTS
from voltward.ranges.configuration.run_inputs import gather_inputs
from voltward.ranges.configuration.stacks import StackChoice, resolve_stack
from voltward.ranges.configuration.system import load_system, system_schema
from voltward.ranges.configuration.system_settings import LinkSettings
from voltward.ranges.configuration.truth_tracks import set_of
from voltward.ranges.live.case.load import topics_of
from voltward.ranges.live.case.settings import LiveSettings
from voltward.real_cells.recordings.column_map import ColumnMap, load_column_map
from voltward.real_cells.recordings.reading import read_recording
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.profile import prepared

OWN_BUS = Path(__file__).parents[2] / "examples" / "own-bus"


def keys_of(schema, node=None, place=""):
    """Yield the dotted name of every key of a JSON Schema that is not itself a table of keys."""
    node = schema if node is None else node
    branches = [node, *node.get("anyOf", ()), *node.get("oneOf", ())]
    targets = [
        schema["$defs"][b["$ref"].rsplit("/", 1)[-1]] if "$ref" in b else b for b in branches
    ]
    tables = [target["properties"] for target in targets if "properties" in target]
    if not tables:
        yield place
    for table in tables:
        for name, child in table.items():
            yield from keys_of(schema, child, f"{place}.{name}" if place else name)


def put(document, key, value):
    """Return a document with one key changed."""
    for name in reversed(key.split(".")):
        value = {name: value}
    return merged(document, value)


SYSTEM = {
    "cell": "lg-m50-copy.toml",
    "pack.series": 95,
    "pack.parallel": 2,
    "pack.spread.capacity_pct": 2.0,
    "pack.spread.resistance_pct": 2.0,
    "pack.spread.initial_soc_pct": 2.0,
    "pack.bleed_resistance_ohm": 30.0,
    "pack.balance_start_V": 3.8,
    "pack.balance_difference_V": 0.02,
    "pack.neighbour_conductance_W_per_K": 0.5,
    "pack.coolant_conductance_W_per_K": 3.0,
    "pack.passive_conductance_W_per_K": 0.5,
    "pack.coolant_degC": 18.0,
    "pack.cooling_start_degC": 32.0,
    "pack.heating_start_degC": 8.0,
    "pack.cooling_power_W": 900.0,
    "pack.heater_power_W": 3000.0,
    "pack.fuse_current_A": 350.0,
    "pack.fuse_melting_A2s": 1e5,
    "pack.precharge_ohm": 30.0,
    "pack.link_capacitance_F": 2e-3,
    "pack.isolation_kohm": 4000.0,
    "pack.contactor_break_current_A": 300.0,
    "pack.contactor_breaks": 400.0,
    **{
        f"limits.{tier}.{key}": value
        for tier, values in {
            "operating": (4.15, 2.9, 44.0, -19.0, 170.0, 290.0),
            "recommended": (4.22, 2.8, 49.0, -24.0, 185.0, 340.0),
            "maximum": (4.24, 2.6, 54.0, -29.0, 195.0, 390.0),
        }.items()
        for key, value in zip(
            (
                "voltage_high_V",
                "voltage_low_V",
                "temperature_high_degC",
                "temperature_low_degC",
                "charge_current_A",
                "discharge_current_A",
            ),
            values,
            strict=True,
        )
    },
    **{f"limits.delay_s.{fault}": 3.0 for fault in DELAYED_FAULTS},
    "limits.isolation_kohm": 50.0,
    **{
        f"sensors.{channel}.{kind}{unit}": value
        for channel, unit in {
            "voltage": "V",
            "temperature": "K",
            "current": "A",
            "pack_voltage": "V",
            "isolation": "kohm",
            "charger_current": "A",
        }.items()
        for kind, value in (("noise_", 0.3), ("resolution_", 0.0), ("offset_", 0.4))
    },
    **{
        f"sensors.{channel}.latency_s": 2.0
        for channel in ("voltage", "temperature", "current", "pack_voltage", "charger_current")
    },
    "charging.current_A": 100.0,
    "charging.power_W": 40000.0,
    "charging.target_soc": 0.8,
    "charging.unattended_current_A": 20.0,
    "can.dbc": "coarse.dbc",
    "can.telemetry": {},
    "can.command": {},
    "topics.telemetry": "own/{vehicle}/up",
    "topics.command": "own/{vehicle}/down",
    "link.latency_median_ms": 40.0,
    "link.latency_p95_ms": 900.0,
    "link.loss_share": 0.1,
    "link.burst.good_to_bad_per_s": 0.2,
    "link.burst.bad_to_good_per_s": 0.3,
    "link.outages_per_hour": 9.0,
    "link.outage_mean_s": 9.0,
    "link.reorder_share": 0.1,
    "link.encrypted": True,
    "cloud.enabled": False,
    "cloud.plan_period_s": 90.0,
    "cloud.model_period_s": 300.0,
    "cloud.silence_s": 500.0,
    "vehicle.mass_kg": 1500.0,
    "vehicle.rotating_mass_factor": 1.1,
    "vehicle.drag_area_m2": 0.6,
    "vehicle.rolling_resistance": 0.02,
    "vehicle.drivetrain_efficiency": 0.9,
    "vehicle.regeneration_power_W": 40000.0,
    "vehicle.auxiliary_power_W": 600.0,
    "vehicle.air_density_kg_per_m3": 1.1,
    "grid.fleet_size": 50000,
    "grid.share_compromised": 0.4,
    "grid.synchronised": 0.9,
    "grid.base_MW": 20000.0,
    "grid.frequency_Hz": 50.0,
    "grid.inertia_s": 4.0,
    "grid.damping_pu": 0.9,
    "grid.droop_pu": 0.04,
    "grid.governor_s": 0.3,
    "grid.turbine_s": 0.4,
    "grid.integral_gain": 6.0,
    "controls.deployed": ["derate"],
}
DOCUMENTARY = {
    "system": {
        "name": "shown in reports, and kept in the run folder",
        "source": "says where numbers come from, and is kept in the run folder",
        "link.name": "named in the limits of run.json",
        "link.description": "quoted in the limits of run.json",
        "link.source": "says where numbers come from, and is kept in the run folder",
    },
    "cell": {
        "name": "decides by its words which detectors know the cell; kept in the run folder",
        "chemistry": "shown in reports, and kept in the run folder",
        "source": "says where numbers come from, and is kept in the run folder",
        "surface_m2": "a fact for the next reader; the heat path of a cell is that of the pack",
        "volume_m3": "a fact for the next reader; abuse counts cells of size 18650",
    },
    "duty": {
        "name": "in every row of cases.csv",
        "source": "quoted in the limits of run.json",
        "title": "shown in the list of shipped duties",
    },
}
DOCUMENTARY["link"] = {
    key.removeprefix("link."): reason
    for key, reason in DOCUMENTARY["system"].items()
    if key.startswith("link.")
}


def expanded(keys):
    """Return keys with the free table of delays written out."""
    for key in keys:
        if key == "limits.delay_s":
            yield from (f"{key}.{fault}" for fault in DELAYED_FAULTS)
        else:
            yield key


def test_every_key_of_a_system_and_of_a_link_has_one_row():
    assert set(expanded(keys_of(system_schema()))) == set(SYSTEM) | set(DOCUMENTARY["system"])
    link = set(keys_of(adapter(LinkSettings).json_schema()))
    rows = {key.removeprefix("link.") for key in SYSTEM if key.startswith("link.")}
    assert link == rows | set(DOCUMENTARY["link"])


ELSEWHERE = {
    "topics.telemetry": lambda system: live_topics(system).telemetry,
    "topics.command": lambda system: live_topics(system).command,
    "controls.deployed": lambda system: resolve_stack(StackChoice(name="deployed"), system),
}


def live_topics(path):
    return topics_of(LiveSettings(system=path, case=[{"name": "a"}]))


def write_system(folder, key, value):
    """Write a system file that differs from the shipped one by one key, and return its path."""
    if key == "cell":
        shutil.copy(data_folder() / "cells" / "lg-m50.toml", folder / value)
    if key == "can.dbc":
        text = (data_folder() / "dbc" / "voltward.dbc").read_text("utf-8")
        coarse = text.replace("Pack_Voltage : 0|24@1+ (0.01,0)", "Pack_Voltage : 0|24@1+ (0.1,0)")
        (folder / value).write_text(coarse, encoding="utf-8")
    link = key.startswith("link.")
    document = {"link": {"name": "lte"}} if link else {}
    (folder / "own.toml").write_text(toml_text(put(document, key, value)), encoding="utf-8")
    return folder / "own.toml"


@pytest.mark.parametrize(
    "key", [key for key in SYSTEM if key not in {"can.telemetry", "can.command"}]
)
def test_a_key_of_a_system_changes_something(tmp_path, key):
    path = write_system(tmp_path, key, SYSTEM[key])
    system = load_system(str(path))
    if key in ELSEWHERE:
        given = (path, "reference") if key.startswith("topics") else (system, load_system())
        changed, before = (
            ELSEWHERE[key](str(one) if isinstance(one, Path) else one) for one in given
        )
        assert changed != before
        return
    if not changed_arguments(load_system, system) & used_arguments():
        assert program_differs(load_system, system)


@pytest.mark.parametrize("table", ["telemetry", "command"])
def test_a_signal_map_changes_the_wire(table):
    system = load_system(str(OWN_BUS / "system.toml"))
    entries = dict(getattr(system.can, table))
    name = {"telemetry": "current_A", "command": "derate"}[table]
    if table == "telemetry":
        entries[name] = SignalEntry(signal="Pack_Status.Battery_Current")
    else:
        del entries[name]
    changed = dataclasses.replace(system, can=dataclasses.replace(system.can, **{table: entries}))
    scales = [getattr(bus_of(one), f"{table}_scales") for one in (system, changed)]
    assert scales[0] != scales[1]


# Of a cell file: a changed value, as a factor on what stands in the file of the LG M50.
CELL_FILE = data_folder() / "cells" / "lg-m50.toml"
CELL = {
    "charge_transfer": lambda _: False,
    "time_slopes_K": lambda values: [value + 10.0 for value in values],
    "model_error": lambda table: {**table, "voltage_V": [2.0 * v for v in table["voltage_V"]]},
}
FACTOR = 1.01
# Read outside the virtual range; each has a test of its own below.
CELL_ELSEWHERE = ("current_lag_s", "truth_set")


def shifted(value):
    if isinstance(value, list):
        return [shifted(item) for item in value]
    if isinstance(value, dict):
        return {name: shifted(item) for name, item in value.items()}
    return FACTOR * value if value else 0.01


CELL_KEYS = sorted(set(read_document(CELL_FILE)) - set(DOCUMENTARY["cell"]) - set(CELL_ELSEWHERE))


@pytest.mark.parametrize("key", CELL_KEYS)
def test_a_key_of_a_cell_file_changes_something(tmp_path, key):
    document = read_document(CELL_FILE)
    document[key] = CELL.get(key, shifted)(document[key])
    (tmp_path / "lg-m50.toml").write_text(toml_text(document), encoding="utf-8")
    changed = dataclasses.replace(m50(), cell=str(tmp_path / "lg-m50.toml"))
    if not changed_arguments(m50, changed) & used_arguments():
        assert program_differs(m50, changed)


DUTY = {
    "tick_s": 2.0,
    "initial_soc": 0.4,
    "target_soc": 0.7,
    "initial_temperature_degC": 20.0,
    "ambient_degC": 15.0,
    "auxiliary_power_W": 900.0,
}
SEGMENT = {
    "cycle": (
        {"cycle": "udds"},
        {"cycle": "hwfet", "repeat": 2, "grade": 0.01, "columns": "half-speed.toml"},
    ),
    "cruise": (
        {"seconds": 60.0, "speed_mps": 10.0},
        {"seconds": 90.0, "speed_mps": 12.0, "grade": 0.01},
    ),
    "charge": ({"seconds": 60.0}, {"seconds": 90.0, "power_W": 3000.0}),
    "standby": ({"seconds": 60.0}, {"seconds": 90.0}),
    "grid": (
        {"seconds": 60.0, "power_W": 900.0},
        {"seconds": 90.0, "power_W": 800.0, "offset_W": 50.0, "signal": "constant"},
    ),
    "recorded": (
        {"file": "a.csv", "level": "cell"},
        {
            "file": "b.csv",
            "level": "pack",
            "scale": 2.0,
            "max_gap_s": 0.5,
            "columns": "half-current.toml",
            "positive": "discharging",
        },
    ),
}
# A longest gap is no number of a duty: it decides which profile is refused.
REFUSING = {("recorded", "max_gap_s")}


def duty_content(folder, document):
    """Return everything of a duty but what it is called, and what is said of its files."""
    (folder / "duty.toml").write_text(toml_text({"name": "a", "source": "b", **document}), "utf-8")
    content = vars(load_duty(str(folder / "duty.toml")))
    return {name: np.asarray(v).tobytes() for name, v in content.items() if name != "notes"}


@pytest.mark.parametrize("key", DUTY)
def test_a_key_of_a_duty_changes_something(tmp_path, key):
    document = {"segment": [{"kind": "standby", "seconds": 60.0}]}
    assert duty_content(tmp_path, {**document, key: DUTY[key]}) != duty_content(tmp_path, document)


SEGMENT_KEYS = [(kind, key) for kind, (_, changes) in SEGMENT.items() for key in changes]


@pytest.mark.parametrize(("kind", "key"), SEGMENT_KEYS)
def test_a_key_of_a_segment_changes_something(tmp_path, kind, key):
    for name, current_A in (("a.csv", 1.0), ("b.csv", 2.0)):
        rows = [f"{second},{current_A}" for second in range(60)]
        (tmp_path / name).write_text("\n".join(["time_s,current_A", *rows, ""]), "utf-8")
    for name, load in (("speed", "speed_mps"), ("current", "current_A")):
        columns = {"time_s": {"column": "time_s"}, load: {"column": load, "scale": 0.5}}
        document = toml_text({"name": name, "columns": columns})
        (tmp_path / f"half-{name}.toml").write_text(document, "utf-8")
    first, changes = SEGMENT[kind]
    before = duty_content(tmp_path, {"segment": [{"kind": kind, **first}]})
    after = {"segment": [{"kind": kind, **first, key: changes[key]}]}
    if (kind, key) in REFUSING:
        with pytest.raises(ConfigurationError, match="gap"):
            duty_content(tmp_path, after)
        return
    assert duty_content(tmp_path, after) != before


def test_every_key_of_a_duty_and_of_its_segments_has_a_row():
    keys = set(keys_of(adapter(DutyDocument).json_schema()))
    assert keys == set(DUTY) | set(DOCUMENTARY["duty"]) | {"segment"}
    assert set(SEGMENT) == set(_SEGMENTS)
    for kind, (shape, _) in _SEGMENTS.items():
        wanted = set(keys_of(adapter(shape).json_schema())) - {"kind"}
        assert wanted == set(SEGMENT[kind][1]), kind


# Of a campaign: what is given beside the key, the changed value, and what shows the change.
class StoppedError(Exception):
    """Raised in place of the batches of a campaign."""


def batches_of(settings, folder, monkeypatch):
    """Return what a campaign would run: chunk, batches, traced cases and workers."""
    seen = []

    def parts(_settings, chunk, batches, _todo, traced, workers):
        seen.append((chunk, [[repr(case) for case in batch] for batch in batches], traced, workers))
        raise StoppedError

    monkeypatch.setattr(campaign_module, "_parts", parts)
    with pytest.raises(StoppedError):
        campaign_module.run_campaign(settings, folder / "run", lambda *_: None)
    shutil.rmtree(folder / "run")
    return seen


def facts(settings):
    system, duty = settings.load_system(), settings.load_duty()
    return run_facts(settings, system, duty, settings.resolved_stacks())


CAMPAIGN = {
    "name": ("facts", {}, "other"),
    "date": ("facts", {}, "2026-01-02"),
    "track": ("facts", {"cell": "lg-m50", "system": "MISMATCHED"}, "mismatched"),
    "seeds": ("batches", {}, 3),
    "seed": ("batches", {}, 11),
    "proof_seeds": ("batches", {"attacks": ["can-spoof-telemetry"]}, 9),
    "world": ("batches", {}, "everyday"),
    "attacks": ("batches", {}, ["voltage-bias", "current-gain"]),
    "stacks": ("batches", {}, ["none", "full", "detection"]),
    "keep": ("batches", {}, "none"),
    "chunk": ("batches", {}, 1),
    "workers": ("batches", {"chunk": 1}, 1),
    "duty": ("duty", {}, "hill-climb"),
    "tick_s": ("duty", {}, 2.0),
    "duty_level": ("duty", {"duty": "PROFILE", "duty_level": "cell"}, "pack"),
    "cell": ("system", {}, "lg-18650hg2"),
    "link": ("system", {}, "wifi"),
    "system": ("system", {}, "reference-lfp"),
    "cloud": ("system", {}, False),
    "gate": ("refused", {}, "no-such-attack"),
    "truth_set": ("refused", {"track": "mismatched", "system": "MISMATCHED"}, "no-such-cell"),
    "truth_hours": ("refused", {"track": "mismatched", "system": "MISMATCHED"}, 0.01),
}


def test_every_key_of_a_campaign_has_a_row():
    keys = set(keys_of(adapter(CampaignDocument).json_schema()))
    assert {key.split(".")[0] for key in keys} == set(CAMPAIGN)
    assert set(AttackTable.model_fields) == {"id"}
    assert {field.name for field in dataclasses.fields(StackChoice)} == {"name", *STACK}


def campaign_with(folder, given):
    """Return settings of a small campaign."""
    profile = folder / "profile.csv"
    profile.write_text("time_s,current_A\n0,1\n1,2\n2,1\n", encoding="utf-8")
    places = {"PROFILE": str(profile), "MISMATCHED": str(MISMATCHED)}
    given = {
        key: places.get(value, value) if isinstance(value, str) else value
        for key, value in given.items()
    }
    small = {"attacks": ["voltage-bias"], "seeds": 2, "stacks": ["none", "full"]}
    text = toml_text({**small, **given})
    (folder / "campaign.toml").write_text(text, encoding="utf-8")
    return load_campaign(folder / "campaign.toml")


MISMATCHED = Path(__file__).parents[2] / "examples" / "mismatched" / "system.toml"


@pytest.mark.parametrize("key", CAMPAIGN)
def test_a_key_of_a_campaign_changes_something(tmp_path, monkeypatch, key):
    proof, beside, value = CAMPAIGN[key]
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    before = campaign_with(tmp_path, beside)
    if proof == "refused":
        with pytest.raises(ConfigurationError, match=key.split("_")[0]):
            campaign_with(tmp_path, {**beside, key: value})
        return
    after = campaign_with(tmp_path, {**beside, key: value})
    look = {
        "facts": facts,
        "batches": lambda settings: batches_of(settings, tmp_path, monkeypatch),
        "duty": lambda settings: repr(vars(settings.load_duty())),
        "system": lambda settings: settings.load_system(),
    }[proof]
    assert look(after) != look(before)


STACK = {
    "base": "full",
    "add": ["derate"],
    "remove": ["can-freshness"],
    "settings": {"innovation-cusum": {"sensitivity": 2.0}},
}


@pytest.mark.parametrize("key", STACK)
def test_a_key_of_a_stack_changes_something(key):
    plain = {"name": "prevention" if key != "settings" else "full"}
    before, after = (
        resolve_stack(StackChoice(**given), load_system())
        for given in (plain, {**plain, key: STACK[key]})
    )
    assert before != after


def test_what_only_documents_is_kept_in_the_run_folder():
    inputs = gather_inputs(load_campaign(None, {"attacks": ["voltage-bias"], "cell": "lg-m50"}))
    for kind, file in (
        ("system", "system.toml"),
        ("link", "link.toml"),
        ("cell", "cell.toml"),
        ("duty", "duty.toml"),
    ):
        text = inputs.files[file].decode()
        for key in DOCUMENTARY[kind]:
            if not key.startswith("link."):
                assert f"{key} = " in text or f"[{key}]" in text, (kind, key)


# Of a column map: what is given beside the key, the changed value, and words of the refusal where
# one of the two is refused (before, after). A place without a quantity is one of the current.
FROM_WORDS = {
    "columns": {"current_A": {"column": "mag"}},
    "direction": {"column": "f", "charge": ["in"], "discharge": ["out"], "rest": ["none"]},
}
SIZE = {**FROM_WORDS, "current_sign": "magnitude"}
UNKNOWN = {**SIZE, "direction": {**FROM_WORDS["direction"], "charge": ["filling"]}}
RESTARTING = {"columns": {"time_s": {"column": "step"}}}
COLUMNS = {
    "columns": ({}, {"current_A": {"column": "other"}}, ("", "")),
    "columns.column": ({}, "other", ("", "")),
    "columns.names": ({"columns": {"current_A": {"column": ""}}}, ["other"], ("no column or", "")),
    "columns.scale": ({}, 0.5, ("", "")),
    "columns.offset": ({}, 0.01, ("", "")),
    "columns.sign": ({}, -1, ("", "sign reversed")),
    "columns.restarts": (RESTARTING, True, ("starts again", "")),
    "columns.minus": ({}, "one", ("", "")),
    "capacity_Ah": ({}, 5.0, ("", "")),
    "initial_soc": ({}, 0.5, ("", "")),
    "cut": ({}, "lowest charge", ("", "")),
    "signatures": (RESTARTING, [["nothing"]], ("starts again", "")),
    "current_sign": (FROM_WORDS, "charging", ("", "")),
    "direction.column": (SIZE, "g", ("", "")),
    "direction.charge": (SIZE, ["no"], ("", "neither charge nor discharge")),
    "direction.discharge": (SIZE, ["no"], ("", "neither charge nor discharge")),
    "direction.rest": (UNKNOWN, ["none", "in"], ("neither charge nor discharge", "says rest")),
    "decimal": (
        {"columns": {"temperature_degC": {"column": "k"}}},
        ",",
        ("around 25100", "not a cell's voltage"),
    ),
    "header_row": ({}, 1, ("", "")),
    "sheet": ({}, "second", ("", "")),
}
PLACES = {"columns.restarts": "time_s", "columns.minus": "temperature_degC"}
DOCUMENTARY["columns"] = {
    "name": "said in the notes of a recording that the map read",
    "source": "says which recorder the map is for",
}


HEADERS = ("t,u,i,other,temp,q", "t,u,other,i,temp,q")
MORE = "mag,f,g,step,one,time_s,k"


def table_rows():
    """Return a small recording that rests, discharges and charges, in several ways of writing."""
    for t in range(81):
        sign = -1 if t < 40 else 1
        current_A = 0.0 if t < 6 else sign * (1 + t % 3)
        voltage_V = 3.7 - 0.001 * min(t, 80 - t) + 0.02 * current_A
        words = ["none" if t < 6 else "out" if t < at else "in" for at in (40, 42)]
        usual = [t, voltage_V, current_A, 1.1 * current_A, 25, -min(t, 80 - t) / 3600]
        yield [*usual, abs(current_A), *words, t % 20, 1, t, "25,100"]


def recording_by(folder, key, document):
    """Return what a column map reads of a small recording, or the words of its refusal."""
    path = folder / ("a.xlsx" if key == "sheet" else "a.csv")
    rows = list(table_rows())
    if key == "sheet":
        book = Workbook()
        for name, header in zip(("first", "second"), HEADERS, strict=True):
            sheet = book.create_sheet(name)
            for row in (f"{header},{MORE}".split(","), *rows):
                sheet.append(row)
        book.remove(book.worksheets[0])
        book.save(path)
    else:
        headers = HEADERS if key == "header_row" else HEADERS[:1]
        text = [f"{header},{MORE}".replace(",", ";") for header in headers]
        text += [";".join(map(str, row)) for row in rows]
        path.write_text("\n".join([*text, ""]), "utf-8")
    (folder / "map.toml").write_text(toml_text(document), "utf-8")
    try:
        recording = read_recording(path, column_map=load_column_map(str(folder / "map.toml")))
    except ConfigurationError as error:
        return str(error)
    return {name: repr(value) for name, value in vars(recording).items() if name != "notes"}


@pytest.mark.parametrize("key", COLUMNS)
def test_a_key_of_a_column_map_changes_something(tmp_path, key):
    names = {"time_s": "t", "voltage_V": "u", "current_A": "i", "temperature_degC": "temp"}
    columns = {name: {"column": column} for name, column in {**names, "charge_Ah": "q"}.items()}
    if key.startswith("direction") or key in {"sheet", "header_row", "current_sign"}:
        del columns["charge_Ah"]
    document = {"name": "a", "columns": columns, "capacity_Ah": 4.0, "initial_soc": 0.6}
    beside, value, refused = COLUMNS[key]
    document = merged(document, beside)
    place = key.replace("columns.", f"columns.{PLACES.get(key, 'current_A')}.")
    found = [recording_by(tmp_path, key, each) for each in (document, put(document, place, value))]
    for one, words in zip(found, refused, strict=True):
        assert isinstance(one, str) == bool(words), one
        assert not words or words in one
    assert found[0] != found[1]


def test_every_key_of_a_column_map_has_a_row():
    shape = adapter(ColumnMap).json_schema()
    entry = {f"columns.{key}" for key in shape["$defs"]["ColumnEntry"]["properties"]}
    assert set(keys_of(shape)) | entry == set(COLUMNS) | set(DOCUMENTARY["columns"])


def schedules(table):
    return {
        name: {**one, "threshold": [1.5 * value for value in one["threshold"]]}
        for name, one in table.items()
    }


CALIBRATED = data_folder() / "cells" / "lg-18650hg2.toml"
CALIBRATION = {
    "sensitivity": lambda table: {"soc-drift": 0.5},
    "schedule": schedules,
    "sparse_schedule": schedules,
}
DOCUMENTARY["calibration"] = {
    "cell": "says for which cell the thresholds were set",
    "source": "said by replay beside the figures",
    "hours": "said by replay beside the figures",
    "onsets": "said by replay beside the figures",
}


@pytest.mark.parametrize("key", CALIBRATION)
def test_a_key_of_a_calibration_changes_something(tmp_path, key):
    document = read_document(calibration_path(CALIBRATED))
    assert set(document) == set(CALIBRATION) | set(DOCUMENTARY["calibration"])
    found = []
    for changed in (document, {**document, key: CALIBRATION[key](document[key])}):
        calibration_path(tmp_path / "own.toml").write_text(toml_text(changed), "utf-8")
        calibration = load_calibration(tmp_path / "own.toml")
        watched = with_calibration(CONTROLS.all(), calibration, sparse=key.startswith("sparse"))
        arms = [c for c in watched if c.id in calibration.schedules]
        bound = [inspect.getclosurevars(arm.watch.step).nonlocals["schedule"] for arm in arms]
        found.append((repr(bound), parameters_of(calibration, watched).tobytes()))
    assert found[0] != found[1]


def test_the_lag_of_a_recorder_shifts_the_current_that_a_twin_is_given():
    time_s = np.arange(0.0, 60.0)
    ones = np.ones((60, 1))
    recording = Recording("a", time_s, 3.7 * ones, np.sin(time_s), 25.0 * ones[:, 0])
    cell = load_cell(CELL_FILE)
    lagging = dataclasses.replace(cell, current_lag_s=0.5)
    assert not np.array_equal(
        prepared(recording, cell).current_A, prepared(recording, lagging).current_A
    )


def test_a_cell_file_may_name_the_electrochemical_cell_behind_it(tmp_path):
    document = read_document(data_folder() / "cells" / "reference-nmc.toml")
    (tmp_path / "own.toml").write_text(toml_text({**document, "truth_set": "lg-m50"}), "utf-8")
    own = dataclasses.replace(load_system(), cell=str(tmp_path / "own.toml"))
    assert set_of(own, "") == "lg-m50"
    with pytest.raises(ConfigurationError, match="no electrochemical parameter set"):
        set_of(load_system(), "")
