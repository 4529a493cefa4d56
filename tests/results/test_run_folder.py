import hashlib
import json
import runpy
from contextlib import closing
from pathlib import Path

import jsonschema
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from voltward.core.errors import ConfigurationError, NothingRanError
from voltward.results import run_folder
from voltward.results.columns import (
    AVOIDED,
    CASE_COLUMNS,
    MATRIX_COLUMNS,
    json_schemas,
    write_schemas,
)
from voltward.results.consequences import (
    AT_DETECTION,
    CONSEQUENCE_INDEX,
    CONSEQUENCES,
    HARMS,
)
from voltward.results.matrix import matrix_rows
from voltward.results.run_folder import RunFolder, RunWriter, list_runs
from voltward.results.run_tables import MOST_ROWS, csv_lines, read_csv, read_parquet

SYNTHETIC = runpy.run_path(str(Path(__file__).parents[1] / "synthetic_run.py"))
make_folder = SYNTHETIC["make_folder"]
SHIPPED = Path(run_folder.__file__).parents[1] / "data" / "schemas"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "demo"
    make_folder(path)
    return path


@pytest.fixture
def copy(folder, tmp_path):
    target = tmp_path / "copy"
    for name in sorted(folder.rglob("*")):
        if name.is_file():
            place = target / name.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(name.read_bytes())
    return target


def test_matrix_is_recomputable_from_the_csv_of_cases_byte_for_byte(folder):
    rows = matrix_rows(read_csv(folder / "cases.csv", CASE_COLUMNS))
    text = "".join(csv_lines(rows, MATRIX_COLUMNS))
    assert text == (folder / "matrix.csv").read_text(encoding="utf-8")


def test_csv_and_parquet_hold_the_same_cases(folder):
    assert read_csv(folder / "cases.csv", CASE_COLUMNS) == RunFolder.open(folder).cases()


def test_rows_fit_the_published_schemas(folder):
    schemas, run = json_schemas(), RunFolder.open(folder)
    jsonschema.validate(dict(run.run), schemas["run.schema.json"])
    for case in run.cases()[::17]:
        jsonschema.validate(case, schemas["case.schema.json"])
    for row in run.matrix()[::5]:
        jsonschema.validate(row, schemas["matrix.schema.json"])
    for event in run.events():
        jsonschema.validate(event, schemas["event.schema.json"])


def test_published_schemas_are_current(tmp_path):
    for path in write_schemas(tmp_path):
        assert path.read_text(encoding="utf-8") == (SHIPPED / path.name).read_text(encoding="utf-8")
    assert {path.name for path in SHIPPED.glob("*.json")} >= set(json_schemas())


def test_the_same_bytes_whatever_the_size_and_order_of_the_parts(folder, tmp_path):
    make_folder(tmp_path / "other", part_size=7, backwards=True)
    files = RunFolder.open(folder).run["files"]
    assert RunFolder.open(tmp_path / "other").run["files"] == files
    assert {"cases.parquet", "cases.csv", "matrix.csv", "events.jsonl", "config.toml"} < set(files)


def test_events_come_in_case_order(folder):
    ids = [event["case_id"] for event in RunFolder.open(folder).events()]
    assert ids == sorted(ids)
    assert len(set(ids)) > 100


def test_interleaved_cases_are_merged(tmp_path):
    cases = SYNTHETIC["make_cases"](seeds=2)
    writer = RunWriter.begin(tmp_path / "run", "", {})
    for index in (0, 1):
        part = cases[index::2]
        events = [event for case in reversed(part) for event in SYNTHETIC["make_events"](case)]
        writer.parts.write(index, part, events)
    run = writer.finish(SYNTHETIC["make_run"]())
    assert [case["case_id"] for case in run.cases()] == [case["case_id"] for case in cases]
    expected = [event for case in cases for event in SYNTHETIC["make_events"](case)]
    assert [e["case_id"] for e in run.events()] == [e["case_id"] for e in expected]
    assert not (tmp_path / "run" / "parts").exists()


def test_traces_are_read_back(folder):
    run = RunFolder.open(folder)
    assert len(run.traced_cases()) == 3
    trace = run.trace(run.traced_cases()[0])
    assert trace["time_s"].shape == (1800,)
    assert trace["true_soc"][0] == pytest.approx(0.45)


