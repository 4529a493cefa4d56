from pathlib import Path

import pytest

from voltward.ranges.live.case.load import load_settings
from voltward.ranges.live.case.settings import LiveSettings
from voltward.ranges.live.supervision.run import LiveResult, run_live

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[2] / "examples" / "live-minimal.toml"


@pytest.fixture(scope="session")
def example() -> LiveSettings:
    return load_settings(EXAMPLE)


@pytest.fixture(scope="session")
def real_run(example, tmp_path_factory) -> LiveResult:
    """The example as a user runs it, with the project's own parts."""
    return run_live(example, tmp_path_factory.mktemp("live"))
