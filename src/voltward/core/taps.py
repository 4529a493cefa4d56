"""Every place where a signal or message crosses from one part to the next, and its fields."""

from dataclasses import dataclass
from enum import StrEnum

TELEMETRY_WIDE = ("voltage_V", "temperature_degC")
TELEMETRY_SCALARS = (
    "current_A",
    "pack_voltage_V",
    "soc",
    "charge_counter_Ah",
    "isolation_kohm",
    "charging",
)
COMMAND_SCALARS = (
    "charge_limit_A",
    "target_soc",
    "charge_enable",
    "conditioning_degC",
    "derate",
    "open_request",
    "power_setpoint_W",
)
MODEL_SCALARS = ("resistance_scale", "capacity_scale", "ocv_shift_V")
FIRMWARE_SCALARS = (
    "over_voltage_shift_V",
    "under_voltage_shift_V",
    "over_temperature_shift_degC",
    "current_limit_scale",
    "protection_disabled",
    "voltage_offset_V",
)
# Where a field stands among the scalars of its record.
TELEMETRY_FIELD = {name: index for index, name in enumerate(TELEMETRY_SCALARS)}
COMMAND_FIELD = {name: index for index, name in enumerate(COMMAND_SCALARS)}
FIRMWARE_FIELD = {name: index for index, name in enumerate(FIRMWARE_SCALARS)}


class Layer(StrEnum):
    """The three layers of a cloud BMS."""

    PHYSICAL = "physical"
    COMMUNICATION = "communication"
    CLOUD = "cloud"


@dataclass(frozen=True)
class Tap:
    """A named crossing.

    Attributes:
        name: As written in attacks, events and reports.
        layer: The layer that owns it.
        wide: Names of its values per cell.
        scalars: Names of its values per run.
    """

    name: str
    layer: Layer
    wide: tuple[str, ...] = ()
    scalars: tuple[str, ...] = ()

    def field_index(self, field: str) -> int:
        """Return the position of a field: wide fields first, then scalars.

        Raises:
            KeyError: The tap has no such field.
        """
        fields = self.wide + self.scalars
        if field not in fields:
            raise KeyError(field)
        return fields.index(field)


_PHYSICAL, _COMMUNICATION, _CLOUD = Layer.PHYSICAL, Layer.COMMUNICATION, Layer.CLOUD

TAPS: tuple[Tap, ...] = (
    Tap("cell.voltage", _PHYSICAL, wide=("voltage_V",)),
    Tap("cell.temperature", _PHYSICAL, wide=("temperature_degC",)),
    Tap("pack.current", _PHYSICAL, scalars=("current_A",)),
    Tap("pack.voltage", _PHYSICAL, scalars=("voltage_V",)),
    Tap("pack.isolation", _PHYSICAL, scalars=("resistance_kohm",)),
    Tap("balancing", _PHYSICAL, wide=("bleed",)),
    Tap("contactor", _PHYSICAL, scalars=("close",)),
    Tap("firmware", _PHYSICAL, scalars=FIRMWARE_SCALARS),
    Tap("load", _PHYSICAL, scalars=("auxiliary_power_W",)),
    Tap("charger.request", _PHYSICAL, scalars=("current_A",)),
    Tap("can.up", _PHYSICAL, TELEMETRY_WIDE, TELEMETRY_SCALARS),
    Tap("can.down", _PHYSICAL, scalars=COMMAND_SCALARS),
    Tap("mqtt.session", _COMMUNICATION, scalars=("peer",)),
    Tap("mqtt.up", _COMMUNICATION, TELEMETRY_WIDE, TELEMETRY_SCALARS),
    Tap("mqtt.down", _COMMUNICATION, scalars=COMMAND_SCALARS),
    Tap("store.write", _CLOUD, TELEMETRY_WIDE, TELEMETRY_SCALARS),
    Tap("twin.memory", _CLOUD, scalars=MODEL_SCALARS),
    Tap("model.update", _CLOUD, scalars=MODEL_SCALARS),
    Tap("service.login", _CLOUD, scalars=("session",)),
    Tap("service.command", _CLOUD, scalars=COMMAND_SCALARS),
)

TAP_INDEX: dict[str, int] = {tap.name: index for index, tap in enumerate(TAPS)}
SLOTS = 2


def tap_named(name: str) -> Tap:
    """Return the tap of that name.

    Raises:
        KeyError: No such tap.
    """
    return TAPS[TAP_INDEX[name]]
