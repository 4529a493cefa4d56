"""Changes to every stack: `--controls +a,-b` and `--set control.param=value`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from voltward.core.errors import ConfigurationError
from voltward.ranges.configuration.attack_and_stack_choices import check_control, control_setting
from voltward.ranges.configuration.stacks import StackChoice


@dataclass(frozen=True)
class StackChanges:
    """What is added to, taken from and set in every stack.

    Attributes:
        add: Control ids.
        remove: Control ids.
        settings: Control id to parameter name to value.
    """

    add: tuple[str, ...]
    remove: tuple[str, ...]
    settings: Mapping[str, Mapping[str, float]]

    @classmethod
    def read(cls, controls: str, settings: Sequence[str]) -> "StackChanges":
        """Parse the two options.

        Args:
            controls: "+a,-b", or empty.
            settings: Texts "control.param=value".

        Raises:
            ConfigurationError: The form is wrong, or a control or parameter does not exist.
        """
        add: list[str] = []
        remove: list[str] = []
        for part in filter(None, controls.split(",")):
            sign, name = part[0], part[1:]
            if sign not in "+-":
                raise ConfigurationError(
                    f"--controls: '{part}' has no sign",
                    why="allowed are +id to add and -id to take away, joined by commas",
                    hint=f"write +{part} or -{part}",
                )
            (add if sign == "+" else remove).append(check_control(name, "--controls"))
        return cls(tuple(add), tuple(remove), _read_settings(settings))

    @property
    def any(self) -> bool:
        """Whether anything is changed."""
        return bool(self.add or self.remove or self.settings)

    def apply(self, choice: StackChoice) -> StackChoice:
        """Return the stack with the changes; its name says what was added and taken away."""
        suffix = "".join(f"+{name}" for name in self.add)
        suffix += "".join(f"-{name}" for name in self.remove)
        settings = {name: dict(values) for name, values in choice.settings.items()}
        for name, values in self.settings.items():
            settings[name] = {**settings.get(name, {}), **values}
        return replace(
            choice,
            name=choice.name + suffix,
            add=tuple(dict.fromkeys((*choice.add, *self.add))),
            remove=tuple(dict.fromkeys((*choice.remove, *self.remove))),
            settings=settings,
        )


def _read_settings(texts: Sequence[str]) -> dict[str, dict[str, float]]:
    settings: dict[str, dict[str, float]] = {}
    for text in texts:
        place, equals, value = text.partition("=")
        control, dot, key = place.partition(".")
        if not (equals and dot):
            raise ConfigurationError(
                f"--set: cannot read '{text}'", why="allowed is control.param=value"
            )
        check_control(control, "--set")
        label = f"--set {control}"
        name, checked = control_setting(control, key, number(value, f"--set {place}"), label)
        settings.setdefault(control, {})[name] = checked
    return settings


def number(text: str, label: str) -> float:
    """Return the number that a text holds.

    Raises:
        ConfigurationError: It holds none.
    """
    try:
        return float(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{label}: got '{text}'", why="allowed is a number, such as 0.5 or -1"
        ) from error
