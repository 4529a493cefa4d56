"""Campaigns from Python: they become the settings of a campaign file, and mistakes are named."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import voltward as vw
from voltward.core.errors import ConfigurationError, NothingRanError
from voltward.ranges.configuration.campaign_file import load_campaign

EXAMPLES = Path(__file__).parents[3] / "examples"
MADE = runpy.run_path(str(Path(__file__).parents[2] / "synthetic_run.py"))
BIAS = vw.Attack("voltage-bias", bias_V=-0.05)


@pytest.fixture
def engine(monkeypatch):
    calls = []

    def made(settings, out, progress, *, resume, replacing):
        calls.append((settings, out, resume, replacing))
        progress("campaign", 1, 1)
        return type("Result", (), {"folder": MADE["make_folder"](out)})

    monkeypatch.setattr("voltward.interfaces.python.campaign.run_campaign", made)
    return calls


def test_objects_and_a_file_give_the_same_settings(tmp_path):
    stack = vw.Stack("full").without("cross-cell-residual").setting("derate", strength=0.5)
    campaign = vw.Campaign(
        vw.System(cell="lg-m50"), duty="fast-charge", attacks=BIAS, stacks=["none", stack], seeds=3
    )
    file = tmp_path / "campaign.toml"
    file.write_text(campaign.as_toml(), encoding="utf-8")
    assert load_campaign(file) == campaign.settings
    assert vw.Campaign(file=file).settings == campaign.settings
    assert vw.Campaign(file=file, seeds=4).settings.seeds == 4
    assert campaign.settings.cell == "lg-m50"
    assert campaign.settings.attacks[0].parameters == {"bias_V": -0.05}
    assert [entry.name for entry in campaign.settings.stacks] == [
        "none", "full-cross-cell-residual",
    ]  # fmt: skip


def test_a_sweep_is_one_attack_for_each_value():
    campaign = vw.Campaign(attacks=[vw.Attack("voltage-bias", bias_V=(-0.05, -0.1))])
    biases = [choice.parameters["bias_V"] for choice in campaign.settings.attacks]
    assert biases == [-0.05, -0.1]


def test_a_stack_is_what_its_changes_say():
    base = vw.Stack("prevention")
    changed = base.without("command-signature").adding("derate").named("mine")
    assert set(base.controls) - set(changed.controls) == {"command-signature"}
    assert set(changed.controls) - set(base.controls) == {"derate"}
    assert changed.name == "mine"


def test_the_flags_of_before_still_select(engine, tmp_path):
    run = vw.run(
        EXAMPLES / "sweep.toml", out=tmp_path / "run", seed=9, stacks=["none"],
        set=["derate.strength=0.5"], controls="+derate",
    )  # fmt: skip
    (settings, out, resume, _) = engine[0]
    assert (settings.seed, out, resume) == (9, tmp_path / "run", False)
    assert settings.stacks[0].name == "none+derate"
    assert run.path == out


def test_progress_and_resume_reach_the_range(engine, tmp_path):
    heard = []
    vw.Campaign(attacks=BIAS).run(
        tmp_path / "run", resume=True, progress=lambda *told: heard.append(told)
    )
    assert engine[0][2:] == (True, None)
    assert heard == [("campaign", 1, 1)]


@pytest.mark.parametrize(
    ("make", "what", "hint"),
    [
        (lambda: vw.Attack("voltage-bais"), "no attack 'voltage-bais'", "voltage-bias"),
        (lambda: vw.Attack("voltage-bias", bias=1), "unknown key 'bias'", "bias_V"),
        (lambda: vw.Attack("voltage-bias", bias_V=9), "out of range", "0.009 V (9 mV)"),
        (lambda: vw.Attack("voltage-bias", bias_V=[0.1, 9]), "out of range", "9 mV"),
        (lambda: vw.Stack("ful"), 'no stack "ful"', "full"),
        (lambda: vw.Stack("full").without("derat"), 'no control "derat"', "derate"),
        (lambda: vw.Stack("full").setting("derate", sterngth=1), "sterngth", "share"),
        (lambda: vw.System("refrence"), "refrence", "reference"),
        (lambda: vw.System(link="lt"), "lt", "lte"),
        (lambda: vw.Campaign(sedes=3), "unknown key 'sedes'", "seeds"),
        (lambda: vw.Campaign(duty="fast"), "no duty 'fast'", "fast-charge"),
        (lambda: vw.Campaign(stacks=["full", vw.Stack("full")]), "'full'", ""),
        (lambda: vw.Campaign(attacks=None), "attacks: got None", "a list of attacks"),
        (lambda: vw.Campaign(controls=5), "controls: got 5", "a name or a path"),
        (lambda: vw.System(cloud="yes"), "cloud: got 'yes'", "True, False"),
        (lambda: vw.System(cloud=[]), "cloud: got []", "True, False"),
        (lambda: vw.System(cloud={"a": 1}), "cloud: got {'a': 1}", "True, False"),
        (lambda: vw.Stack("full", name=[]), "Stack: name: got []", "a name or a path"),
        (lambda: vw.Campaign(set=[["derate.strength=0.5"]]), "set: got", "a name or a path"),
        (lambda: vw.catalogue.controls[5], "no control '5'", ""),
        (lambda: vw.Campaign(system=5), "system: got 5", "a name or a path"),
        (lambda: vw.Campaign(set="derate.strength=0.5"), "set: got", "a list of texts"),
        (lambda: vw.Attack(None), "Attack: got None", "a name or a path"),
        (lambda: vw.Stack(None), "Stack: base: got None", "a name or a path"),
        (lambda: vw.Stack("full", add="derate"), "add: got 'derate'", "a list of ids"),
        (lambda: vw.catalogue.shipped("cell"), "kind: got 'cell'", "'cells'"),
    ],
)
def test_mistakes_are_refused_where_they_are_made(make, what, hint):
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert what in caught.value.what
    assert hint in f"{caught.value.why} {caught.value.hint}"
    assert "command line" not in str(caught.value)


def test_nothing_selected_is_refused():
    with pytest.raises(NothingRanError):
        vw.Campaign(attacks=[])


def test_what_is_replaced_by_force_is_told(engine, tmp_path):
    vw.run(attacks="no-attack", out=tmp_path / "run", force=True)
    with pytest.warns(UserWarning, match="notes.txt"):
        engine[0][3](tmp_path / "notes.txt")


def test_workers_do_not_run_the_script_of_the_caller(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "print('once', flush=True)\n"
        "import multiprocessing, os\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from voltward.ranges.campaign.campaign import _main_hidden\n"
        "context = multiprocessing.get_context('spawn')\n"
        "with ProcessPoolExecutor(1, mp_context=context) as pool:\n"
        "    with _main_hidden():\n"
        "        worker = pool.submit(os.getpid)\n"
        "    print(worker.result() != os.getpid(), __file__ is not None)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["once", "True", "True"]
