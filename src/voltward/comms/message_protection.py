"""Records travel encrypted, so that who listens on the way learns nothing of their content."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Control, Cost, Shape
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _rule(
    share: Float[Array, " run"], view: None, parameters: Float[Array, "run column"]
) -> Float[Array, " run"]:
    """Encrypt a share of the records.

    Limits:
        Timing and length of records stay visible. A man in the middle who has become the peer
        reads all of it: encryption without authentication of the broker does not stop him.
    """
    del view
    return jnp.maximum(share, parameters[:, 0])


CONTROL = Control(
    id="mqtt-encryption",
    title="Encryption of the uplink",
    layer=Layer.COMMUNICATION,
    strength=Parameter("share", "1", 1.0, 0.0, 1.0, "share of the records sent encrypted"),
    cost=Cost(
        bytes_per_record=22.0,
        note="TLS 1.3 record: 5 bytes header, 1 byte type, 16 bytes tag (RFC 8446 section 5)",
    ),
    source="RFC 8446 (TLS 1.3)",
    shape=(Shape("gateway.proofs", _rule),),
)
