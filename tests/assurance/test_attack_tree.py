"""Attack trees: the grammar, the two laws of AND and OR, and cycles."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.assurance.tara.checks.trees import find_cycle
from voltward.assurance.tara.model.attack_tree import (
    AllOf,
    AnyOf,
    Leaf,
    TreeTextError,
    Way,
    all_of,
    any_of,
    expanded,
    leaves_of,
    read_tree,
)

VALUES = st.tuples(*[st.integers(0, 19)] * 3)
FRONT = st.lists(VALUES, min_size=1, max_size=3)
COSTS = st.fixed_dictionaries(dict.fromkeys("abcdef", FRONT))
TREES = st.recursive(
    st.sampled_from("abcdef").map(Leaf),
    lambda inner: st.builds(
        lambda kind, branches: kind(tuple(branches)),
        st.sampled_from([AllOf, AnyOf]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


def rate_tree(tree, front_of):
    """Every way through a tree, the cheapest kept: as paths are rated."""
    return any_of([all_of([front_of(name) for name in way]) for way in expanded(tree)])


def _front_of(costs):
    return lambda name: any_of([tuple(Way(values, (name,)) for values in costs[name])])


def _cheapest(tree, costs):
    """The least sum, by trying everything: one way for each leaf of each way through the tree."""
    sums = []
    for leaves in expanded(tree):
        reached = {(0, 0, 0)}
        for name in leaves:
            reached = {tuple(map(max, a, b)) for a in reached for b in costs[name]}
        sums += [sum(values) for values in reached]
    return min(sums)


def _least(front):
    return min(sum(way.values) for way in front)


def _text(tree):
    if isinstance(tree, Leaf):
        return tree.id
    sign = " & " if isinstance(tree, AllOf) else "|"
    return "(" + sign.join(_text(branch) for branch in tree.branches) + ")"


def test_and_binds_closer_than_or():
    a, b, c = Leaf("a"), Leaf("b"), Leaf("c")
    assert read_tree("a | b & c") == AnyOf((a, AllOf((b, c))))
    assert read_tree("a & b | c") == AnyOf((AllOf((a, b)), c))
    assert read_tree("(a | b) & c") == AllOf((AnyOf((a, b)), c))
    assert read_tree("  ((a))\n") == a
    assert read_tree("AS.3&can-write") == AllOf((Leaf("AS.3"), Leaf("can-write")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ends"),
        ("a &", "ends"),
        ("& a", "got '&'"),
        ("a | | b", "got '|'"),
        ("(a & b", "never closed"),
        ("a)", "')' is not expected"),
        ("a b", "'b' is not expected"),
        ("a & ()", "got ')'"),
        ("a + b", "cannot read '+ b'"),
        ("-a", "cannot read '-a'"),
    ],
)
def test_what_is_no_tree_is_refused_with_the_place(text, said):
    with pytest.raises(TreeTextError) as caught:
        read_tree(text)
    assert said in str(caught.value)


@given(TREES)
def test_a_tree_written_as_text_is_read_with_the_same_ways(tree):
    again = read_tree(_text(tree))
    assert list(leaves_of(again)) == list(leaves_of(tree))
    assert list(expanded(again)) == list(expanded(tree))


@given(st.lists(TREES, min_size=1, max_size=4), COSTS)
def test_and_is_never_easier_than_its_hardest_branch(branches, costs):
    front_of = _front_of(costs)
    both = rate_tree(AllOf(tuple(branches)), front_of)
    assert _least(both) >= max(_least(rate_tree(branch, front_of)) for branch in branches)


@given(st.lists(TREES, min_size=1, max_size=4), COSTS)
def test_or_is_as_easy_as_its_easiest_branch(branches, costs):
    front_of = _front_of(costs)
    either = rate_tree(AnyOf(tuple(branches)), front_of)
    assert _least(either) == min(_least(rate_tree(branch, front_of)) for branch in branches)


@given(TREES, COSTS)
def test_pruning_loses_no_cheapest_way(tree, costs):
    front = rate_tree(tree, _front_of(costs))
    assert _least(front) == _cheapest(tree, costs)


@given(TREES, COSTS)
def test_no_way_of_a_front_undercuts_another(tree, costs):
    front = rate_tree(tree, _front_of(costs))
    for one in front:
        for other in front:
            assert one is other or any(a > b for a, b in zip(one.values, other.values, strict=True))


def test_along_a_path_each_parameter_is_the_hardest_step():
    costs = {"a": [(4, 0, 7)], "b": [(1, 6, 3)], "c": [(0, 0, 0)]}
    (way,) = rate_tree(read_tree("a & b & c"), _front_of(costs))
    assert way == Way((4, 6, 7), ("a", "b", "c"))


def test_a_cycle_is_told_with_every_name_on_it():
    assert find_cycle({"a": ["b", "x"], "b": ["c"], "c": ["a"]}) in {
        ("a", "b", "c", "a"),
        ("b", "c", "a", "b"),
    }
    assert find_cycle({"a": ["a"]}) == ("a", "a")
    assert find_cycle({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == ()
    assert find_cycle({}) == ()


GRAPHS = st.dictionaries(
    st.integers(0, 6).map(str), st.lists(st.integers(0, 6).map(str), max_size=4), max_size=7
)


@given(GRAPHS)
def test_a_cycle_is_found_exactly_where_there_is_one(graph):
    def reaches(start):
        seen, waiting = set(), list(graph.get(start, ()))
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += graph.get(name, ())
        return seen

    cycle = find_cycle(graph)
    assert bool(cycle) == any(name in reaches(name) for name in graph)
    for name, following in pairwise(cycle):
        assert following in graph[name]
    assert not cycle or cycle[0] == cycle[-1]
