"""Operators log in with a password and a second factor."""

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

CONTROL = Control(
    id="second-factor",
    title="Second factor for operators",
    layer=Layer.CLOUD,
    strength=Parameter(
        "proof_bits", "bit", 20.0, 0.0, 128.0, "length of the proof that a forger must guess"
    ),
    cost=Cost(note="20 to 30 s of an operator's time for each login (assumption)"),
    source="RFC 6238 with six digits, which are 20 bits; NIST SP 800-63B asks for two factors "
    "from AAL2 on",
    verify=Verify(("service.login",), secret=Capability.SECOND_FACTOR),
)
