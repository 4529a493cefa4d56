"""The keys of a live file: the attackers, and several cases that differ in their defences."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from voltward.comms.interceptor import Mode
from voltward.comms.topics import TopicMap

RogueCertificate = Literal["none", "self-made", "other-vehicle"]
Tick = Annotated[int, Field(ge=0)]
Identity = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Span(_Section):
    """Ticks from the first to before the second."""

    from_tick: Tick
    to_tick: Tick

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.to_tick <= self.from_tick:
            raise ValueError(f"to_tick {self.to_tick} is not after from_tick {self.from_tick}")
        return self

    def covers(self, tick: int) -> bool:
        """Return whether a tick lies in the span."""
        return self.from_tick <= tick < self.to_tick


class FromCatalogue(_Section):
    """An attack of the catalogue; parameters that are not named keep their default.

    Attributes:
        attack: Its id.
        parameters: Name to value.
    """

    attack: str
    parameters: dict[str, float] = {}


class Step(Span):
    """What the man in the middle does for a while."""

    mode: Mode


class ManInTheMiddle(FromCatalogue):
    """The man in the middle, between gateway and broker; its attack acts in mode `rewrite`."""

    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for first, second in zip(self.steps, self.steps[1:], strict=False):
            if second.from_tick < first.to_tick:
                raise ValueError(f"the step from tick {second.from_tick} overlaps the one before")
        return self

    def mode_at(self, tick: int) -> Mode:
        """Return the mode of a tick."""
        return next((step.mode for step in self.steps if step.covers(tick)), Mode.PASSTHROUGH)

    @property
    def rewriting(self) -> Span:
        """From the start of the first rewriting step to the end of the last."""
        steps = [step for step in self.steps if step.mode == Mode.REWRITE] or list(self.steps)
        return Span(from_tick=steps[0].from_tick, to_tick=steps[-1].to_tick)


class Rogue(Span, FromCatalogue):
    """A publisher of forged telemetry: it changes what it receives, or invents records.

    Attributes:
        voltage_V: Of every cell in a record that it invents.
        temperature_degC: Of every cell in a record that it invents.
    """

    voltage_V: float = Field(ge=0.0, le=6.0)
    temperature_degC: float = Field(ge=-60.0, le=200.0)


class BusAttacker(Span, FromCatalogue):
    """A node that sends a changed copy of the telemetry directly after the original."""


class Case(_Section):
    """One case: which defences are on, and who attacks.

    Attributes:
        name: As it appears in file names and tables.
        tls: Whether gateway, cloud and broker use TLS 1.3.
        verify_broker: Whether the gateway checks the broker's certificate.
        client_certificates: Whether the broker demands certificates of its clients.
        man_in_the_middle: Whether there is a man in the middle.
        rogue: Which certificate the rogue publisher shows; absent when there is none.
        bus_attacker: Whether the node on the bus attacks; otherwise it only listens.
    """

    name: Identity
    tls: bool = True
    verify_broker: bool = True
    client_certificates: bool = True
    man_in_the_middle: bool = False
    rogue: RogueCertificate | None = None
    bus_attacker: bool = False

    @model_validator(mode="after")
    def _without_tls_no_certificates(self) -> Self:
        if not self.tls and (self.verify_broker or self.client_certificates):
            raise ValueError("without tls, verify_broker and client_certificates must be false")
        return self


class LiveSettings(_Section):
    """A complete live run.

    Attributes:
        title: Of the run.
        system: Shipped name or system file.
        duty: Shipped name or duty file; its first ticks are run.
        controls: In force in every case; those of the uplink are switched by the case.
        seed: Of noise and spread.
        ticks: Length of each case.
        tick_s: Length of a tick.
        vehicle: Identity of the vehicle.
        topics: In place of the system's topic map.
        case: What is compared.
    """

    title: str = "Live run"
    system: str = "reference"
    duty: str = "fast-charge"
    controls: tuple[str, ...] = ()
    seed: int = Field(default=7, ge=0)
    ticks: int = Field(default=90, ge=8, le=3600)
    tick_s: float = Field(default=1.0, gt=0.0, le=600.0)
    vehicle: Identity = "vehicle-0001"
    topics: TopicMap | None = None
    man_in_the_middle: ManInTheMiddle | None = None
    rogue: Rogue | None = None
    bus_attacker: BusAttacker | None = None
    case: tuple[Case, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        names = [case.name for case in self.case]
        if len(set(names)) != len(names):
            raise ValueError("two cases have the same name")
        for case in self.case:
            for attacker in ("man_in_the_middle", "rogue", "bus_attacker"):
                if getattr(case, attacker) and getattr(self, attacker) is None:
                    raise ValueError(
                        f"case '{case.name}' has {attacker}, but [{attacker}] is missing"
                    )
        return self

    def attackers(self, case: Case) -> list[tuple[FromCatalogue, int]]:
        """Return the attacks of a case, each with its first tick."""
        found: list[tuple[FromCatalogue, int]] = []
        man = self.man_in_the_middle
        if case.man_in_the_middle and man is not None:
            found.append((man, man.steps[0].from_tick))
        if case.rogue is not None and self.rogue is not None:
            found.append((self.rogue, self.rogue.from_tick))
        if case.bus_attacker and self.bus_attacker is not None:
            found.append((self.bus_attacker, self.bus_attacker.from_tick))
        return found

    def attack_of(self, case: Case) -> str:
        """Return the ids of a case's attacks, joined by '+'."""
        return "+".join(plan.attack for plan, _ in self.attackers(case))

    def attack_tick(self, case: Case) -> int:
        """Return the first tick in which an attacker of the case acts, 0 when there is none."""
        return min((tick for _, tick in self.attackers(case)), default=0)
