"""Voltward: attack a cloud battery management system, measure what breaks and what a defence saves.

Every name here is loaded when it is first used. The names in `voltward.__all__` are stable from 1.0
on; until then the changelog names what changes.

Example:
    >>> import voltward as vw
    >>> print(vw.__version__)
    0.1.0
    >>> run = vw.open_run("out/demo")
    >>> run.matrix["voltage-bias", "full"].goal_share.value
    0.375
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

from voltward.core.version import VERSION as __version__  # noqa: N811

if TYPE_CHECKING:
    from voltward.core.errors import VoltwardError
    from voltward.interfaces.python import catalogue, evidence
    from voltward.interfaces.python.campaign import Attack, Campaign, Stack, System, run
    from voltward.interfaces.python.rating import Model, Rating, plan
    from voltward.interfaces.python.recordings import identify, replay
    from voltward.interfaces.python.run import Matrix, Run, open_run
    from voltward.interfaces.python.table import Estimate, Table
    from voltward.interfaces.python.trace import Trace

# JAX reads it when it is first imported, here and in every process that is started from here: of
# its own and the compiler's messages, such as those on kept programs, only fatal ones reach the
# terminal. A user who sets the variable, to WARNING for example, gets them.
os.environ.setdefault("JAX_LOGGING_LEVEL", "CRITICAL")

__all__ = [
    "Attack",
    "Campaign",
    "Estimate",
    "Matrix",
    "Model",
    "Rating",
    "Run",
    "Stack",
    "System",
    "Table",
    "Trace",
    "VoltwardError",
    "__version__",
    "catalogue",
    "evidence",
    "identify",
    "open_run",
    "plan",
    "replay",
    "run",
]

_HOMES = {
    "core.errors": ("VoltwardError",),
    "interfaces.python.campaign": ("Attack", "Campaign", "Stack", "System", "run"),
    "interfaces.python.rating": ("Model", "Rating", "plan"),
    "interfaces.python.recordings": ("identify", "replay"),
    "interfaces.python.run": ("Matrix", "Run", "open_run"),
    "interfaces.python.table": ("Estimate", "Table"),
    "interfaces.python.trace": ("Trace",),
}
_MODULES = ("catalogue", "evidence")

# Hidden from type checkers, which would take every name for one that exists.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            return import_module(f"voltward.interfaces.python.{name}")
        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"voltward.{home}"), name)
        raise AttributeError(f"module 'voltward' has no attribute '{name}'")


def __dir__() -> list[str]:
    return list(__all__)
