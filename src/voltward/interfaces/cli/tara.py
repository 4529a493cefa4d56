"""`voltward tara`: threat analysis and risk assessment."""

import click

from voltward.interfaces.cli.tara_annex5 import annex5_command, candidates_command
from voltward.interfaces.cli.tara_exchange import export_command, import_command
from voltward.interfaces.cli.tara_model import check_command, init_command
from voltward.interfaces.cli.tara_rate import rate_command
from voltward.interfaces.cli.tara_score import score_command
from voltward.interfaces.cli.tara_show import diff_command, show_command


@click.group("tara")
def tara_group() -> None:
    """Rate risks after ISO/SAE 21434, on experiments where there are any.

    DIR is a folder of TOML files, or the name of a shipped model: cbms, headlamp.
    """


for command in (
    init_command,
    check_command,
    rate_command,
    show_command,
    diff_command,
    score_command,
    export_command,
    import_command,
    annex5_command,
    candidates_command,
):
    tara_group.add_command(command)
