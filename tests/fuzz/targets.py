"""Every reader that takes a file of the user, with sound files to begin from.

Readers are reached through the command line where that is fast, else by their function. Nothing
here compiles a program.
"""

import gzip
import io
import json
import runpy
import shutil
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import can
import pyarrow as pa
from openpyxl import Workbook
from pyarrow import parquet
from tests.assurance.evidence_pack import make_pack
from tests.assurance.tara_world import write_model
from tests.fuzz.harness import Target
from tests.fuzz.mutations import repacked

from voltward.assurance.evidence.keys import make_keys, read_private_key
from voltward.assurance.plan.reading import load_organisation
from voltward.controls.cell_calibration import load_calibration
from voltward.core.errors import ExitCode, VoltwardError
from voltward.documents.toml_document import data_folder
from voltward.interfaces.cli.main import run
from voltward.interfaces.cli.output import show_error
from voltward.physical.cell_file import load_cell
from voltward.ranges.live.case.load import load_settings
from voltward.real_cells.electrochemical_truth.bpx_file import read_bpx
from voltward.real_cells.recordings.column_map import load_column_map
from voltward.real_cells.recordings.reading import read_recording
from voltward.results.folder_ledger import Entry, Ledger

EXAMPLES = Path(__file__).parents[2] / "examples"
KEY = "000102030405060708090a0b0c0d0e0f\n"
# A classic frame, one with flexible data rate, and one that the shipped DBC does not know.
LOG = """(1700000000.100000) can0 120#0100000000000000
(1700000000.200000) can0 232#01020304
(1700000000.300000) can0 110##100000000000000000000000000000000
(1700000000.400000) can0 18FEF100#DEADBEEF
"""
SCORES = (
    '{"elapsed_time": "1w", "expertise": "expert", "knowledge": "restricted", '
    '"window": "easy", "equipment": "bespoke", "impact": "major"}\n'
    '{"attack_vector": "network", "impact": {"safety": "severe"}}\n'
    '{"cvss": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}\n'
)
# A made-up parameter set in the shape of the standard.
BPX: dict[str, Any] = {
    "Header": {"BPX": "1.0.0", "Title": "made up", "Model": "DFN"},
    "Parameterisation": {
        "Cell": {"Nominal cell capacity [A.h]": 5.0, "Lower voltage cut-off [V]": 2.7},
        "Electrolyte": {"Initial concentration [mol.m-3]": 1000.0, "Conductivity [S.m-1]": "1.0"},
        "Negative electrode": {"OCP [V]": {"x": [0.0, 1.0], "y": [1.0, 0.1]}},
        "Positive electrode": {"OCP [V]": "4.2 - x", "Thickness [m]": 7e-5},
        "Separator": {"Porosity": 0.5},
    },
}


# Ways to take a file


def commanded(*words: str) -> Callable[[Path, str], int]:
    """Return a reader through the command line; FILE and DIR stand for the file and its folder."""

    def read(folder: Path, name: str) -> int:
        places = {"FILE": str(folder / name), "DIR": str(folder), "OUT": str(folder / "out")}
        shutil.rmtree(folder / "out", ignore_errors=True)
        arguments = [word.replace("DIR", str(folder)) for word in words]
        return run([places.get(word, word) for word in arguments])

    return read


def called(function: Callable[[Path], object]) -> Callable[[Path, str], int]:
    """Return a reader by its function; what it refuses is shown as the command line shows it."""

    def read(folder: Path, name: str) -> int:
        try:
            function(folder / name)
        except VoltwardError as error:
            return show_error(error.what, error.why, error.hint, error.exit_code, as_json=False)
        return ExitCode.DONE

    return read


# Sound files


