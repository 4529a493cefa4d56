"""`voltward doctor`: what this environment has and lacks, and the line that installs it."""

import os
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from voltward import __version__
from voltward.comms.broker import mosquitto_program, mosquitto_version
from voltward.core.errors import ConfigurationError, EnvironmentLacksError, ExitCode
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
    leave,
)

OLDEST_PYTHON = (3, 11)
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)(?:.*?>=(?P<oldest>[0-9.]+))?")


@dataclass(frozen=True)
class Finding:
    """One thing that is needed.

    Attributes:
        name: What.
        needed_for: By which commands.
        present: Whether it is there and usable.
        found: Version or place, or what is wrong.
        install: The command that installs it, or empty.
    """

    name: str
    needed_for: str
    present: bool
    found: str
    install: str = ""


def examine_environment(*, as_json: bool) -> None:
    """Print what is there, and leave with 6 when something is missing."""
    findings = tuple(examine())
    missing = [finding for finding in findings if not finding.present]
    if as_json:
        document = {"findings": [vars(finding) for finding in findings], "complete": not missing}
        emit_json({"schema_version": SCHEMA_VERSION, **document})
    else:
        rows = [("ok" if f.present else "MISSING", f.name, f.needed_for, f.found) for f in findings]
        emit(columns(rows, ("", "what", "needed for", "found")))
    if missing:
        lines = [finding.install for finding in missing if finding.install]
        leave(
            ExitCode.ENVIRONMENT_LACKS,
            f"missing: {', '.join(finding.name for finding in missing)}",
            why="; ".join(f"{f.name} is needed for {f.needed_for}" for f in missing),
            hint=" && ".join(dict.fromkeys(lines)),
        )


def examine() -> Iterator[Finding]:
    """Look at everything that some command needs."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("python", "everything", sys.version_info[:2] >= OLDEST_PYTHON, version)
    yield Finding("voltward", "everything", present=True, found=__version__)
    for requirement in requirements():
        yield package(requirement)
    yield _mosquitto()
    yield _port()
    yield _socket()
    yield Finding("processors", "campaigns", present=True, found=str(os.cpu_count() or 1))


def requirements() -> list[str]:
    """Return the packages that the installed metadata asks for, extras left out."""
    try:
        required = metadata.requires("voltward") or []
    except metadata.PackageNotFoundError:
        return ["voltward"]
    return [text for text in required if "extra ==" not in text]


def package(requirement: str) -> Finding:
    """Say whether a package is installed, and no older than asked for."""
    match = _REQUIREMENT.match(requirement)
    name = match["name"] if match else requirement
    oldest = match["oldest"] if match and match["oldest"] else "0"
    install = f'{Path(sys.executable).name} -m pip install "{requirement}"'
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, "everything", present=False, found="not installed", install=install)
    if _numbers(found) < _numbers(oldest):
        text = f"{found}, older than {oldest}"
        return Finding(name, "everything", present=False, found=text, install=install)
    return Finding(name, "everything", present=True, found=found)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+", maxsplit=1)[0])[:3])


def _mosquitto() -> Finding:
    try:
        program = mosquitto_program()
    except EnvironmentLacksError as error:
        return Finding("mosquitto", "live", present=False, found=error.what, install=error.hint)
    found = f"{mosquitto_version()} at {program}"
    return Finding("mosquitto", "live", present=True, found=found)


def _port() -> Finding:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            found = f"port {probe.getsockname()[1]} on 127.0.0.1 was free"
    except OSError as error:
        return Finding("loopback port", "live", present=False, found=str(error))
    return Finding("loopback port", "live", present=True, found=found)


def _socket() -> Finding:
    hub = import_module("voltward.physical.can.hub")
    try:
        with TemporaryDirectory() as folder, hub.HubServer(Path(folder) / "can.sock"):
            pass
    except (OSError, ConfigurationError) as error:
        return Finding("unix socket", "live", present=False, found=str(error))
    return Finding("unix socket", "live", present=True, found="can be made")
