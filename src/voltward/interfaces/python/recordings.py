"""Recordings of real cells: replayed through the twin and its detectors, or fitted to a cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from voltward.core.errors import ConfigurationError
from voltward.interfaces.fit_files import fit_paths, write_fit
from voltward.interfaces.python.arguments import (
    choice_of,
    entries_of,
    number_of,
    path_of,
    text_of,
    wrong_kind,
)
from voltward.interfaces.python.campaign import Attack, Progress
from voltward.interfaces.python.trace import Trace
from voltward.physical.cell import CellModel
from voltward.real_cells.identification.fit_summary import fit_summary
from voltward.real_cells.identification.identified_files import (
    CellWords,
    FileReading,
    identify_files,
)
from voltward.real_cells.identification.identify import Identification
from voltward.real_cells.replay.injected_rows import AnyInjection, parse_injection
from voltward.real_cells.replay.replayed_files import FileReplay
from voltward.real_cells.replay.scores import ProfileScore
from voltward.real_cells.replay.trace import trace_columns

Track = Literal["measured", "composed", "mismatched", "matched"]
Cut = Literal["none", "lowest charge"]
Injected = str | Attack


@dataclass(frozen=True, repr=False)
class Replay:
    """A recording replayed.

    Attributes:
        score: Errors of the twin, alarms, and the damage done until an alarm.
        trace: The series: as recorded, as reported, as the twin has it, and every score.
    """

    score: ProfileScore
    trace: Trace

    def __repr__(self) -> str:
        score = self.score
        found = f"detected after {score.delay_s:g} s" if score.delay_s is not None else "no alarm"
        doubt = ", see score.warnings" if score.warnings else ""
        return f"<Replay {score.profile}: {score.hours:.2f} h, track {score.track}, {found}{doubt}>"


def replay(
    recording: str | Path,
    *,
    cell: str | Path,
    inject: Injected | Sequence[Injected] = (),
    initial_soc: float | None = None,
    columns: str | Path = "",
    temperature_degC: float | None = None,
    detectors: Sequence[str] = (),
    track: Track = "measured",
) -> Replay:
    """Replay a recording through the twin and its detectors, with or without injected biases.

    Args:
        recording: CSV or Parquet with time_s, voltage_V, current_A, temperature_degC, maybe soc.
        cell: Shipped name or file of the twin's cell.
        inject: Attacks on sensors, which begin at their `start_s` after the first sample, or texts
            such as "voltage=bias:0.020@600"; all act in one run.
        initial_soc: At the first sample; by default from the recording.
        columns: Column map of a foreign file; by default its own names, or a map that fits.
        temperature_degC: Assumed where the recording has none.
        detectors: Ids of watches; by default all that fit the cell.
        track: Which truth the recording is.

    Raises:
        ConfigurationError: A name or file is not usable, or an attack is not one on sensors.

    Example:
        >>> import voltward as vw
        >>> bias = vw.Attack("voltage-bias", bias_V=0.1, start_s=300)
        >>> replayed = vw.replay("drive.csv", cell="reference-nmc", inject=bias, track="matched")
        >>> replayed.score.detected, replayed.score.false_alarms
        (True, 0)
        >>> replayed.trace.plot("recorded_voltage_V", "voltage_V").get_title()
        'drive'
    """
    choice_of("track", track, get_args(Track))
    given = (
        [inject] if isinstance(inject, str | Attack) else entries_of("inject", inject, "attacks")
    )
    player = FileReplay(
        text_of("cell", cell),
        entries_of("detectors", detectors, "ids of watches"),
        text_of("columns", columns),
    )
    played = player.replay(
        path_of("recording", recording),
        [_injection(entry) for entry in given],
        initial_soc=number_of("initial_soc", initial_soc, low=0.0, high=1.0),
        temperature_degC=number_of("temperature_degC", temperature_degC),
        track=track,
    )
    series = trace_columns(played.replay, played.run, played.true_soc)
    return Replay(played.score, Trace(played.score.profile, series))


def _injection(given: Injected) -> AnyInjection:
    """Return an injection, an attack by way of the text that the command line takes."""
    if isinstance(given, str):
        return parse_injection(given)
    if not isinstance(given, Attack):
        raise wrong_kind("inject", given, "an attack, or a text", "such as 'voltage=bias:0.02@600'")
    values = dict(given.parameters)
    start_s = values.pop("start_s", 0.0)
    swept = [name for name, value in {**values, "start_s": start_s}.items() if not _single(value)]
    if swept:
        raise ConfigurationError(
            f"{given.id}: {swept[0]} has several values",
            why="a replay is one run",
            hint="replay once for each value",
        )
    words = ",".join(f"{name}={value}" for name, value in values.items())
    return parse_injection(f"{given.id}{':' if words else ''}{words}@{start_s}")


def _single(value: object) -> bool:
    return isinstance(value, int | float)


@dataclass(frozen=True, repr=False)
class IdentifiedCell:
    """A cell fitted to recordings.

    Attributes:
        found: Curves, fits and solution of the identification.
        notes: What had to be assumed of each recording.
        written: Parameter file and report, when a file was named.
    """

    found: Identification
    notes: tuple[str, ...]
    written: tuple[Path, ...]

    @property
    def cell(self) -> CellModel:
        """The cell."""
        return self.found.cell

    @property
    def usable(self) -> bool:
        """Whether the fit converged and stayed in the physical range."""
        return not self.found.errors

    @property
    def findings(self) -> tuple[str, ...]:
        """Errors and warnings on the fit, errors first."""
        return tuple(finding.text for finding in self.found.findings)

    @property
    def errors_mV(self) -> dict[str, float]:
        """Root mean square error of every recording, in open loop."""
        return {fit.name: 1e3 * fit.rmse_V for fit in self.found.fits}

    def __repr__(self) -> str:
        words = "usable" if self.usable else "not usable: " + "; ".join(self.findings)
        return f"<IdentifiedCell {self.cell.name}: {self.cell.capacity_Ah:.4g} Ah, {words}>"


def identify(
    recordings: str | Path | Sequence[str | Path],
    *,
    out: str | Path | None = None,
    check: str | Path | Sequence[str | Path] = (),
    name: str = "",
    chemistry: str = "lithium-ion",
    source: str = "recordings of the user",
    columns: str | Path = "",
    capacity_Ah: float | None = None,
    initial_soc: float | None = None,
    cut: Cut = "none",
    temperature_degC: float | None = None,
    heat_capacity_J_per_K: float | None = None,
    surface_m2: float | None = None,
    volume_m3: float | None = None,
    track: Track = "measured",
    force: bool = False,
    progress: Progress | None = None,
) -> IdentifiedCell:
    """Fit the cell model to recordings of one cell.

    Args:
        recordings: Files, folders or patterns: a slow discharge, drives, pulses.
        out: Parameter file to write, .toml, with a report beside it; None writes nothing.
        check: Held out of the fit; gives the stated model error.
        name: Of the cell; by default that of the file.
        chemistry: In words.
        source: Where the recordings come from, with licence and attribution.
        columns: Column map of foreign files.
        capacity_Ah: By default what the slow discharge took.
        initial_soc: At the first row of recordings without a state of charge; by default 1.
        cut: Ends a recording where its charge counter reads lowest.
        temperature_degC: Assumed where a file has none.
        heat_capacity_J_per_K: Of one cell; by default that of an 18650, scaled.
        surface_m2: Outer surface of one cell, with the same default.
        volume_m3: Of one cell, with the same default.
        track: Which truth the recordings are.
        force: Replace the files that would be written.
        progress: Called as (label, done, total).

    Raises:
        ConfigurationError: The recordings cannot be read or used, or a file already exists.

    Example:
        >>> import voltward as vw
        >>> fitted = vw.identify("recordings", check="recordings/check.parquet", out="my-cell.toml")
        >>> fitted.usable, round(fitted.cell.capacity_Ah, 1), fitted.errors_mV["check"] < 5
        (True, 2.9, True)
    """
    choice_of("track", track, get_args(Track))
    choice_of("cut", cut, get_args(Cut))
    file = path_of("out", out) if out is not None else None
    for path in fit_paths(file) if file is not None else ():
        if path.exists() and not force:
            raise ConfigurationError(
                f"{path}: already exists",
                why="a file is replaced only on request",
                hint="give another name, or force=True to replace it",
            )
    files = identify_files(
        _texts("recordings", recordings),
        _texts("check", check),
        CellWords(
            text_of("name", name) or (file.stem if file else "cell"),
            text_of("chemistry", chemistry),
            text_of("source", source),
            number_of("heat_capacity_J_per_K", heat_capacity_J_per_K, low=0.0),
            number_of("surface_m2", surface_m2, low=0.0),
            number_of("volume_m3", volume_m3, low=0.0),
        ),
        FileReading(
            text_of("columns", columns),
            number_of("capacity_Ah", capacity_Ah, low=0.0),
            number_of("initial_soc", initial_soc, low=0.0, high=1.0),
            cut,
            number_of("temperature_degC", temperature_degC),
        ),
        progress or (lambda _label, _done, _total: None),
    )
    summary = fit_summary(files.found, track=track, notes=files.notes)
    written = write_fit(file, files.found, summary) if file else []
    of_each = (note for notes in files.notes.values() for note in notes)
    notes = dict.fromkeys((*of_each, *files.remarks))
    return IdentifiedCell(files.found, tuple(notes), tuple(written))


def _texts(label: str, given: str | Path | Sequence[str | Path]) -> list[str]:
    if isinstance(given, str | Path):
        return [text_of(label, given)]
    return [text_of(label, entry) for entry in entries_of(label, given, "names and paths")]
