"""The names of the package: all listed, loaded when used, and nothing else."""

import subprocess
import sys

import pytest

import voltward as vw

USED = """
import sys, voltward as vw
loaded = lambda: {name for name in ("jax", "numpy", "pydantic") if name in sys.modules}
assert not loaded()
vw.VoltwardError, dir(vw), vw.__version__
assert not loaded()
vw.System()
assert "jax" in loaded()
"""


def test_all_names_are_listed_and_each_is_there():
    assert dir(vw) == list(vw.__all__)
    assert {name for name in vw.__all__ if getattr(vw, name) is None} == set()


def test_names_are_loaded_when_they_are_used():
    subprocess.run([sys.executable, "-c", USED], check=True)


def test_a_name_that_is_not_there_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'attcks'"):
        vw.attcks  # noqa: B018


def test_a_catalogue_answers_like_a_table():
    attacks = vw.catalogue.attacks
    assert attacks["voltage-bias"].id == "voltage-bias"
    assert list(attacks) == list(attacks.names())
    assert len(attacks) == len(attacks.all())
    assert "voltage-bais" not in attacks
    with pytest.raises(vw.VoltwardError, match="'voltage-bias'"):
        attacks["voltage-bais"]
