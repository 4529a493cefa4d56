"""`voltward tara`: threat analysis and risk assessment."""

import click

from voltward.interfaces.cli.commands.deferred import CommandGroup
from voltward.interfaces.cli.commands.options import (
    ANY_PATH,
    DEFAULT_PROFILE,
    EXPORT_FORMATS,
    FILE_TO_WRITE,
    MODELS,
    WORKED_MODEL,
    force_option,
    json_option,
    method_option,
    model_argument,
    not_empty,
    path_not_empty,
    profile_option,
    run_option,
)

_named_model_argument = click.argument("folder", metavar="DIR", callback=not_empty)


@click.group("tara", cls=CommandGroup)
def tara_group() -> None:
    """Rate risks after ISO/SAE 21434. Executed attacks count where there are any.

    DIR is a folder of TOML files, or the name of a shipped model: cbms, headlamp.

    Examples:
        voltward tara init my-model
        voltward tara rate cbms --run out/demo
    """


@tara_group.command("init", work="tara_model:start_model")
@click.argument("folder", metavar="DIR", callback=path_not_empty)
@click.option(
    "--model",
    type=click.Choice(MODELS),
    default=WORKED_MODEL,
    show_default=True,
    help="The shipped model to copy.",
)
def init_command() -> None:
    """Write a complete, worked model to DIR, as TOML files to edit.

    Examples:
        voltward tara init my-model
        voltward tara init my-lamp --model headlamp
    """


@tara_group.command("check", work="tara_model:check_model")
@model_argument
@json_option
def check_command() -> None:
    """Check a model.

    Every fault is named with its file, its key and the nearest valid id. Claims whose day has
    passed, and controls that can never cut a path, are warnings.

    Examples:
        voltward tara check my-model
        voltward tara check cbms --json
    """


@tara_group.command("rate", work="tara_rate:rate_model")
@model_argument
@run_option
@profile_option
@method_option
@click.option("--controls", metavar="SET", help="Only this control set; by default all of them.")
@click.option("--gate", metavar="EXPR", help='Such as "max_risk(all)<=3"; exit 3 if not.')
@click.option("--out", type=FILE_TO_WRITE, help="Write the rating as JSON.")
@click.option("--all", "show_all", is_flag=True, help="Print every risk, not the highest only.")
@json_option
def rate_command() -> None:
    """Rate a model.

    The result has impact, feasibility, risk, CAL, treatment, goals and claims. Risks are listed
    under every control set of the model. With --run, controls count only as far as the campaign
    shows that they hold.

    Examples:
        voltward tara rate cbms --run out/demo
        voltward tara rate my-model --controls all --gate "max_risk(all)<=3" --out rating.json
    """


@tara_group.command("show", work="tara_show:show_risk")
@click.argument("name", metavar="ID")
@click.option(
    "--model",
    "folder",
    metavar="DIR",
    help="Model folder; by default the current one if it holds a model, else cbms.",
)
@run_option
@profile_option
@method_option
def show_command() -> None:
    """Explain a risk.

    Damage, threat and paths are shown as trees, each rating with reason and evidence. ID is a risk
    such as DS-01.TS-21.safety, a damage scenario, a threat scenario or a path.

    Examples:
        voltward tara show DS-01.TS-21.safety
        voltward tara show DS-20.TS-51 --model cbms --run out/demo
    """


@tara_group.command("diff", work="tara_show:show_moves")
@click.argument("old", metavar="OLD", type=ANY_PATH)
@click.argument("new", metavar="NEW", type=ANY_PATH)
@click.option("--all", "show_all", is_flag=True, help="Print moves that keep the risk value, too.")
@json_option
def diff_command() -> None:
    """Say which ratings moved between OLD and NEW, and why.

    Each is a rating written by 'tara rate --out', a run folder with its rating, or a model folder,
    which is rated without a campaign.

    Examples:
        voltward tara diff before.json after.json
        voltward tara diff out/demo my-model --all
    """


@tara_group.command("score", work="tara_score:score_file")
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--profile",
    "profile_name",
    metavar="NAME",
    default=DEFAULT_PROFILE,
    show_default=True,
    help="A shipped method profile, or a profile file.",
)
def score_command() -> None:
    """Rate JSON lines of FILE or of standard input. One line out for each line in.

    A line holds elapsed_time 1d|1w|1m|6m|more, expertise layman|proficient|expert|multiple,
    knowledge public|restricted|confidential|strict, window unlimited|easy|moderate|difficult and
    equipment standard|specialised|bespoke|multiple; or cvss (a v3 vector); or attack_vector
    network|adjacent|local|physical. Optional: impact negligible|moderate|major|severe, or an object
    of safety, financial, operational and privacy. The answer holds attack_potential, feasibility,
    risk and cal; a bad line gets its error and number, and exit code 2 at the end.

    Examples:
        voltward tara score paths.jsonl
        echo '{"attack_vector": "network"}' | voltward tara score
    """


@tara_group.command("export", work="tara_exchange:export_model")
@model_argument
@click.option(
    "--format",
    "format_name",
    type=click.Choice(EXPORT_FORMATS),
    required=True,
    help="What to write.",
)
@click.option(
    "--out",
    type=FILE_TO_WRITE,
    help="File to write; by default MODEL.xlsx for xlsx, standard output for the others.",
)
@force_option
@run_option
@profile_option
@method_option
@click.option(
    "--controls",
    metavar="SET",
    callback=not_empty,
    help="sarif: the control set to report; by default the last.",
)
@click.option(
    "--threat",
    "threats",
    metavar="ID",
    multiple=True,
    callback=not_empty,
    help="mermaid: draw only this threat; may be given again.",
)
def export_command() -> None:
    """Write a model and its rating in a format that others read.

    A workbook (xlsx) follows the columns of the public itemis template and can be imported again;
    json holds all tables and the rating; tmbom is the OWASP threat model library's schema 1.0.2;
    sarif reports open risks and controls that are not shown to hold; mermaid draws the attack
    trees; md is one document to read. A file that is there is replaced only with --force.

    Examples:
        voltward tara export my-model --format xlsx --out workbook.xlsx
        voltward tara export cbms --format sarif --run out/demo --out risks.sarif
    """


@tara_group.command("import", work="tara_exchange:import_model")
@click.argument("file", callback=path_not_empty)
@click.argument("folder", metavar="DIR", callback=path_not_empty)
@click.option("--force", is_flag=True, help="Write a model that has errors, to correct it there.")
@json_option
def import_command() -> None:
    """Read a workbook FILE.xlsx into a new model folder DIR.

    The workbook may be one of `voltward tara export`, or anybody's in the columns of the public
    itemis template; what has no place in the model is named. A model with errors is not written,
    unless with --force.

    Examples:
        voltward tara import workbook.xlsx imported-model
        voltward tara import workbook.xlsx draft-model --force --json
    """


@tara_group.command("annex5", work="tara_annex5:show_coverage")
@_named_model_argument
@json_option
def annex5_command() -> None:
    """Set every id of UN R155 Annex 5 against the threats of a model.

    The ids come in the regulation's order, each with the threats that name it or with the reason
    why it does not concern the item.

    Examples:
        voltward tara annex5 cbms
        voltward tara annex5 my-model --json
    """


@tara_group.command("candidates", work="tara_annex5:list_candidates")
@_named_model_argument
@click.option(
    "--open", "only_open", is_flag=True, help="Only those without a threat and without a reason."
)
@json_option
def candidates_command() -> None:
    """List the threats that STRIDE proposes for every asset. Each has what the model made of it.

    Examples:
        voltward tara candidates cbms
        voltward tara candidates my-model --open
    """
