"""Debian's Mosquitto with our own configuration, on a free port of 127.0.0.1.

1. Configuration and access list are written to a private folder.
2. The program is started on a free port; the kernel ends it when this process is gone.
3. It counts as started when it accepts a connection; where the port was taken meanwhile, another
   one is tried.
4. At the end it is stopped, and its log says what it refused.
"""

import getpass
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from voltward.comms.authority import CertificateFiles
from voltward.comms.mqtt_client import MqttSession
from voltward.core.errors import EnvironmentLacksError

START_S = 10.0
STOP_S = 5.0
POLL_S = 0.01
PORT_ATTEMPTS = 5
# More than Mosquitto's default queue of 1000: a broker that keeps the default drops some of these.
PROBE_MESSAGES = 1100
# Asks Linux (prctl, PR_SET_PDEATHSIG) for SIGTERM at the parent's end, and becomes the program.
_END_WITH_PARENT = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, int(signal.SIGTERM))
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
_TLS_ERROR = re.compile(r"error:[0-9A-F]+:SSL routines::(.+?)\.?$")


@dataclass(frozen=True)
class BrokerSettings:
    """What the broker demands.

    Attributes:
        folder: Private folder for its configuration and its log; made when absent.
        access: Text of the access list.
        server: Its certificate, or None for no TLS.
        authority: Certificate of the authority that clients must be signed by.
        client_certificates: Whether a client without a certificate is refused; with it, the
            certificate's common name is the user name of the access list.
    """

    folder: Path
    access: str
    server: CertificateFiles | None = None
    authority: Path | None = None
    client_certificates: bool = False

    def configuration(self, port: int) -> str:
        """Return the text of mosquitto.conf."""
        lines = [
            f"listener {port} 127.0.0.1",
            f"allow_anonymous {_truth(not self.client_certificates)}",
            f"acl_file {self.folder / 'access.conf'}",
            "persistence false",
            # Nothing is dropped without a sign: no bound on messages queued or in flight.
            "max_queued_messages 0",
            "max_inflight_messages 0",
            # Otherwise small messages wait for each other, and each tick for TCP's timers.
            "set_tcp_nodelay true",
            f"log_dest file {self.folder / 'mosquitto.log'}",
            "log_type all",
            f"user {getpass.getuser()}",
        ]
        if self.server is not None:
            lines += [
                f"certfile {self.server.certificate}",
                f"keyfile {self.server.key}",
                f"cafile {self.authority}",
                "tls_version tlsv1.3",
                f"require_certificate {_truth(self.client_certificates)}",
                f"use_identity_as_username {_truth(self.client_certificates)}",
            ]
        return "\n".join(lines) + "\n"


