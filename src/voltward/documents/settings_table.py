"""Tables of settings: frozen dataclasses whose documents hold no unknown key, and common ranges."""

from dataclasses import dataclass
from typing import Annotated, TypeVar, dataclass_transform

from annotated_types import Ge, Gt, Interval, Len

Shape = TypeVar("Shape")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def settings_table(shape: type[Shape]) -> type[Shape]:
    """Make a frozen dataclass whose document may hold no unknown key, NaN or infinity."""
    frozen = dataclass(frozen=True, kw_only=True)(shape)
    type.__setattr__(
        frozen, "__pydantic_config__", {"extra": "forbid", "allow_inf_nan": False, "strict": True}
    )
    return frozen


Positive = Annotated[float, Gt(0.0)]
NotNegative = Annotated[float, Ge(0.0)]
Share = Annotated[float, Interval(ge=0.0, le=1.0)]
Percent = Annotated[float, Interval(ge=0.0, le=50.0)]
CellVoltage = Annotated[float, Interval(ge=0.0, le=6.0)]
Temperature = Annotated[float, Interval(ge=-60.0, le=150.0)]
Current = Annotated[float, Interval(gt=0.0, le=5000.0)]
Name = Annotated[str, Len(1, 200)]
