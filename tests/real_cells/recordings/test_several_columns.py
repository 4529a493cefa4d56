"""Several columns for one quantity, thousands points, and the names of loads and speeds."""

import numpy as np
import pytest

from voltward.core.errors import ConfigurationError
from voltward.ranges.configuration.duty_recording import read_profile, read_speed
from voltward.real_cells.recordings.reading import read_recording


def lines(names, columns, mark=","):
    rows = [mark.join(map(str, row)) for row in zip(*columns, strict=True)]
    return "\n".join([names, *rows]) + "\n"


def values(bench):
    return tuple(np.round(column, 4) for column in list(bench.columns().values())[:4])


ARBIN = "Test_Time(s),Step_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V)"


@pytest.mark.parametrize(
    "tail",
    [
        "Aux_Temperature(℃)_1,Aux_Temperature(℃)_2",
        "Aux_Temperature(℃)_2,Aux_Temperature(℃)_1",
        "Aux_Temperature_1 (C),Aux_Temperature_2 (C)",
        "Temperature_1(C),Temperature (C)",
    ],
)
@pytest.mark.parametrize("stuck", [0.0, 60.0, None])
def test_a_sensor_that_moves_is_preferred(bench, tail, stuck):
    t, v, i, c = values(bench)
    one = np.ones(t.size, dtype=int)
    temperatures = [c, c + 5.0] if stuck is None else [np.full(t.size, stuck), c]
    path = bench.text(lines(f"{ARBIN},{tail}", [t, t, one, one, i, v, *temperatures]))
    assert np.array_equal(read_recording(path).temperature_degC, c)


def test_the_other_sensors_are_named(bench):
    t, v, i, c = values(bench)
    names = "Time(s),Voltage(V),Current(A),Temperature 1 (C),Temp 1 (C)"
    read = read_recording(bench.text(lines(names, [t, v, i, c, c + 1.0])))
    assert any("several temperatures" in note and "'Temp 1 (C)'" in note for note in read.notes)


@pytest.mark.parametrize(
    "names", ["U1(V),U2(V)", "Cell Voltage 1 (V),Cell Voltage 2 (V)", "U1 [V],U12 [V]"]
)
def test_several_cells_are_asked(bench, names):
    t, v, i, c = values(bench)
    head = f"Time(s),{names},Current(A),Temp(C)"
    with pytest.raises(ConfigurationError, match="there are 2 voltages") as error:
        read_recording(bench.text(lines(head, [t, v, v + 0.01, i, c])))
    assert "voltage_2_V" in error.value.hint


def test_a_full_cell_is_preferred_to_its_electrode(bench):
    t, v, i, c = values(bench)
    names = "ox/red\ttime/s\tEwe/V\tEce/V\tEwe-Ece/V\tI/mA\tTemperature/°C"
    columns = [np.ones(t.size, dtype=int), t, v + 0.05, 0.05 + 0.0 * v, v, i * 1e3, c]
    read = read_recording(bench.text(lines(names, columns, "\t")))
    assert np.array_equal(read.voltage_V[:, 0], v)


def german(column, figures):
    return [f"{value:.{figures}f}".replace(".", ",") for value in column]


def thousands(column):
    return [f"{round(value):,d}".replace(",", ".") for value in column]


@pytest.mark.parametrize("where", ["current", "voltage and current", "all but the time"])
def test_points_of_thousands_beside_decimal_commas(bench, where):
    t, v, i, c = values(bench)
    volts = german(v, 4) if where == "current" else thousands(v * 1e3)
    unit = "V" if where == "current" else "mV"
    temperature = german(c, 1) if where != "all but the time" else [f"{x:.0f}" for x in c]
    text = lines(
        f"Zeit[s];Spannung[{unit}];Strom[mA];Temperatur[°C]",
        [german(t, 1), volts, thousands(i * 1e3), temperature],
        ";",
    )
    read = read_recording(bench.text(text))
    assert np.allclose(read.current_A, i, atol=6e-4)
    assert np.allclose(read.voltage_V[:, 0], v, atol=6e-4)


def test_points_stay_decimal_where_the_file_has_points(bench):
    t, v, i, c = values(bench)
    text = lines("Time[s];U[V];I[A];T1[C]", [t, np.round(v, 3), np.round(i, 3), c], ";")
    assert np.allclose(read_recording(bench.text(text)).current_A, i, atol=6e-4)


@pytest.mark.parametrize("name", ["power_kw", "Power [kw]", "power_kW", "Power (kW)"])
def test_a_power_in_kilowatt_has_its_unit_in_any_letters(bench, name):
    path = bench.text(lines(f"time_s,{name}", [np.arange(100), np.linspace(0.0, 5.0, 100)]))
    read = read_profile(path, level="pack", positive="charging")
    assert read.power_W is not None
    assert read.power_W[-1] == pytest.approx(5000.0)


def test_a_speed_cycle_asks_for_no_voltage(bench):
    path = bench.text(lines("a,b", [np.arange(50), np.arange(50)]))
    with pytest.raises(ConfigurationError) as error:
        read_speed(path)
    assert "voltage" not in str(error.value)


@pytest.mark.parametrize("name", ["Time (s)", "time_s"])
def test_a_duty_whose_units_contradict_is_refused(bench, name):
    text = f"{name},Current (A)\n,mA\n" + lines("", [np.arange(50), np.arange(50)]).lstrip()
    with pytest.raises(ConfigurationError, match="states the unit"):
        read_profile(bench.text(text), level="cell", positive="charging")


def test_a_duty_in_milliseconds_without_a_unit_is_asked(bench):
    path = bench.text(lines("time,current_A", [np.arange(0, 50000, 100), np.ones(500)]))
    with pytest.raises(ConfigurationError, match="a time without a unit"):
        read_profile(path, level="cell")
