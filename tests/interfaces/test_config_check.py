"""`voltward config check` tells what a file is, and says what a bus does not carry."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import adapter, data_folder, read_document
from voltward.interfaces.cli.config import SHAPES, kind_of
from voltward.interfaces.cli.main import run

ROOT = Path(__file__).parents[2]
KINDS = {
    "only a bus": ('name = "truck"\n[can]\ndbc = "voltward"\n', "system"),
    "only a pack": ("[pack]\nseries = 12\n", "system"),
    "cloud as a table": ("[cloud]\nenabled = false\n", "system"),
    "cloud as a flag": ("cloud = false\n", "campaign"),
    "link as a table": ('link = { name = "wifi" }\n', "system"),
    "link as a name": ('link = "wifi"\n', "campaign"),
    "only sources": ('[source]\npack = "guess"\n', "system"),
    "a name": ('name = "truck"\n', "campaign"),
    "misspelt table": ("[pakc]\nseries = 12\n", "system"),
    "misspelt list": ('attaks = ["voltage-bias"]\n', "campaign"),
    "a duty": ('name = "a"\nsource = "b"\n[[segment]]\nkind = "standby"\nseconds = 9.0\n', "duty"),
    "half a link": ("latency_median_ms = 3.0\n", "link"),
}


@pytest.mark.parametrize("case", KINDS, ids=str)
def test_a_file_is_what_most_of_its_keys_say(tmp_path, case):
    text, kind = KINDS[case]
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    assert kind_of(read_document(tmp_path / "a.toml"), "a.toml") == kind


ONLY = {
    kind: sorted(
        set(adapter(shape).json_schema()["properties"])
        - {
            key
            for other, different in SHAPES.items()
            if other != kind
            for key in adapter(different).json_schema()["properties"]
        }
    )
    for kind, shape in SHAPES.items()
}
TABLES = {"pack", "limits", "sensors", "charging", "can", "topics", "vehicle", "grid", "controls"}


@given(data=st.data())
def test_any_keys_that_one_kind_alone_has_tell_it(data):
    kind = data.draw(st.sampled_from(sorted(ONLY)))
    keys = data.draw(st.lists(st.sampled_from(ONLY[kind]), min_size=1, unique=True))
    assert kind_of({key: {} if key in TABLES else 1 for key in keys}, "a.toml") == kind


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("examples/live-minimal.toml", "a live file"),
        ("src/voltward/data/cells/lg-m50.toml", "a cell file"),
        ("src/voltward/data/cells/lg-18650hg2.calibration.toml", "a calibration"),
        ("src/voltward/data/columns/kollmeyer.toml", "a column map"),
    ],
)
def test_a_file_of_another_kind_is_named_with_what_reads_it(file, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        kind_of(read_document(ROOT / file), file)
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["systems", "links", "duties"])
def test_every_shipped_file_is_of_its_kind(kind):
    for path in sorted((data_folder() / kind).glob("*.toml")):
        assert kind_of(read_document(path), str(path)) == {"duties": "duty"}.get(kind, kind[:-1])


def test_what_a_bus_does_not_carry_is_a_warning_and_no_error(capsys):
    path = str(ROOT / "examples" / "own-bus" / "system.toml")
    assert run(["config", "check", path]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "16s1p of reference-nmc" in lines[0]
    assert all(line.startswith("warning: can.") for line in lines[1:])
    assert run(["config", "check", path, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["valid"]
    assert [f"warning: {warning}" for warning in document["warnings"]] == lines[1:]


def test_a_dbc_that_is_not_there_is_refused(tmp_path, capsys):
    text = 'name = "truck"\n[pack]\nseries = 96\n[can]\ndbc = "absent.dbc"\n'
    (tmp_path / "system.toml").write_text(text, encoding="utf-8")
    assert run(["config", "check", str(tmp_path / "system.toml")]) == 2
    said = capsys.readouterr().err
    for word in ("system.toml", "can.dbc", "absent.dbc", "beside the system file"):
        assert word in said
