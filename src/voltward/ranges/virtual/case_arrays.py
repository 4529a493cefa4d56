"""What differs from run to run, as arrays; and what is static, as one record."""

from dataclasses import dataclass

import jax
from jax import Array
from jaxtyping import Bool, Float, Int, UInt64

from voltward.cloud.service import PlanParameters
from voltward.cloud.twin import TwinParameters
from voltward.controls.in_force import InForce, Rules
from voltward.core.frame_log import (
    TEMPERATURE_STEP_DEGC,
    VOLTAGE_STEP_V,
    FrameLog,
    start_log,
)
from voltward.core.taps import TELEMETRY_SCALARS, TELEMETRY_WIDE
from voltward.physical.can.wire_quantisation import BusWire
from voltward.physical.estimator import EstimatorTuning
from voltward.physical.grid import GridMatrices
from voltward.physical.plant import PlantParameters
from voltward.physical.protection import LimitSettings
from voltward.physical.sensors import SensorChannels
from voltward.physical.vehicle import VehicleSettings
from voltward.ranges.configuration.duty import DutyMode
from voltward.ranges.configuration.system_settings import ChargingSettings
from voltward.ranges.virtual.world_arrays import WorldArrays


@dataclass(frozen=True)
class FleetParameters:
    """How the fleet's power reaches the grid.

    Attributes:
        matrices: Exact discretisation of the area.
        packs_moved: Packs that the attacker moves together.
        base_W: Base of the per-unit system.
    """

    matrices: GridMatrices
    packs_moved: float
    base_W: float


@dataclass(frozen=True)
class Assembly:
    """Everything static: one of these makes one program.

    Attributes:
        plant: Pack and cells.
        limits: Three tiers.
        sensors: Channels.
        charging: Charger and on-board plan.
        vehicle: Road load.
        fleet: Grid.
        tuning: Of the estimators.
        twin: Of the cloud.
        plan: Charge plan.
        wire: What the on-board bus carries, and how it rounds.
        rules: Controls compiled in.
        tick_s: Length of a tick.
        silence_s: Silence after which the BMS falls back to its own plan.
        plan_period_s: Between two commands of the cloud.
        model_period_s: Between two parameter loads.
        rekey_s: From the request to new keys in place (assumption).
        commissioning_share: Part of the cells' spread that the twin does not know (assumption).
        log_slots: Records that the rings remember.
        encrypted_link: Whether the link itself encrypts.
    """

    plant: PlantParameters
    limits: LimitSettings
    sensors: SensorChannels
    charging: ChargingSettings
    vehicle: VehicleSettings
    fleet: FleetParameters
    tuning: EstimatorTuning
    twin: TwinParameters
    plan: PlanParameters
    wire: BusWire
    rules: Rules
    tick_s: float
    silence_s: float
    plan_period_s: float
    model_period_s: float
    rekey_s: float
    commissioning_share: float
    log_slots: int
    encrypted_link: bool

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.plant.pack.cells

    @property
    def unattended_C(self) -> float:
        """C-rate that the BMS asks for without a cloud plan."""
        full_Ah = self.plant.cell.capacity_Ah * self.plant.pack.parallel
        return self.charging.unattended_current_A / full_Ah

    def start_log(self, runs: int) -> FrameLog:
        """Return an empty log of what the bus carries."""
        cell_V, cell_degC = (self.wire.telemetry.scales[name] for name in TELEMETRY_WIDE)
        steps = (cell_V.step, cell_degC.step, cell_V.offset, cell_degC.offset)
        compact = steps == (VOLTAGE_STEP_V, TEMPERATURE_STEP_DEGC, 0.0, 0.0)
        return start_log(self.log_slots, runs, self.cells, len(TELEMETRY_SCALARS), compact=compact)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CaseArrays:
    """What differs between runs.

    Attributes:
        seed: Seed of the run's noise and spread; the same for every attack and stack.
        rows: Rows of its attack (run, tap, slot, column).
        in_force: Its controls.
        held: Capabilities at the start, as bits.
        factory: Whether the factory protection exists.
        cloud: Whether the cloud exists.
        link: Its link's probabilities per tick.
        attack_tick: When its attack starts; beyond the end for clean runs.
        errors_from_tick: From when on errors of an estimate count.
        target_soc: Where a charging session ends when nobody asks otherwise.
        world: The pack and the day.
    """

    seed: UInt64[Array, " run"]
    rows: Float[Array, "run tap slot column"]
    in_force: InForce
    held: Array
    factory: Bool[Array, " run"]
    cloud: Bool[Array, " run"]
    link: Float[Array, "run column"]
    attack_tick: Float[Array, " run"]
    errors_from_tick: Float[Array, " run"]
    target_soc: Float[Array, " run"]
    world: WorldArrays


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class DutyTick:
    """The duty at one tick; each run has its own.

    Attributes:
        valid: Whether the tick belongs to the duty or pads its bucket.
        mode: A `DutyMode`.
        speed_mps: Demanded.
        grade: Of the road.
        current_A: Recorded profile.
        power_W: Grid set point; positive charges.
        ambient_degC: Outside.
        auxiliary_W: Extra draw.
    """

    valid: Bool[Array, " run"]
    mode: Int[Array, " run"]
    speed_mps: Float[Array, " run"]
    grade: Float[Array, " run"]
    current_A: Float[Array, " run"]
    power_W: Float[Array, " run"]
    ambient_degC: Float[Array, " run"]
    auxiliary_W: Float[Array, " run"]

    def during(self, mode: DutyMode) -> Bool[Array, " run"]:
        """Return whether the tick belongs to the duty and uses the pack in that way."""
        return (self.mode == mode) & self.valid
