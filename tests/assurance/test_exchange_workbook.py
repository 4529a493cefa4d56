"""A workbook gives back exactly the model that was written into it."""

import dataclasses
import io
import runpy
import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from voltward.assurance.tara.exchange.cell_text import (
    CellTextError,
    escaped,
    list_items,
    list_text,
    unescaped,
)
from voltward.assurance.tara.exchange.toml_folder import folder_texts, write_folder
from voltward.assurance.tara.exchange.workbook_columns import (
    ORDER,
    columns_of,
    record_shapes,
    record_sheets,
)
from voltward.assurance.tara.exchange.workbook_export import CELL_LIMIT, workbook
from voltward.assurance.tara.exchange.workbook_import import import_workbook
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model import Damage, Head, Tables
from voltward.assurance.tara.model.model_folder import model_folder, model_names, read_model
from voltward.assurance.tara.model.words import Category, ImpactLevel
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import check_document

MODELS = runpy.run_path(str(Path(__file__).with_name("exchange_models.py")))
small, rating, any_tables = MODELS["small"], MODELS["rating"], MODELS["any_tables"]
# Sheets and columns of the template as the public file has them.
TEMPLATE = {
    "Functions": "parent function",
    "Components": "stored data,technologies,parent component,function assignment",
    "Data": "id,name,title",
    "Channels": "endpoints,technologies",
    "Data Flows": "channel,source,target,transferred data",
    "Threat Scenarios": "threatened by,cause of compromise,acts on,realizes,lessened by",
    "Damage Scenarios": "normal behavior,operational situation,S,F,O,P,concerns",
    "Attack Steps": "instantiates,refined by,acts on,mitigated by,impossible,SE,WoO,ET,Eq,KoIC",
    "Controls": "instantiates,acts on,threatened by,mitigates,Effects,impossible,SE,WoO,ET,Eq,KoIC",
    "Assumptions": "maximal risk level,maximal impact level,maximal feasibility level",
    "Control Scenarios": "controls,is default",
    "Risks": "caused by",
    "Threat Catalog": "id,name,title",
    "Control Catalog": "id,name,title",
    "Technologies": "id,name,title",
    "Risk Model": "name",
    "Impact Model": "name",
    "Feasibility Model": "name",
    "Requirements": "id,name,title",
    "Goals": "risk,requirements",
    "Claims": "risk,requirements",
    "Concepts": "id,name,title",
    "Project Info": "name",
}


def _back(tables: Tables, folder: Path, **more: object) -> Tables:
    path = folder / "model.xlsx"
    path.write_bytes(workbook(tables, **more))
    imported = import_workbook(path)
    assert imported.notes == ()
    return imported.tables


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(tables=any_tables())
def test_any_model_survives_the_workbook_and_the_folder(tables: Tables, tmp_path: Path) -> None:
    assert _back(tables, tmp_path) == tables
    joined: dict[str, object] = {}
    for text in folder_texts(tables).values():
        joined |= tomllib.loads(text)
    assert check_document(Tables, joined, "folder") == tables


# Quotes, backslashes, line ends of every system and control characters among plain letters.
AWKWARD = st.text(
    st.sampled_from("\"'\\\n\r\t\x00\x1b\x7f\x85\u2028#[]={}aé "), min_size=1, max_size=30
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=AWKWARD, description=AWKWARD, reason=AWKWARD, key=AWKWARD)
def test_every_text_of_a_toml_folder_is_read_back(
    title: str, description: str, reason: str, key: str, tmp_path: Path
) -> None:
    damage = Damage(
        id="DS",
        title=title,
        description=description,
        impact={Category.SAFETY: ImpactLevel.MAJOR},
        reason={key: reason},
        consequences=("propulsion_lost_s",),
    )
    tables = Tables(model=Head(id="m", title=title, item=reason), damage=(damage, damage))
    shutil.rmtree(tmp_path)
    write_folder(tmp_path, tables)
    assert read_model(tmp_path).tables == tables


@pytest.mark.parametrize("name", model_names())
def test_shipped_models_survive_the_workbook_and_the_folder(name: str, tmp_path: Path) -> None:
    tables = read_model(model_folder(name)).tables
    assert _back(tables, tmp_path) == tables
    write_folder(tmp_path / "copy", tables)
    assert read_model(tmp_path / "copy").tables == tables


