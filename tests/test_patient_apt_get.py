"""The install of the broker waits for apt's lock: with an apt-get of the test's own on the PATH."""

import os
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools"
LISTS = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"
FRONTEND = (
    "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), "
    "is another process using it?"
)
# Fails as often as there are lines in `failures`, and notes how it was called.
APT_GET = """#!/bin/sh
echo "$@" >> "$HERE/calls"
if [ -s "$HERE/failures" ]; then
    head -n 1 "$HERE/failures" >&2
    sed -i 1d "$HERE/failures"
    exit 100
fi
"""


@pytest.fixture
def apt_get(tmp_path):
    """Run the tool with an apt-get that fails with the given words first."""
    program = tmp_path / "apt-get"
    program.write_text(APT_GET)
    program.chmod(0o755)

    def run(*failures, limit_s=60):
        (tmp_path / "failures").write_text("".join(f"{line}\n" for line in failures))
        done = subprocess.run(
            [TOOLS / "patient-apt-get", "install", "-y", "mosquitto"],
            env={
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "HERE": str(tmp_path),
                "APT_LOCK_WAIT_S": str(limit_s),
                "APT_LOCK_PAUSE_S": "0",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr, (tmp_path / "calls").read_text().splitlines()

    return run


def test_a_free_lock_is_no_matter(apt_get):
    assert apt_get() == (0, "", ["-o DPkg::Lock::Timeout=0 install -y mosquitto"])


@pytest.mark.parametrize("words", [LISTS, FRONTEND, "E: Unable to lock directory /var/lib/apt"])
def test_a_lock_that_is_held_is_waited_for_and_named_once(apt_get, words):
    code, said, calls = apt_get(words, words, words)
    assert (code, len(calls)) == (0, 4)
    assert said.count("waiting up to 60 s") == said.count(words) == 1


def test_another_failure_ends_at_once_with_its_words(apt_get):
    code, said, calls = apt_get("E: Unable to locate package mosquitto", LISTS)
    assert (code, len(calls)) == (100, 1)
    assert said == "E: Unable to locate package mosquitto\n"


def test_the_wait_has_a_limit(apt_get):
    code, said, calls = apt_get(LISTS, LISTS, limit_s=0)
    assert (code, len(calls)) == (100, 1)
    assert "still holds apt's lock after 0 s" in said
