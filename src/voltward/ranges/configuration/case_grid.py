"""A case: one attack against one stack with one seed; and the grid of a campaign."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voltward.attacks.catalogue import ATTACKS
from voltward.core.attack import Attack
from voltward.ranges.configuration.attack_and_stack_choices import AttackChoice
from voltward.ranges.configuration.stacks import Stack
from voltward.results.columns import NO_ATTACK


@dataclass(frozen=True)
class Case:
    """One row of a campaign.

    Attributes:
        case_id: Its place in the grid.
        attack: Id, or `no-attack`.
        parameters: All parameters of the attack.
        start_s: When the attack starts.
        stack: The defence.
        seed: Of noise and spread; the same for every attack and stack, so that cases are paired.
        world: Its number among the worlds that were drawn, 0 without such.
    """

    case_id: str
    attack: str
    parameters: Mapping[str, float]
    start_s: float
    stack: Stack
    seed: int
    world: int = 0

    @property
    def parameters_text(self) -> str:
        """The parameters as the cases table holds them."""
        return ";".join(f"{name}={value:.9g}" for name, value in self.parameters.items())


@dataclass(frozen=True)
class DrawnStarts:
    """What the grid takes from drawn worlds, one entry each: seed of the noise, and onset."""

    noise_seeds: Sequence[int]
    onsets_s: Sequence[float]


def load_attack(name: str) -> Attack | None:
    """Return an attack of the catalogue, or None for the clean duty."""
    return None if name == NO_ATTACK else ATTACKS.load(name)


def start_of(attack: Attack, choice: AttackChoice, duration_s: float) -> float:
    """Return when an attack starts: as asked, else its own default, else a tenth of the duty."""
    asked = choice.parameters.get("start_s")
    if asked is not None:
        return asked
    return attack.start_s if attack.start_s < 0.9 * duration_s else 0.1 * duration_s


def grid(
    attacks: Sequence[AttackChoice],
    stacks: Sequence[Stack],
    seeds: int,
    first_seed: int,
    duration_s: float,
    proof_seeds: int = 0,
    drawn: DrawnStarts | None = None,
) -> tuple[Case, ...]:
    """Return every case of a campaign in order: clean duty first, then attack by attack.

    Cases of one attack stand together, so that a batch mostly meets one attack and skips the
    kernels of the others.

    Args:
        attacks: Which attacks; clean duty is always run.
        stacks: Which defence stacks.
        seeds: Runs of each attack and stack.
        first_seed: Of the first run.
        duration_s: Of the duty, in s.
        drawn: Of every world, where there are such.
        proof_seeds: Runs of an attack, where more than `seeds`, under the first stack with a
            control that claims to stop it: enough to show that it does.
    """
    wanted = [choice for choice in attacks if choice.id != NO_ATTACK]
    cases: list[Case] = []
    for choice in (AttackChoice(NO_ATTACK), *wanted):
        attack = load_attack(choice.id)
        values: dict[str, float] = {}
        if attack is not None:
            given = {k: v for k, v in choice.parameters.items() if k != "start_s"}
            values = attack.defaults() | given
        proving = _proving(attack, stacks)
        for stack in stacks:
            for offset in range(max(seeds, proof_seeds) if stack is proving else seeds):
                case_id = f"c{len(cases):06d}"
                start_s = math.inf if attack is None else start_of(attack, choice, duration_s)
                seed = first_seed + offset
                if drawn is not None:
                    seed = drawn.noise_seeds[offset]
                    if attack is not None and "start_s" not in choice.parameters:
                        start_s = drawn.onsets_s[offset]
                shown = values if attack is None else values | {"start_s": start_s}
                cases.append(Case(case_id, choice.id, shown, start_s, stack, seed, offset))
    return tuple(cases)


def _proving(attack: Attack | None, stacks: Sequence[Stack]) -> Stack | None:
    """Return the first stack with a control that claims to stop an attack."""
    claims = set(attack.stopped_by) if attack else set()
    return next((stack for stack in stacks if claims & set(stack.controls)), None)
