"""Views have one builder each; what a recording does not have is at rest."""

import ast
from dataclasses import fields
from pathlib import Path

import jax
import jax.numpy as jnp

import voltward
from voltward.core.view import BmsView
from voltward.detection.inputs import at_rest, bms_view
from voltward.physical.estimator import EstimatorTuning, Innovation, start_estimator
from voltward.physical.sensors import Readings

jax.config.update("jax_enable_x64", True)
SOURCE = Path(voltward.__file__).parent
TICK = jnp.asarray(3)


def made(cells, **more):
    """Make the view of two runs whose estimator has so many cells."""
    flat, wide = jnp.full(2, 1.0), jnp.full((2, 12), 3.7)
    readings = Readings(wide, wide + 20.0, flat, flat * 44.4, flat * 0.0, flat * 5000.0)
    soc = jnp.linspace(0.4, 0.6, cells)[None, :] * jnp.ones((2, 1))
    innovation = Innovation(soc * 0.01, soc * 0.0 + 0.005, soc, soc)
    estimate = start_estimator(soc, EstimatorTuning())
    given = {"coulomb_soc": flat * 0.5, "loss_W": flat, "coolant_degC": flat * 25.0}
    return bms_view(TICK, 1.0, readings, estimate, innovation, **(given | more))


def test_without_a_vehicle_it_is_at_rest():
    view = made(12)
    assert not bool(jnp.any(view.charging))
    assert bool(jnp.all(view.closed))
    assert not bool(jnp.any(view.command.present))
    assert float(jnp.max(view.charge_request_A)) == 0.0
    resting = at_rest(2, TICK)
    for name in (field.name for field in fields(resting)):
        assert jax.tree.all(
            jax.tree.map(jnp.array_equal, getattr(view, name), getattr(resting, name))
        )


def test_an_estimator_of_many_cells_is_seen_by_its_mean():
    many, one = made(5), made(1)
    assert many.soc.tolist() == [0.5, 0.5]
    assert one.soc.tolist() == [0.4, 0.4]
    assert many.innovation_V.shape == (2,)
    assert len(jax.tree.leaves(many)) == len(jax.tree.leaves(one)) >= len(fields(BmsView))


def test_each_view_is_put_together_in_one_place():
    """So a new input of a detector is one edit, and both ranges and the replay have it."""
    places = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name in {"BmsView", "CloudView", "GatewayView"}:
                places.setdefault(name, []).append(path.relative_to(SOURCE).as_posix())
    assert places == {
        "BmsView": ["detection/inputs.py"],
        "CloudView": ["detection/inputs.py"],
        "GatewayView": ["ranges/virtual/gateway_part.py"],
    }
