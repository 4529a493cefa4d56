"""Controls of the catalogue that are meant to stop attacks, but whose bypass is not written."""

from collections.abc import Iterable, Iterator

from voltward.assurance.tara.checks.problem import Problem, Severity, problem_at
from voltward.assurance.tara.model.attacks import Measure
from voltward.assurance.tara.model.model_folder import Model
from voltward.controls.catalogue import CONTROLS
from voltward.core.control import Hook

_PREVENT = {Hook.VERIFY, Hook.SHAPE}


def preventive(measures: Iterable[Measure]) -> frozenset[str]:
    """Return the controls of a model that verify or shape, as the catalogue says."""
    known = set(CONTROLS.names())
    names = [measure.id for measure in measures if measure.id in known]
    return frozenset(name for name in names if _PREVENT & {*CONTROLS.load(name).hooks})


def bypass_warnings(model: Model) -> Iterator[Problem]:
    """Yield a warning for every control that can never cut a path for want of a bypass.

    The control catalogue is loaded for it, so it is asked for by name and no part of every load.
    """
    stopping = preventive(model.tables.control)
    for index, control in enumerate(model.tables.control):
        if control.id in stopping and not control.bypass:
            yield problem_at(
                model,
                "control",
                index,
                "bypass",
                f"'{control.id}' has no bypass, so it never cuts a path",
                why="where a campaign shows that it holds, the bypass is what an attacker is left "
                "with",
                hint='name what it takes to get past it, such as bypass = "can-key"',
                severity=Severity.WARNING,
            )
