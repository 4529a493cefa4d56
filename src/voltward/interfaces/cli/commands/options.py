"""Arguments and options that several commands share; each is worded once.

Lists and defaults below repeat what the code that computes defines, so that the help can show them
without importing it; a test holds them equal.
"""

from pathlib import Path
from typing import Any

import click

TRACKS = ("measured", "composed", "mismatched", "matched")
MODELS = ("cbms", "headlamp")
WORKED_MODEL = "cbms"
DEFAULT_PROFILE = "iso21434-example"
REFERENCE_SYSTEM = "reference"
KINDS = ("campaign", "system", "duty", "link")
TARA_KINDS = ("tara-model", "rating")
EXPORT_FORMATS = ("xlsx", "json", "tmbom", "sarif", "mermaid", "md")

ANY_PATH = click.Path(path_type=Path)
FILE_TO_WRITE = click.Path(dir_okay=False, path_type=Path)
FOLDER_TO_WRITE = click.Path(file_okay=False, path_type=Path)
FILE_TO_READ = click.Path(exists=True, dir_okay=False, path_type=Path)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
force_option = click.option("--force", is_flag=True, help="Replace a file that is there.")

# Systems and profiles
level_option = click.option(
    "--level",
    type=click.Choice(["cell", "pack"]),
    help="Whether a recorded profile has the current of a cell or of the pack.",
)
tick_option = click.option(
    "--tick", "tick_s", type=float, help="Tick in s, in place of the duty's own."
)

# Recordings
cell_option = click.option(
    "--cell", "cell_name", required=True, help="Cell of the twin: a shipped name or a file."
)
columns_option = click.option(
    "--columns",
    "column_map",
    metavar="NAME_OR_FILE",
    help="Column map of a table with other columns, shipped, such as arbin, or a file; by default "
    "they are found by names and units.",
)
temperature_option = click.option(
    "--temperature",
    "temperature_degC",
    type=float,
    help="Temperature in degC that is assumed where the recordings have none.",
)
track_option = click.option(
    "--track",
    type=click.Choice(TRACKS),
    default=TRACKS[0],
    show_default=True,
    help="Which truth the recordings have; written beside every figure.",
)
chemistry_option = click.option(
    "--chemistry", default="lithium-ion", show_default=True, help="Chemistry, in words."
)

# Finished runs
root_option = click.option(
    "--root",
    type=ANY_PATH,
    default=Path("out"),
    show_default=True,
    help="Folder that holds the runs.",
)


# Risks
def not_empty(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
    """Refuse an empty text, which would otherwise mean the default.

    Raises:
        BadParameter: It is empty, as of a shell variable that is not set.
    """
    if value == "" or (isinstance(value, tuple) and "" in value):
        raise click.BadParameter("is empty: a variable that is not set?")
    return value


def path_not_empty(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Return a path, or all of several; refuse an empty one, which would be the current folder."""
    given = not_empty(context, parameter, value)
    if isinstance(given, tuple):
        return tuple(Path(name) for name in given)
    return None if given is None else Path(given)


model_argument = click.argument("folder", metavar="DIR", required=False, callback=not_empty)
run_option = click.option(
    "--run",
    "runs",
    metavar="RUN",
    multiple=True,
    callback=path_not_empty,
    help="A finished campaign to rate by, or its name below out; may be given again.",
)
profile_option = click.option(
    "--profile",
    metavar="NAME",
    callback=not_empty,
    help="Method profile or file; by default the model's own.",
)
method_option = click.option(
    "--method",
    type=click.Choice(["attack-potential", "cvss", "attack-vector"]),
    help="Feasibility method; by default the profile's own.",
)
