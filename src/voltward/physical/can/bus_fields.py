"""The fields that signals of a bus may carry, and what holds without each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from voltward.physical.can.pack_telemetry import BmsState, ContactorState, PackFault


@dataclass(frozen=True)
class Field:
    """A field that a signal may carry.

    Attributes:
        unit: Its unit; "flag" is true or false, "count" a running number.
        needed: Why the loop cannot work without it; empty where it can.
        without: What holds when no signal carries it.
        instead: Value that the receiver takes then.
        states: Its named values, where it has some.
        computed: Whether the ranges compute it; else it is sent as not available.
    """

    unit: str
    needed: str = ""
    without: str = ""
    instead: float = 0.0
    states: type[IntEnum] | None = None
    computed: bool = True


def _never_computed(unit: str, states: type[IntEnum] | None = None) -> Field:
    return Field(unit, states=states, computed=False)


FAULTS: Mapping[str, PackFault] = {f"fault_{str(fault.name).lower()}": fault for fault in PackFault}
_TWIN = "the digital twin follows the pack by it"
_UNUSED = "the cloud gets 0, and nothing there reads it"
_NUMBER = "a receiver numbers records as they arrive, so that an old one looks like a new one"
TELEMETRY: Mapping[str, Field] = {
    "voltage_V": Field("V", _TWIN),
    "temperature_degC": Field("degC", _TWIN),
    "current_A": Field("A", _TWIN),
    "soc": Field("1", "the cloud compares it with the twin's"),
    "pack_voltage_V": Field("V", without=_UNUSED),
    "charge_counter_Ah": Field(
        "Ah", without="the cloud takes it that no charge passed while records were missing"
    ),
    "isolation_kohm": Field("kohm", without=_UNUSED),
    "charging": Field("flag", without="the cloud never looks for the charge watermark"),
    "sequence": Field("count", without=_NUMBER),
    "main_positive": _never_computed("state", ContactorState),
    "main_negative": _never_computed("state", ContactorState),
    "precharge": _never_computed("state", ContactorState),
    "bms_state": _never_computed("state", BmsState),
    **{name: _never_computed("flag") for name in FAULTS},
    "charge_limit_A": _never_computed("A"),
    "discharge_limit_A": _never_computed("A"),
}
COMMAND: Mapping[str, Field] = {
    "charge_limit_A": Field("A", "it is the cloud's charge plan"),
    "target_soc": Field("1", without="a session ends at the duty's target"),
    "charge_enable": Field("flag", without="the cloud cannot stop a session", instead=1.0),
    "conditioning_degC": Field(
        "degC", without="the cloud cannot ask for warm cells", instead=-100.0
    ),
    "derate": Field("1", without="the cloud and the gateway cannot derate"),
    "open_request": Field("flag", without="the cloud and the gateway cannot open the contactors"),
    "power_setpoint_W": Field("W", without="a grid service sets no power"),
    "sequence": Field("count", without=_NUMBER),
}
CELL_FIELDS = ("voltage_V", "temperature_degC")
