"""`voltward defences`: the controls, and the stacks that they make up."""

from typing import Any

from voltward.controls.catalogue import CONTROLS
from voltward.core.control import Control
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.interfaces.cli.attacks import parameter_line
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
)
from voltward.ranges.configuration.stacks import (
    StackChoice,
    resolve_stack,
    stack_names,
    stack_titles,
)
from voltward.ranges.configuration.system import load_system


def list_defences(*, as_json: bool) -> None:
    """Print a line for each control and each stack."""
    controls = CONTROLS.all()
    if as_json:
        emit_json([summary(control) for control in controls])
        return
    rows = [(c.id, c.layer.value, " ".join(_hooks(c)), c.title) for c in controls]
    emit(columns(rows, ("id", "layer", "hooks", "title")))
    emit("")
    emit(columns(stack_titles().items(), ("stack", "what it is")))
    emit(f"\n{len(controls)} controls. Next: voltward defences show {controls[0].id}")


def show_defence(name: str, *, as_json: bool) -> None:
    """Print everything about one control, or the controls of a stack."""
    if name in stack_names():
        _show_stack(name, as_json=as_json)
        return
    known = (*CONTROLS.names(), *stack_names())
    if name not in known:
        raise ConfigurationError(
            f"there is no control and no stack '{name}'", hint=nearest(name, known)
        )
    control = CONTROLS.load(name)
    if as_json:
        parameters = [vars(parameter) for parameter in control.all_parameters]
        more = {"title": control.title, "parameters": parameters}
        emit_json({"schema_version": SCHEMA_VERSION, **summary(control), **more})
        return
    cost = control.cost
    lines = [
        f"{control.id}: {control.title}",
        f"  layer     {control.layer.value}",
        f"  hooks     {', '.join(_hooks(control))}",
        (
            f"  cost      a record {cost.bytes_per_record:g} bytes, {cost.latency_ms:g} ms, "
            f"{cost.energy_mJ_per_record:g} mJ; {cost.note or 'no note'}"
        ),
        f"  source    {control.source}",
        "  parameters",
        *(f"    {parameter_line(parameter)}" for parameter in control.all_parameters),
    ]
    emit("\n".join(lines))
    emit(f"next: voltward run --attack all --stack none --controls +{control.id}")


def _show_stack(name: str, *, as_json: bool) -> None:
    stack = resolve_stack(StackChoice(name=name), load_system())
    if as_json:
        document = {
            "id": name,
            "title": stack_titles()[name],
            "controls": list(stack.controls),
            "factory_protection": stack.factory_protection,
        }
        emit_json({"schema_version": SCHEMA_VERSION, **document})
        return
    emit(f"{name}: {stack_titles()[name]}")
    emit(f"  factory protection  {'yes' if stack.factory_protection else 'no'}")
    emit(f"  controls            {' '.join(stack.controls) or 'none'}")
    emit(f"next: voltward run --stack {name}")


def summary(control: Control) -> dict[str, Any]:
    """Return the entry of `defences list --json`."""
    return {
        "id": control.id,
        "layer": control.layer.value,
        "hooks": _hooks(control),
        "strength": vars(control.strength),
        "cost": vars(control.cost),
        "source": control.source,
    }


def _hooks(control: Control) -> list[str]:
    return [hook.value for hook in control.hooks]
