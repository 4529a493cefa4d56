"""The stacks, and the catalogue of controls."""

from collections.abc import Iterator

from reference_pages.markdown import code, parameter_table, table
from voltward.controls.catalogue import CONTROLS
from voltward.core.control import SHAPE_POINTS, Control
from voltward.documents.toml_document import data_folder, read_document
from voltward.interfaces.cli.attacks import capability_names
from voltward.ranges.configuration.stacks import stack_names, stack_titles


def controls_page() -> list[str]:
    """Return the stacks, one table of all controls, and a section for each."""
    controls = CONTROLS.all()
    lines = ["# Defences", "", "## Stacks", ""]
    stacks = read_document(data_folder() / "stacks.toml")["stack"]
    rows = [
        (
            f"`{name}`",
            title,
            code(f"{part} +" for part in stacks.get(name, {}).get("includes", ()))
            + code(stacks.get(name, {}).get("controls", ())),
        )
        for name, title in stack_titles().items()
        if name in stack_names()
    ]
    lines += table(("stack", "what it is", "controls"), rows)
    lines += ["## Controls", "", f"{len(controls)} are shipped. `voltward defences list`", ""]
    rows_of_controls = [
        (f"[{c.id}](#{c.id})", c.layer.value, ", ".join(h.value for h in c.hooks), c.title)
        for c in controls
    ]
    lines += table(("id", "layer", "hooks", "what it is"), rows_of_controls)
    for control in controls:
        lines += control_section(control)
    return lines


def control_section(control: Control) -> list[str]:
    """Return what the catalogue says about one control."""
    cost = control.cost
    facts = [
        ("what", control.title),
        ("layer", control.layer.value),
        ("cost of a record", f"{cost.bytes_per_record:g} bytes, {cost.latency_ms:g} ms"),
        ("energy of a record", f"{cost.energy_mJ_per_record:g} mJ"),
        ("cost, further", cost.note or "none known"),
        *hook_facts(control),
        ("source", control.source),
    ]
    return [
        f"### {control.id}",
        "",
        *table(("", ""), facts),
        *parameter_table(control.all_parameters),
    ]


def hook_facts(control: Control) -> Iterator[tuple[str, str]]:
    """Give a line for each hook that the control offers."""
    if control.verify:
        proof = code(capability_names(control.verify.secret)) or "no key"
        fresh = ", newer than the last" if control.verify.freshness else ""
        yield "verifies at", f"{code(control.verify.taps)}: {proof}{fresh}"
    for shape in control.shape:
        yield "shapes", f"`{shape.point}`: {SHAPE_POINTS[shape.point]}"
    if control.watch:
        yield "watches from", f"{control.watch.place.value}, accuses {control.watch.accuses.value}"
    if control.act:
        accused = ", ".join(accusation.value for accusation in control.act.listens)
        yield "acts on", f"{accused}; holds for {control.act.hold_s:g} s"
