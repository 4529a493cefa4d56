"""The published schemas of model files and ratings are current, and what is written fits them."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.exchange.json_format import model_schema, rating_schema, write_schemas
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model_folder import model_folder, model_names
from voltward.assurance.tara.rating.rating import rate
from voltward.core.files import pretty_json
from voltward.documents.toml_document import data_folder

SHIPPED = data_folder() / "schemas"


def test_published_schemas_are_current(tmp_path):
    for path in write_schemas(tmp_path):
        assert path.read_text("utf-8") == (SHIPPED / path.name).read_text("utf-8")


@pytest.mark.parametrize("name", model_names())
def test_shipped_models_fit_the_schema(name):
    for file in sorted(model_folder(name).glob("*.toml")):
        jsonschema.validate(tomllib.loads(file.read_text("utf-8")), model_schema())


def test_a_misspelt_key_does_not_fit():
    with pytest.raises(jsonschema.ValidationError, match="titel"):
        jsonschema.validate({"damage": [{"id": "D", "titel": "x"}]}, model_schema())


@pytest.mark.parametrize("name", model_names())
def test_a_rating_fits_the_schema(name):
    rated = rate(load_model(model_folder(name)), load_profile()).as_document()
    jsonschema.validate(json.loads(pretty_json(rated)), rating_schema())


def test_a_rating_without_risks_does_not_fit():
    rated = rate(load_model(model_folder("headlamp")), load_profile()).as_document()
    del rated["risks"]
    with pytest.raises(jsonschema.ValidationError, match="risks"):
        jsonschema.validate(json.loads(pretty_json(rated)), rating_schema())


def test_both_schemas_are_shipped():
    names = {Path(path).name for path in SHIPPED.glob("*.json")}
    assert {"tara-model.schema.json", "rating.schema.json"} <= names