def test_a_rating_is_shown_and_not_read(tmp_path: Path) -> None:
    profile = load_profile("iso21434-example").settings
    assert _back(small(), tmp_path, rating=rating(), profile=profile) == small()
    book = load_workbook(tmp_path / "model.xlsx")
    rows = list(book["Risks"].iter_rows(values_only=True))
    assert rows[0][:4] == ("id", "name", "title", "caused by")
    assert len(rows) == 1 + len(rating().risks)
    assert rows[1][rows[0].index("risk")] == 4
    assert ("level", "very_low", "lower bound", 25) in book["Feasibility Model"].values
    assert ("matrix", "severe", "very_low", 2) in book["Risk Model"].values


def test_sheets_and_columns_of_the_template_are_there_in_order() -> None:
    book = load_workbook(io.BytesIO(workbook(small())))
    assert book.sheetnames == list(ORDER)
    assert book.sheetnames[: len(TEMPLATE)] == list(TEMPLATE)
    for name, titles in TEMPLATE.items():
        head = [cell.value for cell in book[name][1]]
        assert [title for title in head if title in titles.split(",")] == titles.split(",")


def test_every_field_of_every_record_has_a_column() -> None:
    placed: dict[str, set[tuple[str, ...]]] = {}
    for sheet in record_sheets():
        for part in sheet.parts:
            keys = {column.key for column in sheet.columns if column.key}
            placed.setdefault(part.table, set()).update(keys)
    for table, shape in record_shapes().items():
        assert {column.key for column in columns_of(shape)} <= placed[table]
    fields = {field.name for field in dataclasses.fields(Tables)}
    assert fields - {"model"} == set(placed)


def test_the_same_model_gives_the_same_bytes() -> None:
    assert workbook(small(), rating()) == workbook(small(), rating())
    with zipfile.ZipFile(io.BytesIO(workbook(small()))) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("x")', "#REF!"])
def test_no_text_becomes_a_formula(text: str, tmp_path: Path) -> None:
    tables = dataclasses.replace(
        small(), goal=(dataclasses.replace(small().goal[0], statement=text),)
    )
    assert _back(tables, tmp_path) == tables
    content = workbook(tables)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not any(
            b"<f>" in archive.read(name) for name in archive.namelist() if "sheet" in name
        )
    cell = load_workbook(io.BytesIO(content))["Goals"]["C2"]
    assert cell.value == text
    assert cell.data_type == "s"
    assert cell.quotePrefix == (text[0] != "#")


def test_a_text_longer_than_a_cell_survives(tmp_path: Path) -> None:
    text = "\r\n".join(f"line {number} _x000D_ \x07" for number in range(6000))
    assert len(text) > 4 * CELL_LIMIT
    component = dataclasses.replace(small().component[0], description=text)
    tables = dataclasses.replace(small(), component=(component,))
    assert _back(tables, tmp_path) == tables
    book = load_workbook(tmp_path / "model.xlsx")
    longest = max(
        len(str(value)) for sheet in book for row in sheet.values for value in row if value
    )
    assert longest <= 32_767


def test_rows_may_be_sorted_without_loss(tmp_path: Path) -> None:
    """Assets keep their order by position, also when a user sorts the sheet."""
    book = load_workbook(io.BytesIO(workbook(small())))
    sheet = book["Data"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    for row, values in zip(sheet.iter_rows(min_row=2), reversed(rows), strict=True):
        for cell, value in zip(row, values, strict=True):
            cell.value = value
    book.save(tmp_path / "sorted.xlsx")
    assert import_workbook(tmp_path / "sorted.xlsx").tables == small()


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_escaping_is_undone(text: str) -> None:
    assert unescaped(escaped(text)) == text


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), max_size=5))
def test_lists_come_back(items: list[str]) -> None:
    assert list_items(list_text(items)) == items


def test_lists_of_people_are_read() -> None:
    assert list_items("a; b,c\n d ") == ["a", "b", "c", "d"]
    assert list_items("a,,b,") == ["a", "b"]
    with pytest.raises(CellTextError):
        list_items('"open')


def test_a_folder_with_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("")
    with pytest.raises(ConfigurationError, match="is not empty"):
        write_folder(tmp_path, small())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def test_a_failing_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, _text: str) -> None:
        path.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr("voltward.assurance.tara.exchange.toml_folder.write_text", refuse)
    with pytest.raises(ConfigurationError, match="disk full"):
        write_folder(tmp_path / "new", small())
    assert list(tmp_path.iterdir()) == []
