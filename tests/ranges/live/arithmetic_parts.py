"""Parts of plain arithmetic: the traffic of the range without its physics."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from voltward.comms.payload import Kind, Message, silence
from voltward.ranges.live.case.part import (
    BUS_DOWN,
    BUS_UP,
    DOWNLINK,
    LINK,
    UPLINK_SLOTS,
    LinkFacts,
    Mail,
    Observation,
    PartSettings,
)


class Vehicle:
    def __init__(self, settings: PartSettings) -> None:
        self._cells = settings.cells
        self._limit_A = 0.0
        self._commands = 0

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        command = inbox[BUS_DOWN]
        if command.present:
            self._commands += 1
            self._limit_A = float(command.scalars[0])
        cells = np.arange(self._cells)
        voltage_V = np.round(3.5 + 0.001 * tick + 0.0001 * cells, 4)
        scalars = np.array([10.0, 400.0, 0.5, 0.001 * tick, 5000.0, 1.0])
        wide = (voltage_V, np.full(self._cells, 25.0))
        return {BUS_UP: Message(wide, scalars, present=True, sequence=tick, sent_tick=tick)}

    def observe(self) -> Observation:
        return {
            "true_soc": 0.5,
            "true_voltage_max_V": 3.7,
            "true_temperature_max_degC": 25.0,
            "true_current_A": self._limit_A,
            "plated_charge_mAh": 0.0,
            "bms_soc": 0.5,
            "bms_score": 0.0,
        }


class Gateway:
    """Keeps records while the link cannot send; drains two a tick."""

    def __init__(self, settings: PartSettings) -> None:
        self._cells = settings.cells
        self._queue: list[Message] = []

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        if inbox[BUS_UP].present:
            self._queue.append(inbox[BUS_UP])
        out: Mail = {BUS_DOWN: inbox[DOWNLINK]}
        if LinkFacts.of_message(inbox[LINK]).can_send:
            for name in UPLINK_SLOTS:
                out[name] = (
                    self._queue.pop(0) if self._queue else silence(Kind.TELEMETRY, self._cells)
                )
        return out

    def observe(self) -> Observation:
        return {"queued_records": float(len(self._queue)), "gateway_score": 0.0}


class Cloud:
    """Commands a current limit made of what it received."""

    def __init__(self, settings: PartSettings) -> None:
        self._sum_V = 0.0

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        for name in UPLINK_SLOTS:
            if inbox[name].present:
                self._sum_V += float(np.mean(inbox[name].wide[0]))
        if tick % 5:
            return {}
        scalars = np.array([round(self._sum_V % 100.0, 1), 0.8, 1.0, 20.0, 0.0, 0.0, 0.0])
        return {
            DOWNLINK: replace(
                silence(Kind.COMMAND), scalars=scalars, present=True, sequence=tick, sent_tick=tick
            )
        }

    def observe(self) -> Observation:
        return {"twin_soc": 0.5, "cloud_score": 0.0}
