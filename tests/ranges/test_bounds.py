"""Every number of a configuration has an upper bound, and nothing is allocated beforehand."""

import pytest
from pydantic import TypeAdapter

from voltward.core.errors import ConfigurationError
from voltward.ranges.configuration.attack_and_stack_choices import AttackChoice
from voltward.ranges.configuration.campaign_file import CampaignDocument, load_campaign
from voltward.ranges.configuration.case_grid import grid
from voltward.ranges.configuration.duty import DutyDocument, load_duty
from voltward.ranges.configuration.system_settings import LinkSettings, SystemSettings

# Parameters of attacks and controls are held to the range of the catalogue, which has both ends.
SHAPES = [CampaignDocument, DutyDocument, SystemSettings, LinkSettings]


def unbounded(schema, node, place=""):
    """Yield the places of numbers that may be as large as one likes."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        yield from unbounded(schema, schema["$defs"][name], place)
    bounded = {"maximum", "exclusiveMaximum"} & node.keys()
    if node.get("type") in {"number", "integer"} and not bounded:
        yield place
    for key in ("anyOf", "oneOf", "allOf"):
        for branch in node.get(key, ()):
            yield from unbounded(schema, branch, place)
    for key, child in node.get("properties", {}).items():
        yield from unbounded(schema, child, f"{place}.{key}")
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from unbounded(schema, node[key], f"{place}[]")


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_number_has_an_upper_bound(shape):
    schema = TypeAdapter(shape).json_schema()
    found = [
        place
        for place in unbounded(schema, schema)
        if ".attacks" not in place and ".settings" not in place
    ]
    assert found == []


HEAD = 'name = "d"\nsource = "made up"\n'
LONG_DUTIES = {
    **{
        kind: f'[[segment]]\nkind = "{kind}"\nseconds = 3e9\n{more}'
        for kind, more in {
            "standby": "",
            "charge": "",
            "cruise": "speed_mps = 20.0\n",
            "grid": "power_W = 1.0\n",
        }.items()
    },
    "just allowed": '[[segment]]\nkind = "standby"\nseconds = 9e8\n',
    "short ticks": 'tick_s = 1e-9\n[[segment]]\nkind = "standby"\nseconds = 60.0\n',
    "many segments": '[[segment]]\nkind = "standby"\nseconds = 1.5e6\n' * 40,
    "a long cycle": '[[segment]]\nkind = "cycle"\ncycle = "own.csv"\n',
    "a repeated cycle": '[[segment]]\nkind = "cycle"\ncycle = "long.csv"\nrepeat = 1000\n',
    "a long recording": '[[segment]]\nkind = "recorded"\nfile = "rec.csv"\nlevel = "cell"\n',
}
CAMPAIGNS = {
    "seeds": "seeds = 3_000_000_000\n",
    "proof seeds": "proof_seeds = 3_000_000_000\n",
    "chunk": "chunk = 3_000_000_000\n",
    "workers": "workers = 3_000_000_000\n",
    "tick": "tick_s = 3e9\n",
    "truth": "truth_hours = 3e9\n",
    "start": 'attacks = [{ id = "voltage-bias", start_s = 3e9 }]\n',
    "duration": 'attacks = [{ id = "can-flood", duration_s = 3e9 }]\n',
    "a sweep of sweeps": 'attacks = [{ id = "voltage-bias", '
    + ", ".join(
        f"{key} = {[0.01 * n for n in range(300)]}" for key in ("bias_V", "cell_share", "start_s")
    )
    + " }]\n",
}


@pytest.mark.parametrize("case", LONG_DUTIES)
def test_a_duty_that_is_too_long_is_refused_before_an_array_is_made(tmp_path, case):
    path = tmp_path / "own.toml"
    path.write_text(HEAD + LONG_DUTIES[case])
    (tmp_path / "own.csv").write_text("time_s,speed_mps\n0,0\n1e9,5\n2e9,0\n")
    (tmp_path / "long.csv").write_text("time_s,speed_mps\n0,0\n1e4,5\n2e4,0\n")
    rows = "".join(f"{n * 9e7:.0f},-1.0\n" for n in range(30))
    (tmp_path / "rec.csv").write_text("time_s,current_A\n" + rows)
    with pytest.raises(ConfigurationError) as caught:
        load_duty(str(path))
    assert "own.toml" in caught.value.what
    assert caught.value.why
    assert caught.value.hint


@pytest.mark.parametrize("case", CAMPAIGNS)
def test_a_campaign_that_is_too_large_is_refused(tmp_path, case):
    path = tmp_path / "campaign.toml"
    path.write_text(CAMPAIGNS[case])
    with pytest.raises(ConfigurationError) as caught:
        load_campaign(path)
    assert "campaign.toml" in caught.value.what
    assert caught.value.why


def test_a_campaign_of_too_many_cases_is_refused_before_one_is_made():
    choices = [AttackChoice("voltage-bias", {"bias_V": 0.001 * n}) for n in range(100)]
    with pytest.raises(ConfigurationError, match="10,100,000 cases"):
        grid(choices, ["a stack"], 100_000, 7, 600.0)
