"""`voltward tara score`: one line out for each line in."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.method.score import score_lines
from voltward.interfaces.cli.commands.tara import score_command

EASY = {
    "elapsed_time": "1d",
    "expertise": "layman",
    "knowledge": "public",
    "window": "unlimited",
    "equipment": "standard",
}
P1 = {**EASY, "elapsed_time": "1w", "expertise": "expert", "knowledge": "confidential"}
SFOP = {
    "safety": "severe",
    "financial": "negligible",
    "operational": "major",
    "privacy": "negligible",
}


def rate(*records, profile="iso21434-example", code=0):
    """Return the answers to records, or to lines as bytes."""
    lines = [r if isinstance(r, bytes) else json.dumps(r).encode() for r in records]
    result = CliRunner().invoke(
        score_command, ["--profile", profile], input=b"".join(line + b"\n" for line in lines)
    )
    assert result.exit_code == code, result.output
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(answers) == len(records)
    return answers


def test_each_method():
    assert rate(P1, {"cvss": "AV:A/AC:L/PR:N/UI:N/S:U"}, {"attack_vector": "physical"}) == [
        {"attack_potential": 14, "feasibility": "medium", "risk": None, "cal": None},
        {"attack_potential": None, "feasibility": "medium", "risk": None, "cal": None},
        {"attack_potential": None, "feasibility": "very_low", "risk": None, "cal": None},
    ]


def test_impact_of_each_category():
    (answer,) = rate({**P1, "impact": SFOP, "attack_vector": "physical"})
    # The attack vector serves the CAL alone.
    assert answer["feasibility"] == "medium"
    assert answer["risk"] == 4
    assert answer["cal"] == 2
    assert answer["risks"] == {"safety": 4, "financial": 1, "operational": 3, "privacy": 1}


def test_impact_as_one_level():
    answers = rate(
        {**P1, "impact": "severe"},
        {"attack_vector": "network", "impact": "negligible"},
        {"cvss": "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "impact": "major"},
    )
    assert [(answer["risk"], answer["cal"]) for answer in answers] == [(4, None), (1, None), (3, 2)]
    assert all("risks" not in answer for answer in answers)


def test_null_counts_as_left_out():
    (answer,) = rate({"attack_vector": "local", "cvss": None, "impact": None})
    assert answer["feasibility"] == "low"
    (answer,) = rate({"attack_vector": "local", "impact": {"safety": "major", "privacy": None}})
    assert answer["risks"] == {"safety": 2}


def test_heavens_takes_four_parameters_and_ignores_a_fifth():
    four = {key: option for key, option in EASY.items() if key != "elapsed_time"}
    first, second = rate({**four, "impact": "severe"}, {**EASY, "impact": SFOP}, profile="heavens")
    assert first == {"attack_potential": 0, "feasibility": "high", "risk": 5, "cal": None}
    assert second["risks"] == {"safety": 5, "financial": 2, "operational": 3, "privacy": 2}
    (bad,) = rate({"attack_vector": "local"}, profile="heavens", code=2)
    assert "has no method 'attack-vector'" in bad["error"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", "empty"),
        (b"   ", "empty"),
        (b"{", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "no feasibility method"),
        (b"\xff", "UTF-8"),
        (b"[" * 100_000, "nested"),
        (b'{"cvss": ' + b"1" * 5000 + b"}", "digits"),
        (b'{"cvss": 1e999}', "key 'cvss'"),
        (b'{"cvss": ""}', "must be a vector"),
        (b'{"cvss": "AV:N/AC:L/PR:N/UI:N", "expertise": "layman"}', "different methods"),
        (b'{"cvss": "AV:N/AC:L/PR:N/UI:N", "attack_vector": "local"}', "different methods"),
        (b'{"cvss": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N"}', "no exploitability formula"),
        (b'{"attack_vector": "near"}', "allowed: physical, local, adjacent, network"),
        (b'{"attack_vector": "netwrok"}', "did you mean 'network'"),
        (b'{"attack_vector": ["local"]}', "not allowed"),
        (b'{"attack_vector": true}', "not allowed"),
        (b'{"attack_vector": "\\ud800"}', "not allowed"),
        (b'{"attack_vector": "local", "attack_vector": "local"}', "twice"),
        (b'{"attack_vector": "local", "impact": "High"}', "allowed: negligible"),
        (b'{"attack_vector": "local", "impact": {}}', "no category"),
        (b'{"attack_vector": "local", "impact": {"safty": "severe"}}', "did you mean 'safety'"),
        (b'{"attack_vector": "local", "impact": {"safety": 3}}', "'safety'"),
        (b'{"attack_vector": "local", "impact": 3}', "'impact'"),
        (b'{"atack_vector": "local"}', "did you mean 'attack_vector'"),
        (b'{"expertise": "layman"}', "elapsed_time, knowledge, window, equipment is missing"),
        (json.dumps({**EASY, "window": "open"}).encode(), "allowed: unlimited"),
        (json.dumps({**EASY, "window": {}}).encode(), "not allowed"),
    ],
)
def test_a_bad_line_gives_its_error_and_number_and_the_others_are_rated(line, words):
    good = {"attack_vector": "local"}
    before, bad, after = rate(good, line, good, code=2)
    assert set(bad) == {"error", "line"}
    assert bad["line"] == 2
    assert words in bad["error"]
    assert before == after
    assert before["feasibility"] == "low"


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=5))
def test_any_bytes_give_one_answer_a_line(lines):
    answers = list(score_lines(load_profile(), lines))
    assert [answer["line"] for answer in answers] == list(range(1, len(lines) + 1))


def test_a_file_a_byte_order_mark_and_a_missing_last_newline(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"attack_vector": "local"}\r\n{"attack_vector": "network"}')
    result = CliRunner().invoke(score_command, [str(path)])
    assert result.exit_code == 0
    found = [json.loads(line)["feasibility"] for line in result.stdout.splitlines()]
    assert found == ["low", "high"]


def test_nothing_in_nothing_out():
    result = CliRunner().invoke(score_command, [], input=b"")
    assert (result.exit_code, result.stdout) == (0, "")


def test_errors_on_standard_output_are_json_lines_only():
    result = CliRunner().invoke(score_command, [], input=b"x\n")
    assert len(result.stdout.splitlines()) == 1
    assert "1 of 1 lines" in result.stderr


def test_it_answers_each_line_before_the_next():
    code = "from voltward.interfaces.cli.commands.tara import score_command as command; command()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        for vector, level in (("network", "high"), ("physical", "very_low")):
            process.stdin.write(json.dumps({"attack_vector": vector}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["feasibility"] == level
        process.stdin.close()
        assert process.wait(timeout=60) == 0
