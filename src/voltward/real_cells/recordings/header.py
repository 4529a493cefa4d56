"""Which column of a table holds which quantity.

1. The user's map, where one is given.
2. Voltward's own names, in any case of letters.
3. A shipped map whose columns, or whose signature, the header has.
4. Names that are known, each with the unit that the header says.

What is missing is refused with the entry of a column map that would name it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import closest, shipped_names
from voltward.real_cells.recordings.column_map import (
    CELL_VOLTAGE,
    DEMANDS,
    OPTIONAL,
    REQUIRED,
    ColumnEntry,
    ColumnMap,
    check_voltages,
    load_column_map,
)
from voltward.real_cells.recordings.column_name import ColumnName, column_name
from voltward.real_cells.recordings.known_columns import KNOWN, Match, matches, step_times
from voltward.real_cells.recordings.similar_columns import (
    refuse_numbered_cells,
    refuse_two_units,
    working_sensor,
)
from voltward.real_cells.recordings.table import Table

Candidate = tuple[int, ColumnEntry]


@dataclass(frozen=True)
class Needs:
    """What a reader wants of a table.

    Attributes:
        required: Quantities that must be there; "voltage" is that of one cell or of each.
        one_of: Of these at least one must be there.
        temperature_assumed: Whether a temperature may be missing.
        place: How a user hands over a column map.
    """

    required: tuple[str, ...]
    one_of: tuple[str, ...] = ()
    temperature_assumed: bool = False
    place: str = "--columns"


RECORDING = Needs(("time_s", "voltage", "current_A", "temperature_degC"))


@dataclass(frozen=True)
class ChosenColumns:
    """Where the quantities of a table are.

    Attributes:
        columns: The map, with the one column of each quantity.
        at: Quantity to the number of its column; without the time.
        times: Columns that may be the time, the best first.
        state: Number of the column that says in words what a row does, where there is one.
        notes: On the choice.
        time_assumed: Whether the time was found by a name that has no unit.
    """

    columns: ColumnMap
    at: dict[str, int]
    times: tuple[Candidate, ...]
    state: int | None = None
    notes: tuple[str, ...] = field(default=())
    time_assumed: bool = False


def choose_columns(
    path: Path, table: Table, given: ColumnMap | None, needs: Needs
) -> ChosenColumns:
    """Return where the quantities are.

    Args:
        path: For messages.
        table: As opened.
        given: The user's map; None looks for the columns.
        needs: What is wanted.

    Raises:
        ConfigurationError: A column that is needed is missing, or appears twice.
    """
    names = [column_name(name, table.unit(at)) for at, name in enumerate(table.names)]
    if given is not None:
        chosen = _of_map(path, table, names, given, needs)
    else:
        own = _own_names(table.names)
        shipped = None
        if "time_s" not in own or not own.keys() & {*DEMANDS, "current_A"}:
            shipped = _recognised(table)
        if shipped is not None:
            chosen = _of_map(path, table, names, shipped, needs)
            note = f"columns recognised as those of the column map '{shipped.name}'"
            chosen = replace(chosen, notes=(note, *chosen.notes))
        else:
            chosen = _known(path, table, names, own, needs)
    _require(path, table, names, chosen, needs)
    if given is None:
        refuse_two_units(path, table, (*chosen.at.values(), *(c for c, _ in chosen.times[:1])))
    return chosen


def _own_names(header: Sequence[str]) -> dict[str, str]:
    """Return the columns that bear a quantity's name, in any case of letters."""
    names = {name.lower(): name for name in (*REQUIRED, *OPTIONAL, *DEMANDS, "voltage_V")}
    found: dict[str, str] = {}
    for written in header:
        numbered = CELL_VOLTAGE.fullmatch(written.lower().removesuffix("v") + "V")
        quantity = numbered[0] if numbered else names.get(written.lower())
        if quantity is not None and (quantity not in found or quantity == written):
            found[quantity] = written
    return found


