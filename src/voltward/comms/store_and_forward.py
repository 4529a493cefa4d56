"""The gateway keeps records while the cloud cannot be reached, and sends them later."""

from jax import Array
from jaxtyping import Float

from voltward.core.control import Control, Cost, Shape
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _rule(
    records: Float[Array, " run"], view: None, parameters: Float[Array, "run column"]
) -> Float[Array, " run"]:
    del view
    return records + parameters[:, 0]


CONTROL = Control(
    id="store-and-forward",
    title="Store and forward in the gateway",
    layer=Layer.COMMUNICATION,
    strength=Parameter("records", "1", 500.0, 0.0, 510.0, "records kept"),
    cost=Cost(note="memory for the records, and bursts after an outage"),
    source="session queues of MQTT 5.0, section 4.1; 500 records are eight minutes at one a "
    "second (assumption)",
    shape=(Shape("gateway.queue", _rule),),
)
