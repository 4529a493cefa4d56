"""`voltward tara`: threat analysis and risk assessment."""

import click

from voltward.interfaces.cli.lazy_group import LazyGroup

_HERE = "voltward.interfaces.cli.tara_"
# Name to where it lives, and the line in `voltward tara --help`.
COMMANDS = {
    "init": (f"{_HERE}model:init_command", "Write a complete, worked model to a folder."),
    "check": (f"{_HERE}model:check_command", "Check a model, fault by fault."),
    "rate": (f"{_HERE}rate:rate_command", "Rate a model, with or without a campaign."),
    "show": (f"{_HERE}show:show_command", "Explain one risk."),
    "diff": (f"{_HERE}show:diff_command", "Say which ratings moved, and why."),
    "score": (f"{_HERE}score:score_command", "Rate JSON lines: the calculator as a filter."),
    "export": (f"{_HERE}exchange:export_command", "Write a model in a format that others read."),
    "import": (f"{_HERE}exchange:import_command", "Read a workbook into a new model folder."),
    "annex5": (f"{_HERE}annex5:annex5_command", "Set UN R155 Annex 5 against a model."),
    "candidates": (f"{_HERE}annex5:candidates_command", "List the threats that STRIDE proposes."),
}


@click.group("tara", cls=LazyGroup, table=COMMANDS)
def tara_group() -> None:
    """Rate risks after ISO/SAE 21434, on executed attacks where there are any.

    DIR is a folder of TOML files, or the name of a shipped model: cbms, headlamp.
    """