def _recognised(table: Table) -> ColumnMap | None:
    """Return the shipped map that fits a header: all its columns and no other, or its signature."""
    header = frozenset(table.names)
    bare = {_bare(name) for name in header}
    best: tuple[int, ColumnMap] | None = None
    for shipped in shipped_names("columns"):
        candidate = load_column_map(shipped, of_duty=True)
        if not candidate.signatures and candidate.sources == header:
            return candidate
        for columns in candidate.signatures:
            signature = {_bare(name) for name in columns}
            if signature <= bare and (best is None or len(signature) > best[0]):
                best = len(signature), candidate
    return best[1] if best else None


def _bare(name: str) -> str:
    return " ".join(name.lower().lstrip("#~ ").replace("_", " ").split())


def _of_map(
    path: Path, table: Table, names: Sequence[ColumnName], given: ColumnMap, needs: Needs
) -> ChosenColumns:
    """Return the columns that a map names, less the optional ones that the file lacks."""
    at: dict[str, int] = {}
    entries: dict[str, ColumnEntry] = {}
    notes: list[str] = []
    absent = set()
    for quantity, entry in given.columns.items():
        found = _column_of(path, table, names, quantity, entry)
        if quantity == "temperature_degC" and found is not None and entry.names:
            stems = [column_name(wanted).stem for wanted in entry.names]
            column, others_note = working_sensor(table, names, [found[0]], stems)
            found = column, _entry(quantity, names[column], entry)
            notes += others_note
        if found is not None:
            at[quantity], entries[quantity] = found
            continue
        wanted = entry.column or " or ".join(entry.names)
        spare = quantity not in needs.required and not (
            "voltage" in needs.required and quantity in given.voltages
        )
        if quantity in OPTIONAL or spare or _may_lack(quantity, needs) or given.signatures:
            absent.add(quantity)
            if entry.column:
                notes.append(f"no column '{wanted}': read without {quantity}")
            continue
        raise ConfigurationError(
            f"{path}: column '{wanted}' is missing, which the column map '{given.name}' "
            f"takes for {quantity}",
            why=f"got {', '.join(table.names)}",
            hint=closest(wanted, table.names) or "choose another map with --columns",
        )
    if given.cut == "lowest charge" and "charge_Ah" in absent:
        raise ConfigurationError(
            f"{path}: there is no charge counter to cut at",
            why=f"the column map '{given.name}' says cut = 'lowest charge'",
        )
    state = _state(path, table, names, given)
    times: tuple[Candidate, ...] = ()
    if "time_s" in at:
        times = ((at.pop("time_s"), entries["time_s"]),)
    if given.signatures:
        # The date is a second choice, where the time restarts.
        times += tuple(c for c in _times(names) if c[0] not in {t[0] for t in times})
    return ChosenColumns(given.only(entries), at, times, state, tuple(notes))


def _may_lack(quantity: str, needs: Needs) -> bool:
    return quantity == "temperature_degC" and needs.temperature_assumed


def _column_of(
    path: Path, table: Table, names: Sequence[ColumnName], quantity: str, entry: ColumnEntry
) -> Candidate | None:
    """Return the column of an entry, and the entry with its name and unit."""
    if entry.column:
        return (_only(path, table, entry.column), entry) if entry.column in table.names else None
    for wanted in entry.names:
        stem = column_name(wanted).stem
        for column, name in enumerate(names):
            if name.stem == stem or name.written.lower() == wanted.lower():
                return column, _entry(quantity, name, entry)
    return None


def _entry(quantity: str, name: ColumnName, entry: ColumnEntry | None = None) -> ColumnEntry:
    """Return the entry of a column that was found by its name, in the unit of the header."""
    base = entry or ColumnEntry(column=name.written)
    unit, dimension = name.unit, KNOWN[quantity][0] if quantity in KNOWN else "charge"
    if unit is not None and unit.dimension == dimension:
        base = replace(base, scale=unit.factor, offset=unit.shift)
    return replace(base, column=name.written, names=())


