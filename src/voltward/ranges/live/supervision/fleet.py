"""The processes of a live run: started, asked, stopped, and looked for afterwards."""

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from voltward.comms.broker import Broker, BrokerSettings
from voltward.ranges.live.links.control import (
    ControlLine,
    Document,
    LineClosedError,
    SilentPeerError,
)

_LIVE = "voltward.ranges.live"
# The other roles are attackers.
HONEST_ROLES = ("hub", "ecu", "gateway", "cloud")
# Starting imports and compiles; both are slow on a small machine.
ANSWER_S = 180.0
STOP_S = 10.0
FAREWELL_S = 2.0
MARK = "VOLTWARD_LIVE_RUN"
LOG_TAIL_CHARACTERS = 2000
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"


@dataclass
class ProcessFacts:
    """What is written down about a process.

    Attributes:
        role: What it was for.
        pid: Its process id.
        cases: Cases that it took part in.
        ports: TCP ports of 127.0.0.1 that it listened on.
        tls: TLS version that it negotiated, by case; read from the socket.
        exit_code: As it ended; negative for a signal.
    """

    role: str
    pid: int
    cases: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    tls: dict[str, str] = field(default_factory=dict)
    exit_code: int | None = None


class RoleProcess:
    """A process that answers requests."""

    def __init__(self, role: str, fleet: "Fleet") -> None:
        ours, theirs = socket.socketpair()
        room = "processes" if role in HONEST_ROLES else "attackers"
        self._line = ControlLine(ours)
        self._log = fleet.folder / f"{role}.log"
        with theirs, self._log.open("wb") as log:
            # In its own group: Ctrl-C reaches the coordinator, which stops it.
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    f"{_LIVE}.{room}.{role}",
                    "--control",
                    str(theirs.fileno()),
                    "--hub",
                    str(fleet.hub),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=fleet.environment,
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        self.facts = ProcessFacts(role, self.process.pid)

    def send(self, do: str, **values: Any) -> None:
        """Send a request without waiting."""
        try:
            self._line.send({"do": do, **values})
        except LineClosedError as error:
            raise self._failure("is gone") from error

    def answer(self) -> Document:
        """Return the answer to the request before.

        Raises:
            RuntimeError: The process failed, is gone or does not answer.
        """
        try:
            document = self._line.receive(ANSWER_S)
        except LineClosedError as error:
            raise self._failure("is gone") from error
        except SilentPeerError as error:
            raise self._failure(f"does not answer within {ANSWER_S:g} s") from error
        return document

    def ask(self, do: str, **values: Any) -> Document:
        """Send a request and return its answer."""
        self.send(do, **values)
        return self.answer()

    def request_stop(self) -> None:
        """Ask the process to end."""
        with suppress(LineClosedError):
            self._line.send({"do": "stop"})

    def stop(self) -> None:
        """Wait for the end of the process; force it when it does not come."""
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.facts.exit_code = self.process.wait()
        self._line.close()

    def _failure(self, what: str) -> RuntimeError:
        with suppress(subprocess.TimeoutExpired):  # it may still be writing why
            self.process.wait(FAREWELL_S)
        tail = self._log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]
        return RuntimeError(f"live process '{self.facts.role}' {what}\n{tail}".rstrip())


class Fleet:
    """All processes of a run; leaving the `with` block stops every one of them.

    Args:
        folder: Private folder for sockets, logs and configurations.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hub = folder / "can.sock"
        self.mark = uuid.uuid4().hex
        # Flags are part of a program's name in the cache: said twice, they are another name.
        flags = [flag for flag in os.environ.get("XLA_FLAGS", "").split() if flag != ONE_THREAD]
        self.environment = {
            **os.environ,
            MARK: self.mark,
            "JAX_PLATFORMS": "cpu",
            "JAX_ENABLE_X64": "1",
            # Seven processes share the machine; each part is small.
            "NPROC": "1",
            "XLA_FLAGS": " ".join([*flags, ONE_THREAD]),
        }
        self.processes: list[ProcessFacts] = []
        self._roles: list[RoleProcess] = []
        self._brokers: list[tuple[Broker, ProcessFacts]] = []

    def start(self, roles: Iterable[str]) -> Mapping[str, RoleProcess]:
        """Start one process for each role, and return them when all are ready."""
        started = {}
        for role in roles:
            process = RoleProcess(role, self)
            started[role] = process
            self._roles.append(process)
            self.processes.append(process.facts)
        for process in started.values():
            process.answer()
        return started

    def start_broker(self, settings: BrokerSettings, case: str) -> tuple[Broker, ProcessFacts]:
        """Start a broker for one case."""
        broker = Broker(settings, self.environment)
        facts = ProcessFacts("broker", broker.process.pid, [case], [broker.port])
        self._brokers.append((broker, facts))
        self.processes.append(facts)
        return broker, facts

    def stop_broker(self, broker: Broker, facts: ProcessFacts) -> None:
        """Stop the broker of a case."""
        facts.exit_code = broker.stop()

    def stop(self) -> None:
        """Stop everything that was started; may be called again."""
        for process in self._roles:
            process.request_stop()
        for process in self._roles:
            process.stop()
        self._roles.clear()
        for broker, facts in self._brokers:
            self.stop_broker(broker, facts)

    def left_running(self) -> list[int]:
        """Return the ids of processes of this run that still run, children of children too.

        Every process inherits a mark in its environment, which Linux shows in /proc.
        """
        mark = f"{MARK}={self.mark}".encode()
        running = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in entry.read_bytes().split(b"\0"):
                    running.append(int(entry.parent.name))
        unended = [facts.pid for facts in self.processes if facts.exit_code is None]
        return sorted({*running, *unended} - {os.getpid()})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
