"""Laws of one quantity: each is its quantile function, cut to a range where it has one.

1. A law turns shares in (0, 1) into values: `quantile(share)`. An independent uniform share gives
   an independent draw, a point of a low-discrepancy design gives a point of a design.
2. `Cut` keeps a law inside a range by rescaling the shares, so that no value piles up at its ends.
3. `LAWS` is the table of their names in a world file, with the parameters that each one needs.

>>> import numpy as np
>>> law = law_of("truncated-normal", {"mean": 0.0, "sd": 2.0, "low": -1.0, "high": 3.0})
>>> [round(float(value), 3) for value in law(np.array([0.0, 0.5, 1.0]))]
[-1.0, 0.616, 3.0]
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest

Quantile = Callable[[np.ndarray], np.ndarray]
Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Law:
    """A family of distributions.

    Attributes:
        needs: Names of its parameters.
        quantile: Shares and parameters to values.
        share: Values and parameters to shares, the inverse; None where the law is never cut.
        positive: Parameters that must be above zero.
    """

    needs: tuple[str, ...]
    quantile: Callable[[np.ndarray, Numbers], np.ndarray]
    share: Callable[[float, Numbers], float] | None = None
    positive: tuple[str, ...] = ()


def _standard_normal_share(value: float) -> float:
    return float(special.ndtr(value))


LAWS: Mapping[str, Law] = {
    "constant": Law(("value",), lambda share, p: np.full_like(share, p["value"])),
    "uniform": Law(("low", "high"), lambda share, p: p["low"] + share * (p["high"] - p["low"])),
    "log-uniform": Law(
        ("low", "high"),
        lambda share, p: p["low"] * (p["high"] / p["low"]) ** share,
        positive=("low", "high"),
    ),
    "normal": Law(
        ("mean", "sd"),
        lambda share, p: p["mean"] + p["sd"] * special.ndtri(share),
        lambda value, p: _standard_normal_share((value - p["mean"]) / p["sd"]),
        positive=("sd",),
    ),
    # The natural logarithm is normal: median and sigma of the logarithm.
    "log-normal": Law(
        ("median", "sigma"),
        lambda share, p: p["median"] * np.exp(p["sigma"] * special.ndtri(share)),
        lambda value, p: _standard_normal_share(
            np.log(max(value, 1e-300) / p["median"]) / p["sigma"]
        ),
        positive=("median", "sigma"),
    ),
    "beta": Law(
        ("a", "b"),
        lambda share, p: special.betaincinv(p["a"], p["b"], share),
        lambda value, p: float(special.betainc(p["a"], p["b"], min(max(value, 0.0), 1.0))),
        positive=("a", "b"),
    ),
}
_TRUNCATED = "truncated-"


def law_of(name: str, parameters: Numbers) -> Quantile:
    """Return the quantile function of a law.

    Args:
        name: A name of `LAWS`, or `truncated-` and the name of a law that can be cut; the latter
            needs `low` and `high` besides.
        parameters: Value by name.

    Raises:
        ConfigurationError: No such law, a parameter is absent, foreign or not allowed.
    """
    cut = name.startswith(_TRUNCATED)
    plain = name.removeprefix(_TRUNCATED)
    law = LAWS.get(plain)
    if law is None or (cut and law.share is None):
        known = (*LAWS, *(_TRUNCATED + each for each, row in LAWS.items() if row.share))
        raise ConfigurationError(f"there is no law '{name}'", hint=nearest(name, known))
    needs = (*law.needs, "low", "high") if cut else law.needs
    _check(name, law, needs, parameters)
    if law.share is None or not cut:
        return lambda share: law.quantile(share, parameters)
    first, last = (law.share(parameters[end], parameters) for end in ("low", "high"))
    if last <= first:
        raise ConfigurationError(
            f"law '{name}': nothing of it lies between low = {parameters['low']:g} and high = "
            f"{parameters['high']:g}"
        )
    return lambda share: np.clip(
        law.quantile(first + share * (last - first), parameters),
        parameters["low"],
        parameters["high"],
    )


def _check(name: str, law: Law, needs: tuple[str, ...], parameters: Numbers) -> None:
    for wrong in sorted(set(needs) ^ set(parameters)):
        what = "is absent" if wrong in needs else "is not a parameter of it"
        raise ConfigurationError(
            f"law '{name}': {wrong} {what}", why=f"it needs {' and '.join(needs)}"
        )
    for each in law.positive:
        if not parameters[each] > 0.0:
            raise ConfigurationError(
                f"law '{name}': {each} = {parameters[each]:g} is out of range",
                why="allowed is more than 0",
            )
    if "low" in needs and not parameters["low"] < parameters["high"]:
        raise ConfigurationError(
            f"law '{name}': low = {parameters['low']:g} is not below high = {parameters['high']:g}"
        )
