"""Code and DBC say the same about the wire."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voltward.core.record import honest_record
from voltward.core.taps import COMMAND_SCALARS, TELEMETRY_SCALARS, TELEMETRY_WIDE, tap_named
from voltward.physical.can import wire_quantisation, wire_scale
from voltward.physical.can.bus_fields import COMMAND, FAULTS, TELEMETRY
from voltward.physical.can.database import shipped_database
from voltward.physical.can.pack_telemetry import BmsState, ContactorState
from voltward.physical.can.signal_map import shipped_map
from voltward.physical.can.signal_value import NOT_AVAILABLE
from voltward.physical.can.wire_quantisation import FieldCodes
from voltward.physical.can.wire_scale import WireScale

WIRE = shipped_map()
# The codes of the shipped network, written out: 0.1 mV and 0.1 K are one decimal finer than the
# accuracy of common cell monitors (about 1 to 2 mV and 1 K); the others are a choice.
CELL_VOLTAGE_V = WireScale(1e-4, 0, 65_000, 0xFFFF)
CELL_TEMPERATURE_degC = WireScale(0.1, -1_000, 15_000, -0x8000)
PACK_VOLTAGE_V = WireScale(0.01, 0, 200_000, 0xFF_FFFF)
CURRENT_A = WireScale(0.01, -500_000, 500_000, -0x80_0000)
SOC = WireScale(1e-4, 0, 10_000, 0xFFFF)
CURRENT_LIMIT_A = WireScale(0.1, 0, 50_000, 0xFFFF)
FLAG = WireScale(1.0, 0, 1, 3)
TELEMETRY_SCALES = {
    "voltage_V": CELL_VOLTAGE_V,
    "temperature_degC": CELL_TEMPERATURE_degC,
    "current_A": CURRENT_A,
    "pack_voltage_V": PACK_VOLTAGE_V,
    "soc": SOC,
    "charge_counter_Ah": WireScale(0.001, -2_000_000_000, 2_000_000_000, -0x8000_0000),
    "isolation_kohm": WireScale(1.0, 0, 60_000, 0xFFFF),
    "charging": FLAG,
}
COMMAND_SCALES = {
    "charge_limit_A": CURRENT_LIMIT_A,
    "target_soc": SOC,
    "charge_enable": FLAG,
    "conditioning_degC": WireScale(0.1, -400, 1_000, -0x8000),
    "derate": WireScale(0.005, 0, 200, 0xFF),
    "open_request": FLAG,
    "power_setpoint_W": WireScale(1.0, -100_000_000, 100_000_000, -0x8000_0000),
}
_FOUND = [
    *((name, found, TELEMETRY[name]) for name, found in WIRE.telemetry.items()),
    *((name, found, COMMAND[name]) for name, found in WIRE.command.items()),
    *((name, found, TELEMETRY[name]) for name, cells in WIRE.cells.items() for found in cells),
]
SIGNALS = {
    (found.message.name, found.signal.name): found.scale
    for name, found, field in _FOUND
    if field.unit not in {"count", "state"} and name not in FAULTS
}


def test_the_codes_that_the_dbc_gives_are_those_of_the_shipped_network():
    codes = WIRE.telemetry_scales
    assert {name: codes[name] for name in TELEMETRY_SCALES} == TELEMETRY_SCALES
    assert {name: codes[name] for name in ("charge_limit_A", "discharge_limit_A")} == dict.fromkeys(
        ("charge_limit_A", "discharge_limit_A"), CURRENT_LIMIT_A
    )
    codes = WIRE.command_scales
    assert {name: codes[name] for name in COMMAND_SCALES} == COMMAND_SCALES
    assert WIRE.cell_count == 96


def dbc_signal(message, signal):
    return shipped_database().get_message_by_name(message).get_signal_by_name(signal)


@pytest.mark.parametrize("secured", [False, True])
def test_every_scale_is_that_of_the_dbc(secured):
    for (message, name), scale in SIGNALS.items():
        signal = dbc_signal(f"Secured_{message}" if secured else message, name)
        shown = 100.0 if signal.unit == "%" else 1.0
        assert signal.scale == pytest.approx(scale.step * shown, rel=1e-15), name
        assert signal.offset == 0
        assert signal.minimum == pytest.approx(scale.raw_minimum * scale.step * shown)
        assert signal.maximum == pytest.approx(scale.raw_maximum * scale.step * shown)
        absent = [raw for raw, text in signal.choices.items() if str(text) == NOT_AVAILABLE]
        assert absent == [scale.raw_absent]
        low = -(1 << (signal.length - 1)) if signal.is_signed else 0
        assert low <= min(scale.raw_minimum, scale.raw_absent)
        assert max(scale.raw_maximum, scale.raw_absent) < low + (1 << signal.length)


def test_no_value_signal_of_the_dbc_is_unknown_to_the_code():
    known = {found.signal.name for _, found, _ in _FOUND}
    known |= {"Charger_Current", "Charger_Voltage", "Meter_Sequence"}  # the charger's own message
    known |= {"Freshness", "Authenticator"}
    in_dbc = {s.name for m in shipped_database().messages for s in m.signals}
    assert in_dbc == known


def test_named_states_are_those_of_the_dbc():
    def words(name):
        choices = dbc_signal("Pack_State", name).choices
        return {int(r): str(t).upper() for r, t in choices.items() if str(t) != NOT_AVAILABLE}

    assert words("Bms_State") == {int(state): state.name for state in BmsState}
    for name in ("Main_Positive", "Main_Negative", "Precharge"):
        assert words(name) == {int(state): state.name for state in ContactorState}
    first = WIRE.telemetry["fault_over_voltage"].signal.start
    for name, fault in FAULTS.items():
        assert 1 << (WIRE.telemetry[name].signal.start - first) == int(fault)


def test_every_signal_says_what_it_is_and_who_sends_it():
    for message in shipped_database().messages:
        assert message.senders in (["BMS"], ["GATEWAY"], ["CHARGER"])
        assert message.is_fd == (message.length > 8)
        assert message.comment
        for signal in message.signals:
            assert signal.comment
            if signal.unit:
                assert signal.unit in signal.comment, signal.name
            if signal.name in ("Pack_Current", "Charger_Current"):
                assert "positive when charging" in signal.comment


@given(data=st.data(), key=st.sampled_from(sorted(SIGNALS)))
def test_cantools_sees_what_quantise_says_both_ways(data, key):
    scale = SIGNALS[key]
    shown = 100.0 if dbc_signal(*key).unit == "%" else 1.0
    low, high = scale.raw_minimum * scale.step, scale.raw_maximum * scale.step
    value = data.draw(st.floats(low, high))
    conversion = dbc_signal(*key).conversion
    raw = int(wire_scale.to_raw(value, scale))
    seen = float(wire_scale.quantise(value, scale))
    assert abs(seen - value) <= 0.5000001 * scale.step
    assert conversion.scaled_to_raw(seen * shown) == raw
    assert conversion.raw_to_scaled(raw, decode_choices=False) == pytest.approx(
        seen * shown, rel=1e-14
    )


@given(values=st.lists(st.floats(-1e10, 1e10), min_size=1, max_size=20))
@example(values=[0.35])
@pytest.mark.parametrize("name", sorted(TELEMETRY_SCALES))
def test_compiled_quantisation_equals_numpy_to_the_bit(name, values):
    scale = TELEMETRY_SCALES[name]
    padded = np.resize(np.asarray(values), 20)
    with jax.enable_x64(True):
        compiled = np.asarray(COMPILED[name](jnp.asarray(padded)))
    np.testing.assert_array_equal(compiled, wire_scale.quantise(padded, scale))


COMPILED = {
    name: jax.jit(lambda value, scale=scale: wire_quantisation.quantise(value, scale))
    for name, scale in TELEMETRY_SCALES.items()
}


def test_quantised_values_are_fixed_points():
    for scale in SIGNALS.values():
        raw = np.unique(np.linspace(scale.raw_minimum, scale.raw_maximum, 70_001).astype(np.int64))
        values = wire_scale.from_raw(raw, scale)
        np.testing.assert_array_equal(wire_scale.to_raw(values, scale), raw)


def test_absent_values_stay_absent():
    for scale in SIGNALS.values():
        assert int(wire_scale.to_raw(np.nan, scale)) == scale.raw_absent
        assert np.isnan(wire_scale.quantise(np.nan, scale))
    with jax.enable_x64(True):
        assert np.isnan(wire_quantisation.quantise(jnp.asarray(np.nan), CELL_VOLTAGE_V))


def test_records_of_the_can_taps_are_quantised_field_by_field():
    with jax.enable_x64(True):
        up = tap_named("can.up")
        wide = (jnp.asarray([[3.70004, 3.70006]]), jnp.asarray([[25.04, 25.06]]))
        scalars = jnp.asarray([[10.004, 400.006, 0.50004, 1.0004, 999.6, 1.0]])
        record = honest_record(scalars, jnp.asarray(3), wide)
        seen = FieldCodes(TELEMETRY_SCALES, {}).sent(record, up)
        np.testing.assert_allclose(seen.wide[0], [[3.7, 3.7001]], rtol=1e-12)
        np.testing.assert_allclose(seen.wide[1], [[25.0, 25.1]], rtol=1e-12)
        np.testing.assert_allclose(
            seen.scalars, [[10.0, 400.01, 0.5, 1.0, 1000.0, 1.0]], rtol=1e-12
        )
        down = tap_named("can.down")
        command = honest_record(
            jnp.asarray([[50.04, 0.80004, 1.0, 24.96, 0.2524, 0.0, -1000.4]]), jnp.asarray(3)
        )
        asked = FieldCodes(COMMAND_SCALES, {}).sent(command, down)
        np.testing.assert_allclose(
            asked.scalars, [[50.0, 0.8, 1.0, 25.0, 0.25, 0.0, -1000.0]], rtol=1e-12
        )


def test_every_field_of_the_taps_may_be_mapped():
    assert set(TELEMETRY_SCALES) == set(TELEMETRY_SCALARS) | set(TELEMETRY_WIDE)
    assert set(COMMAND_SCALES) == set(COMMAND_SCALARS)
    computed = {name for name, field in TELEMETRY.items() if field.computed}
    assert computed == set(TELEMETRY_SCALES) | {"sequence"}
    assert set(COMMAND) == set(COMMAND_SCALES) | {"sequence"}


@pytest.mark.parametrize("offset", [0.0, -40.0])
def test_a_field_without_a_signal_has_a_fixed_value_at_the_receiver(offset):
    down = tap_named("can.down")
    scales = {name: COMMAND_SCALES[name] for name in ("charge_limit_A", "derate")}
    scales["charge_limit_A"] = WireScale(-0.5, 0, 255, 255, offset=offset)
    codes = FieldCodes(scales, dict.fromkeys(COMMAND_SCALARS, 7.0))
    with jax.enable_x64(True):
        sent = honest_record(
            jnp.asarray([[-50.04, 0.8, 1.0, 25.0, 0.2524, 1.0, 9.0]]), jnp.asarray(1)
        )
        seen = np.asarray(codes.received(codes.sent(sent, down), down).scalars)
    limit = wire_scale.quantise(-50.04, scales["charge_limit_A"])
    np.testing.assert_allclose(seen, [[limit, 7.0, 7.0, 7.0, 0.25, 7.0, 7.0]], rtol=1e-12)


@pytest.mark.parametrize(
    ("scale", "value", "seen"),
    [
        (CELL_VOLTAGE_V, 3.65004, 3.65),
        (CELL_VOLTAGE_V, -1.0, 0.0),
        (CELL_VOLTAGE_V, 9.0, 6.5),
        (CELL_TEMPERATURE_degC, -20.06, -20.1),
        (PACK_VOLTAGE_V, 402.126, 402.13),
        (CURRENT_A, -123.454, -123.45),
        (SOC, 0.12346, 0.1235),
        (SOC, 1.2, 1.0),
        (CURRENT_LIMIT_A, 99.96, 100.0),
    ],
)
def test_examples(scale, value, seen):
    assert float(wire_scale.quantise(value, scale)) == pytest.approx(seen, rel=1e-12)
