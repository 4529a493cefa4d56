"""Which topic carries what, and who may use it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from voltward.core.errors import ConfigurationError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class TopicMap:
    """Patterns of the topics; `{vehicle}` is replaced by the vehicle's identity.

    Attributes:
        telemetry: From the vehicle to the cloud.
        command: From the cloud to the vehicle.
    """

    telemetry: str = "voltward/1/{vehicle}/telemetry"
    command: str = "voltward/1/{vehicle}/command"

    def __post_init__(self) -> None:
        for field, pattern in (("telemetry", self.telemetry), ("command", self.command)):
            levels = pattern.split("/")
            if levels.count("{vehicle}") != 1 or any(char in pattern for char in "+#$ \0\n\r"):
                raise ConfigurationError(
                    f"topic map: {field} = '{pattern}'",
                    why="'{vehicle}' is one level; '+', '#', '$' and spaces are not allowed",
                    hint=f"for example '{TopicMap.__dataclass_fields__[field].default}'",
                )

    def telemetry_of(self, vehicle: str) -> str:
        """Return the topic of a vehicle's telemetry; '+' stands for all vehicles."""
        return self.telemetry.replace("{vehicle}", vehicle)

    def command_of(self, vehicle: str) -> str:
        """Return the topic of a vehicle's commands; '+' stands for all vehicles."""
        return self.command.replace("{vehicle}", vehicle)


def checked_identity(name: str) -> str:
    """Return a name that is safe in a certificate and in a topic.

    Raises:
        ConfigurationError: The name could be read as a wildcard or as several levels.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"identity '{name}'",
            why="letters, digits, '.', '_' and '-' only, at most 64, first a letter or a digit",
        )
    return name


def access_by_identity(topics: TopicMap, vehicles: Iterable[str], cloud: str) -> str:
    """Return Mosquitto's access list: each certificate identity may use its own topics only.

    Args:
        topics: The topic map.
        vehicles: Identities of vehicles: each writes its telemetry and reads its commands.
        cloud: Identity of the cloud service: it reads all telemetry and writes all commands.
    """
    lines: list[str] = []
    for vehicle in vehicles:
        name = checked_identity(vehicle)
        lines += [
            f"user {name}",
            f"topic write {topics.telemetry_of(name)}",
            f"topic read {topics.command_of(name)}",
            "",
        ]
    lines += [
        f"user {checked_identity(cloud)}",
        f"topic read {topics.telemetry_of('+')}",
        f"topic write {topics.command_of('+')}",
    ]
    return "\n".join(lines) + "\n"


def access_for_all(topics: TopicMap) -> str:
    """Return the access list of a broker without identities: anyone may use these topics."""
    patterns = (topics.telemetry_of("+"), topics.command_of("+"))
    return "".join(f"topic readwrite {pattern}\n" for pattern in patterns)
