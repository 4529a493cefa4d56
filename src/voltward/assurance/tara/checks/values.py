"""Checks of a model: profile, ids of UN R155, CVSS metrics, and what controls may declare."""

from collections.abc import Iterator

from voltward.assurance.standards.annex5 import load_annex5
from voltward.assurance.tara.checks.problem import Problem, problem_at
from voltward.assurance.tara.method.cvss_metrics import exploitability
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model_folder import Model
from voltward.controls.catalogue import CONTROLS
from voltward.core.errors import ConfigurationError


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
    linked: dict[str, str] = {}
    for table in ("threat", "capability", "step"):
        for index, entry in enumerate(getattr(model.tables, table)):
            for name in entry.r155:
                if name not in known:
                    yield problem_at(
                        model,
                        table,
                        index,
                        "r155",
                        f"UN R155 Annex 5 has no '{name}'",
                        hint=annex.hint(name),
                    )
                if table == "threat":
                    linked.setdefault(name, entry.id)
    for index, row in enumerate(model.tables.r155):
        if row.id not in known:
            yield problem_at(
                model,
                "r155",
                index,
                "id",
                f"UN R155 Annex 5 has no '{row.id}'",
                hint=annex.hint(row.id),
            )
        if row.id in linked:
            yield problem_at(
                model,
                "r155",
                index,
                "not_applicable",
                f"'{row.id}' is declared not applicable, and {linked[row.id]} names it",
                why="an id either concerns the item or does not",
                hint="take one of the two away",
            )


def controls(model: Model) -> Iterator[Problem]:
    """Yield controls of the catalogue with an effort as judged: what can be tested must be."""
    known = frozenset(CONTROLS.names())
    for index, control in enumerate(model.tables.control):
        if control.id in known and control.effort is not None:
            yield problem_at(
                model,
                "control",
                index,
                "effort",
                f"'{control.id}' is a control of the catalogue",
                why="what a campaign can test counts by its test, not by a declared effort",
                hint="write a bypass in place of the effort, or give the control another id",
            )
        if control.bypass and control.effort is not None:
            yield problem_at(
                model,
                "control",
                index,
                "effort",
                f"'{control.id}' has bypass and effort",
                why="a tested control is got past by its bypass, an untested one by its effort",
                hint="keep one of them",
            )


def metrics(model: Model) -> Iterator[Problem]:
    """Yield exploitability metrics that are no CVSS v3 vector."""
    for table in ("capability", "step", "control"):
        for index, entry in enumerate(getattr(model.tables, table)):
            if not entry.cvss:
                continue
            try:
                exploitability(entry.cvss)
            except ConfigurationError as error:
                yield problem_at(
                    model, table, index, "cvss", error.what, why=error.why, hint=error.hint
                )
