"""A campaign file and the flags over it, as settings that are checked before anything runs."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Interval, Len

from voltward.controls.cell_calibration import calibration_path
from voltward.core.errors import ConfigurationError
from voltward.core.files import canonical_json, sha256_of
from voltward.documents.settings_table import Name, settings_table
from voltward.documents.toml_document import (
    Document,
    beside,
    check_document,
    find_document,
    problems_in,
    read_document,
)
from voltward.documents.toml_writer import toml_text
from voltward.ranges.configuration.attack_and_stack_choices import (
    ALL,
    AttackChoice,
    Attacks,
    Stacks,
    check_control,
    read_attacks,
    read_stacks,
)
from voltward.ranges.configuration.bus import dbc_identity
from voltward.ranges.configuration.duty import Duty, load_duty
from voltward.ranges.configuration.stack_changes import StackChanges
from voltward.ranges.configuration.stacks import Stack, StackChoice, resolve_stack
from voltward.ranges.configuration.system import (
    REFERENCE,
    capacities_Ah,
    load_system,
)
from voltward.ranges.configuration.system_settings import SystemSettings
from voltward.ranges.configuration.truth_tracks import MATCHED, MISMATCHED, check_cost, set_of
from voltward.ranges.worlds.choice import FIXED, draw_worlds, world_document
from voltward.ranges.worlds.world import Worlds
from voltward.ranges.worlds.world_file import load_world_laws
from voltward.results.columns import BASELINE_STACK, NO_ATTACK
from voltward.results.gate import check_gate

__all__ = [
    "AttackChoice",
    "CampaignDocument",
    "CampaignSettings",
    "StackChoice",
    "load_campaign",
]

COMMAND_LINE = "command line"


@settings_table
class _Campaign:
    """The keys of a campaign that need no catalogue; see `CampaignDocument` for their meaning."""

    name: Annotated[str, Len(1, 100)] = "campaign"
    seeds: Annotated[int, Interval(ge=1, le=100_000)] = 8
    seed: Annotated[int, Interval(ge=0, le=2**53)] = 7
    proof_seeds: Annotated[int, Interval(ge=0, le=100_000)] = 0
    world: Annotated[str, Len(1, 4000)] = FIXED
    duty: Name = "commute-and-charge"
    duty_level: Literal["", "cell", "pack"] = ""
    cell: str = ""
    link: str = ""
    system: Name = REFERENCE
    cloud: bool | None = None
    keep: Literal["all", "worst", "none"] = "worst"
    gate: str = ""
    chunk: Annotated[int, Interval(ge=0, le=100_000)] = 0
    workers: Annotated[int, Interval(ge=0, le=256)] = 0
    tick_s: Annotated[float, Interval(gt=0.0, le=600.0)] | None = None
    track: Literal["matched", "mismatched"] = "matched"
    truth_set: str = ""
    truth_hours: Annotated[float, Interval(gt=0.0, le=10_000.0)] = 12.0
    date: dt.date | None = None


@settings_table
class CampaignDocument(_Campaign):
    """A campaign file; every key may be left out.

    Attributes:
        name: Of the campaign, and of its folder.
        attacks: Which attacks, with which parameters.
        stacks: Which defence stacks.
        seeds: Runs of each attack and stack.
        seed: The first seed.
        proof_seeds: Runs of an attack under the first stack with a control that claims to stop it,
            where more than `seeds`; 73 without a success bring the upper 95 % bound to 0.05.
        world: Shipped name or world file, with factors to fix: "everyday,soc=0.7"; of each
            attack and stack there are as many worlds as `seeds`. "fixed" draws none.
        duty: Shipped name, duty file, or recorded profile.
        duty_level: "cell" or "pack", for a recorded profile.
        cell: Shipped name or file; replaces the system's.
        link: Shipped name or file; replaces the system's.
        system: Shipped name or system file.
        cloud: Replaces the system's `cloud.enabled`.
        keep: Which traces are kept.
        gate: Threshold that the campaign is held to.
        chunk: Runs computed together; 0 chooses.
        workers: Processes; 0 chooses.
        tick_s: Replaces the duty's tick.
        track: "matched": the plant is the twin's model; "mismatched": an electrochemical one leads.
        truth_set: Which one, when the cell file does not say.
        truth_hours: Most hours of runs on track mismatched; more is refused with an estimate.
        date: Shown in the report, "YYYY-MM-DD"; no clock is read.
    """

    attacks: Attacks = ALL
    stacks: Stacks = ("none", "full")


@dataclass(frozen=True, kw_only=True)
class CampaignSettings(_Campaign):
    """A campaign, checked: its attacks and stacks exist, and their values are in range."""

    attacks: tuple[AttackChoice, ...]
    stacks: tuple[StackChoice, ...]

    def load_system(self) -> SystemSettings:
        """Return the system with the campaign's cell, link and cloud in place."""
        system = load_system(self.system, cell=self.cell, link=self.link)
        if self.cloud is None:
            return system
        return replace(system, cloud=replace(system.cloud, enabled=self.cloud))

    def load_duty(self) -> Duty:
        """Return the duty on the campaign's tick."""
        return load_duty(
            self.duty,
            tick_s=self.tick_s,
            level=self.duty_level,
            capacities_Ah=capacities_Ah(self.load_system()),
        )

    @property
    def world_name(self) -> str:
        """Name of the world; that of a world file is in the file."""
        return FIXED if self.world == FIXED else load_world_laws(self.world).name

    def draw_worlds(self) -> Worlds | None:
        """Return the worlds of the campaign; None where nothing of the kind is drawn."""
        if self.world == FIXED:
            return None
        return draw_worlds(self.world, seed=self.seed, worlds=max(self.seeds, self.proof_seeds))

    @property
    def case_count(self) -> int:
        """How many cases the grid may hold, the clean duty's included."""
        attacks = sum(choice.id != NO_ATTACK for choice in self.attacks)
        more = (attacks + 1) * max(0, self.proof_seeds - self.seeds)
        clean = 0 if BASELINE_STACK in {choice.name for choice in self.stacks} else self.seeds
        return (attacks + 1) * len(self.stacks) * self.seeds + more + clean

    @property
    def seed_words(self) -> str:
        """How many runs of each attack and stack, in words."""
        most = max(self.seeds, self.proof_seeds)
        what = "seeds" if self.world == FIXED else f"worlds ({self.world_name})"
        return f"{self.seeds} {what}" if most == self.seeds else f"{self.seeds} to {most} {what}"

    def resolved_stacks(self) -> tuple[Stack, ...]:
        """Return the enabled controls of each stack."""
        system = self.load_system()
        return tuple(resolve_stack(choice, system) for choice in self.stacks)

    def baseline_stack(self) -> Stack:
        """Return the stack of the clean runs with which cases are compared."""
        return resolve_stack(StackChoice(name=BASELINE_STACK), self.load_system())

    def as_document(self) -> Document:
        """Return the campaign as a file would hold it, every key filled in."""
        document = asdict(self)
        document["attacks"] = [{"id": a.id, **a.parameters} for a in self.attacks]
        document["stacks"] = [asdict(choice) for choice in self.stacks]
        document["date"] = None if self.date is None else self.date.isoformat()
        return {key: value for key, value in document.items() if value is not None}

    def as_toml(self) -> str:
        """Return the resolved configuration; a campaign run from it gives the same cases."""
        return toml_text(self.as_document())

    @property
    def config_sha256(self) -> str:
        """Digest of all that the cases depend on, the named files' content included.

        Chunk and workers are left out, since the cases do not depend on them; so are the gate and
        the date.
        """
        document = self.as_document()
        for key in ("chunk", "workers", "gate", "name", "truth_hours", "date"):
            document.pop(key, None)
        if not self.proof_seeds:
            del document["proof_seeds"]
        if self.track == MATCHED:
            # Named by every table; without them, digests stay as they were before other tracks.
            del document["track"], document["truth_set"]
        system = self.load_system()
        document["system"] = asdict(system)
        cell_path = find_document("cells", system.cell, "cell")
        document["cell"] = sha256_of(cell_path)
        if calibration_path(cell_path).exists():
            document["calibration"] = sha256_of(calibration_path(cell_path))
        document["system"]["cell"] = document["cell"]
        document["system"]["can"]["dbc"] = dbc_identity(system)
        document["stacks"] = [asdict(stack) for stack in self.resolved_stacks()]
        # Notes name the file that was read, and no case depends on them.
        duty = {key: value for key, value in vars(self.load_duty()).items() if key != "notes"}
        if self.world == FIXED:
            # Digests stay as they were before worlds were drawn.
            del document["world"], duty["shipped_cycle"]
        else:
            document["world"] = world_document(load_world_laws(self.world))["factor"]
        document["duty"] = _duty_digest(duty)
        del document["link"]
        return hashlib.sha256(canonical_json(document).encode()).hexdigest()


