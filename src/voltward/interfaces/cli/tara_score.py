"""`voltward tara score`: the calculator as a filter of JSON lines."""

import json
from typing import BinaryIO

import click

from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.method.score import score_lines
from voltward.core.errors import ExitCode
from voltward.interfaces.cli.output import leave


def score_file(file: BinaryIO, profile_name: str) -> None:
    """Print the answer to each line of a file."""
    profile = load_profile(profile_name)
    bad, rated = 0, 0
    for answer in score_lines(profile, file):
        bad += "error" in answer
        rated += "error" not in answer
        # Flushed line by line, so that another program can talk to it.
        click.echo(json.dumps(answer))
    if bad:
        # A stream that another program hands over need not have a name.
        name = getattr(file, "name", "standard input")
        leave(ExitCode.USAGE, f"{name}: {bad} of {bad + rated} lines could not be rated")
