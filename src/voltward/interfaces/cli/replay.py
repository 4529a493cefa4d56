"""`voltward replay`: recorded profiles through the twin and the detectors."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from voltward.controls.cell_calibration import (
    Calibration,
)
from voltward.core.errors import ConfigurationError
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
    message,
    progress_bar,
    refuse_existing,
)
from voltward.real_cells.identification.data_files import distinct_names, recording_files
from voltward.real_cells.replay.injected_rows import parse_injection
from voltward.real_cells.replay.profile import ReplayedProfile
from voltward.real_cells.replay.replayed_files import FileReplay
from voltward.real_cells.replay.scores import ProfileScore
from voltward.real_cells.replay.session import replay_stage
from voltward.real_cells.replay.trace import TABLES, trace_columns, write_trace

_HEAD = (
    "profile",
    "hours",
    "start SoC",
    "open loop",
    "innovation",
    "SoC error",
    "false alarms",
    "detected",
    "cell",
    "SoC damage",
)
_PICTURE = ".png"
_DRAWING = "voltward.interfaces.report.figure_replay"


def replay_recordings(
    data: tuple[str, ...],
    cell_name: str,
    injections: tuple[str, ...],
    initial_soc: float | None,
    column_map: str | None,
    temperature_degC: float | None,
    detectors: tuple[str, ...],
    track: str,
    trace: Path | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Replay recordings, write the traces and print a line for each."""
    if trace is not None and trace.suffix.lower() not in (*TABLES, _PICTURE):
        raise ConfigurationError(
            f"--trace {trace}: cannot tell the form from '{trace.suffix}'",
            why=f"allowed are {', '.join((*TABLES, _PICTURE))}",
        )
    files = [path for name in data for path in recording_files([name])]
    traces = _traces_of(trace, files) if trace is not None else []
    for out in traces:
        refuse_existing(out, force=force, option="--trace")
    parsed = [parse_injection(text) for text in injections]
    player = FileReplay(cell_name, detectors, column_map or "")
    scores = []
    with progress_bar() as progress:
        for index, path in enumerate(files):
            progress(replay_stage("replay", index), index, len(files))
            replayed = player.replay(
                path,
                parsed,
                initial_soc=initial_soc,
                temperature_degC=temperature_degC,
                track=track,
            )
            scores.append(replayed.score)
            if traces:
                _write_trace(traces[index], replayed)
                message(f"wrote {traces[index]}")
        progress("replay", len(files), len(files))
    if as_json:
        profiles = [score.as_document() for score in scores]
        emit_json({"schema_version": SCHEMA_VERSION, "profiles": profiles})
        return
    _show(scores, player.detectors, injected=bool(parsed))
    emit(_thresholds(player.calibration))


def _thresholds(calibration: Calibration | None) -> str:
    if calibration is None:
        return (
            "thresholds: those of virtual packs; this cell has no calibration, so expect false "
            "alarms (make one with 'voltward calibrate')"
        )
    return (
        f"thresholds: set on {calibration.hours:.1f} clean h of {calibration.source}; "
        f"{calibration.in_sample_words}"
    )


def _traces_of(trace: Path, profiles: Sequence[Path]) -> list[Path]:
    """Return where the trace of each profile goes: one of several adds its name."""
    if len(profiles) == 1:
        return [trace]
    names = distinct_names(profiles, joined="-")
    return [trace.with_name(f"{trace.stem}-{name}{trace.suffix}") for name in names]


def _write_trace(path: Path, replayed: ReplayedProfile) -> None:
    if path.suffix.lower() == _PICTURE:
        # Drawing libraries are loaded only for a picture.
        import_module(_DRAWING).write_replay_picture(path, replayed)
    else:
        write_trace(path, trace_columns(replayed.replay, replayed.run, replayed.true_soc))


def _show(scores: Sequence[ProfileScore], detectors: Sequence[str], *, injected: bool) -> None:
    emit(columns([_row(score) for score in scores], _HEAD))
    for score in scores:
        for warning in score.warnings:
            emit(f"warning {score.profile}: {warning}")
    hours = sum(score.hours for score in scores)
    false_alarms = sum(score.false_alarms for score in scores)
    detected = sum(bool(score.detected) for score in scores)
    found = f"; detected in {detected} of {len(scores)}" if injected else ""
    tracks = ", ".join(dict.fromkeys(score.track for score in scores))
    emit(f"track {tracks}; {hours:.2f} h; {false_alarms} false alarms{found}")
    emit(f"detectors: {', '.join(detectors)}")
    for score in scores:
        for note in score.notes:
            message(f"note    {score.profile}: {note}")
        if score.alarmed_at_start:
            message(f"note    {score.profile}: a detector was in alarm when the injection began")


def _row(score: ProfileScore) -> tuple[str, ...]:
    return (
        score.profile,
        f"{score.hours:.2f}",
        f"{score.initial_soc:.3f}",
        _figure(score.voltage_rmse_mV, "mV"),
        _figure(score.innovation_rmse_mV, "mV"),
        _figure(score.soc_rmse_pct, "%", 2),
        str(score.false_alarms),
        _detected(score),
        "-" if score.cell_named is None else str(score.cell_named),
        _figure(score.soc_damage_pct, "%", 2),
    )


def _detected(score: ProfileScore) -> str:
    if score.detected is None:
        return "-"
    if score.delay_s is None:
        return "no"
    return f"{score.delay_s:g} s {score.detector}"


def _figure(value: float | None, unit: str, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f} {unit}"
