"""What all tests share: float64, one XLA thread, compiled programs, examples, marks of a folder."""

import os
import time
from pathlib import Path

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
# Rooms whose tests share programs and runs of the live range: with `-n`, one worker has them all.
TOGETHER = ("ranges/live", "ranges/virtual", "real_cells/replay", "real_cells/identification")
# What takes longest begins first, so that no worker waits for another at the end.
LONGEST_FIRST = ("ranges/live", "attacks", "ranges/virtual", "ranges")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Forget programs that no test has compiled for a week."""
    if not hasattr(session.config, "workerinput"):
        for program in PROGRAMS.glob("*"):
            if time.time() - program.stat().st_mtime > WEEK_S:
                program.unlink(missing_ok=True)


def _room(item: pytest.Item, rooms: tuple[str, ...]) -> int:
    """Return the place of the first of the rooms that holds a test, or their number."""
    holds = (item.path.is_relative_to(HERE / room) for room in rooms)
    return next((place for place, held in enumerate(holds) if held), len(rooms))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in tests/ranges/live, and say which tests one worker runs together."""
    for item in items:
        if item.path.is_relative_to(HERE / "ranges" / "live"):
            item.add_marker(pytest.mark.live)
        place = _room(item, TOGETHER)
        group = TOGETHER[place] if place < len(TOGETHER) else str(item.path.relative_to(HERE))
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _room(item, LONGEST_FIRST))
