"""Strengths that many controls share: what parameter 0 of a control means.

Zero always equals absence.
"""

from voltward.core.parameter import Parameter

# Of a watch: its score is multiplied.
SENSITIVITY = Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent")
# Of a check of freshness, which is made or not.
CHECKED = Parameter("check", "1", 1.0, 0.0, 1.0, "1 checks, 0 is absent")


def proof_bits(default: float, high: float = 256.0) -> Parameter:
    """Return the strength of a proof: a forger without the key guesses it with 2^-bits.

    Args:
        default: Bits of the proof that is usual there.
        high: Most bits that a user may set.
    """
    text = "length of the proof that a forger must guess"
    return Parameter("proof_bits", "bit", default, 0.0, high, text)
