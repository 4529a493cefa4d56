"""The processes of a live run: started, asked, stopped, and searched for afterwards.

1. Every process gets a mark in its environment and one end of a control line.
2. Leaving the fleet asks every role to stop, kills what does not, and stops the brokers. After a
   failure or a signal no role is asked: its line is closed, and it ends at once.
3. Processes that still carry the mark are what was left running.
"""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from voltward.comms.broker import Broker, BrokerSettings
from voltward.ranges.live.links.control import (
    ControlLine,
    Document,
    LineClosedError,
    SilentPeerError,
)
from voltward.ranges.live.supervision.report import ProcessReport

_LIVE = "voltward.ranges.live"
# The hub first: the others join it when they start.
ROLES = {
    "hub": f"{_LIVE}.processes.roles:HubRole",
    "ecu": f"{_LIVE}.processes.roles:EcuRole",
    "bus_attacker": f"{_LIVE}.attackers.bus_attacker:BusAttackerRole",
    "gateway": f"{_LIVE}.processes.roles:GatewayRole",
    "cloud": f"{_LIVE}.processes.roles:CloudRole",
    "man_in_the_middle": f"{_LIVE}.attackers.man_in_the_middle:ManInTheMiddleRole",
    "rogue": f"{_LIVE}.attackers.rogue:RogueRole",
}
_START = "import sys; from voltward.ranges.live.links.control import main; sys.exit(main())"
# Starting imports and compiles; both are slow on a small machine.
ANSWER_S = 180.0
STOP_S = 10.0
LAST_WORDS_S = 2.0
MARK = "VOLTWARD_LIVE_RUN"
LOG_TAIL_CHARACTERS = 2000
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"


class RoleProcess:
    """A process that answers requests."""

    def __init__(self, role: str, fleet: "Fleet") -> None:
        ours, theirs = socket.socketpair()
        self._line = ControlLine(ours)
        self._log = fleet.folder / f"{role}.log"
        with theirs, self._log.open("wb") as log:
            # In its own group: Ctrl-C reaches the coordinator, which stops it.
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    _START,
                    ROLES[role],
                    "--control",
                    str(theirs.fileno()),
                    "--folder",
                    str(fleet.folder),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=fleet.environment,
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        self.facts = ProcessReport(role=role, pid=self.process.pid)

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

    def abandon(self) -> None:
        """Close the line, upon which the process ends at once."""
        self._line.close()

    def stop(self, end_s: float) -> None:
        """Wait for the end of the process until a time, then force it.

        Args:
            end_s: On the monotonic clock.
        """
        try:
            self.process.wait(max(0.0, end_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.facts.exit_code = self.process.wait()
        self._line.close()

    def _failure(self, what: str) -> RuntimeError:
        with suppress(subprocess.TimeoutExpired):  # it may still be writing its traceback
            self.process.wait(LAST_WORDS_S)
        tail = self._log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]
        return RuntimeError(f"live process '{self.facts.role}' {what}\n{tail}".rstrip())


class Fleet:
    """All processes of a run; leaving the `with` block stops every one of them.

    Args:
        folder: Private folder for sockets, logs and configurations.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = uuid.uuid4().hex
        # Flags are part of a program's name in the cache: said twice, they are another name.
        flags = [flag for flag in os.environ.get("XLA_FLAGS", "").split() if flag != ONE_THREAD]
        self.environment = {
            **os.environ,
            MARK: self.mark,
            "JAX_PLATFORMS": "cpu",
            "JAX_ENABLE_X64": "1",
            # Seven processes share the machine, and each part is small.
            "NPROC": "1",
            "XLA_FLAGS": " ".join([*flags, ONE_THREAD]),
        }
        self.processes: list[ProcessReport] = []
        self._roles: list[RoleProcess] = []
        self._brokers: list[tuple[Broker, ProcessReport]] = []

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

    def start_broker(self, settings: BrokerSettings, case: str) -> tuple[Broker, ProcessReport]:
        """Start a broker for one case."""
        broker = Broker(settings, self.environment)
        facts = ProcessReport(
            role="broker", pid=broker.process.pid, cases=[case], ports=[broker.port]
        )
        self._brokers.append((broker, facts))
        self.processes.append(facts)
        return broker, facts

    def stop_broker(self, broker: Broker, facts: ProcessReport) -> None:
        """Stop the broker of a case."""
        facts.exit_code = broker.stop()

    def stop(self) -> None:
        """Stop everything that was started; may be called again."""
        for process in self._roles:
            process.request_stop()
        end_s = time.monotonic() + STOP_S
        for process in self._roles:
            process.stop(end_s)
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

    def __exit__(self, kind: type[BaseException] | None, *_exception: object) -> None:
        if kind is not None:
            for process in self._roles:
                process.abandon()
        self.stop()
