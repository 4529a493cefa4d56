"""The file of a live run, read and checked against catalogues, system and duty.

1. Its keys and values are checked by `settings`.
2. Each attack must be one that its attacker can carry out.
3. Each control must be one that the live range can run.
4. The system must fit the bus, the ticks must fit the duty, and there must be a cloud.
"""

from pathlib import Path

from voltward.comms.topics import TopicMap
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import beside, check_document, read_document
from voltward.ranges.configuration.attack_and_stack_choices import check_control
from voltward.ranges.configuration.bus import bus_of
from voltward.ranges.configuration.duty import Duty, load_duty
from voltward.ranges.configuration.system import load_system
from voltward.ranges.configuration.system_settings import SystemSettings
from voltward.ranges.live.case.part import PartSettings
from voltward.ranges.live.case.settings import Case, LiveSettings
from voltward.ranges.live.case.uplink_security import (
    UPLINK_CONTROLS,
    unchecked_proof,
    uplink_controls,
)
from voltward.ranges.live.case.wire_attack import CARRIED_TAPS, checked_attack


def load_settings(path: Path) -> LiveSettings:
    """Read the file of a live run.

    Raises:
        ConfigurationError: It cannot be read, a key or value is not allowed, or a name in it does
            not exist.
    """
    origin = str(path)
    # 1.
    document = read_document(path)
    for key in ("system", "duty"):
        if isinstance(document.get(key), str):
            document[key] = beside(document[key], path)
    settings = check_document(LiveSettings, document, origin)
    # 2.
    for attacker in CARRIED_TAPS:
        plan = getattr(settings, attacker)
        if plan is not None:
            checked_attack(attacker, plan.attack, plan.parameters, origin)
    # 3.
    for control in settings.controls:
        _check_control(control, origin)
    # 4.
    _check_size(settings, origin)
    return settings


def system_and_duty(name: str, duty: str, tick_s: float) -> tuple[SystemSettings, Duty]:
    """Return a system and a duty; the session's target is the duty's, as in the virtual range."""
    system, loaded = load_system(name), load_duty(duty, tick_s=tick_s)
    return loaded.charging(system), loaded


def topics_of(settings: LiveSettings) -> TopicMap:
    """Return the topic map of a run: its own, or that of the system."""
    if settings.topics is not None:
        return settings.topics
    topics = load_system(settings.system).topics
    return TopicMap(telemetry=topics.telemetry, command=topics.command)


def part_settings(settings: LiveSettings, case: Case) -> PartSettings:
    """Return what the parts of a case are made from."""
    system, _ = system_and_duty(settings.system, settings.duty, settings.tick_s)
    return PartSettings(
        case=case.name,
        system=settings.system,
        duty=settings.duty,
        controls=[*settings.controls, *uplink_controls(case)],
        client_certificates=case.client_certificates,
        cells=system.pack.cells,
        ticks=settings.ticks,
        tick_s=settings.tick_s,
        seed=settings.seed,
    )


def _check_control(control: str, origin: str) -> None:
    check_control(control, f"{origin}: controls")
    if control in UPLINK_CONTROLS:
        raise ConfigurationError(
            f"{origin}: controls: '{control}' is not set here",
            why="a live run really has it, and the case switches it",
            hint=f"set '{UPLINK_CONTROLS[control]}' in [[case]]",
        )
    proof = unchecked_proof(control)
    if proof:
        raise ConfigurationError(
            f"{origin}: controls: '{control}' is not available in a live run",
            why=f"it needs the proof {proof}, which no process of the live range makes or checks",
            hint="evaluate it in the virtual range: voltward run",
        )


def _check_size(settings: LiveSettings, origin: str) -> None:
    try:
        system, duty = system_and_duty(settings.system, settings.duty, settings.tick_s)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{origin}: {error.what}", why=error.why, hint=error.hint
        ) from error
    room = bus_of(system).cell_count
    if system.pack.cells > room:
        raise ConfigurationError(
            f"{origin}: system '{settings.system}' has {system.pack.cells} cells",
            why=f"its bus '{system.can.dbc}' carries at most {room}",
            hint="name a DBC with signals for all cells in can.dbc of the system file",
        )
    if settings.ticks > duty.ticks:
        raise ConfigurationError(
            f"{origin}: ticks = {settings.ticks} is longer than the duty '{settings.duty}'",
            why=f"it has {duty.ticks} ticks of {settings.tick_s:g} s",
        )
    if not system.cloud.enabled:
        raise ConfigurationError(
            f"{origin}: system '{settings.system}' has no cloud",
            why="a live run attacks the uplink to it",
        )