def _only(path: Path, table: Table, name: str) -> int:
    """Return the number of the column with a name, which no second one may bear."""
    if table.names.count(name) > 1:
        raise ConfigurationError(
            f"{path}: column '{name}' appears twice", why="a column that is read is there once"
        )
    return table.names.index(name)


def _known(
    path: Path,
    table: Table,
    names: Sequence[ColumnName],
    own: dict[str, str],
    needs: Needs,
) -> ChosenColumns:
    """Return the columns by Voltward's names, and by names that are known."""
    at = {quantity: _only(path, table, written) for quantity, written in own.items()}
    entries = {quantity: ColumnEntry(column=written) for quantity, written in own.items()}
    notes = [
        f"column '{written}' taken for {quantity}"
        for quantity, written in own.items()
        if written != quantity
    ]
    cells = any(CELL_VOLTAGE.fullmatch(quantity) for quantity in own)
    for quantity in ("voltage_V", "current_A", "temperature_degC", *DEMANDS):
        wanted = quantity in needs.required
        # The first of several is enough.
        wanted = wanted or (quantity in needs.one_of and not at.keys() & {*needs.one_of})
        wanted = wanted or (quantity == "voltage_V" and "voltage" in needs.required)
        optional = quantity == "temperature_degC"
        if quantity in own or (quantity == "voltage_V" and cells) or not (wanted or optional):
            continue
        found = _best(path, table, quantity, matches(quantity, names))
        if found is None:
            continue
        if quantity == "voltage_V":
            refuse_numbered_cells(path, names, found.name)
        if quantity == "temperature_degC":
            columns = [match.column for match in matches(quantity, names)]
            column, others = working_sensor(table, names, columns, [found.name.stem])
            found = replace(found, column=column, name=names[column])
            notes += others
        if quantity in {"current_A", *DEMANDS} and found.name.unit is None:
            raise _no_unit(path, quantity, found.name, needs)
        at[quantity] = found.column
        entries[quantity] = _entry(quantity, found.name)
        notes.append(_taken(quantity, found.name, entries[quantity]))
    times = _times(names)
    if "time_s" in own:
        first = (at.pop("time_s"), entries["time_s"])
        times = (first, *(c for c in times if c[0] != first[0]))
    assumed = "time_s" not in own and bool(times) and names[times[0][0]].unit is None
    chosen = ColumnMap(name="voltward", columns=entries)
    state = _state(path, table, names, chosen)
    return ChosenColumns(chosen, at, times, state, tuple(notes), assumed)


def _best(path: Path, table: Table, quantity: str, found: list[Match]) -> Match | None:
    if not found:
        return None
    best = [match for match in found if match.group == found[0].group]
    if len(best) > 1 and quantity != "temperature_degC":
        raise ConfigurationError(
            f"{path}: {quantity} may be column '{best[0].name.written}' or "
            f"'{best[1].name.written}'",
            why=f"got {', '.join(table.names)}",
            hint=f"say which in a column map: {_example(quantity)}",
        )
    return best[0]


def _taken(quantity: str, name: ColumnName, entry: ColumnEntry) -> str:
    unit = f" in {name.unit.text}" if name.unit and name.unit.dimension != "none" else ""
    assumed = "" if unit else f", in {quantity.rsplit('_', 1)[1]} as it names no unit"
    return f"column '{entry.column}' taken for {quantity}{unit}{assumed}"


def _times(names: Sequence[ColumnName]) -> tuple[Candidate, ...]:
    return tuple((match.column, _entry("time_s", match.name)) for match in matches("time_s", names))


