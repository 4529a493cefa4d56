"""`voltward tara score`: the calculator as a filter of JSON lines."""

import json
from typing import BinaryIO

import click

from voltward.assurance.tara.method.profile import DEFAULT_PROFILE, load_profile
from voltward.assurance.tara.method.score import score_lines
from voltward.core.errors import ExitCode
from voltward.interfaces.cli.output import leave


@click.command("score")
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--profile",
    "profile_name",
    metavar="NAME",
    default=DEFAULT_PROFILE,
    show_default=True,
    help="A shipped method profile, or a profile file.",
)
def score_command(file: BinaryIO, profile_name: str) -> None:
    """Rate JSON lines of FILE, or of standard input: one line out for each line in.

    A line holds elapsed_time 1d|1w|1m|6m|more, expertise layman|proficient|expert|multiple,
    knowledge public|restricted|confidential|strict, window unlimited|easy|moderate|difficult and
    equipment standard|specialised|bespoke|multiple; or cvss (a v3 vector); or attack_vector
    network|adjacent|local|physical. Optional: impact negligible|moderate|major|severe, or an object
    of safety, financial, operational and privacy. Out come attack_potential, feasibility, risk and
    cal; a bad line gives its error and number, and exit code 2 at the end.
    """
    profile = load_profile(profile_name)
    bad, rated = 0, 0
    for answer in score_lines(profile, file):
        bad += "error" in answer
        rated += "error" not in answer
        # Flushed line by line, so that another program can talk to it.
        click.echo(json.dumps(answer))
    if bad:
        leave(ExitCode.USAGE, f"{bad} of {bad + rated} lines could not be rated")
