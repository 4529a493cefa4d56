"""A case: one attack against one stack with one seed; and the grid of a campaign."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from voltward.attacks.catalogue import ATTACKS
from voltward.core.attack import Attack
from voltward.core.errors import ConfigurationError
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
        world: Its number among the worlds.
        errors_from_s: From when on errors of an estimate count.
    """

    case_id: str
    attack: str
    parameters: Mapping[str, float]
    start_s: float
    stack: Stack
    seed: int
    world: int = 0
    errors_from_s: float = 0.0

    @property
    def parameters_text(self) -> str:
        """The parameters as the cases table holds them."""
        return ";".join(f"{name}={value:.9g}" for name, value in self.parameters.items())


# A case takes about a kilobyte until it is written.
MOST_CASES = 1_000_000


@dataclass(frozen=True)
class DrawnStarts:
    """What the grid takes from drawn worlds, one entry each.

    Attributes:
        noise_seeds: Of each world's noise.
        onsets_s: When an attack begins there.
    """

    noise_seeds: Sequence[int]
    onsets_s: Sequence[float]

    def applied(self, case: Case, choice: AttackChoice) -> Case:
        """Return a case with seed and onset of its world; a start that was asked for stays."""
        onset_s, seed = self.onsets_s[case.world], self.noise_seeds[case.world]
        if case.attack == NO_ATTACK:
            return replace(case, seed=seed, errors_from_s=onset_s)
        if "start_s" in choice.parameters:
            return replace(case, seed=seed)
        shown = {**case.parameters, "start_s": onset_s}
        return replace(case, seed=seed, parameters=shown, start_s=onset_s, errors_from_s=onset_s)


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
    baseline: Stack | None = None,
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
        proof_seeds: Runs of an attack, where more than `seeds`, under the first stack with a
            control that claims to stop it: enough to show that it does.
        drawn: Seed and onset of every world, where worlds are drawn.
        baseline: The stack of the clean runs with which cases are compared; it is run in any case.
    """
    wanted = [choice for choice in attacks if choice.id != NO_ATTACK]
    _refuse_many((len(wanted) + 1) * (len(stacks) * seeds + proof_seeds))
    cases: list[Case] = []
    most = max(seeds, proof_seeds)
    for choice in (AttackChoice(NO_ATTACK), *wanted):
        attack = load_attack(choice.id)
        # The clean runs that others are compared with exist for every world.
        longest = baseline if attack is None else _proving(attack, stacks)
        missing = attack is None and baseline is not None and baseline not in stacks
        for stack in (*stacks, *([baseline] if missing and baseline else [])):
            for world in range(most if stack == longest else seeds):
                case_id, seed = f"c{len(cases):06d}", first_seed + world
                made = _case(case_id, attack, choice, stack, seed, world, duration_s)
                cases.append(made if drawn is None else drawn.applied(made, choice))
    return tuple(cases)


def _refuse_many(cases: int) -> None:
    if cases > MOST_CASES:
        raise ConfigurationError(
            f"the campaign has up to {cases:,} cases",
            why=f"at most {MOST_CASES:,} are run in one campaign: each is held in memory",
            hint="fewer attacks, stacks or seeds, or several campaigns with a seed of their own",
        )


def _case(
    case_id: str,
    attack: Attack | None,
    choice: AttackChoice,
    stack: Stack,
    seed: int,
    world: int,
    duration_s: float,
) -> Case:
    if attack is None:
        return Case(case_id, choice.id, {}, math.inf, stack, seed, world)
    given = {name: value for name, value in choice.parameters.items() if name != "start_s"}
    start_s = start_of(attack, choice, duration_s)
    shown = attack.defaults() | given | {"start_s": start_s}
    return Case(case_id, choice.id, shown, start_s, stack, seed, world, errors_from_s=start_s)


def _proving(attack: Attack | None, stacks: Sequence[Stack]) -> Stack | None:
    """Return the first stack with a control that claims to stop an attack."""
    claims = set(attack.stopped_by) if attack else set()
    return next((stack for stack in stacks if claims & set(stack.controls)), None)
