"""A campaign from Python: a system, attacks and stacks, checked when they are written down.

1. `System`, `Attack` and `Stack` say what is attacked, how, and behind what; each is checked alone.
2. `Campaign` joins them as the settings that a campaign file would give, checked together.
3. `Campaign.run` runs every case and opens the folder that it wrote.
"""

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from voltward.attacks.catalogue import ATTACKS
from voltward.core.attack import Attack as CatalogueAttack
from voltward.core.errors import ConfigurationError
from voltward.interfaces.python.arguments import entries_of, path_of, text_of, wrong_kind
from voltward.interfaces.python.run import Run, replacing
from voltward.ranges.campaign.campaign import run_campaign
from voltward.ranges.configuration.campaign_file import CampaignSettings, load_campaign
from voltward.ranges.configuration.system import REFERENCE, load_system

Progress = Callable[[str, int, int], None]
Number = float | Sequence[float]


def _short(record: Any) -> str:
    """Return a record as one would write it: fields at their default are left out."""
    given = ((entry.name, getattr(record, entry.name)) for entry in fields(record))
    words = [f"{name}={value!r}" for name, value in given if value not in ("", (), {}, None)]
    return f"{type(record).__name__}({', '.join(words)})"


@dataclass(frozen=True, repr=False)
class System:
    """What is attacked: vehicle, pack, BMS, gateway, link and cloud.

    Attributes:
        source: Your own system file, or a shipped name.
        cell: Shipped name or file; replaces the system's.
        link: Shipped name or file; replaces the system's.
        cloud: With or without the cloud half; None leaves it to the system.

    Raises:
        ConfigurationError: A name or a file is not usable.

    Example:
        >>> import voltward as vw
        >>> vw.System("reference", cell="lg-m50")
        System(source='reference', cell='lg-m50')
        >>> vw.System(cell="lg-m5")
        Traceback (most recent call last):
        voltward.core.errors.ConfigurationError: there is no cell 'lg-m5'
          why: a cell is a file, or one of: lg-18650hg2, lg-m50, panasonic-18650pf, ...
          hint: did you mean 'lg-m50' or 'lg-18650hg2'?
    """

    source: str | Path = REFERENCE
    cell: str | Path = field(default="", kw_only=True)
    link: str | Path = field(default="", kw_only=True)
    cloud: bool | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        load_system(
            text_of("System: source", self.source),
            cell=text_of("System: cell", self.cell),
            link=text_of("System: link", self.link),
        )
        if self.cloud is not None and not isinstance(self.cloud, bool):
            raise wrong_kind("System: cloud", self.cloud, "True, False or None")

    def __repr__(self) -> str:
        return _short(self)


@dataclass(frozen=True, repr=False, init=False)
class Attack:
    """An attack of the catalogue with its parameters; what is not named keeps its default.

    Args:
        attack: Its id, see `vw.catalogue.attacks`; `no-attack` is the clean duty.
        parameters: Name to value; a list of values is a sweep. Every attack has `start_s`.

    Attributes:
        id: As in the catalogue.
        parameters: Those that were named.

    Raises:
        ConfigurationError: There is no such attack or parameter, or a value is out of its range.

    Example:
        >>> import voltward as vw
        >>> attack = vw.Attack("voltage-bias", bias_V=-0.05)
        >>> attack.entry.parameters[0].description
        'added to the reading'
        >>> vw.Attack("voltage-bias", bias_V=-50)
        Traceback (most recent call last):
        voltward.core.errors.ConfigurationError: attacks[0] (voltage-bias): bias_V = -50 is out ...
          why: allowed are -0.5 to 0.5 V
          hint: did you mean -0.05 V (-50 mV)?
    """

    id: str
    parameters: Mapping[str, Number]

    def __init__(self, attack: str, /, **parameters: Number) -> None:
        object.__setattr__(self, "id", text_of("Attack", attack))
        object.__setattr__(self, "parameters", parameters)
        _checked({"attacks": [_attack_table(self)], "stacks": ["none"]})

    @property
    def entry(self) -> CatalogueAttack:
        """The entry of the catalogue: steps, goal, parameters, sources."""
        return ATTACKS.load(self.id)

    def __repr__(self) -> str:
        return _short(self)


