"""Workbooks of others: what is read, what is named as left out, and what is refused."""

import io
import runpy
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.exchange.toml_folder import write_folder
from voltward.assurance.tara.exchange.workbook_export import workbook
from voltward.assurance.tara.exchange.workbook_import import Imported, import_workbook
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.words import Feasibility
from voltward.assurance.tara.rating.rating import rate
from voltward.core.errors import ConfigurationError

MODELS = runpy.run_path(str(Path(__file__).with_name("exchange_models.py")))
small = MODELS["small"]
EFFORT = ("SE", "KoIC", "ET", "WoO", "Eq")
# The public headlamp example in the template's columns: inputs as published, words as people write.
HEADLAMP = {
    "Components": [
        ("ID", "Name", "Title", "stored data", "technologies"),
        ("C.1", "bodyController", "Body controller", "D.1", "T.1"),
    ],
    "Data": [("ID", "Name", "Title"), ("D.1", "lampRequest", "Lamp request")],
    "Channels": [("ID", "Name", "endpoints", "technologies"), ("CH.1", "bus", "C.1", "T.1")],
    "Technologies": [("ID", "Name"), ("T.1", "CAN")],
    "Data Flows": [
        ("ID", "Name", "channel", "source", "target", "transferred data"),
        ("DF.1", "request", "CH.1", "C.1", "C.1", "D.1"),
    ],
    "Threat Scenarios": [
        ("ID", "Name", "threatened by", "cause of compromise", "acts on", "realizes"),
        ("TS.1", "Spoofed lamp request", "AS.2", "Spoofing", "D.1", "DS.1, DS.2"),
    ],
    "Damage Scenarios": [
        ("ID", "Name", "normal behavior", "S", "F", "O", "P"),
        ("DS.1", "Lamp off at speed", "lamp on", "S3", "F0", "O2", "P0"),
        ("DS.2", "Lamp on in daylight", None, None, None, "Major", None),
    ],
    "Attack Steps": [
        ("ID", "Name", "refined by", *EFFORT),
        ("AS.2", "Send off-message", "AS.3, AS.4", "Layman", "Confidential", None, None, None),
        ("AS.3", "Cellular", None, "Expert", "Confidential", "<=1 week", "Unlimited", "Standard"),
        ("AS.4", "Bluetooth", None, "Expert", "Confidential", "1w", "moderate", "Specialized"),
    ],
    "Controls": [
        ("ID", "Name", "mitigates", *EFFORT),
        ("C.2", "Whitelist", "AS.2", "expert", "confidential", "≤ 6 months", "none", "specialised"),
    ],
    "Control Scenarios": [("ID", "Name", "controls", "is default"), ("all", "All", "C.2", True)],
    "Requirements": [("ID", "Name"), ("R.1", "Whitelist on the gateway")],
    "Goals": [("ID", "Name", "Title"), ("G.1", "goal", "No spoofed request is obeyed")],
    "Claims": [("ID", "Name"), ("CL.1", "Sealed")],
    "My Sheet": [("a",), ("b",)],
}


def _write(path: Path, sheets: dict[str, list[tuple[object, ...]]]) -> Path:
    book = Workbook()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    book.save(path)
    return path


def _headlamp(tmp_path: Path, **changes: list[tuple[object, ...]]) -> Imported:
    named = {key.replace("_", " "): rows for key, rows in changes.items()}
    return import_workbook(_write(tmp_path / "headlamp.xlsx", {**HEADLAMP, **named}))


def test_a_workbook_of_others_becomes_a_model_that_rates(tmp_path: Path) -> None:
    """Potential 14 and 22 without control, 44 with it: the published worked example."""
    imported = _headlamp(tmp_path)
    write_folder(tmp_path / "model", imported.tables)
    model = load_model(tmp_path / "model")
    rating = rate(model, load_profile("iso21434-example"))
    path = {(path.id, path.control_set): path for path in rating.paths}
    assert path["TS.1.AS.2", "none"].potential == 14
    assert path["TS.1.AS.2", "none"].feasibility is Feasibility.MEDIUM
    assert path["TS.1.AS.2", "all"].potential == 44
    assert path["TS.1.AS.2", "all"].feasibility is Feasibility.VERY_LOW
    risk = {(risk.id, risk.control_set): risk.risk for risk in rating.risks}
    assert risk["DS.1.TS.1.safety", "none"] == 4
    assert risk["DS.1.TS.1.safety", "all"] == 2
    assert risk["DS.2.TS.1.operational", "none"] == 3
    assert risk["DS.2.TS.1.operational", "all"] == 1


