"""One physical record, written in every way in which recorders and spreadsheets write tables."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

START = datetime(2024, 5, 13, 9, 59, 30)  # noqa: DTZ001 (a recorder's local clock)


def record(samples: int = 240) -> dict[str, np.ndarray]:
    """Return rest, discharges, rest and charges of a cell with a known resistance, every 5 s."""
    time_s = 5.0 * np.arange(samples)
    phase = (time_s / 60.0).astype(int)
    levels_A = np.array([0.0, -1.5, -0.5, -2.0, 0.0, 0.0, 1.0, 1.5, 0.5, 1.0, 0.0, -1.0])
    current_A = levels_A[phase % levels_A.size]
    soc = 0.7 + np.cumsum(current_A) * 5.0 / 3600.0 / 0.8
    voltage_V = np.round(3.2 + 0.9 * soc + 0.05 * current_A, 5)
    temperature_degC = np.round(21.5 + 0.01 * time_s / 60.0, 3)
    return {
        "time_s": time_s,
        "voltage_V": voltage_V,
        "current_A": current_A,
        "temperature_degC": temperature_degC,
    }


@dataclass(frozen=True)
class Dialect:
    """A way of writing a record."""

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    line_end: str = "\n"
    preamble: int = 0
    naming: str = "paren"
    time: str = "s"
    scale: str = "base"
    sign: str = "signed"
    order: tuple[int, ...] = (0, 1, 2, 3)
    extras: frozenset[str] = field(default_factory=frozenset)


# Dimension to name, and to each scale's unit and factor from the unit that Voltward uses.
NAMES = {
    "time_s": "Test Time",
    "voltage_V": "Voltage",
    "current_A": "Current",
    "temperature_degC": "Temperature",
}
UNITS = {
    "base": {"voltage_V": ("V", 1.0), "current_A": ("A", 1.0), "temperature_degC": ("C", 1.0)},
    "milli": {"voltage_V": ("mV", 1e3), "current_A": ("mA", 1e3), "temperature_degC": ("K", 1.0)},
    "degree": {"voltage_V": ("V", 1.0), "current_A": ("A", 1.0), "temperature_degC": ("°C", 1.0)},
}
TIMES = {"s": 1.0, "ms": 1e3, "min": 1.0 / 60.0, "h": 1.0 / 3600.0}
WORDS = {1.0: "CC Chg", -1.0: "CC DChg", 0.0: "Rest"}


def _named(name: str, unit: str, naming: str) -> str:
    return {
        "paren": f"{name}({unit})",
        "spaced": f"{name} ({unit})",
        "bracket": f"{name}[{unit}]",
        "slash": f"{name}/{unit}",
        "labels": f"{name} / {unit}",
        "under": f"{name.lower().replace(' ', '_')}_{unit}",
        "row": name,
        "row below": f"{name.lower().replace(' ', '_')}_{unit}",
    }[naming]


def _time_text(seconds: float, style: str) -> str:
    stamp = START + timedelta(seconds=seconds)
    clock = f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:{seconds % 60:06.3f}"
    return {
        "hms": clock,
        "days": f"  0d {clock}",
        "iso": stamp.isoformat(),
        "iso blank": stamp.isoformat(sep=" "),
        "us": stamp.strftime("%m/%d/%Y %H:%M:%S"),
        "us half": stamp.strftime("%m/%d/%Y %I:%M:%S %p"),
        "german": stamp.strftime("%d.%m.%Y %H:%M:%S"),
        "of day": stamp.strftime("%H:%M:%S"),
    }[style]


def write(folder: Path, dialect: Dialect, columns: dict[str, np.ndarray]) -> Path:
    """Write a record in a dialect."""
    number = "{:.10g}".format

    def shown(value: float) -> str:
        text = number(value)
        return (
            text.replace(".", dialect.decimal)
            if "e" not in text
            else f"{value:.9f}".replace(".", dialect.decimal)
        )

    names, units, fields = [], [], []
    for at in dialect.order:
        quantity = list(NAMES)[at]
        values = columns[quantity]
        if quantity == "time_s":
            numeric = dialect.time in TIMES
            unit = dialect.time if numeric else "hh:mm:ss"
            names.append(_named("Test Time", unit, dialect.naming) if numeric else "Test Time")
            fields.append(
                [
                    shown(value * TIMES[dialect.time])
                    if numeric
                    else _time_text(value, dialect.time).replace(".", dialect.decimal)
                    if dialect.time in {"hms", "days"}
                    else _time_text(value, dialect.time)
                    for value in values
                ]
            )
            units.append(f"[{unit}]" if numeric else "")
            continue
        unit, factor = UNITS[dialect.scale][quantity]
        if quantity == "current_A" and dialect.sign != "signed":
            values = np.abs(values) if dialect.sign == "magnitude" else -values
        if unit == "K":
            values = values + 273.15
        names.append(_named(NAMES[quantity], unit, dialect.naming))
        units.append(f"[{unit}]")
        fields.append([shown(value * factor) for value in values])
    if dialect.sign != "signed":
        names.append("Step Type")
        units.append("")
        fields.append([WORDS[float(np.sign(value))] for value in columns["current_A"]])
    if "twins" in dialect.extras:
        for _ in range(2):
            names.append("Units")
            units.append("")
            fields.append(["C"] * columns["time_s"].size)
    return _write_rows(folder, dialect, names, units, fields)


def _write_rows(
    folder: Path, dialect: Dialect, names: list[str], units: list[str], fields: list[list[str]]
) -> Path:
    rows = [list(row) for row in zip(*fields, strict=True)]
    if dialect.naming.startswith("row"):
        rows.insert(0, units)
    if "blank rows" in dialect.extras:
        rows.insert(len(rows) // 2, [""] * len(names))
    if "header again" in dialect.extras:
        rows.insert(len(rows) // 3, list(names))
    if "total" in dialect.extras:
        rows += [[""] * len(names), ["Total", *[""] * (len(names) - 1)]]
    mark = dialect.delimiter
    quoted = "quotes" in dialect.extras
    lines = [
        mark.join(f'"{text}"' if quoted or mark in text else text for text in row)
        for row in [names, *rows]
    ]
    if "trailing" in dialect.extras:
        lines = [line + mark for line in lines]
    lines = [f"Record of channel {n}: made 2024-05-13" for n in range(dialect.preamble)] + lines
    if "sep" in dialect.extras:
        lines.insert(0, f"sep={mark}")
    path = folder / "record.csv"
    text = dialect.line_end.join(lines) + dialect.line_end
    path.write_bytes(text.encode(dialect.encoding))
    return path


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    """Return dialects that are not ambiguous: a comma is not both decimal mark and delimiter."""
    decimal = draw(st.sampled_from([".", ","]))
    delimiter = draw(st.sampled_from([";", "\t", "|"] if decimal == "," else [",", ";", "\t"]))
    numeric = [*TIMES]
    texts = ["hms", "days", "iso", "iso blank", "us", "us half", "german", "of day"]
    naming = draw(
        st.sampled_from(
            ["paren", "spaced", "bracket", "slash", "labels", "under", "row", "row below"]
        )
    )
    return Dialect(
        delimiter=delimiter,
        decimal=decimal,
        encoding=draw(
            st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
        ),
        line_end=draw(st.sampled_from(["\n", "\r\n"])),
        preamble=draw(st.sampled_from([0, 1, 7, 400])),
        naming=naming,
        time=draw(st.sampled_from(numeric + texts)),
        scale=draw(st.sampled_from([*UNITS])),
        sign=draw(st.sampled_from(["signed", "opposite", "magnitude"])),
        order=tuple(draw(st.permutations(range(4)))),
        extras=frozenset(
            draw(
                st.sets(
                    st.sampled_from(
                        [
                            "twins",
                            "blank rows",
                            "header again",
                            "total",
                            "trailing",
                            "quotes",
                            "sep",
                        ]
                    )
                )
            )
        ),
    )
