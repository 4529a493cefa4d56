"""What all tests share: float64, one XLA thread, repeatable examples, the marker of a folder."""

import os
from pathlib import Path

import jax
import pytest
from hypothesis import settings

HERE = Path(__file__).parent
# Read when the first array is made: two cores serve the tests better than one large thread pool.
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"
os.environ.setdefault("NPROC", "1")
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {ONE_THREAD}".strip()
jax.config.update("jax_enable_x64", True)
# The same examples at every run; a busy machine is no failure.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in tests/live, so that `make test LIVE=no` leaves it out."""
    for item in items:
        if item.path.is_relative_to(HERE / "ranges" / "live"):
            item.add_marker(pytest.mark.live)
