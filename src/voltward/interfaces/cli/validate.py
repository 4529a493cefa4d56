"""`voltward validate`: the physics against published figures."""

from voltward.core.errors import ExitCode
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
    leave,
)
from voltward.physical.published_checks import checks


def validate_physics(*, as_json: bool) -> None:
    """Print each figure beside the published one."""
    found = checks()
    failed = [check.name for check in found if not check.passed]
    if as_json:
        document = {"checks": [vars(check) for check in found], "passed": not failed}
        emit_json({"schema_version": SCHEMA_VERSION, **document})
    else:
        rows = [
            (
                "pass" if check.passed else "FAIL",
                check.name,
                f"{check.expected:.4g}",
                f"{check.got:.4g}",
                f"{check.tolerance:.2g} {check.unit}",
                check.source,
            )
            for check in found
        ]
        emit(columns(rows, ("", "check", "expected", "got", "tolerance", "source")))
        emit(f"{'FAIL' if failed else 'PASS'}  {len(found) - len(failed)} of {len(found)} checks")
    if failed:
        leave(
            ExitCode.GATE_FAILED,
            f"{len(failed)} of {len(found)} physics checks failed: {', '.join(failed)}",
        )
