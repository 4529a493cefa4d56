"""`voltward worlds`: what can be drawn of packs and days, by which laws, and from which sources."""

from typing import Any

import numpy as np

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import find_document, read_document, shipped_names
from voltward.interfaces.cli.output import SCHEMA_VERSION, columns, emit, emit_json
from voltward.ranges.worlds.choice import FIXED, draw_worlds
from voltward.ranges.worlds.draw import draw_factors
from voltward.ranges.worlds.factors import FACTORS, Choice
from voltward.ranges.worlds.world_file import load_world_laws

_SHOWN_DRAWS = 2000
_QUANTILES = (0.05, 0.5, 0.95)


def list_worlds(*, as_json: bool) -> None:
    """Print a line for each shipped world."""
    titles = {
        name: str(read_document(find_document("worlds", name, "world")).get("title", ""))
        for name in shipped_names("worlds")
    }
    titles[FIXED] = "nothing is drawn: the system and the duty as they are written"
    if as_json:
        emit_json([{"name": name, "title": title} for name, title in titles.items()])
        return
    emit(columns(list(titles.items()), ("world", "what it is")))
    emit("\nnext: voltward worlds show everyday")


def show_world(world: str, *, as_json: bool) -> None:
    """Print every factor of a world: its law, what it gives, and its source."""
    if world == FIXED:
        raise ConfigurationError(
            f"the world '{FIXED}' has no factors",
            why="nothing is drawn: the system and the duty are taken as they are written",
            hint="voltward worlds list names the others",
        )
    laws = load_world_laws(world)
    drawn = draw_factors(laws, seed=0, worlds=_SHOWN_DRAWS)
    if as_json:
        factors = [_entry(laws.laws[name], drawn[name]) for name in FACTORS]
        emit_json({"schema_version": SCHEMA_VERSION, "world": world, "factors": factors})
        return
    rows = []
    for name, law in laws.laws.items():
        factor = FACTORS[name]
        unit = "" if isinstance(factor, Choice) or factor.unit == "1" else factor.unit
        rows.append(
            (name, _spread(drawn[name]), unit, _law_words(law.law, law.by), _source(law.source))
        )
    emit(columns(rows, ("factor", "5 %, median, 95 %", "unit", "law", "source")))
    emit(f"\nnext: voltward run --world {world} --worlds 32 --attack voltage-bias")


def draw_world(world: str, worlds: int, seed: int, *, as_json: bool) -> None:
    """Draw worlds and print them as CSV."""
    table = draw_worlds(world, seed=seed, worlds=worlds).table()
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    plain = [{name: _plain(value) for name, value in row.items()} for row in rows]
    if as_json:
        emit_json(plain)
        return
    lines = [",".join(table), *(",".join(map(str, row.values())) for row in plain)]
    emit("\n".join(lines))


def _entry(law: Any, values: np.ndarray) -> dict[str, Any]:
    factor = FACTORS[law.name]
    entry = {
        "name": law.name,
        "description": factor.description,
        "law": law.law,
        "by": list(law.by),
        "parameters": law.parameters,
        "source": law.source,
    }
    if isinstance(factor, Choice):
        return {**entry, "options": list(factor.options)}
    low, middle, high = np.quantile(values, _QUANTILES)
    return {**entry, "unit": factor.unit, "p5": low, "median": middle, "p95": high}


def _law_words(law: str, by: tuple[str, ...]) -> str:
    return f"{law} by {', '.join(by)}" if by else law


def _spread(values: np.ndarray) -> str:
    if values.dtype == object:
        names, counts = np.unique(values.astype(str), return_counts=True)
        ranked = sorted(zip(counts, names, strict=True), reverse=True)[:2]
        return ", ".join(f"{name} {100 * count / values.size:.0f} %" for count, name in ranked)
    return "  ".join(f"{value:.3g}" for value in np.quantile(values, _QUANTILES))


def _source(source: Any) -> str:
    words = source if isinstance(source, str) else "; ".join(map(str, source.values()))
    return words if len(words) <= 60 else f"{words[:57]}..."


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
