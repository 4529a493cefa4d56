"""What all tests share: float64, one XLA thread, compiled programs, examples, marks of a folder."""

import os
import time
from pathlib import Path
from typing import Any

import jax
import pytest
from hypothesis import settings

from voltward.core.program_cache import VARIABLE, use_program_cache

HERE = Path(__file__).parent
PROGRAMS = HERE.parent / ".pytest_cache" / "programs"
WEEK_S = 7.0 * 86_400.0
# Read when the first array is made: two cores serve the tests better than one large thread pool.
# Processes that tests start inherit it, and find the same programs only under the same flags.
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"
os.environ.setdefault("NPROC", "1")
if ONE_THREAD not in os.environ.get("XLA_FLAGS", "").split():
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {ONE_THREAD}".strip()
jax.config.update("jax_enable_x64", True)
# Each program is compiled once, whichever test, worker or process of the live range needs it.
os.environ.setdefault(VARIABLE, str(PROGRAMS))
use_program_cache()
# The same examples at every run; a busy machine is no failure.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
# With `-n` one worker runs each of these, for its tests share programs or runs of the live range.
# They take longest and begin first, so that no worker waits for another at the end; in a group the
# first place compiles what processes of the next would otherwise compile twice at once.
TOGETHER = {
    "programs": (
        "ranges/virtual",
        "ranges/test_campaign.py",
        "ranges/electrochemical_plant/test_wiring.py",
    ),
    "live": ("ranges/live",),
    "goals": ("attacks",),
    "replay": ("real_cells/replay",),
    "identification": ("real_cells/identification",),
}


def pytest_sessionstart(session: pytest.Session) -> None:
    """Forget programs that no test has compiled for a week."""
    if not hasattr(session.config, "workerinput"):
        for program in PROGRAMS.glob("*"):
            if time.time() - program.stat().st_mtime > WEEK_S:
                program.unlink(missing_ok=True)


def _group(path: Path) -> tuple[int, int, str | None]:
    """Return the order of a file of tests among groups and in its group, and the group's name."""
    for order, (group, places) in enumerate(TOGETHER.items()):
        for within, place in enumerate(places):
            if path.is_relative_to(HERE / place):
                return order, within, group
    return len(TOGETHER), 0, None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in tests/ranges/live, and let the groups begin."""
    for item in items:
        if item.path.is_relative_to(HERE / "ranges" / "live"):
            item.add_marker(pytest.mark.live)
    items.sort(key=lambda item: _group(item.path)[:2])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n`, hand out whole groups and whole files, in their order."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415

    class GroupScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return _group(config.rootpath / file)[2] or file

    config.option.loadscopereorder = False
    return GroupScheduling(config, log)
