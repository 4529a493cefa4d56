"""Waiting says what for, and nobody but Voltward speaks on the terminal meanwhile."""

import os
import pty
import re
import subprocess
import sys

import pytest
from jax._src import compilation_cache

from voltward.core.program_cache import VARIABLE, compilation_words
from voltward.interfaces.cli.screen import drawn_bar

COMPILING = "compiling (about 20 s, kept for next time)"
UNKNOWN = "preparing or compiling (up to about 20 s the first time, kept for next time)"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def environment(cache, **more):
    """Return this environment as a user has it, with a program cache of its own."""
    quiet = ("TF_CPP_MIN_LOG_LEVEL", "JAX_LOGGING_LEVEL")
    kept = {name: value for name, value in os.environ.items() if name not in quiet}
    return {**kept, VARIABLE: str(cache), **more}


def test_only_what_may_compile_is_announced(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert compilation_words("run_loop") == COMPILING
    monkeypatch.setenv(VARIABLE, "off")
    assert "off" in compilation_words("run_loop")
    assert "kept" not in compilation_words("run_loop")


def test_the_remark_stands_in_place_of_the_bar_until_something_is_done(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    with drawn_bar(plain=True) as progress:
        progress(f"campaign: {COMPILING}", 0, 4)
    assert re.search(rf"campaign +{re.escape(COMPILING)} +0/4", capsys.readouterr().err)
    with drawn_bar(plain=True) as progress:
        progress(f"campaign: {COMPILING}", 0, 4)
        progress("campaign", 1, 4)
    shown = capsys.readouterr().err
    assert "1/4" in shown
    assert COMPILING not in shown


SMALL_PROGRAM = """
import voltward
import jax, jax.numpy as jnp
from voltward.core.program_cache import use_program_cache
use_program_cache()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
print(float(jax.jit(lambda x: jnp.sin(x).sum())(jnp.ones(7))))
"""


def of_another_processor(content):
    """Return a kept program that asks for an instruction that no processor has."""
    program = compilation_cache.decompress_executable(content)
    feature = re.search(rb"\+(avx2|sse4\.2|neon|crc32)", program)[0]
    return compilation_cache.compress_executable(program.replace(feature, feature[:-1] + b"?"))


@pytest.mark.parametrize("change", [of_another_processor, lambda _: b"damaged"])
def test_a_program_that_does_not_fit_is_no_message(change, tmp_path):
    def run(**more):
        return subprocess.run(
            [sys.executable, "-W", "always::UserWarning", "-c", SMALL_PROGRAM],
            env=environment(tmp_path, **more),
            capture_output=True,
            text=True,
            check=True,
        )

    first = run()
    programs = list(tmp_path.rglob("*-cache"))
    assert programs
    for path in programs:
        path.write_bytes(change(path.read_bytes()))
    second = run()
    assert (second.stdout, second.stderr) == (first.stdout, "")
    if change is of_another_processor:
        # Without the setting there is a message, so its absence shows something.
        assert "is not" in run(JAX_LOGGING_LEVEL="ERROR").stderr


def test_a_first_run_says_what_it_waits_for_and_nothing_else(tmp_path, monkeypatch):
    system, cache = tmp_path / "small.toml", tmp_path / "cache"
    system.write_text("[pack]\nseries = 2\n")
    master, slave = pty.openpty()
    # Two batches and one worker: what is compiled is compiled in a process of its own.
    command = (
        f"run --attack voltage-bias --stack none --stack bare --seeds 1 --system {system} "
        f"--chunk 1 --workers 1 --no-report --tara none --out {tmp_path / 'run'}"
    )
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from voltward.interfaces.cli.main import main; main()",
            *command.split(),
        ],
        env=environment(cache, COLUMNS="120", TERM="xterm"),
        stdout=subprocess.DEVNULL,
        stderr=slave,
    ) as process:
        os.close(slave)
        heard = b""
        while True:
            try:
                heard += os.read(master, 4096)
            except OSError:  # the other end is closed
                break
    os.close(master)
    assert process.returncode == 0
    lines = [line.strip() for line in re.split(r"[\r\n]+", ESCAPES.sub("", heard.decode()))]
    ours = re.compile(r"(voltward \d|plant +2s1p|campaign ).*")
    assert [line for line in lines if line and not ours.fullmatch(line)] == []
    assert any(COMPILING in line for line in lines)
    assert COMPILING not in [line for line in lines if line][-1]
    monkeypatch.setenv(VARIABLE, str(cache))
    assert compilation_words("run_loop") == UNKNOWN
