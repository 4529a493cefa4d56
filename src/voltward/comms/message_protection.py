"""Protection of messages between vehicle and cloud.

The channel proves who is at the other end, a signature proves who wrote a message whatever the
broker does, freshness rejects an old one, encryption hides it, and a queue keeps it while nobody
answers. Each stands alone, so that an ablation shows what it is worth.

- `mqtt-server-authentication`, `mqtt-client-authentication`: both ends of the channel.
- `mqtt-encryption`: the content of the uplink.
- `telemetry-signature`, `command-signature`: end to end, past the broker.
- `telemetry-freshness`, `command-freshness`: newer than the last one.
- `store-and-forward`: nothing is lost while the cloud cannot be reached.
"""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Shape, Verify
from voltward.core.parameter import Parameter
from voltward.core.strength import CHECKED, proof_bits
from voltward.core.taps import Layer

_SIGNATURE_COST = Cost(
    bytes_per_record=64.0, latency_ms=0.1, note="64 bytes Ed25519; 0.1 ms is an assumption"
)
_SIGNATURE_SOURCE = (
    "application-layer signature that outlives a compromised broker; Ed25519 of RFC 8032 "
    "has 128 bits of security"
)
_COUNTER_SOURCE = "monotonic counter in the signed payload, as Sparkplug B 3.0 numbers its messages"


MQTT_SERVER_AUTHENTICATION = Control(
    id="mqtt-server-authentication",
    title="Authentication of the broker by the gateway",
    layer=Layer.COMMUNICATION,
    strength=proof_bits(128.0),
    cost=Cost(note="a TLS handshake for each connection, not for each record"),
    source="RFC 8446 (TLS 1.3) server authentication; a P-256 certificate has 128 bits of security",
    verify=Verify(("mqtt.session",), secret=Capability.SERVER_KEY),
)

MQTT_CLIENT_AUTHENTICATION = Control(
    id="mqtt-client-authentication",
    title="Authentication of the client by the broker",
    layer=Layer.COMMUNICATION,
    strength=proof_bits(128.0),
    cost=Cost(note="a certificate for each device, and its renewal; nothing for each record"),
    source="RFC 8446 (TLS 1.3) client certificates, client id bound to the subject and topic "
    "rights to the client; a P-256 certificate has 128 bits of security",
    verify=Verify(("mqtt.up",), secret=Capability.DEVICE_KEY),
)


def _encrypt(
    share: Float[Array, " run"], _view: None, parameters: Float[Array, "run column"]
) -> Float[Array, " run"]:
    """Encrypt a share of the records.

    Limits:
        Timing and length of records stay visible. A man in the middle who has become the peer
        reads all of it: encryption without authentication of the broker does not stop him.
    """
    return jnp.maximum(share, parameters[:, 0])


MQTT_ENCRYPTION = Control(
    id="mqtt-encryption",
    title="Encryption of the uplink",
    layer=Layer.COMMUNICATION,
    strength=Parameter("share", "1", 1.0, 0.0, 1.0, "share of the records sent encrypted"),
    cost=Cost(
        bytes_per_record=22.0,
        note="TLS 1.3 record: 5 bytes header, 1 byte type, 16 bytes tag (RFC 8446 section 5)",
    ),
    source="RFC 8446 (TLS 1.3)",
    shape=(Shape("gateway.proofs", _encrypt),),
)

TELEMETRY_SIGNATURE = Control(
    id="telemetry-signature",
    title="Signature on telemetry records",
    layer=Layer.COMMUNICATION,
    strength=proof_bits(128.0),
    cost=_SIGNATURE_COST,
    source=_SIGNATURE_SOURCE,
    verify=Verify(("mqtt.up",), secret=Capability.TELEMETRY_KEY),
)

COMMAND_SIGNATURE = Control(
    id="command-signature",
    title="Signature on commands",
    layer=Layer.COMMUNICATION,
    strength=proof_bits(128.0),
    cost=_SIGNATURE_COST,
    source=_SIGNATURE_SOURCE,
    verify=Verify(("mqtt.down",), secret=Capability.COMMAND_KEY),
)

TELEMETRY_FRESHNESS = Control(
    id="telemetry-freshness",
    title="Freshness of telemetry",
    layer=Layer.COMMUNICATION,
    strength=CHECKED,
    cost=Cost(
        bytes_per_record=8.0, note="a 64-bit counter; a record that the link has overtaken is lost"
    ),
    source=_COUNTER_SOURCE,
    verify=Verify(("mqtt.up",), freshness=True),
)

COMMAND_FRESHNESS = Control(
    id="command-freshness",
    title="Freshness of commands",
    layer=Layer.COMMUNICATION,
    strength=CHECKED,
    cost=Cost(bytes_per_record=8.0, note="a 64-bit counter"),
    source=_COUNTER_SOURCE,
    verify=Verify(("mqtt.down",), freshness=True),
)


def _queue(
    records: Float[Array, " run"], _view: None, parameters: Float[Array, "run column"]
) -> Float[Array, " run"]:
    """Keep that many records more."""
    return records + parameters[:, 0]


STORE_AND_FORWARD = Control(
    id="store-and-forward",
    title="Store and forward in the gateway",
    layer=Layer.COMMUNICATION,
    strength=Parameter("records", "1", 500.0, 0.0, 510.0, "records kept"),
    cost=Cost(note="memory for the records, and bursts after an outage"),
    source="session queues of MQTT 5.0, section 4.1; 500 records are eight minutes at one a "
    "second (assumption)",
    shape=(Shape("gateway.queue", _queue),),
)
