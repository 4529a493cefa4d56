"""A model checked as a whole."""

from collections.abc import Iterator
from pathlib import Path

from voltward.assurance.tara.checks.decisions import (
    control_sets,
    days,
    overrides,
    rules,
    treatments,
)
from voltward.assurance.tara.checks.problem import Problem, Severity
from voltward.assurance.tara.checks.references import gaps, properties, references, unique_ids
from voltward.assurance.tara.checks.trees import efforts, needs, trees
from voltward.assurance.tara.checks.values import controls, metrics, profile, regulation
from voltward.assurance.tara.model.model_folder import Model, read_model

_ALONE = (
    unique_ids,
    references,
    properties,
    efforts,
    control_sets,
    treatments,
    overrides,
    days,
    rules,
    profile,
    regulation,
    metrics,
    controls,
)


def problems(model: Model) -> tuple[Problem, ...]:
    """Return every fault of a model, errors first, then warnings."""
    found = tuple(_faults(model))
    return tuple(sorted(found, key=lambda problem: problem.severity is Severity.WARNING))


def _faults(model: Model) -> Iterator[Problem]:
    for check in _ALONE:
        yield from check(model)
    of_trees = tuple(trees(model))
    yield from of_trees
    if not of_trees:
        yield from needs(model)
    yield from gaps(model)


def load_model(path: Path) -> Model:
    """Read a model folder and refuse it with its first fault.

    Raises:
        ConfigurationError: A file cannot be read, or the model has an error.
    """
    model = read_model(path)
    errors = [fault for fault in problems(model) if fault.severity is Severity.ERROR]
    if errors:
        raise errors[0].as_error(len(errors) - 1)
    return model
