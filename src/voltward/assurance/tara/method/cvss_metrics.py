"""CVSS as a TARA uses it: exploitability of v3 metrics, and scores of whole vectors."""

from dataclasses import dataclass
from functools import lru_cache

from cvss import CVSS3, CVSS4
from cvss.exceptions import CVSS3Error, CVSS4Error

from voltward.assurance.tara.model.words import AttackVector
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest

# Exploitability metrics, each from its easiest to its hardest value. A changed scope comes first:
# it makes required privileges weigh less.
METRICS = {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "CU"}
# Weights of CVSS v3.0 and v3.1. Source: FIRST, CVSS v3.1 specification, section 7.4.
_AV = {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}
_AC = {"L": 0.77, "H": 0.44}
_PR = {
    "U": {"N": 0.85, "L": 0.62, "H": 0.27},
    "C": {"N": 0.85, "L": 0.68, "H": 0.5},
}
_UI = {"N": 0.85, "R": 0.62}
_VECTORS = {
    "N": AttackVector.NETWORK,
    "A": AttackVector.ADJACENT,
    "L": AttackVector.LOCAL,
    "P": AttackVector.PHYSICAL,
}
# Metrics of v3 that say nothing about exploitability of the base group; checked, then left out.
_OTHER = {
    **dict.fromkeys(("C", "I", "A", "MC", "MI", "MA"), "XNLH"),
    "E": "XUPFH",
    "RL": "XOTWU",
    "RC": "XURC",
    **dict.fromkeys(("CR", "IR", "AR"), "XLMH"),
    "MAV": "XNALP",
    "MAC": "XLH",
    "MPR": "XNLH",
    "MUI": "XNR",
    "MS": "XUC",
}
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
        return "/".join(f"{metric}:{value}" for metric, value in self._values().items())

    @property
    def attack_vector(self) -> AttackVector:
        """Where the attacker must stand."""
        return _VECTORS[self._values()["AV"]]

    @property
    def score(self) -> float:
        """8.22 x AV x AC x PR x UI, not rounded.

        Source: FIRST, CVSS v3.1 specification, section 7.1.
        """
        value = self._values()
        privileges = _PR[value["S"]][value["PR"]]
        return 8.22 * _AV[value["AV"]] * _AC[value["AC"]] * privileges * _UI[value["UI"]]

    def _values(self) -> dict[str, str]:
        pairs = zip(METRICS.items(), self.ranks, strict=True)
        return {metric: values[rank] for (metric, values), rank in pairs}


@lru_cache(maxsize=4096)
def exploitability(vector: str) -> Exploitability:
    """Return the exploitability metrics of a CVSS v3.0 or v3.1 vector.

    Args:
        vector: With or without prefix and impact metrics; AV, AC, PR and UI must be there. A scope
            left out is unchanged.

    Raises:
        ConfigurationError: It is no such vector; for v4.0 there is no exploitability formula.
    """
    if vector.startswith("CVSS:4"):
        raise _no_formula(vector)
    body = vector.removeprefix("CVSS:3.0/").removeprefix("CVSS:3.1/")
    if body.startswith("CVSS:"):
        raise ConfigurationError(
            f"CVSS vector '{vector}': the version is not known", hint="write CVSS:3.0 or CVSS:3.1"
        )
    given: dict[str, str] = {}
    for field in body.split("/"):
        metric, colon, value = field.partition(":")
        if metric in _ONLY_V4:
            raise _no_formula(vector)
        allowed = METRICS.get(metric) or _OTHER.get(metric)
        if not colon or allowed is None:
            raise ConfigurationError(
                f"CVSS vector '{vector}': '{field}' is no metric of CVSS v3",
                why="a metric is written such as AV:N",
                hint=nearest(metric, METRICS),
            )
        if len(value) != 1 or value not in allowed:
            raise ConfigurationError(
                f"CVSS vector '{vector}': '{value}' is no value of {metric}",
                why=f"allowed: {', '.join(allowed)}",
            )
        if metric in given:
            raise ConfigurationError(f"CVSS vector '{vector}': {metric} stands there twice")
        given[metric] = value
    missing = [metric for metric in METRICS if metric not in given and metric != "S"]
    if missing:
        raise ConfigurationError(
            f"CVSS vector '{vector}': {', '.join(missing)} is missing",
            why="exploitability needs AV, AC, PR and UI; S left out is unchanged",
        )
    return Exploitability(
        tuple(values.index(given.get(metric, "U")) for metric, values in METRICS.items())
    )


def cvss_score(vector: str) -> tuple[str, float, str]:
    """Return version, base score and severity of a whole CVSS v3.0, v3.1 or v4.0 vector.

    The score is published together with its vector only, as FIRST asks.

    Raises:
        ConfigurationError: It is no such vector, or a base metric is missing.
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


def _no_formula(vector: str) -> ConfigurationError:
    return ConfigurationError(
        f"CVSS vector '{vector}': CVSS v4.0 has no exploitability formula",
        why="its score is looked up in tables; feasibility is defined for v3.0 and v3.1",
        hint="write the v3.1 metrics, such as AV:N/AC:L/PR:N/UI:N/S:U",
    )
