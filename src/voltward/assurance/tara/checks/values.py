"""Checks of a model: profile, ids of UN R155, CVSS metrics, and what controls may declare."""

from collections.abc import Iterator

from voltward.assurance.standards.annex5 import load_annex5
from voltward.assurance.tara.checks.problem import Problem, Severity, places
from voltward.assurance.tara.method.cvss_metrics import exploitability
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model_folder import Model
from voltward.controls.catalogue import CONTROLS
from voltward.core.control import Hook
from voltward.core.errors import ConfigurationError

_PREVENT = {Hook.VERIFY, Hook.SHAPE}


def profile(model: Model) -> Iterator[Problem]:
    """Yield a profile of the head that cannot be loaded."""
    head = model.tables.model
    try:
        load_profile(head.profile if head else "")
    except ConfigurationError as error:
        yield Problem(model.head_file, "model: profile", error.what, error.why, error.hint)


def regulation(model: Model) -> Iterator[Problem]:
    """Yield ids that UN R155 Annex 5 does not have, and ids both linked and not applicable."""
    annex = load_annex5()
    known = frozenset(annex.known_ids())
    named = [
        (place, "r155", name)
        for place, entry in places(model, "threat", "capability", "step")
        for name in entry.r155
    ]
    named += [(place, "id", row.id) for place, row in places(model, "r155")]
    for place, key, name in named:
        if name not in known:
            yield place.problem(key, f"UN R155 Annex 5 has no '{name}'", hint=annex.hint(name))
    linked = {name: threat.id for threat in reversed(model.tables.threat) for name in threat.r155}
    for place, row in places(model, "r155"):
        if row.id in linked:
            yield place.problem(
                "not_applicable",
                f"'{row.id}' is declared not applicable, and {linked[row.id]} names it",
                why="an id either concerns the item or does not",
                hint="take one of the two away",
            )


def controls(model: Model) -> Iterator[Problem]:
    """Yield controls of the catalogue with an effort as judged: what can be tested must be."""
    known = frozenset(CONTROLS.names())
    for place, control in places(model, "control"):
        if control.id in known and control.effort is not None:
            yield place.problem(
                "effort",
                f"'{control.id}' is a control of the catalogue",
                why="what a campaign can test counts by its test, not by a declared effort",
                hint="write a bypass in place of the effort, or give the control another id",
            )
        if control.bypass and control.effort is not None:
            yield place.problem(
                "effort",
                f"'{control.id}' has bypass and effort",
                why="a tested control is got past by its bypass, an untested one by its effort",
                hint="keep one of them",
            )


def bypass_warnings(model: Model) -> Iterator[Problem]:
    """Yield a warning for every control that verifies or shapes, but has no bypass.

    The control catalogue is loaded for it, so it is asked for by name and no part of every load.
    """
    known = frozenset(CONTROLS.names())
    for place, control in places(model, "control"):
        if control.id not in known or control.bypass:
            continue
        if _PREVENT & {*CONTROLS.load(control.id).hooks}:
            yield place.problem(
                "bypass",
                f"'{control.id}' has no bypass, so it never cuts a path",
                why="where a campaign shows that it holds, the bypass is what an attacker is left "
                "with",
                hint='name what it takes to get past it, such as bypass = "can-key"',
                severity=Severity.WARNING,
            )


def metrics(model: Model) -> Iterator[Problem]:
    """Yield exploitability metrics that are not a CVSS v3 vector."""
    for place, entry in places(model, "capability", "step", "control"):
        try:
            if entry.cvss:
                exploitability(entry.cvss)
        except ConfigurationError as error:
            yield place.problem("cvss", error.what, why=error.why, hint=error.hint)
