"""`voltward evidence`: sign a run with its risks, verify a signed pack, say what it holds."""

import click

from voltward.assurance.evidence.kinds_of_files import WITHHOLDABLE
from voltward.interfaces.cli.commands.deferred import CommandGroup
from voltward.interfaces.cli.commands.options import ANY_PATH, json_option

_passphrase_option = click.option(
    "--passphrase-env", metavar="NAME", help="Environment variable that holds the key's passphrase."
)
_public_key_option = click.option(
    "--key", type=ANY_PATH, help="The signer's public key, known from elsewhere than the pack."
)


_key_id_option = click.option(
    "--key-id", metavar="ID", help="Instead of --key: the id of the signer's key, as keygen prints."
)


@click.group("evidence", cls=CommandGroup)
def evidence_group() -> None:
    """Sign a run with its risks, and verify a signed pack.

    A valid pack is tamper-evident after signing; it does not prove that the runner was honest.

    Examples:
        voltward evidence sign out/demo --key signer.pem --out pack
        voltward evidence verify pack --key signer.pub.pem
    """


@evidence_group.command("keygen", work="evidence:make_key_pair")
@click.option(
    "--out", type=ANY_PATH, required=True, help="The private key; the public one is beside it."
)
@click.option("--force", is_flag=True, help="Replace both files.")
@_passphrase_option
@json_option
def keygen_command() -> None:
    """Make an Ed25519 key pair. FILE is readable by you only; FILE.pub.pem is to hand out.

    Examples:
        voltward evidence keygen --out signer.pem
        voltward evidence keygen --out signer.pem --passphrase-env SIGNER_PASSPHRASE
    """


@evidence_group.command("sign", work="evidence:sign_run")
@click.argument("run", metavar="RUN")
@click.option("--key", type=ANY_PATH, required=True, help="The private key.")
@_passphrase_option
@click.option("--out", type=ANY_PATH, required=True, help="The pack, a folder.")
@click.option(
    "--tara",
    type=ANY_PATH,
    multiple=True,
    help="A rating (JSON of 'tara rate') or a model folder; repeatable. Default: RUN/risk.json.",
)
@click.option("--before", type=ANY_PATH, help="An earlier rating, for risks before and after.")
@click.option("--previous", type=ANY_PATH, help="The pack before this one, to chain the history.")
@click.option("--signed-at", metavar="TIME", help="ISO 8601 with offset. Default: now.")
@click.option(
    "--collected-at", metavar="TIME", help="ISO 8601 with offset. Default: --signed-at, or now."
)
@click.option("--force", is_flag=True, help="Replace an earlier pack that is as it was signed.")
@click.option(
    "--withhold",
    metavar="KIND,...",
    default="",
    help=f"Keep files back, salted digests in their place: {', '.join(WITHHOLDABLE)}.",
)
@click.option(
    "--allow-personal",
    is_flag=True,
    help="Let files leave that look personal: vehicle numbers, positions, names, addresses.",
)
@json_option
def sign_command() -> None:
    """Sign a finished run. With it its risks, model and environment are gathered and signed.

    What leaves the house is listed. Files that look personal are refused.

    Examples:
        voltward evidence sign out/demo --key signer.pem --out pack
        voltward evidence sign out/demo --key signer.pem --out pack-2 --withhold dbc,duty
    """


@evidence_group.command("verify", work="evidence:verify_pack")
@click.argument("pack", type=ANY_PATH)
@_public_key_option
@_key_id_option
@click.option("--reveal", type=ANY_PATH, help="A file shown later: is it one that was withheld?")
@click.option("--salts", type=ANY_PATH, help="The signer's salts of withheld files, for --reveal.")
@json_option
def verify_command() -> None:
    """Check signature and every file of a pack. Exit 4 when one byte differs.

    Examples:
        voltward evidence verify pack --key signer.pub.pem
        voltward evidence verify pack --json
    """


@evidence_group.command("show", work="evidence:show_pack")
@click.argument("pack", type=ANY_PATH)
@_public_key_option
@_key_id_option
@json_option
def show_command() -> None:
    """Say what a valid pack holds. That is run, seeds, signer, times, risks, exceptions.

    Examples:
        voltward evidence show pack --key signer.pub.pem
        voltward evidence show pack --json
    """