@dataclass(frozen=True, repr=False)
class Stack:
    """A defence stack, and what is added to it, taken from it and set in it.

    Attributes:
        base: One of `vw.catalogue.stacks()`.
        add: Ids of controls.
        remove: Ids of controls.
        settings: Control to parameter to value.
        name: As tables call it; by default the base with what was added and taken away.

    Raises:
        ConfigurationError: There is no such stack, control or parameter.

    Example:
        >>> import voltward as vw
        >>> stack = vw.Stack("full").without("cross-cell-residual").setting("derate", strength=0.5)
        >>> stack.name, "cross-cell-residual" in stack.controls
        ('full-cross-cell-residual', False)
    """

    base: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        text_of("Stack: base", self.base)
        text_of("Stack: name", self.name)
        for key in ("add", "remove"):
            given = entries_of(f"Stack: {key}", getattr(self, key), "ids of controls")
            object.__setattr__(self, key, tuple(text_of(f"Stack: {key}", name) for name in given))
        if not self.name:
            changes = [f"+{name}" for name in self.add] + [f"-{name}" for name in self.remove]
            object.__setattr__(self, "name", self.base + "".join(changes))
        _checked({"attacks": ["no-attack"], "stacks": [_stack_table(self)]})

    @property
    def controls(self) -> tuple[str, ...]:
        """Ids of the enabled controls, in the reference system for stack `deployed`."""
        settings = _checked({"attacks": ["no-attack"], "stacks": [_stack_table(self)]})
        return settings.resolved_stacks()[0].controls

    def adding(self, *controls: str) -> "Stack":
        """Return the stack with more controls."""
        return replace(self, add=(*self.add, *controls), name="")

    def without(self, *controls: str) -> "Stack":
        """Return the stack without some controls."""
        return replace(self, remove=(*self.remove, *controls), name="")

    def setting(self, control: str, **parameters: float) -> "Stack":
        """Return the stack with parameters of a control set; `strength` is its strength."""
        changed = {**self.settings.get(control, {}), **parameters}
        return replace(self, settings={**self.settings, control: changed})

    def named(self, name: str) -> "Stack":
        """Return the stack under a name of your own."""
        return replace(self, name=name)

    def __repr__(self) -> str:
        return _short(self)


AnyAttack = str | Attack | Mapping[str, str | Number]
AnyStack = str | Stack | Mapping[str, object]


class Options(TypedDict, total=False):
    """Options of a campaign besides the system; they are the keys of a campaign file.

    `duty`, `duty_level`, `cell`, `link`: names or files. `attacks`: attacks, "all", or "of-duty".
    `stacks`: stacks. `controls`: "+a,-b" in every stack. `set`: "control.param=value" in every
    stack. `seeds`: runs of each attack and stack, from `seed` on; `proof_seeds`: as many where a
    control claims to stop the attack. `world`: what to draw worlds from, by name or file. `keep`:
    which traces. `gate`: a threshold. `tick_s`, `track`, `truth_set`, `truth_hours`: of the
    simulation. `chunk`, `workers`: of the machine.
    """

    name: str
    duty: str | Path
    duty_level: Literal["", "cell", "pack"]
    cell: str | Path
    link: str | Path
    cloud: bool
    attacks: str | Attack | Collection[AnyAttack]
    stacks: str | Stack | Collection[AnyStack]
    controls: str
    set: Sequence[str]
    seeds: int
    seed: int
    world: str | Path
    proof_seeds: int
    keep: Literal["all", "worst", "none"]
    gate: str
    tick_s: float
    track: Literal["matched", "mismatched"]
    truth_set: str
    truth_hours: float
    chunk: int
    workers: int


