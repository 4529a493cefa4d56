"""`voltward live run` around the range: what the bar says."""

from contextlib import nullcontext
from pathlib import Path

from voltward.core.errors import ConfigurationError, ExitCode
from voltward.interfaces.cli.main import run

EXAMPLE = next((Path(__file__).parents[2] / "examples").rglob("live*.toml"))


def test_the_wait_for_the_processes_is_announced(monkeypatch, tmp_path):
    stages = []

    def run_live(settings, _out, *, progress, replacing):
        assert replacing is None
        for case in settings.case:
            progress(case.name)
        raise ConfigurationError("enough")

    monkeypatch.setattr("voltward.interfaces.cli.live.run_live", run_live)
    monkeypatch.setattr(
        "voltward.interfaces.cli.live.progress_bar",
        lambda: nullcontext(lambda *shown: stages.append(shown)),
    )
    assert run(["live", "run", str(EXAMPLE), "--out", str(tmp_path / "out")]) == ExitCode.USAGE
    assert [done for _, done, _ in stages] == [0, *range(len(stages) - 1)]
    for stage, done, _ in stages:
        assert ("compiling" in stage) == (done == 0)
