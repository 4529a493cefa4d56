"""Make the pictures and figures of README and documents from a run of the shipped demo.

1. The run must be of `examples/demo.toml` as it is now.
2. Its figures are copied to `docs/pictures`, and its lines on risk and evidence into the README.
3. `docs/pictures/manifest.json` notes the configuration and the versions they were made from.

`--check` tells whether they are of age: made from another configuration than the demo's now, or
edited by hand. Pictures that need recordings are listed with their command, and left as they are.
"""

import argparse
import io
import json
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from voltward import __version__
from voltward.assurance.evidence.collection import Collected
from voltward.assurance.evidence.environment import Times
from voltward.assurance.evidence.keys import make_keys, read_private_key
from voltward.assurance.evidence.rating_snapshot import read_rating
from voltward.assurance.evidence.signing import sign_pack
from voltward.assurance.tara.model.model_folder import WORKED_MODEL, model_folder, read_model
from voltward.assurance.tara.rating.rating_file import read_rating_file
from voltward.core.files import pretty_json, sha256_of, write_text
from voltward.interfaces.risk_lines import print_risk_lines
from voltward.ranges.configuration.campaign_file import load_campaign
from voltward.results.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "examples" / "demo.toml"
PICTURES = ROOT / "docs" / "pictures"
MANIFEST = PICTURES / "manifest.json"
README = ROOT / "README.md"
FROM_DEMO = ("matrix.png", "risk.png")
OTHERS = {"detection.png": "voltward benchmark detection --data recordings --out out/detection"}
# The line of the README before which the two lines on risk stand, and the start of the third.
RISK, VALID = "risk    ", "valid: "


def make(run: Path) -> None:
    """Copy pictures and lines of a finished run of the demo, and write the manifest."""
    folder = RunFolder.open(run)
    now = load_campaign(DEMO).config_sha256
    if folder.run["config_sha256"] != now:
        sys.exit(f"{run}: is not a run of {DEMO.relative_to(ROOT)} as it is now; run it again")
    for name in FROM_DEMO:
        shutil.copyfile(run / "figures" / name, PICTURES / name)
    lines = [*_risk_lines(run), _evidence_line(folder)]
    write_text(README, "\n".join(_with_lines(README.read_text("utf-8").splitlines(), lines)) + "\n")
    manifest = {
        "campaign": str(DEMO.relative_to(ROOT)),
        "config_sha256": now,
        "versions": dict(folder.run["versions"]),
        "pictures": {
            **{name: {"from": f"figures/{name}", **_digest(name)} for name in FROM_DEMO},
            **{name: {"command": command, **_digest(name)} for name, command in OTHERS.items()},
        },
        "readme": lines,
    }
    write_text(MANIFEST, pretty_json(manifest))
    print(f"wrote {MANIFEST.relative_to(ROOT)}, {', '.join(FROM_DEMO)} and lines of README.md")


def check() -> list[str]:
    """Return what is out of date, one line each."""
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    problems = []
    now = load_campaign(DEMO).config_sha256
    if manifest["config_sha256"] != now:
        problems.append(
            f"pictures are of config {manifest['config_sha256'][:12]}, demo is {now[:12]}"
        )
    if manifest["versions"]["voltward"] != __version__:
        problems.append(f"pictures are of voltward {manifest['versions']['voltward']}")
    for name, entry in manifest["pictures"].items():
        if not (PICTURES / name).is_file() or sha256_of(PICTURES / name) != entry["sha256"]:
            problems.append(f"docs/pictures/{name} is not the file that was made")
    problems += [
        f"docs/pictures/{path.name} is not in the manifest"
        for path in sorted(PICTURES.glob("*.png"))
        if path.name not in manifest["pictures"]
    ]
    text = README.read_text("utf-8").splitlines()
    problems += [f"README.md lacks: {line}" for line in manifest["readme"] if line not in text]
    return problems


def _digest(name: str) -> dict[str, str]:
    return {"sha256": sha256_of(PICTURES / name)}


def _risk_lines(run: Path) -> list[str]:
    sink = io.StringIO()
    screen = Console(file=sink, color_system=None, width=400)
    print_risk_lines(read_rating_file(run / "risk.json").rating, screen)
    return [line.rstrip() for line in sink.getvalue().splitlines()[:2]]


def _evidence_line(folder: RunFolder) -> str:
    """Sign the run as `make demo` does, and return what verifying it prints first."""
    with tempfile.TemporaryDirectory() as place:
        key = Path(place) / "key.pem"
        make_keys(key)
        model = read_model(model_folder(WORKED_MODEL))
        collected = Collected(folder, read_rating(folder.path / "risk.json"), None, model)
        signer, times = read_private_key(key), Times("", "")
        signed = sign_pack(Path(place) / "pack", collected, signer, times)
    return f"{VALID}{signed.files} files are what was signed"


def _with_lines(text: list[str], lines: list[str]) -> list[str]:
    first = next(index for index, line in enumerate(text) if line.startswith(RISK))
    last = next(index for index, line in enumerate(text) if line.startswith(VALID))
    text[first : first + 2], text[last] = lines[:2], lines[2]
    return text


def main() -> None:
    """Make or check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--run", type=Path, default=ROOT / "out" / "demo", help="a run of the demo")
    parser.add_argument("--check", action="store_true", help="leave with 1 when something is old")
    arguments = parser.parse_args()
    if not arguments.check:
        make(arguments.run)
        return
    problems = check()
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print("run 'make pictures'", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