def load_campaign(
    path: Path | None = None, flags: Mapping[str, Any] | None = None
) -> CampaignSettings:
    """Return a campaign: flags over file over defaults.

    Args:
        path: A campaign file, or None.
        flags: Keys of `CampaignDocument`, and `controls` ("+a,-b") and `set` (a list of
            "control.param=value"), which change every stack; None means not given.

    Raises:
        ConfigurationError: A key, name or value is not allowed; file, key, got and allowed are
            named.
        NothingRanError: The selection is empty.
    """
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    changes = StackChanges.read(given.pop("controls", ""), given.pop("set", ()))
    file_document = _from_file(path) if path is not None else {}
    label = str(path) if path is not None else COMMAND_LINE
    check_document(CampaignDocument, file_document, label)
    check_document(CampaignDocument, given, COMMAND_LINE)
    document = check_document(CampaignDocument, {**file_document, **given}, label)
    attacks = read_attacks(
        document.attacks, COMMAND_LINE if "attacks" in given else label, document.duty
    )
    changed_none = changes.any and not {"stacks"} & {*file_document, *given}
    stacks = read_stacks(
        ("none",) if changed_none else document.stacks,
        COMMAND_LINE if "stacks" in given else label,
    )
    settings = CampaignSettings(
        **{key.name: getattr(document, key.name) for key in fields(_Campaign)},
        attacks=attacks,
        stacks=tuple(changes.apply(choice) for choice in stacks),
    )
    if settings.gate:
        check_gate(
            settings.gate,
            (*(choice.id for choice in attacks), NO_ATTACK),
            [choice.name for choice in settings.stacks],
        )
    # A wrong name is the file's unless a flag replaces one.
    of_file = path is not None and not {"system", "duty", "cell", "link", "world"} & given.keys()
    with problems_in(label) if of_file else nullcontext():
        duty = settings.load_duty()
        if settings.world != FIXED:
            load_world_laws(settings.world)
    if settings.track == MISMATCHED:
        if settings.world != FIXED:
            raise ConfigurationError(
                f"{label}: world = '{settings.world}' is not available on track mismatched",
                why="its electrochemical plant is a new cell at one temperature",
                hint=f'write world = "{FIXED}"',
            )
        set_of(settings.load_system(), settings.truth_set)
        check_cost(settings.case_count, duty, settings.truth_hours)
    for stack in settings.resolved_stacks():
        for control in stack.controls:
            check_control(control, f"{label}: stack '{stack.name}'")
    return settings


def _from_file(path: Path) -> Document:
    """Return a file's document; the files it names are looked for beside it."""
    document = read_document(path)
    for key in ("duty", "cell", "link", "system"):
        if isinstance(document.get(key), str):
            document[key] = beside(document[key], path)
    if isinstance(document.get("world"), str):
        whole = beside(document["world"], path)
        base, comma, fixed = document["world"].partition(",")
        document["world"] = whole if Path(whole).is_file() else beside(base, path) + comma + fixed
    return document


def _duty_digest(duty: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for key, value in sorted(duty.items()):
        content = value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode()
        digest.update(key.encode() + b"=" + content + b";")
    return digest.hexdigest()
