"""BPX files: the exchange format of electrochemical parameter sets, read and checked."""

import json
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from voltward.core.errors import ConfigurationError, EnvironmentLacksError
from voltward.core.input_file import read_json
from voltward.real_cells.electrochemical_truth.parameter_sets import (
    INSTALL,
    ElectrochemicalCell,
    electrochemical_cell,
    pybamm_module,
)

_SHOWN_FAULTS = 5
# Beyond this the nominal capacity and the electrodes describe different cells (assumption).
_LARGEST_CAPACITY_RATIO = 1.5
# The cut-offs are the open-circuit voltages of empty and full in every BPX file.
_EXPECTED = "not found in BPX file. Using"
_LIMITS = "isothermal; temperature acts only where the file gives activation energies"


def read_bpx(path: Path) -> ElectrochemicalCell:
    """Read an electrochemical cell from a BPX file.

    Args:
        path: A JSON file of BPX version 1, or of version 0 as far as it can be converted.

    Returns:
        The cell; its `limits` state what the file left open and what was converted.

    Raises:
        ConfigurationError: The file is absent, is not JSON, breaks the schema (the fields are
            named), or does not describe a cell for the Doyle-Fuller-Newman model.
        EnvironmentLacksError: PyBaMM or the package `bpx` is missing.

    Source:
        Battery Parameter eXchange standard, version 1.
    Limits:
        Electrodes of one active material; open-circuit hysteresis of the file is not used.
    """
    document = _document(path)
    _require_full_model(document, path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parsed = _parse(document, path)
        _require_one_material(document, path)
        values = _values(document, path)
    remarks = [
        " ".join(str(warning.message).split())
        for warning in caught
        if warning.category is UserWarning and _EXPECTED not in str(warning.message)
    ]
    title = getattr(parsed.header, "title", None) or path.stem
    references = getattr(parsed.header, "references", None)
    limits = "; ".join((_LIMITS, *dict.fromkeys(remarks)))
    source = f"BPX file {path.name}: {title}" + (f" ({references})" if references else "")
    name = path.name.split(".", maxsplit=1)[0]
    cell = electrochemical_cell(name, values, source=source, limits=limits)
    _require_like_capacity(cell, path)
    return cell


def _document(path: Path) -> dict[str, Any]:
    hint = "check the path; it is read from the current folder"
    document = read_json(path, "BPX file", hint=hint)
    missing = [
        key
        for key in ("Header", "Parameterisation")
        if not isinstance(document, dict) or not isinstance(document.get(key), dict)
    ]
    if missing:
        raise ConfigurationError(
            f"{path} is not a BPX file: it has no object {' and no object '.join(missing)}",
            why="a BPX file holds 'Header' and 'Parameterisation'",
        )
    return document


def _require_full_model(document: dict[str, Any], path: Path) -> None:
    given = document["Header"].get("Model")
    lacking = [
        part for part in ("Electrolyte", "Separator") if part not in document["Parameterisation"]
    ]
    if given not in ("DFN", "SPMe") or lacking:
        without = f", without {' and '.join(lacking)}" if lacking else ""
        raise ConfigurationError(
            f"{path}: the file describes the model {given!r}{without}",
            why="virtual tests run the Doyle-Fuller-Newman model, which needs electrodes, "
            "electrolyte and separator",
            hint="ask for the DFN parameter set of the cell",
        )


def _require_one_material(document: dict[str, Any], path: Path) -> None:
    for electrode in ("Negative electrode", "Positive electrode"):
        if "Particle" in document["Parameterisation"][electrode]:
            raise ConfigurationError(
                f"{path}: Parameterisation > {electrode} > Particle: a blend of materials",
                why="electrodes of one active material are supported",
            )


def _parse(document: dict[str, Any], path: Path) -> Any:
    if find_spec("bpx") is None:
        raise EnvironmentLacksError(
            "the package bpx is not installed", why="it checks BPX files", hint=INSTALL
        )
    try:
        # A copy: the parser puts its own objects into what it is given.
        return import_module("bpx").parse_bpx_obj(json.loads(json.dumps(document)))
    except ValueError as error:  # pydantic's ValidationError is one
        raise ConfigurationError(
            f"{path}: {_faults(error)}", why="the file breaks the BPX schema"
        ) from error
    except (TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(
            f"{path}: the BPX parser stopped at {error}", why="the file breaks the BPX schema"
        ) from error


def _faults(error: ValueError) -> str:
    """Return the fields at fault, each once, or the message of the parser."""
    listed = getattr(error, "errors", None)
    if listed is None:
        return str(error)
    lines = []
    for fault in listed():
        # Names of classes and union members are the parser's own; field names have spaces or units.
        place = " > ".join(str(part) for part in fault["loc"] if not str(part).isidentifier())
        words = [str(part) for part in fault["loc"] if str(part).isidentifier()]
        lines.append(f"{place or ' > '.join(words) or 'the file'}: {fault['msg']}")
    unique = list(dict.fromkeys(lines))
    more = len(unique) - _SHOWN_FAULTS
    return "; ".join(unique[:_SHOWN_FAULTS]) + (f"; and {more} more" if more > 0 else "")


def _values(document: dict[str, Any], path: Path) -> Any:
    pybamm = pybamm_module()
    try:
        return pybamm.ParameterValues.create_from_bpx_obj(document)
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        raise ConfigurationError(
            f"{path}: PyBaMM cannot take this parameter set: {error}"
        ) from error


def _require_like_capacity(cell: ElectrochemicalCell, path: Path) -> None:
    nominal_Ah = float(cell.values["Nominal cell capacity [A.h]"])
    ratio = cell.capacity_Ah / nominal_Ah
    if not 1.0 / _LARGEST_CAPACITY_RATIO < ratio < _LARGEST_CAPACITY_RATIO:
        raise ConfigurationError(
            f"{path}: the electrodes hold {cell.capacity_Ah:.3g} Ah between the voltage limits, "
            f"but 'Nominal cell capacity [A.h]' is {nominal_Ah:.3g}",
            hint="check 'Electrode area [m2]', the number of electrode pairs and the "
            "stoichiometry limits",
        )
