"""The threat generator: one candidate for every asset and property, and what became of it."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from voltward.assurance.tara.model.generated_threats import candidate_line, generated
from voltward.assurance.tara.model.model import Tables
from voltward.assurance.tara.model.words import STRIDE_OF, SecurityProperty
from voltward.documents.toml_document import check_document
from voltward.interfaces.cli.commands.tara import candidates_command

SMALL = """
[model]
id = "small"
title = "Small"
item = "A pack."
[[asset]]
id = "frames"
title = "CAN frames"
component = "bms"
properties = ["authenticity", "availability"]
[[asset]]
id = "trips"
title = "trips of the owner"
component = "cloud"
properties = ["confidentiality", "integrity"]
[[threat]]
id = "T1"
title = "Forged frames"
asset = "frames"
property = "authenticity"
stride = "spoofing"
damages = ["D1"]
[[threat]]
id = "T2"
title = "Forged limits"
asset = "frames"
property = "authenticity"
stride = "spoofing"
damages = ["D1"]
[[dismissed]]
asset = "trips"
property = "integrity"
reason = "nobody acts on them"
"""


def tables(assets, threats=(), dismissed=()):
    document = {
        "asset": [
            {"id": name, "title": name, "component": "bms", "properties": [p.value for p in lost]}
            for name, lost in assets
        ],
        "threat": [
            {
                "id": f"T{n}",
                "title": "t",
                "asset": asset,
                "property": lost.value,
                "stride": STRIDE_OF[lost],
                "damages": ["D1"],
            }
            for n, (asset, lost) in enumerate(threats)
        ],
        "dismissed": [
            {"asset": asset, "property": lost.value, "reason": "why not"}
            for asset, lost in dismissed
        ],
    }
    return check_document(Tables, document, "model")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model.toml").write_text(SMALL, encoding="utf-8")
    return tmp_path


def test_a_model_without_assets_proposes_nothing():
    assert generated(Tables()) == ()
    assert candidate_line(()) == "0 candidates: 0 covered, 0 dismissed, 0 open"


def test_each_property_gets_its_class_of_stride():
    found = generated(tables([("frames", tuple(SecurityProperty))]))
    assert [(one.property.value, one.stride) for one in found] == [
        ("authenticity", "spoofing"),
        ("integrity", "tampering"),
        ("non-repudiation", "repudiation"),
        ("confidentiality", "information disclosure"),
        ("availability", "denial of service"),
        ("authorisation", "elevation of privilege"),
    ]
    assert {one.status for one in found} == {"open"}
    assert found[0].title == "spoofing: authenticity of frames"


def test_another_asset_or_another_property_covers_nothing():
    integrity, availability = SecurityProperty.INTEGRITY, SecurityProperty.AVAILABILITY
    found = generated(
        tables(
            [("a", (integrity,)), ("b", (integrity,))],
            threats=[("a", availability), ("b", integrity)],
            dismissed=[("a", availability)],
        )
    )
    assert [(one.asset, one.status, one.threats) for one in found] == [
        ("a", "open", ()),
        ("b", "covered", ("T1",)),
    ]


def test_covered_wins_over_dismissed_and_the_reason_stays():
    lost = SecurityProperty.INTEGRITY
    (one,) = generated(tables([("a", (lost,))], threats=[("a", lost)], dismissed=[("a", lost)]))
    assert (one.status, one.threats, one.reason) == ("covered", ("T0",), "why not")


pairs = st.tuples(st.sampled_from("abc"), st.sampled_from(list(SecurityProperty)))


@given(
    st.lists(st.lists(st.sampled_from(list(SecurityProperty))), min_size=3, max_size=3),
    st.lists(pairs),
    st.lists(pairs),
)
def test_no_pair_is_left_out_or_named_twice(properties, threats, dismissed):
    assets = list(zip("abc", properties, strict=True))
    found = generated(tables(assets, threats, dismissed))
    named = [(one.asset, one.property) for one in found]
    assert len(named) == len(set(named))
    assert set(named) == {(asset, lost) for asset, losses in assets for lost in losses}
    still_open = {(one.asset, one.property) for one in found if one.status == "open"}
    assert still_open == set(named) - set(threats) - set(dismissed)


def test_the_command_lists_candidates_and_ends_with_the_counts(folder):
    result = CliRunner().invoke(candidates_command, [str(folder)])
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.output.rstrip().split("\n")]
    assert lines[1:] == [
        "frames authenticity spoofing covered T1, T2",
        "frames availability denial of service open",
        "trips confidentiality information disclosure open",
        "trips integrity tampering dismissed nobody acts on them",
        "4 candidates: 1 covered, 1 dismissed, 2 open",
    ]


def test_the_command_can_show_only_what_is_open(folder):
    result = CliRunner().invoke(candidates_command, [str(folder), "--open", "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.output)
    assert [one["asset"] for one in document["candidates"]] == ["frames", "trips"]
    assert {one["status"] for one in document["candidates"]} == {"open"}
