"""One risk explained: damage, threat, levels with their reasons, paths as trees."""

from collections.abc import Callable, Iterator, Sequence

from voltward.assurance.tara.model.attack_tree import AllOf, Leaf, Tree
from voltward.assurance.tara.model.model import AttackPath
from voltward.assurance.tara.model.words import ImpactLevel
from voltward.assurance.tara.rating.rating import Rater
from voltward.assurance.tara.rating.records import Evidence, RatedPath, RatedRisk
from voltward.attacks.catalogue import ATTACKS
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest


def explain(rater: Rater, name: str) -> list[str]:
    """Return lines that explain the risks that an id stands for.

    Args:
        rater: The model with its profile and campaigns.
        name: Id of a risk, a damage scenario, a threat scenario or a path.

    Raises:
        ConfigurationError: Nothing has that id.
    """
    rating = rater.rate()
    first = rating.control_sets[0]
    tables = rater.model.tables
    chosen = [
        risk
        for risk in rating.of_set(first)
        if name in {risk.id, f"{risk.damage}.{risk.threat}", risk.damage, risk.threat}
        or any(path.id == name and path.threat == risk.threat for path in tables.path)
    ]
    if not chosen:
        known = [
            *(risk.id for risk in rating.of_set(first)),
            *(entry.id for table in (tables.damage, tables.threat, tables.path) for entry in table),
        ]
        hint = nearest(name, known)
        raise ConfigurationError(
            f"nothing is called '{name}'",
            why="show takes a risk (DAMAGE.THREAT.CATEGORY), a damage, a threat or a path",
            hint=hint if hint.startswith("did") else "voltward tara rate DIR lists the risks",
        )
    lines: list[str] = []
    for pair in dict.fromkeys(risk.pair for risk in chosen):
        categories = [risk.category for risk in chosen if risk.pair == pair]
        of_pair = [
            risk for risk in rating.risks if risk.pair == pair and risk.category in categories
        ]
        lines += [*_pair(rater, of_pair, rating.paths), ""]
    return lines[:-1]


def _pair(rater: Rater, risks: Sequence[RatedRisk], paths: Sequence[RatedPath]) -> Iterator[str]:
    tables = rater.model.tables
    damage = next(entry for entry in tables.damage if entry.id == risks[0].damage)
    threat = next(entry for entry in tables.threat if entry.id == risks[0].threat)
    yield f"{damage.id}.{threat.id}"
    yield f"  damage   {damage.title}"
    if damage.description:
        yield f"           {damage.description}"
    yield f"  threat   {threat.title} ({threat.stride}; {threat.asset}: {threat.property})"
    yield f"  R155     {', '.join(threat.r155) or 'no id'}"
    before = [risk for risk in risks if risk.control_set == risks[0].control_set]
    quiet = [risk for risk in before if _never_counts(risk, risks)] if len(before) > 1 else []
    for name, entry in risks[0].stakeholders.items():
        yield f"  {name}: impact {entry['impact']}, risk {entry['risk']} (a stakeholder of its own)"
    if quiet:
        yield f"  {', '.join(risk.category for risk in quiet)}: impact negligible, risk 1"
    for risk in sorted((r for r in before if r not in quiet), key=lambda r: -r.risk):
        declared = damage.impact[risk.category]
        why = damage.reason.get(risk.category) or damage.reason.get("all") or "no reason written"
        cal = f", CAL {risk.cal}" if risk.cal else ""
        yield f"  {risk.category}: impact {declared}{cal}: {why}"
        for of_set in (r for r in risks if r.category == risk.category):
            yield from _set_lines(of_set)
    yield from _treatment(rater, risks[0])
    yield "  paths"
    for path in tables.path:
        if path.threat == threat.id:
            yield from _path(rater, path, [p for p in paths if p.id == path.id])


def _never_counts(risk: RatedRisk, risks: Sequence[RatedRisk]) -> bool:
    """Tell a category that is negligible under every control set."""
    same = (other for other in risks if other.category == risk.category)
    return all(other.impact is ImpactLevel.NEGLIGIBLE for other in same)


