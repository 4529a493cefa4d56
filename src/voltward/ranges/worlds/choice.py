"""The worlds of a campaign: chosen by name or file, drawn, and written down.

>>> worlds = draw_worlds("cold", seed=7, worlds=3)
>>> len(worlds), bool((worlds.ambient_degC < 25.0).all())
(3, True)
"""

from typing import Any

from voltward.ranges.worlds.draw import draw_factors, noise_seeds
from voltward.ranges.worlds.world import Worlds, put_together
from voltward.ranges.worlds.world_file import WorldLaws, load_world_laws

# The system and the duty as they are written: nothing is drawn but noise and new cells' spread.
FIXED = "fixed"


def draw_worlds(text: str, *, seed: int, worlds: int) -> Worlds:
    """Return independent draws of a world.

    Args:
        text: A shipped name or a file, then factors to fix: `everyday,soc=0.75`.
        seed: Of the draw.
        worlds: How many.

    Raises:
        ConfigurationError: No such world or factor, or a law that leaves physics.
    """
    drawn = draw_factors(load_world_laws(text), seed=seed, worlds=worlds)
    return put_together(drawn, noise_seeds(seed=seed, worlds=worlds))


def world_document(laws: WorldLaws) -> dict[str, Any]:
    """Return laws as a world file holds them, every factor written out."""
    factors = {
        name: {"law": law.law, "by": list(law.by), **law.parameters, "source": law.source}
        for name, law in laws.laws.items()
    }
    return {"name": laws.name, "title": laws.title, "factor": factors}