def test_what_the_template_says_is_read(tmp_path: Path) -> None:
    tables = _headlamp(tmp_path).tables
    assert tables.model is not None
    assert tables.model.id == "headlamp"
    assert tables.path[0].tree == "AS.2 & (AS.3 | AS.4)"
    assert tables.threat[0].property == "authenticity"
    assert tables.asset[0].component == "C.1"
    assert tables.asset[0].properties == ("authenticity",)
    assert tables.data_flow[0].technology == "CAN"
    assert tables.damage[0].impact == {
        "safety": "severe",
        "financial": "negligible",
        "operational": "major",
        "privacy": "negligible",
    }
    assert tables.damage[1].impact == {"operational": "major"}
    assert [entry.id for entry in tables.control_set] == ["none", "all"]


@pytest.mark.parametrize(
    "said",
    [
        "sheet 'Requirements': left out, 1 row",
        "sheet 'My Sheet': left out",
        "columns left out: normal behavior",
        "columns left out: is default",
        "columns left out: technologies",
        "1 claims left out",
        "the empty set 'none' was added",
        "no owner",
        "taken from the name of the file",
        "elapsed_time, window, equipment empty, taken as the easiest",
    ],
)
def test_what_is_left_out_or_assumed_is_said(said: str, tmp_path: Path) -> None:
    assert any(said in note for note in _headlamp(tmp_path).notes)


def test_references_by_and_or_and_impossible_steps_make_trees(tmp_path: Path) -> None:
    head = ("id", "refined by", "impossible", *EFFORT)
    full = ("layman", "public", "1d", "easy", "standard")
    steps = [
        head,
        ("AS.1", "(AS.2 and AS.3) or AS.4", None),
        ("AS.2", "AS.5\nAS.6", None),
        *((name, None, None, *full) for name in ("AS.3", "AS.5")),
        ("AS.4", None, "x", *full),
        ("AS.6", None, None, *full),
    ]
    threats = [("id", "threatened by", "acts on"), ("TS.1", "AS.1; AS.4", "D.1")]
    tables = _headlamp(tmp_path, Attack_Steps=steps, Threat_Scenarios=threats, Controls=[]).tables
    trees = {path.id: (path.tree, bool(path.impossible)) for path in tables.path}
    assert trees == {
        "TS.1.AS.1": ("(AS.5 | AS.6) & AS.3", False),
        "TS.1.AS.4": ("AS.4", True),
    }
    assert [step.id for step in tables.step] == ["AS.3", "AS.5", "AS.4", "AS.6"]


def test_controls_named_by_steps_and_threats_mitigate_them(tmp_path: Path) -> None:
    steps = [("id", "mitigated by", "SE"), ("AS.2", "C.2", "expert")]
    threats = [
        ("id", "threatened by", "lessened by", "acts on"),
        ("TS.1", "AS.2", "C.3", "D.1"),
    ]
    controls = [("id", "threatened by"), ("C.2", "AS.2, AS.9"), ("C.3", None)]
    tables = _headlamp(
        tmp_path, Attack_Steps=steps, Threat_Scenarios=threats, Controls=controls
    ).tables
    assert [(control.mitigates, control.bypass) for control in tables.control] == [
        (("AS.2",), "AS.2 | AS.9"),
        (("AS.2",), ""),
    ]


