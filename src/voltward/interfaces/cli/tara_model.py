"""`voltward tara init` and `check`: a model to start from, and whether an edited one is sound."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

from voltward.assurance.tara.checks.annex5_coverage import coverage
from voltward.assurance.tara.checks.decisions import expiry_warnings
from voltward.assurance.tara.checks.loading import problems
from voltward.assurance.tara.checks.model_counts import count_model
from voltward.assurance.tara.checks.problem import Problem, Severity
from voltward.assurance.tara.checks.values import bypass_warnings
from voltward.assurance.tara.model.generated_threats import candidate_line, generated
from voltward.assurance.tara.model.model_folder import (
    Model,
    copy_model,
    model_folder,
    read_model,
)
from voltward.core.errors import ExitCode
from voltward.interfaces.cli.output import SCHEMA_VERSION, emit, emit_json, leave


def start_model(folder: Path, model: str) -> None:
    """Copy a shipped model and print what was written."""
    for path in copy_model(folder, model):
        emit(str(path))
    for line in count_model(read_model(folder)).lines():
        emit(line)
    emit(f"next    voltward tara check {folder} | voltward tara rate {folder} --run RUN")


def check_model(folder: str | None, *, as_json: bool) -> None:
    """Print every problem of a model, and its counts when it is sound."""
    model = read_model(model_folder(folder or "."))
    found = (*problems(model), *expiry_warnings(model, today()), *bypass_warnings(model))
    errors = [problem for problem in found if problem.severity is Severity.ERROR]
    sound = [] if errors else _counts(model)
    if as_json:
        emit_json(
            {
                "schema_version": SCHEMA_VERSION,
                "model": model.id,
                "problems": [asdict(problem) for problem in found],
                "counts": {} if errors else asdict(count_model(model)),
            }
        )
    else:
        for line in (*(_line(problem) for problem in found), *sound):
            emit(line)
    if errors:
        leave(ExitCode.USAGE, f"{model.path}: {len(errors)} errors, {_warnings(found)} warnings")
    if not as_json:
        emit(f"{model.id} is sound: 0 errors, {_warnings(found)} warnings")


def today() -> date:
    """Return the day by which claims expire."""
    return datetime.now(UTC).date()


def _counts(model: Model) -> list[str]:
    return [
        *count_model(model).lines(),
        coverage(model.tables).count_line(),
        candidate_line(generated(model.tables)),
    ]


def _warnings(found: Iterable[Problem]) -> int:
    return sum(problem.severity is Severity.WARNING for problem in found)


def _line(problem: Problem) -> str:
    why = f"\n    why: {problem.why}" if problem.why else ""
    hint = f"\n    hint: {problem.hint}" if problem.hint else ""
    return f"{problem.severity}: {problem.file}: {problem.key}: {problem.what}{why}{hint}"
