"""State of the vehicle's part, its start, and what it reports to the meter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, UInt32

from voltward.controls.in_force import start_watches
from voltward.core.control import Place
from voltward.core.frame_log import FrameLog
from voltward.core.request import Requests, no_requests
from voltward.core.view import BmsView
from voltward.detection.inputs import bms_view
from voltward.physical.contactors import ContactorState, start_contactors
from voltward.physical.estimator import EstimatorState, Innovation, start_estimator
from voltward.physical.pack import CellOutput
from voltward.physical.plant import PlantState, start_plant
from voltward.physical.protection import ProtectionState, start_protection
from voltward.physical.sensors import Readings
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays
from voltward.ranges.virtual.demand import Demand
from voltward.ranges.virtual.fixed_draws import FixedDraws


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class VehicleState:
    """State of the vehicle's part.

    Attributes:
        plant: The truth.
        contactors: The pair.
        protection: Counters and latches.
        estimate: The BMS's own estimator, one mean cell.
        coulomb_soc: Charge counted by the BMS.
        felt: What sensors with a latency feel, by channel.
        readings: Of the last tick.
        view: Of the last tick, for shapes.
        speed_mps: Of the vehicle.
        charge_limit_A: Allowed by the BMS.
        discharge_limit_A: Allowed by the BMS, positive.
        charge_request_A: Asked of the charger.
        close_wanted: What the BMS wants of the contactors.
        bleed: Wanted.
        cooling: Pump on.
        heating: Heater on.
        command: Last accepted command's scalars.
        command_age_s: Since then.
        last_command: Number of the last accepted command.
        watches: State of the watches.
        timers_s: Of the responses.
        requests: In effect.
        log: Records that went out.
    """

    plant: PlantState
    contactors: ContactorState
    protection: ProtectionState
    estimate: EstimatorState
    coulomb_soc: Float[Array, " run"]
    felt: Mapping[str, Array]
    readings: Readings
    view: BmsView
    speed_mps: Float[Array, " run"]
    charge_limit_A: Float[Array, " run"]
    discharge_limit_A: Float[Array, " run"]
    charge_request_A: Float[Array, " run"]
    close_wanted: Bool[Array, " run"]
    bleed: Float[Array, "run cell"]
    cooling: Bool[Array, " run"]
    heating: Bool[Array, " run"]
    command: Float[Array, "run field"]
    command_age_s: Float[Array, " run"]
    last_command: Int[Array, " run"]
    watches: tuple[Any, ...]
    timers_s: Float[Array, "run act"]
    requests: Requests
    log: FrameLog


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class VehicleReport:
    """What happened in the vehicle in a tick, for the meter and the traces; nobody acts on it.

    Attributes:
        output: Of the cells.
        current_A: True pack current.
        speed_mps: Of the vehicle.
        demand: What the duty asked and what was served.
        gained: Capabilities granted to the attacker.
        scores: Of the watches.
        alarms: Of the watches.
        acting: Which responses are active.
        faults: New ones (run, fault).
        taken_in: Forged records accepted.
        refused: Records rejected.
        charge_wanted: Whether a charging session is on and the target not reached.
    """

    output: CellOutput
    current_A: Float[Array, " run"]
    speed_mps: Float[Array, " run"]
    demand: Demand
    gained: UInt32[Array, " run"]
    scores: Float[Array, "run watch"]
    alarms: Bool[Array, "run watch"]
    acting: Bool[Array, "run act"]
    faults: Bool[Array, "run fault"]
    taken_in: Bool[Array, " run"]
    refused: Int[Array, "run tap"]
    charge_wanted: Bool[Array, " run"]


def start_vehicle(
    assembly: Assembly, case: CaseArrays, fixed: FixedDraws, ticks_before: Int[Array, ""]
) -> VehicleState:
    """Return a rested vehicle that is ready to go."""
    runs, cells = fixed.initial_soc.shape
    zero, off = jnp.zeros(runs), jnp.zeros(runs, bool)
    temperature = jnp.broadcast_to(case.world.start_degC[:, None], (runs, cells))
    voltage = assembly.plant.cell.ocv(fixed.initial_soc)[0]
    soc = jnp.clip(jnp.mean(fixed.initial_soc, axis=1) + case.world.bms_soc_error, 0.0, 1.0)
    series = voltage.reshape(runs, -1, assembly.plant.pack.parallel).mean(axis=2)
    readings = Readings(
        voltage,
        temperature,
        zero,
        jnp.sum(series, axis=1),
        zero,
        jnp.full(runs, assembly.plant.pack.isolation_kohm),
    )
    at_rest = {
        "voltage": voltage,
        "temperature": temperature,
        "current": zero,
        "pack_voltage": readings.pack_voltage_V,
        "charger_current": zero,
    }
    estimate = start_estimator(soc[:, None], assembly.tuning)
    none_V = jnp.zeros((runs, 1))
    view = bms_view(
        ticks_before,
        assembly.tick_s,
        readings,
        estimate,
        Innovation(value_V=none_V, std_V=none_V + 1.0, slope_V=none_V, gain_std_V=none_V + 1.0),
        coulomb_soc=soc,
        loss_W=zero,
        coolant_degC=temperature[:, 0],
    )
    return VehicleState(
        plant=start_plant(assembly.plant, fixed.initial_soc, temperature),
        contactors=start_contactors(runs),
        protection=start_protection(runs),
        estimate=estimate,
        coulomb_soc=soc,
        felt={name: at_rest[name] for name in assembly.sensors.lagging},
        readings=readings,
        view=view,
        speed_mps=zero,
        charge_limit_A=zero,
        discharge_limit_A=zero + assembly.limits.operating.discharge_current_A,
        charge_request_A=zero,
        close_wanted=~off,
        bleed=jnp.zeros((runs, cells)),
        cooling=off,
        heating=off,
        command=view.command.scalars,
        command_age_s=zero + 1e9,
        last_command=jnp.full(runs, -1, jnp.int64),
        watches=start_watches(assembly.rules, Place.BMS, runs, cells),
        timers_s=jnp.zeros((runs, len(assembly.rules.acts()))),
        requests=no_requests(runs),
        log=assembly.start_log(runs),
    )
