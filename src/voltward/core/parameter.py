"""A parameter of an attack or a control: a name with a unit, a default and a range."""

from dataclasses import dataclass

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import meant


@dataclass(frozen=True)
class Parameter:
    """One number a user may set.

    Attributes:
        name: Ends in its unit where it has one.
        unit: The unit, or "1".
        default: Value when the user says nothing.
        low: Smallest value allowed.
        high: Largest value allowed.
        description: One line.
    """

    name: str
    unit: str
    default: float
    low: float
    high: float
    description: str

    def check(self, value: float, owner: str) -> float:
        """Return the value when it lies in the range.

        Raises:
            ConfigurationError: It does not, or is not a number.
        """
        if not self.low <= value <= self.high:
            raise ConfigurationError(
                f"{owner}: {self.name} = {value:g} is out of range",
                why=f"allowed are {self.low:g} to {self.high:g} {self.unit}",
                hint=meant(value, self.low, self.high, self.unit)
                or f"the default is {self.default:g}",
            )
        return value
