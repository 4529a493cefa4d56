"""CVSS as a TARA uses it: exploitability of v3 metrics, and scores of whole vectors.

The `cvss` library reads and scores vectors. Feasibility needs the exploitability metrics alone, so
what else a vector needs is completed here.
"""

from dataclasses import dataclass
from functools import lru_cache

from cvss import CVSS3, CVSS4
from cvss.constants3 import METRICS_VALUES
from cvss.exceptions import CVSS3Error, CVSS4Error

from voltward.assurance.tara.model.words import ATTACK_VECTORS, AttackVector
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest

# Exploitability metrics, each from its easiest to its hardest value. A changed scope comes first:
# it makes required privileges weigh less.
METRICS = {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "CU"}
# What a vector of exploitability metrics may leave out, with the value that it then has.
_LEFT_OUT = {"S": "U", "C": "N", "I": "N", "A": "N"}
_ONLY_V4 = {"AT", "VC", "VI", "VA", "SC", "SI", "SA"}


@dataclass(frozen=True)
class Exploitability:
    """The exploitability metrics of a CVSS v3 vector.

    Attributes:
        ranks: For each of `METRICS`, how hard it is; 0 is the easiest.
    """

    ranks: tuple[int, ...]

    @property
    def text(self) -> str:
        """The metrics as a vector without prefix."""
        pairs = zip(METRICS.items(), self.ranks, strict=True)
        return "/".join(f"{metric}:{values[rank]}" for (metric, values), rank in pairs)

    @property
    def attack_vector(self) -> AttackVector:
        """Where the attacker must be."""
        return ATTACK_VECTORS[AttackVector.NETWORK.rank - self.ranks[0]]

    @property
    def score(self) -> float:
        """8.22 x AV x AC x PR x UI, not rounded.

        Source: FIRST, CVSS v3.1 specification, section 7.1.
        """
        return float(_completed(self.text).esc)


@lru_cache(maxsize=4096)
def exploitability(vector: str) -> Exploitability:
    """Return the exploitability metrics of a CVSS v3.0 or v3.1 vector.

    Args:
        vector: With or without prefix and impact metrics; AV, AC, PR and UI must be there. A scope
            left out is unchanged.

    Raises:
        ConfigurationError: It is not such a vector; for v4.0 there is no exploitability formula.
    """
    names = {field.partition(":")[0] for field in vector.split("/")}
    if vector.startswith("CVSS:4") or names & _ONLY_V4:
        raise ConfigurationError(
            f"CVSS vector '{vector}': CVSS v4.0 has no exploitability formula",
            why="its score is looked up in tables; feasibility is defined for v3.0 and v3.1",
            hint="write the v3.1 metrics, such as AV:N/AC:L/PR:N/UI:N/S:U",
        )
    try:
        metrics = _completed(vector).metrics
    except CVSS3Error as error:
        raise _explained(vector, error) from error
    return Exploitability(tuple(METRICS[name].index(metrics[name]) for name in METRICS))


def cvss_score(vector: str) -> tuple[str, float, str]:
    """Return version, base score and severity of a whole CVSS v3.0, v3.1 or v4.0 vector.

    The score is published together with its vector only, as FIRST asks.

    Raises:
        ConfigurationError: It is not such a vector, or a base metric is missing.
    """
    try:
        if vector.startswith("CVSS:4.0/"):
            four = CVSS4(vector)
            return "4.0", float(four.base_score), str(four.severity).lower()
        three = CVSS3(vector)
    except (CVSS3Error, CVSS4Error) as error:
        raise ConfigurationError(
            f"CVSS vector '{vector}': it has no base score",
            why=str(error),
            hint="write the whole vector, such as CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H",
        ) from error
    version = vector.removeprefix("CVSS:").partition("/")[0]
    return version, float(three.base_score), str(three.severities()[0]).lower()


@lru_cache(maxsize=4096)
def _completed(vector: str) -> CVSS3:
    """Return a vector as the library reads it, with prefix, scope and impact where left out."""
    fields = vector.split("/") if vector.startswith("CVSS:") else ["CVSS:3.1", *vector.split("/")]
    given = {field.partition(":")[0] for field in fields}
    more = [f"{name}:{value}" for name, value in _LEFT_OUT.items() if name not in given]
    return CVSS3("/".join(fields + more))


def _explained(vector: str, error: CVSS3Error) -> ConfigurationError:
    """Return the library's refusal with what is allowed in its place."""
    what = f"CVSS vector '{vector}': {str(error)[0].lower()}{str(error)[1:]}"
    if vector.startswith("CVSS:") and not vector.startswith(("CVSS:3.0/", "CVSS:3.1/")):
        return ConfigurationError(
            f"CVSS vector '{vector}': the version is not known", hint="write CVSS:3.0 or CVSS:3.1"
        )
    for field in vector.split("/"):
        metric, colon, value = field.partition(":")
        if metric in METRICS_VALUES and colon and value not in METRICS_VALUES[metric]:
            return ConfigurationError(what, why=f"allowed: {', '.join(METRICS_VALUES[metric])}")
        if not field:
            what = f"CVSS vector '{vector}': a field is empty"
        if not field.startswith("CVSS:") and metric not in METRICS_VALUES:
            hint = nearest(metric, METRICS)
            return ConfigurationError(what, why="a metric is written such as AV:N", hint=hint)
    return ConfigurationError(
        what, why="exploitability needs AV, AC, PR and UI; S left out is unchanged"
    )