def test_resume_keeps_parts_of_the_same_plan_only(tmp_path):
    path = tmp_path / "run"
    cases = SYNTHETIC["make_cases"](seeds=1)
    with closing(RunWriter.begin(path, "", {"config_sha256": "a"})) as first:
        first.parts.write(3, cases[:4], [])
    with closing(RunWriter.begin(path, "", {"config_sha256": "a"}, resume=True)) as again:
        assert again.parts.finished() == {3}
    with pytest.raises(ConfigurationError, match="another configuration"):
        RunWriter.begin(path, "", {"config_sha256": "b"}, resume=True)
    assert RunWriter.begin(path, "", {"config_sha256": "b"}).parts.finished() == frozenset()


def test_the_gate_is_judged_on_the_matrix_and_kept(tmp_path):
    cases = SYNTHETIC["make_cases"](seeds=2)
    writer = RunWriter.begin(tmp_path / "run", "", {})
    writer.parts.write(0, cases, [])
    writer.finish(SYNTHETIC["make_run"](), gate="goal_share(none)<=0.05")
    gate = RunFolder.open(tmp_path / "run").run["gate"]
    assert gate["passed"] is False
    assert "got 1 (goal reached in 18 of 18 cases)" in gate["reason"]


def test_tables_have_the_columns_of_those_who_fill_them():
    names = [column.name for column in CASE_COLUMNS]
    assert [c for c in names if c in CONSEQUENCE_INDEX] == [c.name for c in CONSEQUENCES]
    assert {f"{name}_at_detection" for name in AT_DETECTION} <= set(names)
    assert {f"harm_{name}" for name in HARMS} <= set(names)
    assert set(AVOIDED) <= set(CONSEQUENCE_INDEX)


def test_nothing_ran(tmp_path):
    with pytest.raises(NothingRanError):
        RunWriter.begin(tmp_path / "run", "", {}).finish(SYNTHETIC["make_run"]())


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigurationError, match=r"thesis\.txt"):
        RunWriter.begin(tmp_path, "", {})
    assert (tmp_path / "thesis.txt").exists()


def test_an_earlier_run_is_replaced_without_leftovers(copy):
    make_folder(copy, traces=False)
    assert RunFolder.open(copy).traced_cases() == []


def test_missing_file(copy):
    (copy / "matrix.csv").unlink()
    with pytest.raises(ConfigurationError, match=r"matrix\.csv: missing"):
        RunFolder.open(copy)


def test_changed_file_names_both_digests(copy):
    path = copy / "matrix.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("0.", "1.", 1), encoding="utf-8")
    got = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ConfigurationError, match=r"matrix\.csv") as caught:
        RunFolder.open(copy)
    expected = json.loads((copy / "run.json").read_text(encoding="utf-8"))["files"]["matrix.csv"]
    assert got in caught.value.why
    assert expected in caught.value.why


def test_truncated_parquet_is_named_as_such(copy):
    path = copy / "cases.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ConfigurationError, match=r"cases\.parquet: not a whole Parquet file"):
        RunFolder.open(copy)


def test_foreign_schema_version(copy):
    document = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    (copy / "run.json").write_text(json.dumps(document | {"schema_version": 99}))
    with pytest.raises(ConfigurationError, match="expected 2, got 99"):
        RunFolder.open(copy)


def test_paths_that_leave_the_folder_are_refused(copy):
    document = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    document["files"]["../run.json"] = "0" * 64
    (copy / "run.json").write_text(json.dumps(document))
    with pytest.raises(ConfigurationError, match="leaves the folder"):
        RunFolder.open(copy)


def test_no_run_folder(tmp_path):
    with pytest.raises(ConfigurationError, match=r"run\.json: missing"):
        RunFolder.open(tmp_path)


def test_a_row_that_does_not_fit_is_a_bug(tmp_path):
    case = SYNTHETIC["make_cases"](seeds=1)[0]
    parts = RunWriter.begin(tmp_path / "run", "", {}).parts
    with pytest.raises(ValueError, match="finite"):
        parts.write(0, [case | {"soc_error_pct": float("nan")}], [])
    parts.write(0, [case | {"safe_s": float("nan")}], [])
    assert parts.cases().column("safe_s").to_pylist() == [None]
    with pytest.raises(ValueError, match="unknown"):
        parts.write(0, [case | {"extra": 1.0}], [])


def test_runs_are_listed(folder):
    assert list_runs(folder.parent) == [folder]


def test_a_small_file_of_very_many_rows_is_not_unpacked(tmp_path):
    rows = MOST_ROWS + 1
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int8)), ["x"])
    pq.write_table(pa.table({"case_id": column}), tmp_path / "cases.parquet", compression="zstd")
    assert (tmp_path / "cases.parquet").stat().st_size < 100_000
    with pytest.raises(ConfigurationError, match="5,000,001 rows"):
        read_parquet(tmp_path / "cases.parquet", CASE_COLUMNS, name="cases.parquet")
