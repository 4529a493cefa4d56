"""Campaign files and flags: merge, sweeps, digest, and what each refusal says."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import example as a_case
from hypothesis import given
from hypothesis import strategies as st

from voltward.attacks.catalogue import ATTACKS
from voltward.controls.catalogue import CONTROLS
from voltward.core.errors import ConfigurationError, NothingRanError
from voltward.documents.toml_document import adapter, check_document, merged
from voltward.ranges.configuration.attack_and_stack_choices import AttackChoice
from voltward.ranges.configuration.campaign_file import CampaignDocument, load_campaign
from voltward.ranges.configuration.stacks import StackChoice, resolve_stack, stack_names
from voltward.ranges.configuration.system import load_system

EXAMPLES = Path(__file__).parents[2] / "examples"
ATTACK, CONTROL = "voltage-bias", "innovation-cusum"
STRENGTH = CONTROLS.load(CONTROL).strength
SMALL = f'attacks = ["{ATTACK}"]\nstacks = ["none"]\n'


def _file(tmp_path, text):
    path = tmp_path / "campaign.toml"
    path.write_text(text)
    return path


def test_flags_win_over_file_and_file_over_defaults(tmp_path):
    path = _file(tmp_path, SMALL + "seeds = 3\nseed = 11\n")
    from_file = load_campaign(path)
    assert (from_file.seeds, from_file.seed, from_file.keep) == (3, 11, "worst")
    with_flags = load_campaign(path, {"seed": 5, "seeds": None})
    assert (with_flags.seeds, with_flags.seed) == (3, 5)
    without_file = load_campaign(None, {"attacks": [ATTACK], "stacks": ["none", "bare"]})
    assert [stack.name for stack in without_file.stacks] == ["none", "bare"]


def test_all_is_every_attack_of_the_catalogue():
    campaign = load_campaign(None, {"attacks": "all", "stacks": ["none"]})
    assert [choice.id for choice in campaign.attacks] == list(ATTACKS.names())


def test_lists_of_values_expand_to_a_grid(tmp_path):
    path = _file(
        tmp_path,
        f'stacks = ["none"]\n[[attacks]]\nid = "{ATTACK}"\nbias_V = [0.01, 0.05]\n'
        "cell_share = [0.5, 1]\nstart_s = 60\n",
    )
    attacks = load_campaign(path).attacks
    assert [(a.parameters["bias_V"], a.parameters["cell_share"]) for a in attacks] == [
        (0.01, 0.5),
        (0.01, 1.0),
        (0.05, 0.5),
        (0.05, 1.0),
    ]
    assert {a.parameters["start_s"] for a in attacks} == {60.0}


def test_the_same_attack_twice_runs_once():
    given = {"attacks": [ATTACK, ATTACK, {"id": ATTACK, "bias_V": 0.1}], "stacks": ["none"]}
    assert load_campaign(None, given).attacks == (
        AttackChoice(ATTACK),
        AttackChoice(ATTACK, {"bias_V": 0.1}),
    )


def test_controls_and_settings_change_every_stack():
    campaign = load_campaign(
        None,
        {
            "attacks": [ATTACK],
            "controls": f"+{CONTROL}",
            "set": [f"{CONTROL}.strength=0.5"],
        },
    )
    (stack,) = campaign.resolved_stacks()
    assert stack.name == f"none+{CONTROL}"
    assert stack.controls == (CONTROL,)
    assert stack.settings == {CONTROL: {STRENGTH.name: 0.5}}
    assert stack.factory_protection


def test_a_stack_table_changes_its_base(tmp_path):
    path = _file(
        tmp_path,
        f'attacks = ["{ATTACK}"]\n'
        f'stacks = ["none", {{ name = "mine", base = "bare", add = ["{CONTROL}"] }}]\n',
    )
    none, mine = load_campaign(path).resolved_stacks()
    assert (none.controls, none.factory_protection) == ((), True)
    assert (mine.name, mine.controls, mine.factory_protection) == ("mine", (CONTROL,), False)


def test_deployed_is_the_list_of_the_system_file(tmp_path):
    (tmp_path / "system.toml").write_text(f'[controls]\ndeployed = ["{CONTROL}"]\n')
    path = _file(
        tmp_path, f'system = "system.toml"\nattacks = ["{ATTACK}"]\nstacks = ["deployed"]\n'
    )
    (stack,) = load_campaign(path).resolved_stacks()
    assert stack.controls == (CONTROL,)


@pytest.mark.parametrize("name", stack_names())
def test_shipped_stacks_name_controls_that_exist(name):
    stack = resolve_stack(StackChoice(name=name), load_system())
    assert set(stack.controls) <= set(CONTROLS.names())
    assert stack.factory_protection == (name != "bare")


def test_full_is_prevention_and_detection():
    system = load_system()
    controls = {
        name: set(resolve_stack(StackChoice(name=name), system).controls)
        for name in ("prevention", "detection", "full")
    }
    assert controls["full"] == controls["prevention"] | controls["detection"]
    assert not controls["prevention"] & controls["detection"]


def test_the_resolved_text_gives_the_same_campaign(tmp_path):
    given = {
        "attacks": [{"id": ATTACK, "bias_V": [0.1, 0.2]}],
        "stacks": [{"name": "x", "base": "none", "settings": {CONTROL: {"strength": 0.5}}}],
        "cloud": False,
        "tick_s": 2.0,
    }
    campaign = load_campaign(None, given)
    again = load_campaign(_file(tmp_path, campaign.as_toml()))
    assert again == campaign
    assert again.config_sha256 == campaign.config_sha256
    assert not again.load_system().cloud.enabled
    assert again.load_duty().tick_s == 2.0


def test_the_digest_follows_what_the_cases_depend_on(tmp_path):
    base = {"attacks": [ATTACK], "stacks": ["none"]}
    digest = load_campaign(None, base).config_sha256
    for same in ({"workers": 2}, {"chunk": 7}, {"gate": "goal_share(none)<=1"}, {"name": "x"}):
        assert load_campaign(None, base | same).config_sha256 == digest, same
    for other in (
        {"seed": 8},
        {"seeds": 9},
        {"duty": "fast-charge"},
        {"link": "wifi"},
        {"cloud": False},
        {"tick_s": 2.0},
        {"stacks": ["bare"]},
        {"attacks": [{"id": ATTACK, "bias_V": 0.01}]},
        {"set": [f"{CONTROL}.strength=0.5"], "controls": f"+{CONTROL}"},
    ):
        assert load_campaign(None, base | other).config_sha256 != digest, other


def test_the_digest_follows_the_content_of_named_files(tmp_path):
    system = tmp_path / "system.toml"
    path = _file(tmp_path, SMALL + 'system = "system.toml"\n')
    system.write_text("[pack]\nseries = 90\n")
    first = load_campaign(path).config_sha256
    system.write_text("# a comment changes nothing\n[pack]\nseries = 90\n")
    assert load_campaign(path).config_sha256 == first
    system.write_text("[pack]\nseries = 91\n")
    assert load_campaign(path).config_sha256 != first


@pytest.mark.parametrize("example", ["demo", "sweep", "ablation", "duties/cold-fast-charge"])
def test_shipped_examples_are_valid(example):
    assert load_campaign(EXAMPLES / f"{example}.toml").attacks


def test_the_shipped_example_of_an_own_system_is_valid():
    assert load_system(str(EXAMPLES / "own-system.toml")).pack.parallel == 2


EMPTY = {
    "no attack": ('attacks = []\nstacks = ["none"]\n', "attacks is empty"),
    "no stack": ('attacks = "all"\nstacks = []\n', "stacks is empty"),
    "empty sweep": (
        f'stacks = ["none"]\n[[attacks]]\nid = "{ATTACK}"\nbias_V = []\n',
        "the sweep of bias_V is empty",
    ),
}


@pytest.mark.parametrize("case", EMPTY, ids=str)
def test_an_empty_campaign_is_no_success(tmp_path, case):
    text, words = EMPTY[case]
    with pytest.raises(NothingRanError) as caught:
        load_campaign(_file(tmp_path, text))
    assert words in caught.value.what
    assert caught.value.exit_code == 5


BAD = {
    "unknown key": (SMALL + "sedes = 3\n", ["unknown key 'sedes'", "'seeds'"]),
    "zero seeds": (SMALL + "seeds = 0\n", ["'seeds'", "got 0", "greater than or equal to 1"]),
    "text": (SMALL + 'seed = "7"\n', ["'seed'", 'got "7"', "integer"]),
    "keep": (SMALL + 'keep = "best"\n', ["'keep'", 'got "best"', "'worst'"]),
    "tick": (SMALL + "tick_s = -1.0\n", ["'tick_s'", "got -1.0", "greater than 0"]),
    "attacks is text": (
        'attacks = "each"\nstacks = ["none"]\n',
        ["attacks", 'got "each"', '"all"'],
    ),
    "unknown attack": (
        'attacks = ["voltage-bais"]\nstacks = ["none"]\n',
        ["attacks[0]", "no attack 'voltage-bais'", "'voltage-bias'"],
    ),
    "attack is a number": ('attacks = [3]\nstacks = ["none"]\n', ["attacks[0]", "got 3", "an id"]),
    "attack without id": ('attacks = [{ bias_V = 1 }]\nstacks = ["none"]\n', ["attacks[0]", "id"]),
    "unknown parameter": (
        f'attacks = [{{ id = "{ATTACK}", bias_v = 0.1 }}]\nstacks = ["none"]\n',
        [f"attacks[0] ({ATTACK})", "unknown key 'bias_v'", "'bias_V'"],
    ),
    "out of range": (
        f'attacks = [{{ id = "{ATTACK}", bias_V = 50 }}]\nstacks = ["none"]\n',
        ["bias_V = 50", "allowed are"],
    ),
    "one of a sweep": (
        f'attacks = [{{ id = "{ATTACK}", bias_V = [0.1, 50] }}]\nstacks = ["none"]\n',
        ["bias_V = 50", "allowed are"],
    ),
    "parameter is text": (
        f'attacks = [{{ id = "{ATTACK}", bias_V = "0.1" }}]\nstacks = ["none"]\n',
        ["bias_V", 'got "0.1"', "allowed is a number"],
    ),
    "parameter is nan": (
        f'attacks = [{{ id = "{ATTACK}", bias_V = nan }}]\nstacks = ["none"]\n',
        ["attacks[0]", "bias_V", "got nan", "a finite number"],
    ),
    "unknown stack": (
        f'attacks = ["{ATTACK}"]\nstacks = ["fulll"]\n',
        ["stacks[0]", "no stack", "'full'"],
    ),
    "stack twice": (f'attacks = ["{ATTACK}"]\nstacks = ["none", "none"]\n', ["'none'", "twice"]),
    "unknown stack key": (
        f'attacks = ["{ATTACK}"]\nstacks = [{{ name = "none", ad = [] }}]\n',
        ["unknown key 'stacks[0].ad'", "'add'"],
    ),
    "unknown control": (
        f'attacks = ["{ATTACK}"]\nstacks = [{{ name = "none", add = ["innovation-cusm"] }}]\n',
        ["stacks[0].add", "no control", "'innovation-cusum'"],
    ),
    "unknown setting": (
        SMALL.replace(
            '["none"]', f'[{{ name = "none", settings.{CONTROL}.{STRENGTH.name}s = 1 }}]'
        ),
        [f"settings.{CONTROL}", f"'{STRENGTH.name}s'", f"'{STRENGTH.name}'"],
    ),
    "unknown duty": (SMALL + 'duty = "us06-drvie"\n', ["no duty 'us06-drvie'", "'us06-drive'"]),
    "unknown system": (SMALL + 'system = "own.toml"\n', ["system file own.toml", "no such file"]),
    "unknown link": (SMALL + 'link = "6g"\n', ["no link '6g'", "'5g'"]),
    "gate grammar": (SMALL + 'gate = "goal(none)"\n', ["--gate", "cannot read"]),
    "gate of another stack": (SMALL + 'gate = "goal_share(full)<=0.1"\n', ["full"]),
    "no TOML": ("attacks = [\n", ["not valid TOML"]),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_campaigns_say_file_key_got_and_allowed(tmp_path, case):
    text, words = BAD[case]
    with pytest.raises(ConfigurationError) as caught:
        load_campaign(_file(tmp_path, text))
    for word in words:
        assert word in str(caught.value)


BAD_FLAGS = {
    "no sign": ({"controls": CONTROL}, ["'innovation-cusum' has no sign", "write +"]),
    "unknown": ({"controls": "-innovation"}, ["--controls", "no control"]),
    "no value": ({"set": [f"{CONTROL}.strength"]}, ["--set", "control.param=value"]),
    "no number": ({"set": [f"{CONTROL}.strength=hi"]}, ["--set", "got 'hi'"]),
    "no control": ({"set": ["cusum.strength=1"]}, ["--set", "no control"]),
    "no parameter": ({"set": [f"{CONTROL}.force=1"]}, ["unknown key 'force'", STRENGTH.name]),
    "range": ({"set": [f"{CONTROL}.strength=-1"]}, [f"{STRENGTH.name} = -1", "allowed are"]),
    "seeds": ({"seeds": 0}, ["command line", "'seeds'", "got 0"]),
}


@pytest.mark.parametrize("case", BAD_FLAGS, ids=str)
def test_bad_flags_say_which_option(case):
    flags, words = BAD_FLAGS[case]
    with pytest.raises(ConfigurationError) as caught:
        load_campaign(None, {"attacks": [ATTACK], **flags})
    for word in words:
        assert word in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no such file"):
        load_campaign(tmp_path / "absent.toml")


def test_merging_keeps_what_is_not_named():
    base = {"a": {"b": 1, "c": 2}, "d": [1, 2]}
    assert merged(base, {"a": {"c": 3}, "d": [4]}) == {"a": {"b": 1, "c": 3}, "d": [4]}
    assert base == {"a": {"b": 1, "c": 2}, "d": [1, 2]}


SCHEMA = jsonschema.Draft202012Validator(adapter(CampaignDocument).json_schema())
# Refused by the catalogues, which a schema does not know, or because nothing would run.
BEYOND_A_SCHEMA = {
    *("unknown attack", "unknown parameter", "out of range", "one of a sweep", "unknown stack"),
    *("stack twice", "unknown control", "unknown setting", "unknown duty", "unknown system"),
    *("unknown link", "gate grammar", "gate of another stack", "parameter is nan", "no TOML"),
}


@pytest.mark.parametrize("case", sorted(BAD.keys() - BEYOND_A_SCHEMA))
def test_the_schema_refuses_what_the_reader_refuses(case):
    assert not SCHEMA.is_valid(tomllib.loads(BAD[case][0]))


def test_the_schema_accepts_the_shipped_campaigns():
    for example in ("demo", "sweep", "ablation", "alone", "mismatched"):
        document = tomllib.loads((EXAMPLES / f"{example}.toml").read_text(encoding="utf-8"))
        SCHEMA.validate(document)
        SCHEMA.validate(
            json.loads(json.dumps(load_campaign(EXAMPLES / f"{example}.toml").as_document()))
        )


NUMBERS = st.floats(-10.0, 10.0) | st.integers(-3, 3)
ODD = st.none() | st.booleans() | st.just("0.1") | st.just({"x": 1}) | NUMBERS


def documents(odd):
    """Return campaign documents in which any value may be an odd one."""
    some = NUMBERS | st.lists(NUMBERS | odd, max_size=2) | odd
    attack = {"id": st.just(ATTACK) | odd}
    entry = st.fixed_dictionaries(attack, optional={"bias_V": some}) | st.just(ATTACK) | odd
    settings = st.dictionaries(st.just("strength"), NUMBERS | odd)
    stack = {
        "base": st.just("full") | odd,
        "add": st.lists(st.just(CONTROL) | odd, max_size=2) | odd,
        "settings": st.dictionaries(st.just(CONTROL), settings | odd) | odd,
    }
    named = st.fixed_dictionaries({"name": st.just("none") | odd}, optional=stack)
    attacks = st.sampled_from(["all", "of-duty"]) | st.lists(entry, max_size=2) | odd
    stacks = st.lists(named | st.just("none") | odd, max_size=2) | odd
    return st.fixed_dictionaries({}, optional={"attacks": attacks, "stacks": stacks})


def is_refused(document):
    try:
        check_document(CampaignDocument, document, "file")
    except ConfigurationError:
        return True
    return False


@given(documents(st.nothing()) | documents(ODD))
@a_case({"attacks": [{"bias_V": 1}]})
@a_case({"stacks": [{"name": "none", "other": 1}]})
def test_the_schema_and_the_reader_agree_on_every_shape(document):
    assert SCHEMA.is_valid(document) is not is_refused(document)
