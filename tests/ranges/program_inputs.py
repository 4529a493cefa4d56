"""Which inputs of the compiled program its results depend on, found by tracing and not by running.

1. Numbers and arrays of an assembly, of the cases and of the duty become arguments of the program.
2. JAX removes what no result needs; an argument that goes with it is read by nothing.
3. What decides which program is made (a number that Python reads) shows in the program itself.
"""

import dataclasses
import hashlib
import math
from functools import cache, partial

import jax
import numpy as np
from jax.interpreters.partial_eval import dce_jaxpr

from voltward.controls.catalogue import CONTROLS
from voltward.ranges.configuration.case_grid import Case
from voltward.ranges.configuration.duty import load_duty
from voltward.ranges.configuration.stacks import Stack
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.assembly import assemble
from voltward.ranges.virtual.batch import case_arrays, duty_arrays
from voltward.ranges.virtual.program import run_loop
from voltward.results.columns import NO_ATTACK

STACK = Stack("none", (), factory_protection=True, settings={})
CASE = Case("c000000", NO_ATTACK, {}, math.inf, STACK, 7)
# Read by Python while the program is made.
_STATIC = ("tick_s", "period_s", "resolution", "latency_s", "wire", "rules", "low", "high")
_WANTED = ("plant", "limits", "sensors", "charging", "vehicle", "fleet", "silence_s")


def leaves(node, place=""):
    """Yield place and value of every number and array in nested dataclasses and mappings."""
    if dataclasses.is_dataclass(node):
        names = [field.name for field in dataclasses.fields(node) if field.init]
        items = [(name, getattr(node, name)) for name in names]
    elif isinstance(node, dict):
        items = list(node.items())
    else:
        if isinstance(node, float | np.ndarray | jax.Array):
            yield place, node
        return
    for name, value in items:
        yield from leaves(value, f"{place}.{name}" if place else str(name))


def with_leaves(node, values, place=""):
    """Return nested dataclasses and mappings with other leaves."""

    def deeper(name, value):
        return with_leaves(value, values, f"{place}.{name}" if place else str(name))

    if dataclasses.is_dataclass(node):
        names = [field.name for field in dataclasses.fields(node) if field.init]
        return dataclasses.replace(node, **{n: deeper(n, getattr(node, n)) for n in names})
    if isinstance(node, dict):
        return {name: deeper(name, value) for name, value in node.items()}
    return values.get(place, node)


@cache
def drive():
    """Return a duty without a target of its own."""
    return load_duty("us06-drive")


def arguments(system, *, bare=False):
    """Return assembly, with all controls or none, and arrays of one clean case and of a drive."""
    loaded = drive()
    whole = loaded.charging(system)
    assembly = assemble(whole, () if bare else CONTROLS.all(), loaded.tick_s)
    case, goals = case_arrays(assembly, whole, loaded, [CASE])
    return assembly, {"case": case, "goals": goals, "duty": duty_arrays([loaded], whole)}


def values_of(system):
    """Return all arguments of a system as arrays, by place."""
    return {place: np.asarray(value) for part in arguments(system) for place, value in leaves(part)}


@cache
def values_by(make):
    """Return all arguments of the system that a function makes."""
    return values_of(make())


def changed_arguments(make, other):
    """Return the places of all arguments in which a system differs from the one that is made."""
    before, after = values_by(make), values_of(other)
    return {
        place
        for place in before.keys() | after.keys()
        if place not in before
        or place not in after
        or not np.array_equal(before[place], after[place])
    }


@cache
def used_arguments():
    """Return the places of all arguments that some result of the program depends on."""
    assembly, arrays = arguments(m50())
    chosen = {
        place: value
        for place, value in leaves(assembly)
        if place.startswith(_WANTED) and not place.endswith(_STATIC)
    }
    chosen |= dict(leaves(arrays))

    def program(values):
        given = with_leaves(arrays, values)
        return run_loop(with_leaves(assembly, values), *(given[n] for n in arrays))

    closed = jax.make_jaxpr(program)(chosen)
    _, used = dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars))
    # Arguments of a traced function stand in the order of their sorted names.
    return {place for place, kept in zip(sorted(chosen), used, strict=True) if kept}


def m50():
    """Return the reference system with a cell whose file has every key."""
    return dataclasses.replace(load_system(), cell="lg-m50")


def program_differs(make, other):
    """Tell whether a system makes another program, its arrays included, than the one that is made.

    The program without controls is half as long: where it differs, the whole one does.
    """
    return any(program_digest(other, bare) != digest_by(make, bare) for bare in (True, False))


@cache
def digest_by(make, bare):
    """Return the digest of the system that a function makes."""
    return program_digest(make(), bare)


def program_digest(system, bare):
    """Return a digest of the program that a system makes, with all controls or none."""
    assembly, arrays = arguments(system, bare=bare)
    closed = jax.make_jaxpr(partial(run_loop, assembly))(*arrays.values())
    digest = hashlib.sha256(str(closed.jaxpr).encode())
    for value in (*closed.consts, *jax.tree.leaves(arrays)):
        digest.update(np.asarray(value).tobytes())
    return digest.hexdigest()
