"""Tables of settings: frozen dataclasses whose documents hold no unknown key, and common ranges."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, dataclass_transform

from annotated_types import Interval, Len
from pydantic import Discriminator, Tag

Shape = TypeVar("Shape")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def settings_table(shape: type[Shape]) -> type[Shape]:
    """Make a frozen dataclass whose document may hold no unknown key, NaN or infinity."""
    frozen = dataclass(frozen=True, kw_only=True)(shape)
    type.__setattr__(
        frozen, "__pydantic_config__", {"extra": "forbid", "allow_inf_nan": False, "strict": True}
    )
    return frozen


# No quantity of a pack, its vehicle or its grid is larger in its unit: 1e9 s are 32 years. What is
# beyond is a slip, and no array is made for it.
_LARGEST = 1e9
Positive = Annotated[float, Interval(gt=0.0, le=_LARGEST)]
NotNegative = Annotated[float, Interval(ge=0.0, le=_LARGEST)]
Share = Annotated[float, Interval(ge=0.0, le=1.0)]
Percent = Annotated[float, Interval(ge=0.0, le=50.0)]
CellVoltage = Annotated[float, Interval(ge=0.0, le=6.0)]
Temperature = Annotated[float, Interval(ge=-60.0, le=150.0)]
Current = Annotated[float, Interval(gt=0.0, le=5000.0)]
Name = Annotated[str, Len(1, 200)]

# Branches of a value that may be of several kinds; errors are those of the branch that is meant.
KIND = "kind: "
TEXT, NUMBER, LIST, TABLE = (Tag(KIND + name) for name in ("text", "number", "list", "table"))


def by_kind(allowed: str, words: tuple[str, ...] = ()) -> Discriminator:
    """Return what chooses among branches that are tagged by kind.

    Args:
        allowed: What a message says when a value is of none of the kinds.
        words: The only texts that are allowed, where not every one is.
    """

    def kind_of(value: Any) -> str | None:
        return None if words and isinstance(value, str) and value not in words else _kind_of(value)

    return Discriminator(
        kind_of, custom_error_type="kind", custom_error_message=f"allowed is {allowed}"
    )


def _kind_of(value: Any) -> str | None:
    if isinstance(value, str):
        return TEXT.tag
    if isinstance(value, int | float) and not isinstance(value, bool):
        return NUMBER.tag
    if isinstance(value, list | tuple):
        return LIST.tag
    return TABLE.tag if isinstance(value, Mapping) else None
