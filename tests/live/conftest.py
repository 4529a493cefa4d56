from pathlib import Path

import pytest

from voltward.experiments.live.part import PartNames
from voltward.experiments.live.settings import LiveSettings, load_settings

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "live-minimal.toml"


@pytest.fixture(scope="session")
def example() -> LiveSettings:
    return load_settings(EXAMPLE)


@pytest.fixture
def arithmetic_parts(monkeypatch) -> PartNames:
    """Parts that the processes find in this folder."""
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=":")
    module = "arithmetic_parts"
    return PartNames(f"{module}:Vehicle", f"{module}:Gateway", f"{module}:Cloud")
