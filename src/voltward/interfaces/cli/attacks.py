"""`voltward attacks`: what can be run against the system."""

from collections.abc import Iterable
from typing import Any

from voltward.attacks.catalogue import ATTACKS
from voltward.core.attack import FOREVER_S, Attack, Step
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.interfaces.cli.output import SCHEMA_VERSION, columns, emit, emit_json


def list_attacks(*, as_json: bool) -> None:
    """Print a line for each attack."""
    attacks = ATTACKS.all()
    if as_json:
        emit_json([summary(attack) for attack in attacks])
        return
    rows = [(a.id, a.layer.value, a.type.value, " ".join(taps(a)), a.title) for a in attacks]
    emit(columns(rows, ("id", "layer", "type", "taps", "title")))
    emit(f"\n{len(attacks)} attacks. Next: voltward attacks show {attacks[0].id}")


def show_attack(attack_id: str, *, as_json: bool) -> None:
    """Print everything about one attack."""
    attack = ATTACKS.load(attack_id)
    if as_json:
        emit_json({"schema_version": SCHEMA_VERSION, **summary(attack), **_more(attack)})
        return
    goal = attack.goal
    lines = [
        f"{attack.id}: {attack.title}",
        f"  layer       {attack.layer.value}",
        f"  type        {attack.type.value}; STRIDE {', '.join(s.value for s in attack.stride)}",
        f"  reference   UN R155 Annex 5: {', '.join(attack.r155)}; {attack.technique}",
        f"  holds       {' '.join(capability_names(attack.holds)) or 'nothing'}",
        f"  goal        {goal.consequence} >= {goal.at_least:g}: {goal.description}",
        f"  duty        {attack.duty}, from {attack.start_s:g} s on",
        f"  component   {attack.component_impact}",
        f"  system      {attack.system_impact}",
        f"  detected by {', '.join(attack.claimed_by) or 'no control claims it'}",
        f"  stopped by  {', '.join(attack.stopped_by) or 'no control claims it'}",
        f"  source      {attack.source}",
        "  steps",
        *(f"    {_step_line(step)}" for step in attack.steps(attack.defaults())),
        "  parameters",
        *(f"    {parameter_line(parameter)}" for parameter in attack.parameters),
    ]
    emit("\n".join(lines))
    first = attack.parameters[0] if attack.parameters else None
    option = f":{first.name}={first.default:g}" if first else ""
    emit(f"next: voltward run --attack {attack.id}{option} --duty {attack.duty}")


def summary(attack: Attack) -> dict[str, Any]:
    """Return the entry of `attacks list --json`."""
    goal = attack.goal
    steps = attack.steps(attack.defaults())
    needs = Capability.NONE
    for step in steps:
        needs |= step.needs
    return {
        "id": attack.id,
        "layer": attack.layer.value,
        "taps": list(taps(attack)),
        "type": attack.type.value,
        "needs": capability_names(needs),
        "goal": {
            "consequence": goal.consequence,
            "at_least": goal.at_least,
            "description": goal.description,
        },
        "parameters": [vars(parameter) for parameter in attack.parameters],
        "r155": list(attack.r155),
        "source": attack.source,
    }


def _more(attack: Attack) -> dict[str, Any]:
    return {
        "title": attack.title,
        "stride": [stride.value for stride in attack.stride],
        "technique": attack.technique,
        "holds": capability_names(attack.holds),
        "duty": attack.duty,
        "start_s": attack.start_s,
        "component_impact": attack.component_impact,
        "system_impact": attack.system_impact,
        "claimed_by": list(attack.claimed_by),
        "stopped_by": list(attack.stopped_by),
        "turns_defence": attack.turns_defence,
        "steps": [_step(step) for step in attack.steps(attack.defaults())],
    }


def _step(step: Step) -> dict[str, Any]:
    document = dict(vars(step))
    document["needs"] = capability_names(step.needs)
    document["grants"] = capability_names(step.grants)
    document["duration_s"] = None if step.duration_s >= FOREVER_S else step.duration_s
    return document


def _step_line(step: Step) -> str:
    needs = " ".join(capability_names(step.needs)) or "nothing"
    grants = capability_names(step.grants)
    end = f", grants {' '.join(grants)}" if grants else ""
    where = f"{step.tap} {step.field}".strip()
    return f"{step.name}: at {where}, needs {needs}{end}"


def taps(attack: Attack) -> tuple[str, ...]:
    """Return the taps of an attack's steps, each once, in their order."""
    return tuple(dict.fromkeys(step.tap for step in attack.steps(attack.defaults())))


def capability_names(capabilities: Capability) -> list[str]:
    """Return the names of the bits, in the words of reports."""
    return [str(bit.name).lower().replace("_", "-") for bit in _bits(capabilities)]


def _bits(capabilities: Capability) -> Iterable[Capability]:
    return iter(capabilities)


def parameter_line(parameter: Parameter) -> str:
    """Return one line about a parameter."""
    unit = "" if parameter.unit == "1" else f" {parameter.unit}"
    return (
        f"{parameter.name} = {parameter.default:g}{unit} "
        f"({parameter.low:g} to {parameter.high:g}): {parameter.description}"
    )