def mosquitto_program() -> Path:
    """Return the path of Mosquitto.

    Raises:
        EnvironmentLacksError: It is not installed.
    """
    # Debian keeps it in /usr/sbin, which is not on every user's path.
    found = shutil.which(
        "mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    )
    if found is None:
        raise EnvironmentLacksError(
            "the MQTT broker Mosquitto is not installed",
            why="the live range runs a real broker",
            hint="apt-get install mosquitto",
        )
    return Path(found)


def mosquitto_version() -> str:
    """Return the version of the installed Mosquitto.

    Raises:
        EnvironmentLacksError: It is not installed.
    """
    # -h is the only option that prints the version; it exits with 3.
    answer = subprocess.run(
        [mosquitto_program(), "-h"], capture_output=True, text=True, timeout=START_S, check=False
    )
    words = answer.stdout.split()
    return words[2] if words[:2] == ["mosquitto", "version"] else ""


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refusals(log: str) -> dict[str, int]:
    """Return what a broker refused, in its own words, each with its count.

    Args:
        log: Text of its log.
    """
    counts: Counter[str] = Counter()
    for line in log.splitlines():
        tls = _TLS_ERROR.search(line)
        if tls is not None and "unexpected eof" not in line:  # the other side ended
            counts[tls[1]] += 1
        elif "Denied PUBLISH from" in line:
            counts["publish denied to " + line.split("Denied PUBLISH from ")[1].split()[0]] += 1
    return dict(sorted(counts.items()))


class Broker:
    """A running broker; leaving the `with` block stops it.

    Args:
        settings: What it demands.
        environment: Environment of its process; the caller's own when None.

    Raises:
        EnvironmentLacksError: Mosquitto is not installed or does not start.
    """

    def __init__(
        self, settings: BrokerSettings, environment: Mapping[str, str] | None = None
    ) -> None:
        # 1.
        program = mosquitto_program()
        self.settings = settings
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        access = settings.folder / "access.conf"
        access.write_text(settings.access)
        access.chmod(0o600)
        for _ in range(PORT_ATTEMPTS):
            self.port = free_port()
            configuration = settings.folder / "mosquitto.conf"
            configuration.write_text(settings.configuration(self.port))
            # 2. In its own group: Ctrl-C reaches this process, which stops the broker.
            self.process = subprocess.Popen(
                _ending_with_us(program, "-c", configuration),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                process_group=0,
            )
            # 3.
            with ExitStack() as unless_listening:
                unless_listening.callback(self.stop)
                if self._listening():
                    unless_listening.pop_all()
                    return
        raise EnvironmentLacksError(
            "Mosquitto does not start",
            why=self.log()[-500:] or f"it exited with {self.process.returncode}",
            hint=f"see {settings.folder / 'mosquitto.log'}",
        )

    def _listening(self) -> bool:
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
            except OSError:
                time.sleep(POLL_S)
            else:
                return True
        return False

    def log(self) -> str:
        """Return what the broker has logged."""
        path = self.settings.folder / "mosquitto.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self) -> int:
        """Stop the process and return its exit code."""
        # 4.
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()


@dataclass(frozen=True)
class QueueProbe:
    """What became of the messages for a subscriber who was away.

    Attributes:
        sent: Messages that the broker acknowledged.
        received: Messages that the subscriber got when it came back.
        in_order: Whether they arrived in the order of sending.
    """

    sent: int
    received: int
    in_order: bool

    @property
    def lossless(self) -> bool:
        """Whether "no bound" really means that nothing is dropped."""
        return self.sent == self.received and self.in_order


def probe_queue(broker: Broker, topic: str, timeout_s: float = 10.0) -> QueueProbe:
    """Find out whether `max_queued_messages 0` means unlimited in this broker.

    Source: the documentation says so; Mosquitto 2.0.16 dropped everything instead
        (eclipse-mosquitto/mosquitto issue 2879).

    Args:
        broker: A broker without TLS whose access list lets anyone use the topic.
        topic: Where to send.
        timeout_s: Bound of each wait.
    """
    away = MqttSession("queue-probe-reader", broker.port, session_expiry_s=60)
    away.subscribe(topic, timeout_s)
    away.close()
    writer = MqttSession("queue-probe-writer", broker.port)
    numbers = [writer.publish(topic, str(number).encode()) for number in range(PROBE_MESSAGES)]
    sent = sum(writer.acknowledged(number, timeout_s) is True for number in numbers)
    writer.close()
    back = MqttSession("queue-probe-reader", broker.port, resume=True)
    received = [int(payload) for payload in back.receive(PROBE_MESSAGES, timeout_s)]
    back.close()
    return QueueProbe(sent, len(received), in_order=received == sorted(received))


def _ending_with_us(program: Path, *arguments: object) -> list[str]:
    """Return the command that starts a program which the kernel stops when this process is gone."""
    return [
        *(sys.executable, "-I", "-S", "-c", _END_WITH_PARENT, str(os.getpid())),
        *(str(program), *(str(argument) for argument in arguments)),
    ]


def _truth(value: object) -> str:
    return "true" if value else "false"
