"""Expected failures: one base class, each with what, why and what to do.

VoltwardError
├── ConfigurationError   exit 2: usage, a file, a key, a value
├── GateFailedError      exit 3: ran well, a threshold was crossed
├── EvidenceInvalidError exit 4: a signed pack is not what was signed
├── NothingRanError      exit 5: the selection was empty
└── EnvironmentLacksError  exit 6: a program or an extra is missing
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process tells the shell."""

    DONE = 0
    BUG = 1
    USAGE = 2
    GATE_FAILED = 3
    EVIDENCE_INVALID = 4
    NOTHING_RAN = 5
    ENVIRONMENT_LACKS = 6
    INTERRUPTED = 130
    TERMINATED = 143


class VoltwardError(Exception):
    """An expected failure, shown to people without a traceback.

    Args:
        what: What went wrong, with file, key and the value got.
        why: Why that is a problem, or what is allowed.
        hint: What to do next.

    Example:
        >>> import voltward as vw
        >>> try:
        ...     vw.Attack("voltage-bais")
        ... except vw.VoltwardError as error:
        ...     print(error.what, "-", error.hint)
        attacks[0]: there is no attack 'voltage-bais' - did you mean 'voltage-bias' or ...
    """

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        parts = [self.what]
        if self.why:
            parts.append(f"  why: {self.why}")
        if self.hint:
            parts.append(f"  hint: {self.hint}")
        return "\n".join(parts)


class ConfigurationError(VoltwardError):
    """A command line, a file, a key or a value is not usable."""


class GateFailedError(VoltwardError):
    """The run is complete, and a stated threshold was crossed."""

    exit_code = ExitCode.GATE_FAILED


class EvidenceInvalidError(VoltwardError):
    """A signed pack is not what was signed."""

    exit_code = ExitCode.EVIDENCE_INVALID


class NothingRanError(VoltwardError):
    """The selection holds no case."""

    exit_code = ExitCode.NOTHING_RAN


class EnvironmentLacksError(VoltwardError):
    """A program or an optional package is not installed."""

    exit_code = ExitCode.ENVIRONMENT_LACKS