def _edited(tmp_path: Path, sheet: str, cell: str, value: object) -> Path:
    book = load_workbook(io.BytesIO(workbook(small())))
    book[sheet][cell] = value
    book.save(tmp_path / "edited.xlsx")
    return tmp_path / "edited.xlsx"


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "said"),
    [
        ("Damage Scenarios", "G2", "sever", ["row 2, column 'S'", "did you mean 'severe'?"]),
        ("Attack Steps", "J2", "exprt", ["row 2, column 'SE'", "'expert'"]),
        ("Attack Steps", "O2", "paths", ["row 2, column 'kind'", "'path'"]),
        ("Data", "A2", "no spaces please", ["row 2, column 'id'", "not allowed"]),
        ("Data", "G2", "integrty", ["column 'properties'", "did you mean 'integrity'?"]),
        ("Data", "A2", None, ["row 2, column 'id': is empty"]),
        ("Data", "E2", "first", ["column 'position'", "not a number"]),
        ("Treatments", "C2", None, ["column 'decision': is empty"]),
        ("Impact Rules", "D2", "much", ["column 'major'", "not a number"]),
        ("Claims", "I2", "next year", ["row 2, column 'expires'"]),
        ("Data Flows", "H2", '"open', ["column 'transferred data'", "not a list"]),
        ("Damage Scenarios", "Q2", "[1]", ["column 'further reason'", "not a JSON object"]),
        ("Project Info", "B3", "two words", ["sheet 'Project Info'", "not allowed"]),
    ],
)
def test_a_bad_cell_is_named_with_sheet_row_and_column(
    sheet: str, cell: str, value: object, said: list[str], tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        import_workbook(_edited(tmp_path, sheet, cell, value))
    text = str(caught.value)
    assert f"sheet '{sheet}'" in text
    for part in said:
        assert part in text


def test_a_missing_sheet_is_named(tmp_path: Path) -> None:
    book = load_workbook(io.BytesIO(workbook(small())))
    book["Threat Scenarios"].title = "Threat Scenarioes"
    book.save(tmp_path / "renamed.xlsx")
    with pytest.raises(ConfigurationError) as caught:
        import_workbook(tmp_path / "renamed.xlsx")
    assert "sheet 'Threat Scenarios' is missing" in str(caught.value)
    assert "'Threat Scenarioes'" in str(caught.value)


def test_a_workbook_without_the_template_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "other.xlsx", {"Goal": [("id",), ("G.1",)]})
    with pytest.raises(ConfigurationError, match="no row in any sheet") as caught:
        import_workbook(path)
    assert "did you mean 'Goals'?" in str(caught.value)


def test_an_empty_workbook_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "empty.xlsx", {"Goals": []})
    with pytest.raises(ConfigurationError, match="no row in any sheet"):
        import_workbook(path)


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.xlsx"
    text.write_text("id;name")
    with pytest.raises(ConfigurationError, match=r"is not an \.xlsx workbook"):
        import_workbook(text)
    half = tmp_path / "half.xlsx"
    half.write_bytes(workbook(small())[:5000])
    with pytest.raises(ConfigurationError, match=r"is not an \.xlsx workbook"):
        import_workbook(half)
    with pytest.raises(ConfigurationError, match="there is no such file"):
        import_workbook(tmp_path / "absent.xlsx")


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ConfigurationError, match=r"is not an \.xlsx workbook"):
        import_workbook(path)


@pytest.mark.parametrize(
    ("refined", "said"),
    [("AS.3, AS.2", "a step refines itself"), ("AS.3 & ", "not a list of attack steps")],
)
def test_bad_refinements_are_refused(refined: str, said: str, tmp_path: Path) -> None:
    steps = [("id", "refined by", "SE"), ("AS.2", refined, "expert"), ("AS.3", None, "expert")]
    with pytest.raises(ConfigurationError, match=said) as caught:
        _headlamp(tmp_path, Attack_Steps=steps)
    assert "row 2" in str(caught.value)


@pytest.mark.parametrize(
    ("sheet", "row"),
    [
        ("Components", ("C.1", "x", "x", '"open', None)),
        ("Data Flows", ("DF.1", "x", '"open', "C.1", "C.1", "D.1")),
        ("Channels", ("CH.1", "x", "C.1", '"open')),
        ("Threat Scenarios", ("TS.1", "x", '"open', None, "D.1", None)),
        ("Threat Scenarios", ("TS.1", "x", "AS.2", None, None, None)),
    ],
)
def test_bad_references_of_others_are_named(
    sheet: str, row: tuple[object, ...], tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=f"sheet '{sheet}', row 2, column"):
        _headlamp(tmp_path, **{sheet.replace(" ", "_"): [HEADLAMP[sheet][0], row]})


def test_a_head_below_a_legend_is_found(tmp_path: Path) -> None:
    data = [("Our data, as of today",), (None,), *HEADLAMP["Data"]]
    assert _headlamp(tmp_path, Data=data).tables.asset[0].id == "D.1"
