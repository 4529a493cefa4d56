"""An organisation file, read and checked against the model that it is to plan for."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from voltward.assurance.plan.organisation import Organisation
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.documents.toml_document import check_document, find_document, read_document

KIND = "tara/organisations"
_EXAMPLE = "see organisations/oem.toml of 'voltward tara init DIR' for an example"


def load_organisation(name_or_path: str) -> tuple[Organisation, str]:
    """Return an organisation and the path that it was read from.

    Args:
        name_or_path: Name of a shipped one, or a file.

    Raises:
        ConfigurationError: There is no such file, or it has a fault of its own.
    """
    found = find_document(KIND, name_or_path, "organisation")
    path = str(found)
    organisation = check_document(Organisation, read_document(found), path, hint=_EXAMPLE)
    for fault in _own_faults(organisation, path):
        raise fault
    return organisation, path


def check_against(
    organisation: Organisation,
    path: str,
    *,
    controls: Collection[str],
    testable: Collection[str],
    infrastructure: Collection[str],
) -> None:
    """Check the ids that an organisation names.

    Args:
        organisation: As read.
        path: What to call its file.
        controls: Ids of the model's controls.
        testable: Ids of the catalogue's controls, which may be named where the model lacks them.
        infrastructure: What the model's controls need.

    Raises:
        ConfigurationError: An id is unknown, or a needed infrastructure has no entry.
    """
    known = {*controls, *testable}
    for key, control in _named_controls(organisation):
        if control not in known:
            raise ConfigurationError(
                f"{path}: {key}: there is no control '{control}'",
                why="neither the model nor the catalogue has it",
                hint=nearest(control, known),
            )
    priced = {entry.id for entry in organisation.infrastructure}
    for name in sorted(infrastructure):
        if name not in priced:
            raise ConfigurationError(
                f"{path}: infrastructure: there is no entry for '{name}'",
                why="controls of the model need it, and nothing says whether it exists",
                hint=_entry_hint(name, priced - set(infrastructure)),
            )
    for place, work in enumerate(organisation.work):
        for name in work.infrastructure:
            if name not in priced:
                raise ConfigurationError(
                    f"{path}: work[{place}].infrastructure: there is no infrastructure '{name}'",
                    why="the file has no entry of that name",
                    hint=nearest(name, priced),
                )


def _entry_hint(name: str, unused: Collection[str]) -> str:
    close = nearest(name, unused) if unused else ""
    if close.startswith("did you mean"):
        return f"{close} No control of the model needs that name"
    return f'add [[infrastructure]] with id = "{name}", exists and basis'


def _named_controls(organisation: Organisation) -> Iterator[tuple[str, str]]:
    for place, work in enumerate(organisation.work):
        yield from ((f"work[{place}].controls", control) for control in work.controls)
    for place, contract in enumerate(organisation.contract):
        yield from ((f"contract[{place}].controls", control) for control in contract.controls)
    yield from (("deployed.controls", control) for control in organisation.deployed.controls)
    for place, ruled_out in enumerate(organisation.ruled_out):
        yield f"ruled_out[{place}].control", ruled_out.control


def _own_faults(organisation: Organisation, path: str) -> Iterator[ConfigurationError]:
    for key, ids in (
        ("role", [role.id for role in organisation.role]),
        ("infrastructure", [entry.id for entry in organisation.infrastructure]),
        ("contract", [contract.id for contract in organisation.contract]),
        ("ruled_out", [entry.control for entry in organisation.ruled_out]),
    ):
        yield from _repeated(path, key, ids)
    weights = organisation.weights.by_risk
    if list(weights) != sorted(weights) or weights[0] < 0.0:
        yield ConfigurationError(
            f"{path}: weights.by_risk: must not fall and not be negative",
            why=f"got {list(weights)}; a higher risk value cannot count less",
            hint="such as [0, 1, 3, 9, 27]",
        )
    yield from _skill_faults(organisation, path)
    yield from _need_faults(organisation, path)
    both = {entry.control for entry in organisation.ruled_out} & {*organisation.deployed.controls}
    for control in sorted(both):
        yield ConfigurationError(
            f"{path}: ruled_out: control '{control}' is also in deployed.controls",
            why="a control is in place or out of the question",
            hint="remove one of the two",
        )


def _repeated(path: str, key: str, ids: Iterable[str]) -> Iterator[ConfigurationError]:
    for name, times in Counter(ids).items():
        if times > 1:
            yield ConfigurationError(
                f"{path}: {key}: '{name}' appears {times} times",
                why="which of them counts would be a guess",
                hint="keep one",
            )


def _skill_faults(organisation: Organisation, path: str) -> Iterator[ConfigurationError]:
    skills = organisation.available()
    named = [("default_skill", organisation.default_skill)]
    named += [(f"work[{place}].skill", work.skill) for place, work in enumerate(organisation.work)]
    named += [
        (f"infrastructure[{place}].skill", entry.skill)
        for place, entry in enumerate(organisation.infrastructure)
        if entry.skill
    ]
    for key, skill in named:
        if skill not in skills:
            yield ConfigurationError(
                f"{path}: {key}: no role has the skill '{skill}'",
                why="a skill that nobody has is a role with days_a_year = 0",
                hint=nearest(skill, skills),
            )


def _need_faults(organisation: Organisation, path: str) -> Iterator[ConfigurationError]:
    entries = {entry.id: entry for entry in organisation.infrastructure}
    for place, entry in enumerate(organisation.infrastructure):
        for need in entry.needs:
            if need not in entries:
                yield ConfigurationError(
                    f"{path}: infrastructure[{place}].needs: there is no infrastructure '{need}'",
                    why="the file has no entry of that name",
                    hint=nearest(need, entries),
                )
