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
from voltward.physical.can.codec import (
    COMMAND_SIGNALS,
    CONTACTOR_SIGNALS,
    FAULT_SIGNALS,
    LIMIT_SIGNALS,
    METER_SIGNALS,
    STATE_SIGNALS,
)
from voltward.physical.can.database import shipped_database
from voltward.physical.can.named_signals import NOT_AVAILABLE
from voltward.physical.can.pack_telemetry import BmsState, ContactorState
from voltward.physical.can.wire_scale import (
    CELL_VOLTAGE_V,
    COMMAND_SCALES,
    FLAG,
    TELEMETRY_SCALES,
    CELL_TEMPERATURE_degC,
)

SIGNALS = {
    **{("Pack_State", name): scale for name, scale in STATE_SIGNALS.values()},
    **{("Pack_Limits", name): scale for name, scale in LIMIT_SIGNALS.values()},
    **{("Gateway_Command", name): scale for name, scale in COMMAND_SIGNALS.values()},
    **{("Charger_Meter", name): scale for name, scale in METER_SIGNALS.values()},
    **{
        (f"Cell_Voltages_{cell // 24 + 1}", f"Cell_{cell + 1:02d}_Voltage"): CELL_VOLTAGE_V
        for cell in range(96)
    },
    **{
        (
            f"Cell_Temperatures_{cell // 24 + 1}",
            f"Cell_{cell + 1:02d}_Temperature",
        ): CELL_TEMPERATURE_degC
        for cell in range(96)
    },
    ("Pack_State", "Charging"): FLAG,
    ("Gateway_Command", "Charge_Enable"): FLAG,
    ("Gateway_Command", "Open_Request"): FLAG,
}


def dbc_signal(message, signal):
    return shipped_database().get_message_by_name(message).get_signal_by_name(signal)


@pytest.mark.parametrize("secured", [False, True])
def test_every_scale_is_that_of_the_dbc(secured):
    for (message, name), scale in SIGNALS.items():
        signal = dbc_signal(f"Secured_{message}" if secured else message, name)
        shown = 100.0 if scale.percent else 1.0
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
    known = {name for _, name in SIGNALS}
    known |= set(FAULT_SIGNALS.values()) | set(CONTACTOR_SIGNALS.values())
    known |= {"Bms_State", "State_Sequence", "Command_Sequence", "Meter_Sequence"}
    known |= {"Freshness", "Authenticator"}
    in_dbc = {s.name for m in shipped_database().messages for s in m.signals}
    assert in_dbc == known


def test_named_states_are_those_of_the_dbc():
    def words(name):
        choices = dbc_signal("Pack_State", name).choices
        return {int(r): str(t).upper() for r, t in choices.items() if str(t) != NOT_AVAILABLE}

    assert words("Bms_State") == {int(state): state.name for state in BmsState}
    for name in CONTACTOR_SIGNALS.values():
        assert words(name) == {int(state): state.name for state in ContactorState}
    for fault, name in FAULT_SIGNALS.items():
        first = dbc_signal("Pack_State", next(iter(FAULT_SIGNALS.values()))).start
        assert 1 << (dbc_signal("Pack_State", name).start - first) == int(fault)


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
    shown = 100.0 if scale.percent else 1.0
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
        seen = wire_quantisation.quantise_telemetry(record, up)
        np.testing.assert_allclose(seen.wide[0], [[3.7, 3.7001]], rtol=1e-12)
        np.testing.assert_allclose(seen.wide[1], [[25.0, 25.1]], rtol=1e-12)
        np.testing.assert_allclose(
            seen.scalars, [[10.0, 400.01, 0.5, 1.0, 1000.0, 1.0]], rtol=1e-12
        )
        down = tap_named("can.down")
        command = honest_record(
            jnp.asarray([[50.04, 0.80004, 1.0, 24.96, 0.2524, 0.0, -1000.4]]), jnp.asarray(3)
        )
        asked = wire_quantisation.quantise_command(command, down)
        np.testing.assert_allclose(
            asked.scalars, [[50.0, 0.8, 1.0, 25.0, 0.25, 0.0, -1000.0]], rtol=1e-12
        )


def test_every_field_of_the_taps_has_a_code():
    assert set(TELEMETRY_SCALES) == set(TELEMETRY_SCALARS) | set(TELEMETRY_WIDE)
    assert set(COMMAND_SCALES) == set(COMMAND_SCALARS)


@pytest.mark.parametrize(
    ("scale", "value", "seen"),
    [
        (CELL_VOLTAGE_V, 3.65004, 3.65),
        (CELL_VOLTAGE_V, -1.0, 0.0),
        (CELL_VOLTAGE_V, 9.0, 6.5),
        (CELL_TEMPERATURE_degC, -20.06, -20.1),
        (wire_scale.PACK_VOLTAGE_V, 402.126, 402.13),
        (wire_scale.CURRENT_A, -123.454, -123.45),
        (wire_scale.SOC, 0.12346, 0.1235),
        (wire_scale.SOC, 1.2, 1.0),
        (wire_scale.CURRENT_LIMIT_A, 99.96, 100.0),
    ],
)
def test_examples(scale, value, seen):
    assert float(wire_scale.quantise(value, scale)) == pytest.approx(seen, rel=1e-12)