def _state(path: Path, table: Table, names: Sequence[ColumnName], given: ColumnMap) -> int | None:
    if given.direction is not None:
        if given.direction.column in table.names:
            return _only(path, table, given.direction.column)
        if not given.signatures:
            raise ConfigurationError(
                f"{path}: column '{given.direction.column}' is missing, which says the direction",
                why=f"got {', '.join(table.names)}",
                hint=closest(given.direction.column, table.names),
            )
    found = matches("state", names)
    return found[0].column if found else None


def _require(
    path: Path,
    table: Table,
    names: Sequence[ColumnName],
    chosen: ChosenColumns,
    needs: Needs,
) -> None:
    """Refuse a table that lacks what is needed."""
    if not chosen.times:
        steps = step_times(names)
        if steps:
            raise _step_time_only(path, table, steps[0].name, needs)
        raise _missing(path, "time_s", table.names, needs)
    for name in needs.required:
        if name == "voltage":
            if chosen.columns.voltages:
                check_voltages(str(path), chosen.at)
            else:
                raise _missing(path, "voltage_V", table.names, needs)
        elif name != "time_s" and name not in chosen.at and not _may_lack(name, needs):
            raise _missing(path, name, table.names, needs)
    if needs.one_of and not any(name in chosen.at for name in needs.one_of):
        raise _missing(path, needs.one_of[0], table.names, needs)


def _step_time_only(path: Path, table: Table, name: ColumnName, needs: Needs) -> ConfigurationError:
    entry = replace(_entry("time_s", name), restarts=True)
    return ConfigurationError(
        f"{path}: there is a time of the step, '{name.written}', and no time of the whole test",
        why=f"got {', '.join(table.names)}",
        hint="export the total time too; or state that the steps follow one another without a "
        f"pause, in a column map ({needs.place}): {entry.text('time_s')}",
    )


def _no_unit(path: Path, quantity: str, name: ColumnName, needs: Needs) -> ConfigurationError:
    unit = quantity.rsplit("_", 1)[1]
    entry = ColumnEntry(column=name.written)
    other = {"A": ("mA", 1e-3), "W": ("kW", 1e3), "mps": ("km/h", 1.0 / 3.6)}[unit]
    return ConfigurationError(
        f"{path}: column '{name.written}' looks like {quantity} and has no unit",
        why=f"nothing in the file says whether it is in {unit} or {other[0]}",
        hint=f"write the unit behind the name, such as {quantity}; or in a column map "
        f"({needs.place}): {entry.text(quantity)} for {unit}, "
        f"{entry.then(other[1]).text(quantity)} for {other[0]}",
    )


def _missing(path: Path, name: str, header: Sequence[str], needs: Needs) -> ConfigurationError:
    hint = _hint(name, header, needs)
    if name == "temperature_degC":
        assume = "--temperature 25 assumes a constant 25 degC, and says so"
        hint = f"{hint}; or {assume}" if hint else assume
    if needs.one_of:
        wanted = f"time_s and one of {', '.join(needs.one_of)}"
    elif "voltage" not in needs.required:
        wanted = " and ".join(needs.required)
    else:
        wanted = (
            "time_s, voltage_V (or voltage_1_V, ...), current_A (positive charges), "
            "temperature_degC"
        )
    return ConfigurationError(
        f"{path}: column '{name}' is missing",
        why=f"got {', '.join(header)}; wanted are {wanted}",
        hint=hint or f"name the column in a column map ({needs.place}): {_example(name)}",
    )


def _hint(name: str, header: Sequence[str], needs: Needs) -> str:
    """Return which column is probably meant, and the entry of a column map that says so."""
    stem = name.rsplit("_", 1)[0]
    lower = {written.lower(): written for written in header}
    close = get_close_matches(name.lower(), lower) or get_close_matches(stem, lower)
    if not close:
        return ""
    entry = ColumnEntry(column=lower[close[0]])
    words = f"did you mean {name} by '{entry.column}'? Rename it, or say in a column map"
    return f"{words} ({needs.place}): {entry.text(name)}"


def _example(name: str) -> str:
    return f'{name} = {{ column = "..." }}'
