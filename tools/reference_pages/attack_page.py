"""The catalogue of attacks."""

from reference_pages.markdown import code, parameter_table, table
from voltward.attacks.catalogue import ATTACKS
from voltward.core.attack import Attack
from voltward.interfaces.cli.attacks import capability_names, summary, taps


def attacks_page() -> list[str]:
    """Return one table of all attacks, and a section for each."""
    attacks = ATTACKS.all()
    lines = ["# Attacks", "", f"{len(attacks)} attacks are shipped. `voltward attacks list`", ""]
    rows = [(f"[{a.id}](#{a.id})", a.layer.value, a.type.value, a.title) for a in attacks]
    lines += table(("id", "layer", "type", "what it is"), rows)
    for attack in attacks:
        lines += attack_section(attack)
    return lines


def attack_section(attack: Attack) -> list[str]:
    """Return what the catalogue says about one attack."""
    goal = attack.goal
    facts = [
        ("what", attack.title),
        ("layer, type", f"{attack.layer.value}, {attack.type.value}"),
        ("STRIDE", ", ".join(stride.value for stride in attack.stride)),
        ("UN R155 Annex 5", ", ".join(attack.r155)),
        ("technique", attack.technique),
        ("taps", code(taps(attack))),
        ("holds at the start", code(capability_names(attack.holds)) or "nothing"),
        ("needs", code(summary(attack)["needs"]) or "nothing"),
        ("goal", f"`{goal.consequence}` >= {goal.at_least:g}: {goal.description}"),
        ("duty and start", f"`{attack.duty}`, {attack.start_s:g} s"),
        ("component", attack.component_impact),
        ("system", attack.system_impact),
        ("claimed to be seen by", code(attack.claimed_by) or "none"),
        ("claimed to be stopped by", code(attack.stopped_by) or "none"),
        ("harms through a defence", "yes" if attack.turns_defence else "no"),
        ("source", attack.source),
    ]
    lines = [f"## {attack.id}", "", *table(("", ""), facts)]
    steps = [
        (
            step.name,
            f"`{step.tap}`",
            f"`{step.field}`" if step.field else "the record",
            code(capability_names(step.needs)),
            code(capability_names(step.grants)),
        )
        for step in attack.steps(attack.defaults())
    ]
    lines += table(("step", "tap", "field", "needs or signs with", "grants"), steps)
    return lines + (parameter_table(attack.parameters) if attack.parameters else [])