def _set_lines(risk: RatedRisk) -> Iterator[str]:
    shown = (
        f", {risk.if_shown} if each control were shown to hold" if risk.if_shown < risk.risk else ""
    )
    path = f" by {risk.path}" if risk.path else ""
    yield (
        f"    {risk.control_set:10s} risk {risk.risk}: impact {risk.impact}, feasibility "
        f"{risk.feasibility}{path} ({risk.basis}{shown})"
    )
    for reason in risk.reasons:
        yield f"               {reason}"
    if risk.evidence:
        yield f"               evidence: {evidence_line(risk.evidence)}"
    if risk.impact_evidence:
        yield f"               evidence of the impact: {evidence_line(risk.impact_evidence)}"


def evidence_line(evidence: Evidence) -> str:
    """Return a test in one line: where, how many runs, share and interval."""
    parameters = f", {evidence.parameters}" if evidence.parameters else ""
    interval = f"95 % {evidence.low:.3f} to {evidence.high:.3f}"
    return (
        f"{evidence.attack} under {evidence.stack} in run {evidence.run}: goal reached in "
        f"{evidence.reached} of {evidence.n} runs ({interval}); track {evidence.track}, "
        f"duty {evidence.duty}{parameters}"
    )


def _treatment(rater: Rater, risk: RatedRisk) -> Iterator[str]:
    tables = rater.model.tables
    for entry in tables.treatment:
        if entry.threat == risk.threat and entry.damage in {"", risk.damage}:
            yield f"  treatment {entry.decision}: {entry.reason}"
            for goal in tables.goal:
                if goal.id in entry.goals:
                    yield f"    goal  {goal.id} ({goal.owner}): {goal.statement}"
            for claim in tables.claim:
                if claim.id in entry.claims:
                    yield (
                        f"    claim {claim.id} ({claim.owner}, until {claim.expires}): "
                        f"{claim.statement}"
                    )


def _path(rater: Rater, path: AttackPath, rated: Sequence[RatedPath]) -> Iterator[str]:
    title = f" {path.title}" if path.title else ""
    if path.impossible:
        yield f"    {path.id}{title}: left out, because {path.impossible}"
        return
    levels = ", ".join(
        f"{entry.control_set} {entry.feasibility}"
        + (f" ({entry.potential})" if entry.potential is not None else "")
        + (f" in place of {entry.overruled}" if entry.overruled else "")
        for entry in rated
    )
    yield f"    {path.id}{title}: {levels}"
    tree = rater.model.trees[path.tree]
    for line in tree_picture(tree, lambda name: _described(rater, name)):
        yield f"      {line}"


def _described(rater: Rater, name: str) -> tuple[str, Tree | None]:
    if name in rater.trees.leaves.attacks:
        return f"{name}: {ATTACKS.load(name).title} [attack of the catalogue]", None
    step = rater.trees.leaves.steps[name]
    if step.tree:
        return f"{name}: {step.title}", rater.model.trees[step.tree]
    effort = step.effort
    cost = (
        f" [{effort.elapsed_time}, {effort.expertise}, {effort.knowledge}, {effort.window}, "
        f"{effort.equipment}]"
        if effort
        else ""
    )
    return f"{name}: {step.title}{cost} ({step.source})", None


def tree_picture(tree: Tree, describe: Callable[[str], tuple[str, Tree | None]]) -> list[str]:
    """Return a tree as lines.

    Args:
        tree: The tree.
        describe: From a leaf to its line, and the tree below it when it is a branch with a name.
    """
    if isinstance(tree, Leaf):
        return _leaf(tree, describe)
    word = "ALL of" if isinstance(tree, AllOf) else "ANY of"
    lines = [word]
    for index, branch in enumerate(tree.branches):
        lines += _below(tree_picture(branch, describe), last=index == len(tree.branches) - 1)
    return lines


def _leaf(leaf: Leaf, describe: Callable[[str], tuple[str, Tree | None]]) -> list[str]:
    line, below = describe(leaf.id)
    if below is None:
        return [line]
    return [line, *_below(tree_picture(below, describe), last=True)]


def _below(lines: list[str], *, last: bool) -> list[str]:
    first, others = ("└─ ", "   ") if last else ("├─ ", "│  ")
    return [first + lines[0], *(others + line for line in lines[1:])]
