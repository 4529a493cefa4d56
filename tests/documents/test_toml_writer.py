"""What is written as TOML is read back as the same values, whatever the texts hold."""

import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.core.files import write_text
from voltward.documents.toml_writer import toml_text

# A lone surrogate is no character, and cannot be written in UTF-8.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUE = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(TEXT, VALUE, max_size=6), st.lists(TEXT, max_size=3), TEXT)
def test_any_document_comes_back_equal(document, head, remark):
    text = toml_text(document, head=head, remarks=dict.fromkeys(document, remark))
    assert tomllib.loads(text) == document
    # A reader that opens the file in text mode sees the same.
    assert tomllib.loads(text.replace("\r\n", "\n").replace("\r", "\n")) == document


@given(st.lists(st.floats(allow_nan=False) | st.integers(-99, 99), min_size=1, max_size=80))
def test_rows_of_numbers_come_back_and_stay_narrow(numbers):
    text = toml_text({"table": {"numbers": numbers, "nested": [numbers, numbers]}})
    assert tomllib.loads(text)["table"] == {"numbers": numbers, "nested": [numbers, numbers]}
    assert max(map(len, text.splitlines())) <= 100


def test_numbers_keep_their_kind():
    read = tomllib.loads(toml_text({"whole": 3, "real": 3.0, "flag": True, "tiny": 5e-324}))
    assert [type(value) for value in read.values()] == [int, float, bool, float]
    assert math.isnan(tomllib.loads(toml_text({"x": math.nan}))["x"])


def test_comments_stand_above_what_they_are_about():
    text = toml_text(
        {"table": {"x": 1}, "value": 2},
        head=["made by hand\nfor a test"],
        remarks={"table": "about the table", "value": "about the value"},
    )
    assert text.splitlines() == [
        "# made by hand",
        "# for a test",
        "# about the value",
        "value = 2",
        "",
        "# about the table",
        "[table]",
        "x = 1",
    ]


def test_bytes_that_are_not_utf8_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be written in UTF-8"):
        write_text(tmp_path / "file.toml", toml_text({"source": "drive-\udcff"}))
    assert not list(tmp_path.iterdir())
