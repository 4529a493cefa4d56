"""Voltward: attack a cloud battery management system, measure what breaks and what a defence saves.

`voltward.run` runs a campaign and returns its folder as tables and traces.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "open_run", "run"]

# Heavy parts are loaded when they are used, so that importing the package costs nothing.
_LAZY = {
    "run": "voltward.interfaces.python.notebook",
    "open_run": "voltward.interfaces.python.notebook",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'voltward' has no attribute '{name}'")
    return getattr(import_module(_LAZY[name]), name)