@dataclass(frozen=True, repr=False, init=False)
class Campaign:
    """Every attack against every stack on one system and duty, `seeds` times.

    Args:
        system: What is attacked; by default the file's, else the reference.
        file: A campaign file; the options change what it says.
        options: The keys of a campaign file; what is not named keeps its default.

    Attributes:
        settings: As a campaign file would hold them, checked.

    Raises:
        ConfigurationError: A key, name or value is not allowed.
        NothingRanError: The selection is empty.

    Example:
        >>> import voltward as vw
        >>> campaign = vw.Campaign(
        ...     vw.System("reference", cell="lg-m50"),
        ...     duty="fast-charge",
        ...     attacks=[vw.Attack("voltage-bias", bias_V=-0.05)],
        ...     stacks=["none", vw.Stack("full").without("cross-cell-residual")],
        ...     seeds=20,
        ... )
        >>> campaign
        <Campaign 'campaign': 1 attacks x 2 stacks x 20 seeds, duty fast-charge, at most 80 cases>
        >>> print(campaign.as_toml().splitlines()[0])
        name = "campaign"
    """

    settings: CampaignSettings

    def __init__(
        self,
        system: System | str | Path | None = None,
        *,
        file: str | Path | None = None,
        **options: Unpack[Options],
    ) -> None:
        flags: dict[str, Any] = {**_system_flags(system), **options}
        for key, write in (("attacks", _attack_table), ("stacks", _stack_table)):
            if key in flags:
                flags[key] = _listed(key, flags[key], write)
        if "controls" in flags:
            flags["controls"] = text_of("controls", flags["controls"])
        if "set" in flags:
            given = entries_of("set", flags["set"], "texts such as 'derate.strength=0.5'")
            flags["set"] = [text_of("set", entry) for entry in given]
        object.__setattr__(self, "settings", _checked(flags, file))

    def run(
        self,
        out: str | Path | None = None,
        *,
        resume: bool = False,
        force: bool = False,
        progress: Progress | None = None,
    ) -> Run:
        """Run every case.

        Args:
            out: The run folder; a temporary one when None.
            resume: Keep the finished parts of an interrupted run.
            force: Replace files there that no run wrote, with a warning for each.
            progress: Called as (label, done, total).

        Raises:
            ConfigurationError: A file is not usable, or the folder holds other files.
        """
        folder = (
            path_of("out", out) if out is not None else Path(tempfile.mkdtemp(prefix="voltward-"))
        )
        done = run_campaign(
            self.settings,
            folder,
            progress or _quiet,
            resume=resume,
            replacing=replacing(force=force),
        )
        return Run(done.folder)

    def as_toml(self) -> str:
        """Return the campaign as a file that `voltward run` and `Campaign(file=...)` read."""
        return self.settings.as_toml()

    def __repr__(self) -> str:
        settings = self.settings
        return (
            f"<Campaign '{settings.name}': {len(settings.attacks)} attacks x "
            f"{len(settings.stacks)} stacks x {settings.seed_words}, duty {settings.duty}, "
            f"at most {settings.case_count} cases>"
        )


def run(
    file: str | Path | None = None,
    *,
    out: str | Path | None = None,
    system: System | str | Path | None = None,
    force: bool = False,
    **options: Unpack[Options],
) -> Run:
    """Run a campaign file, or what the options say: `Campaign(...).run(out)` in one call.

    Args:
        file: A campaign file; None takes everything from the options.
        out: The run folder; a temporary one when None.
        system: What is attacked.
        force: Replace files there that no run wrote, with a warning for each.
        options: The keys of a campaign file.

    Raises:
        ConfigurationError: The file or an option is not valid, or the folder holds other files.

    Example:
        >>> import voltward as vw
        >>> run = vw.run(attacks="no-attack", stacks="none", seeds=4, duty="short.toml")
        >>> run.cases[0]["attack"], run.cases[0].number("over_voltage_s")
        ('no-attack', 0.0)
    """
    return Campaign(system, file=file, **options).run(out, force=force)


def _checked(flags: Mapping[str, Any], file: str | Path | None = None) -> CampaignSettings:
    """Return the settings; errors name the key, as of a file, and no command line."""
    source = None if file is None else path_of("file", file)
    plain = {key: str(value) if isinstance(value, Path) else value for key, value in flags.items()}
    try:
        return load_campaign(source, plain)
    except ConfigurationError as error:
        what = error.what.removeprefix("command line: ")
        raise type(error)(what, why=error.why, hint=error.hint) from error


def _system_flags(system: System | str | Path | None) -> dict[str, Any]:
    if not isinstance(system, System):
        return {} if system is None else {"system": text_of("system", system)}
    flags = {"system": system.source, "cell": system.cell, "link": system.link}
    return {**{key: value for key, value in flags.items() if value}, "cloud": system.cloud}


def _listed(key: str, given: Any, write: Callable[[Any], object]) -> Any:
    """Return a choice as a campaign file writes it: a word for many, or a list."""
    if isinstance(given, str) and given in {"all", "of-duty"}:
        return given
    if isinstance(given, str | Attack | Stack):
        return [write(given)]
    if isinstance(given, Mapping):
        raise wrong_kind(key, given, f"a list of {key}", "put it in brackets, as [...]")
    return [write(entry) for entry in entries_of(key, given, key)]


def _attack_table(attack: AnyAttack) -> object:
    if not isinstance(attack, Attack):
        return attack
    values: Mapping[str, Any] = attack.parameters
    return {"id": attack.id} | {
        key: list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
        for key, value in values.items()
    }


def _stack_table(stack: AnyStack) -> object:
    if not isinstance(stack, Stack):
        return stack
    table = {entry.name: getattr(stack, entry.name) for entry in fields(stack)}
    return table | {"add": list(stack.add), "remove": list(stack.remove)}


def _quiet(label: str, done: int, total: int) -> None:
    del label, done, total
