"""The examples beside the extension points run as they stand."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["control", "attack", "noise"])
def test_examples_of_a_contract_run(name):
    module = importlib.import_module(f"voltward.core.{name}")
    options = doctest.NORMALIZE_WHITESPACE
    found = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    assert found
    runner = doctest.DocTestRunner(optionflags=options)
    assert [runner.run(test) for test in found if runner.run(test).failed] == []
