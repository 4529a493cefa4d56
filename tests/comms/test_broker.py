import socket
from pathlib import Path

import pytest

from voltward.comms.authority import LocalAuthority, self_made
from voltward.comms.broker import (
    Broker,
    BrokerSettings,
    QueueProbe,
    mosquitto_program,
    probe_queue,
    refusals,
)
from voltward.comms.mqtt_client import MqttSession, SessionRefusedError, TlsSettings
from voltward.comms.topics import TopicMap, access_by_identity, access_for_all
from voltward.core.errors import EnvironmentLacksError

WAIT_S = 10.0
TOPICS = TopicMap()


@pytest.fixture
def authority(tmp_path):
    return LocalAuthority(tmp_path / "authority")


@pytest.fixture
def guarded(tmp_path, authority):
    """A broker that demands certificates."""
    settings = BrokerSettings(
        tmp_path / "broker",
        access_by_identity(TOPICS, ["v1", "v2"], "cloud"),
        authority.server("broker"),
        authority.certificate,
        client_certificates=True,
    )
    with Broker(settings) as broker:
        yield broker


def test_without_mosquitto_the_install_line_is_given(monkeypatch):
    monkeypatch.setattr("voltward.comms.broker.shutil.which", lambda *_args, **_named: None)
    with pytest.raises(EnvironmentLacksError) as caught:
        mosquitto_program()
    assert caught.value.hint == "apt-get install mosquitto"
    assert caught.value.exit_code == 6


def test_a_lossy_queue_is_not_called_lossless():
    assert QueueProbe(3, 3, in_order=True).lossless
    assert not QueueProbe(3, 2, in_order=True).lossless
    assert not QueueProbe(3, 3, in_order=False).lossless


@pytest.mark.live
def test_the_broker_listens_on_loopback_only_and_ends(tmp_path):
    with Broker(BrokerSettings(tmp_path, access_for_all(TOPICS))) as broker:
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        bound = {line[1] for line in lines if line[1].endswith(f":{broker.port:04X}")}
        assert bound == {f"0100007F:{broker.port:04X}"}
    assert broker.process.returncode == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", broker.port), timeout=1.0)


@pytest.mark.live
def test_a_reader_who_was_away_gets_every_message(tmp_path):
    with Broker(BrokerSettings(tmp_path, access_for_all(TOPICS))) as broker:
        probe = probe_queue(broker, TOPICS.telemetry_of("probe"))
    assert probe.sent > 1000
    assert probe.lossless


@pytest.mark.live
def test_a_certificate_opens_its_own_topics_only(guarded, authority):
    tls = TlsSettings(authority.certificate, client=authority.client("v1"))
    session = MqttSession("v1", guarded.port, tls)
    assert session.facts.tls_version == "TLSv1.3"
    own = session.publish(TOPICS.telemetry_of("v1"), b"own")
    assert session.acknowledged(own, WAIT_S) is True
    foreign = session.publish(TOPICS.telemetry_of("v2"), b"foreign")
    assert session.acknowledged(foreign, WAIT_S) is False
    session.close()
    assert not session.alive


@pytest.mark.live
@pytest.mark.parametrize("shown", ["no TLS", "no certificate", "self-made"])
def test_a_client_without_our_certificate_gets_no_session(guarded, authority, tmp_path, shown):
    forged = self_made(tmp_path / "attacker", "v1") if shown == "self-made" else None
    tls = None if shown == "no TLS" else TlsSettings(authority.certificate, client=forged)
    with pytest.raises(SessionRefusedError):
        MqttSession("v1", guarded.port, tls)
    guarded.stop()
    assert refusals(guarded.log())


@pytest.mark.live
def test_a_client_that_verifies_refuses_a_foreign_broker(guarded, tmp_path):
    stranger = LocalAuthority(tmp_path / "stranger")
    with pytest.raises(SessionRefusedError, match="CERTIFICATE_VERIFY_FAILED"):
        MqttSession("v1", guarded.port, TlsSettings(stranger.certificate))
