import json
from pathlib import Path

import pytest

from voltward.comms.interceptor import Mode
from voltward.core.errors import ConfigurationError
from voltward.ranges.live.case.load import load_settings
from voltward.ranges.live.supervision.report import LiveReport

SCHEMAS = Path(__file__).parents[3] / "src" / "voltward" / "data" / "schemas"
CASE = '[[case]]\nname = "a"\n'
MAN = '[man_in_the_middle]\nattack = "mqtt-man-in-the-middle"\nsteps = [\n'
STEP = '{ from_tick = 1, to_tick = 5, mode = "rewrite" }'
BUS = "[bus_attacker]\nfrom_tick = 1\nto_tick = 9\nattack = "


def load(tmp_path, text):
    path = tmp_path / "live.toml"
    path.write_text(text)
    return load_settings(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "case"),
        (CASE + "tlss = true", "tlss"),
        (CASE + CASE, "same name"),
        (CASE + "man_in_the_middle = true", "man_in_the_middle"),
        (CASE + "tls = false", "without tls"),
        (CASE + 'rogue = "any"', "rogue"),
        ("ticks = 1\n" + CASE, "ticks"),
        ("ticks = 3600\ntick_s = 2.0\n" + CASE, "longer than the duty"),
        ('duty = "fast-charges"\n' + CASE, "fast-charge"),
        ('system = "nothing"\n' + CASE, "nothing"),
        ('controls = ["innovation-cusun"]\n' + CASE, "innovation-cusun"),
        ('controls = ["mqtt-encryption"]\n' + CASE, "not set here"),
        ('controls = ["can-frame-authentication"]\n' + CASE, "not available"),
        (BUS + '"can-spoof-telemetri"\n' + CASE, "can-spoof-telemetri"),
        (BUS + '"mqtt-drop"\n' + CASE, "mqtt.session"),
        (BUS + '"can-spoof-telemetry"\nparameters = { bias_V = 9.0 }\n' + CASE, "bias_V"),
        (MAN + STEP + "]\nparameters = { limit_gian = 1 }\n" + CASE, "limit_gian"),
        (
            MAN.replace("mqtt-man-in-the-middle", "telemetry-replay") + STEP + "]\n" + CASE,
            "replays",
        ),
        ('vehicle = "+"\n' + CASE, "vehicle"),
        ('[topics]\ntelemetry = "a/#"\n' + CASE, "topic map"),
        (MAN + '{ from_tick = 5, to_tick = 5, mode = "drop" }]\n' + CASE, "not after"),
        (
            MAN
            + '{ from_tick = 1, to_tick = 5, mode = "drop" },'
            + '{ from_tick = 4, to_tick = 6, mode = "drop" }]\n'
            + CASE,
            "overlaps the one before",
        ),
        ("ticks = [", "TOML"),
    ],
)
def test_a_file_that_is_wrong_is_explained(tmp_path, text, words):
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    assert words in str(caught.value)
    assert "live.toml" in str(caught.value) or words == "topic map"


def test_outside_his_steps_he_lets_everything_pass(example):
    man = example.man_in_the_middle
    assert [man.mode_at(tick) for tick in (49, 50, 69, 70, 92, 106)] == [
        Mode.PASSTHROUGH,
        Mode.REWRITE,
        Mode.REWRITE,
        Mode.PASSTHROUGH,
        Mode.DROP,
        Mode.DELAY,
    ]


def test_the_published_schema_is_that_of_the_report():
    published = json.loads((SCHEMAS / "live.schema.json").read_text())
    assert published == LiveReport.model_json_schema(mode="serialization")
