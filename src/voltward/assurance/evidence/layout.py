"""The files of an evidence pack, and what the pack claims."""

MANIFEST = "manifest.json"
STATEMENT = "statement.dsse.json"
# Digest of the statement, as sha256sum writes it: what to note down, and what names a changed one.
SEAL = "statement.dsse.json.sha256"
PUBLIC_KEY = "public-key.pem"
VERIFIER = "verify.py"
README = "README.txt"
ENVIRONMENT = "environment.json"
EXCEPTIONS = "exceptions.json"
WITHHELD = "withheld.json"
BEFORE, AFTER = "tara/before.json", "tara/after.json"
RUN_FOLDER, MODEL_FOLDER = "run", "tara/model"
# What is in the folder of a finished run beside the files that run.json names.
RATING_OF_RUN = "risk.json"

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
# A name only: .example is reserved (RFC 2606), so nothing is ever fetched from there.
PREDICATE_TYPE = "https://voltward.example/attestation/tara-pack/v1"

CLAIM = (
    "Tamper-evident after signing: no file of this pack has changed since the holder of the key "
    "signed it. That does not prove that the runner was honest, that the run took place as "
    "described, that the model is right, or when the signature was made."
)


def seal_text(digest: str) -> str:
    """Return the content of the file that holds the statement's digest."""
    return f"{digest}  {STATEMENT}\n"
