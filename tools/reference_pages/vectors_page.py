"""The conformance vectors: format, how another tool runs them, counts."""

import json
from collections import Counter
from pathlib import Path

from reference_pages.markdown import table
from voltward.assurance.tara.method.profile import load_profile
from voltward.documents.toml_document import data_folder, shipped_names

FOLDER = data_folder() / "tara" / "vectors"
KINDS = {
    "attack-potential": "every combination of the options",
    "cvss": "every combination of AV, AC, PR and UI with unchanged scope",
    "attack-vector": "every attack vector",
    "risk": "every cell of the risk matrix, each by one attack of that feasibility",
    "cal": "every cell of the CAL matrix",
}
EXPECTED = (
    "`attack_potential`, `feasibility`, `risk`, `cal`, null where they do not apply; `risks` where "
    "the impact is given for each category"
)
LEVELS = ("high", "medium", "low", "very_low")
COMMANDS = """```sh
cd src/voltward/data/tara/vectors/iso21434-example
for file in *.jsonl; do
  diff <(jq -c .expected $file) \\
       <(jq -c .input $file | voltward tara score --profile iso21434-example | jq -c .) \\
    && echo "$file passed"
done
```"""


def vectors_page() -> list[str]:
    """Return what the vectors are, and how many of each kind there are."""
    return [
        "# Conformance vectors",
        "",
        "ISO/SAE 21434 leaves its rating tables to the organisation, and tools differ in what they",
        "call the standard's tables. These files say, number by number, what the publicly cited",
        "example tables give, so that any tool can be held to them. They are data: no code of this",
        "project is needed to use them.",
        "",
        "## Format",
        "",
        "`src/voltward/data/tara/vectors/PROFILE/KIND.jsonl`, one JSON object a line, UTF-8:",
        "",
        *table(
            ("key", "meaning"),
            [
                ("`id`", "`PROFILE/KIND/NUMBER`; it stays when vectors are added"),
                ("`input`", "what goes in, in the words of `voltward tara score`"),
                ("`expected`", f"all that must come out: {EXPECTED}"),
                ("`about`", "for people: the cell of the matrix, or the exploitability; optional"),
            ],
        ),
        *_words(),
        "",
        "`headlamp.json` is one worked example as a document: damage scenarios, steps with their",
        "attack potential, a control, paths (every step is needed), a threat (its easiest path",
        "counts), and what each profile makes of them with and without the control.",
        "",
        "## How another tool runs them",
        "",
        "Feed it `input`, compare with `expected`. With the calculator of this project:",
        "",
        *COMMANDS.splitlines(),
        "",
        "A tool that has no method or no profile of some file leaves the file out and says so.",
        "",
        "## Counts",
        "",
        *table(
            ("profile", "kind", "vectors", "high / medium / low / very low", "what"),
            [_counted(path) for path in _files()],
        ),
        "The counts of `attack-potential` alone tell iso21434-example from itemis-example.",
        "",
        "## Source and licence",
        "",
        *table(
            ("profile", "source"),
            [(name, load_profile(name).source) for name in shipped_names("tara/profiles")],
        ),
        "The headlamp inputs are those of the public itemis template, itself modelled on the",
        "standard's annex; its outputs are computed. For heavens, take the bands and the grid as",
        "unconfirmed until you have compared them with the deliverable. The files are written by",
        "`tools/generate_conformance_vectors.py` from the shipped profiles; the tests hold counts",
        "and cells again, typed by hand. Licence: Apache-2.0, as the rest of the project. No text",
        "of a standard is contained.",
    ]


def _words() -> list[str]:
    """Return the meaning of the options that are abbreviated."""
    return [
        "Options: `1d`, `1w`, `1m`, `6m` are up to one day, week, month, six months; `more` is",
        "longer; `strict` is strictly confidential, `difficult` difficult or none. In `risk` files",
        "no attack vector is given, so `cal` is null.",
    ]


def _files() -> list[Path]:
    order = list(KINDS)
    return sorted(FOLDER.rglob("*.jsonl"), key=lambda p: (p.parent.name, order.index(p.stem)))


def _counted(path: Path) -> tuple[str, ...]:
    lines = path.read_text(encoding="utf-8").splitlines()
    found = Counter(json.loads(line)["expected"]["feasibility"] for line in lines)
    levels = " / ".join(str(found[level]) for level in LEVELS)
    return (path.parent.name, path.stem, str(len(lines)), levels, KINDS[path.stem])
