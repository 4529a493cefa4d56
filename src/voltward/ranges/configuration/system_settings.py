"""The user's own cloud BMS as nested frozen dataclasses: what the engine reads.

Every field says its unit in its name and its range in its type; a system file has the same names.
Tables of what is bolted into the vehicle stand in `physical`, beside the rules that read them.
"""

from collections.abc import Mapping
from dataclasses import field

from voltward.documents.settings_table import (
    Current,
    Name,
    NotNegative,
    Positive,
    Share,
    settings_table,
)
from voltward.physical.can.signal_map import Entries
from voltward.physical.grid import GridSettings
from voltward.physical.pack_settings import PackSettings
from voltward.physical.protection import LimitSettings
from voltward.physical.sensors import SensorSettings
from voltward.physical.vehicle import VehicleSettings


@settings_table
class ChargingSettings:
    """The charger and the plan that the BMS follows without the cloud.

    Attributes:
        current_A: Largest current of the charger.
        power_W: Largest power of the charger.
        target_soc: SoC at which a session ends when no plan says otherwise.
        unattended_current_A: Cautious current that the BMS asks for without a cloud plan.
    """

    current_A: Current
    power_W: Positive
    target_soc: Share
    unattended_current_A: Current


@settings_table
class CanSettings:
    """The on-board bus; without tables, the signals are those of the shipped network.

    Attributes:
        dbc: A shipped name, or a file beside the system file.
        telemetry: Field to signal of the DBC, from the pack to the gateway.
        command: Field to signal of the DBC, from the gateway to the pack.
    """

    dbc: Name
    telemetry: Entries = field(default_factory=dict)
    command: Entries = field(default_factory=dict)


@settings_table
class TopicSettings:
    """MQTT topics; `{vehicle}` stands for the vehicle's identity, wildcards are not allowed."""

    telemetry: Name
    command: Name


@settings_table
class CloudSettings:
    """The cloud half.

    Attributes:
        enabled: False is the `no-cloud` variant.
        plan_period_s: Between two charge plans.
        model_period_s: Between two parameter loads of the twin.
        silence_s: Silence after which the BMS falls back to its own plan.
    """

    enabled: bool
    plan_period_s: Positive
    model_period_s: Positive
    silence_s: Positive


@settings_table
class BurstSettings:
    """A two-state (Gilbert-Elliott) link: in the bad state every record is lost.

    Attributes:
        good_to_bad_per_s: Rate of entering the bad state.
        bad_to_good_per_s: Rate of leaving it.
    """

    good_to_bad_per_s: NotNegative
    bad_to_good_per_s: Positive


@settings_table
class LinkSettings:
    """A radio or wire between vehicle and cloud.

    Attributes:
        name: Short name.
        description: One line.
        latency_median_ms: One way, with the way to the data centre.
        latency_p95_ms: The same, 95th percentile; the law is log-normal.
        loss_share: Records lost singly in the good state.
        burst: Losses that come together.
        outages_per_hour: Losses of the link.
        outage_mean_s: Their mean length, exponential.
        reorder_share: Records that arrive after their successor.
        encrypted: Whether it hides content as far as the cloud; a ciphered radio does not.
        source: For each number, where it comes from, or that it is an assumption.
    """

    name: Name
    description: str
    latency_median_ms: Positive
    latency_p95_ms: Positive
    loss_share: Share
    burst: BurstSettings
    outages_per_hour: NotNegative
    outage_mean_s: NotNegative
    reorder_share: Share
    encrypted: bool
    source: Mapping[str, str]


@settings_table
class ControlSettings:
    """The controls that are deployed in this system; they make up the stack `deployed`."""

    deployed: tuple[Name, ...]


@settings_table
class SystemSettings:
    """A cloud BMS and what stands around it.

    Attributes:
        name: Short name.
        cell: Name of a shipped cell, or a cell file.
        link: The link, loaded from its name or file.
        controls: What is deployed.
        source: For each table, where its numbers come from.
    """

    name: Name
    cell: Name
    pack: PackSettings
    limits: LimitSettings
    sensors: SensorSettings
    charging: ChargingSettings
    can: CanSettings
    topics: TopicSettings
    link: LinkSettings
    cloud: CloudSettings
    vehicle: VehicleSettings
    grid: GridSettings
    controls: ControlSettings
    source: Mapping[str, str]