def text(**named: str) -> Callable[[Path], Sequence[str]]:
    """Return what writes texts; the names have two underscores for a dot."""

    def lay(folder: Path) -> Sequence[str]:
        for name, content in named.items():
            (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
        return [name.replace("__", ".") for name in named]

    return lay


def copied(*sources: Path) -> Callable[[Path], Sequence[str]]:
    """Return what copies files."""

    def lay(folder: Path) -> Sequence[str]:
        return [shutil.copy(source, folder / source.name).name for source in sources]

    return lay


def shipped(*names: str) -> Callable[[Path], Sequence[str]]:
    """Return what copies files of the shipped data."""
    return copied(*(data_folder() / name for name in names))


def _with_neighbours(
    lay: Callable[[Path], Sequence[str]], **neighbours: str
) -> Callable[[Path], Sequence[str]]:
    """Lay further files that stay sound."""

    def both(folder: Path) -> Sequence[str]:
        text(**neighbours)(folder)
        return lay(folder)

    return both


def _table() -> dict[str, list[float]]:
    """Return a made-up drive of 200 s: discharge, rest, charge."""
    time_s = [float(second) for second in range(200)]
    current_A = [-2.0 if t < 120 else 0.0 if t < 150 else 1.0 for t in time_s]
    charge_C, voltage_V = 0.0, []
    for current in current_A:
        charge_C += current
        voltage_V.append(round(3.9 + charge_C / 9_000.0 + 0.03 * current, 5))
    return {
        "time_s": time_s,
        "voltage_V": voltage_V,
        "current_A": current_A,
        "temperature_degC": [25.0] * len(time_s),
    }


def _csv(delimiter: str = ",") -> str:
    table = _table()
    rows = zip(*table.values(), strict=True)
    lines = [
        delimiter.join(table),
        *(delimiter.join(f"{value:g}" for value in row) for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _recordings(folder: Path) -> Sequence[str]:
    (folder / "drive.csv").write_text(_csv())
    (folder / "semicolons.csv").write_text(_csv(";"))
    parquet.write_table(pa.table(_table()), folder / "drive.parquet")
    book = Workbook()
    book.active.append(list(_table()))
    for row in zip(*_table().values(), strict=True):
        book.active.append(row)
    # Written again without the time of day, so that the same seed draws the same file.
    book.save(saved := io.BytesIO())
    (folder / "drive.xlsx").write_bytes(repacked(saved.getvalue(), _without_time))
    return ["drive.csv", "semicolons.csv", "drive.parquet", "drive.xlsx"]


def _without_time(name: str, part: bytes) -> bytes:
    return b"<coreProperties/>" if name == "docProps/core.xml" else part


def _logs(folder: Path) -> Sequence[str]:
    """Write one made-up log in every format that python-can writes."""
    (folder / "bus.log").write_text(LOG)
    (folder / "packed.log.gz").write_bytes(gzip.compress(LOG.encode(), mtime=0))
    names = ["bus.asc", "bus.trc", "bus.blf", "bus.csv"]
    for name in names:
        with can.Logger(str(folder / name)) as writer:
            for number in range(20):
                writer(
                    can.Message(
                        timestamp=1.7e9 + number / 100,
                        arbitration_id=0x100 + number % 3,
                        is_extended_id=number % 5 == 0,
                        data=bytes([number] * 8),
                        channel=0,
                    )
                )
    return ["bus.log", "packed.log.gz", *names]


def _quietly(*words: str) -> str:
    with redirect_stdout(io.StringIO()) as printed:
        assert run(["--quiet", *words]) == ExitCode.DONE
    return printed.getvalue()


def _records(folder: Path) -> Sequence[str]:
    known = "".join(line for line in LOG.splitlines(keepends=True) if "18FEF100" not in line)
    (folder / "bus.log").write_text(known)
    decoded = _quietly("can", "decode", str(folder / "bus.log"), "--json")
    (folder / "bus.jsonl").write_text(decoded)
    return ["bus.jsonl"]


def _workbook(folder: Path) -> Sequence[str]:
    book = folder / "book.xlsx"
    _quietly("tara", "export", "headlamp", "--format", "xlsx", "--out", str(book))
    return [book.name]


def _model(folder: Path) -> Sequence[str]:
    write_model(folder)
    return sorted(path.name for path in folder.glob("*.toml"))


def _rating(folder: Path) -> Sequence[str]:
    for name in ("rating.json", "later.json"):
        _quietly("tara", "rate", "headlamp", "--out", str(folder / name))
    return ["rating.json"]


def _pack(folder: Path, part: str) -> Sequence[str]:
    make_pack(folder)
    inside = [path for path in (folder / part).rglob("*") if path.is_file()]
    return sorted(str(path.relative_to(folder)) for path in inside if path.suffix != ".svg")


def _salts(folder: Path) -> Sequence[str]:
    make_pack(folder)
    sign = ["evidence", "sign", str(folder / "run"), "--key", str(folder / "signer.pem")]
    _quietly(*sign, "--out", str(folder / "less"), "--withhold", "report")
    return ["less.withheld.json"]


def _keys(folder: Path) -> Sequence[str]:
    make_pack(folder)
    made = make_keys(folder / "locked.pem", passphrase=b"made up")
    return ["signer.pem", "signer.pub.pem", made.private.name]


def _own_verifier(folder: Path, name: str) -> int:
    """Let the script that is handed out in a pack check it."""
    script = data_folder() / "evidence" / "verify.py"
    found = runpy.run_path(str(script))["problems"](folder / "pack")
    return show_error(f"{name}: {found[0]}", "", "", ExitCode.EVIDENCE_INVALID,
                      as_json=False) if found else ExitCode.DONE  # fmt: skip


def _ledger(folder: Path) -> Sequence[str]:
    ledger = Ledger(folder)
    ledger.note([Entry("cases.csv", "0" * 64, 1), Entry("figures/matrix.svg", "", 2)])
    ledger.close(remove=False)
    return [ledger.path.name]


def _open_ledger(path: Path) -> None:
    Ledger(path.parent).close(remove=False)


def _calibration(path: Path) -> None:
    load_calibration(path.with_name(path.name.replace(".calibration", "")))


_CHECK = partial(commanded, "config", "check", "FILE", "--kind")
_DATA = data_folder()

TARGETS: tuple[Target, ...] = (
    Target(
        "system",
        copied(EXAMPLES / "own-system.toml", _DATA / "systems" / "reference.toml"),
        _CHECK("system"),
    ),
    Target(
        "campaign",
        copied(EXAMPLES / "demo.toml", EXAMPLES / "sweep.toml", EXAMPLES / "alone.toml"),
        _CHECK("campaign"),
    ),
    Target(
        "duty",
        copied(EXAMPLES / "own-duty.toml", *sorted((_DATA / "duties").glob("*.toml"))[:3]),
        _CHECK("duty"),
    ),
    Target("link", shipped("links/lte.toml", "links/can-over-ip.toml"), _CHECK("link")),
    Target(
        "kind of file", copied(EXAMPLES / "own-duty.toml"), commanded("config", "check", "FILE")
    ),
    Target(
        "profile of a duty", _recordings, commanded("config", "check", "FILE", "--level", "cell")
    ),
    Target("live run", copied(EXAMPLES / "live-minimal.toml"), called(load_settings)),
    Target("cell", shipped("cells/reference-nmc.toml", "cells/lg-m50.toml"), called(load_cell)),
    Target("calibration", shipped("cells/lg-18650hg2.calibration.toml"), called(_calibration)),
    Target("recording", _recordings, called(read_recording)),
    Target(
        "column map",
        shipped("columns/kollmeyer.toml", "columns/voltward.toml"),
        called(lambda path: load_column_map(str(path))),
    ),
    Target("BPX", text(cell__json=json.dumps(BPX, indent=1)), called(read_bpx)),
    Target("CAN log", _logs, commanded("can", "decode", "FILE")),
    Target("CAN log as JSON", _logs, commanded("can", "decode", "FILE", "--json")),
    Target("CAN records", _records, commanded("can", "encode", "FILE")),
    Target(
        "DBC",
        _with_neighbours(shipped("dbc/voltward.dbc"), bus__log=LOG),
        commanded("can", "decode", "DIR/bus.log", "--dbc", "FILE"),
        brief=10,
    ),
    Target(
        "CAN key",
        _with_neighbours(text(key__hex=KEY), bus__log=LOG),
        commanded("can", "authenticate", "DIR/bus.log", "--key-file", "FILE"),
    ),
    Target(
        "secured CAN log",
        _with_neighbours(_logs, key__hex=KEY),
        commanded("can", "verify", "FILE", "--key-file", "DIR/key.hex"),
    ),
    Target("TARA model", _model, commanded("tara", "check", "DIR")),
    Target(
        "TARA model of one file",
        shipped("tara/models/headlamp/model.toml"),
        commanded("tara", "rate", "DIR"),
        brief=10,
    ),
    Target("workbook", _workbook, commanded("tara", "import", "FILE", "OUT"), brief=10),
    Target("rating", _rating, commanded("tara", "diff", "FILE", "DIR/later.json"), brief=10),
    Target("scores", text(paths__jsonl=SCORES), commanded("tara", "score", "FILE")),
    Target(
        "profile",
        _with_neighbours(
            shipped("tara/profiles/iso21434-example.toml"),
            paths__jsonl=SCORES,
        ),
        commanded("tara", "score", "DIR/paths.jsonl", "--profile", "FILE"),
    ),
    Target(
        "organisation",
        shipped("tara/organisations/tier1.toml"),
        called(lambda path: load_organisation(str(path))),
    ),
    Target(
        "pack",
        partial(_pack, part="pack"),
        commanded("evidence", "verify", "DIR/pack", "--key", "DIR/signer.pub.pem"),
        sealed=True,
    ),
    Target(
        "contents of a pack",
        partial(_pack, part="pack"),
        commanded("evidence", "show", "DIR/pack"),
        sealed=True,
    ),
    Target(
        "pack by its own verifier",
        partial(_pack, part="pack"),
        _own_verifier,
        sealed=True,
    ),
    Target(
        "salts of withheld files",
        _salts,
        commanded(
            *("evidence", "verify", "DIR/less", "--key", "DIR/signer.pub.pem"),
            *("--reveal", "DIR/run/report.html", "--salts", "FILE"),
        ),
    ),
    Target("public key", _keys, commanded("evidence", "verify", "DIR/pack", "--key", "FILE")),
    Target("private key", _keys, called(read_private_key)),
    Target("run folder", partial(_pack, part="run"), commanded("runs", "show", "DIR/run")),
    Target(
        "compared runs",
        partial(_pack, part="run"),
        commanded("runs", "compare", "DIR/run", "DIR/run"),
    ),
    Target(
        "run to sign",
        partial(_pack, part="run"),
        commanded(*("evidence", "sign", "DIR/run", "--key", "DIR/signer.pem", "--out", "OUT")),
        brief=10,
    ),
    Target(
        "risks of a run",
        partial(_pack, part="run"),
        commanded("tara", "rate", "headlamp", "--run", "DIR/run"),
        brief=10,
    ),
    Target("ledger of a folder", _ledger, called(_open_ledger)),
)
