"""The faults that the on-board protection tells apart, as settings and results name them."""

# Their limit is violated for a time of their own before the contactors open.
DELAYED_FAULTS = (
    "over_voltage",
    "under_voltage",
    "over_temperature",
    "under_temperature",
    "over_current_charge",
    "over_current_discharge",
    "isolation",
)
# The fuse has no delay: it melts by the heat that it has taken up.
FAULTS = (*DELAYED_FAULTS, "fuse")
