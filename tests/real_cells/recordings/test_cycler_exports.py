"""The layouts of cyclers and data sets, rebuilt with numbers of our own: the same record in each.

What is rebuilt is the published layout: preamble, header, units, times, signs and encoding.
"""

import sys
import zipfile
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from tests.real_cells.recordings.dialects import START, record

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.column_map import load_column_map
from voltward.real_cells.recordings.reading import read_recording

RECORD = record()
STEP_TIME = RECORD["time_s"] % 60.0
COUNTED_AH = np.cumsum(RECORD["current_A"]) * 5.0 / 3600.0


def _clock(seconds, figures=3):
    return (
        f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:"
        f"{seconds % 60:0{3 + figures}.{figures}f}"
    )


def _stamp(seconds, form):
    return (START + timedelta(seconds=float(seconds))).strftime(form)


def _word(current, charge, discharge, rest):
    return charge if current > 0 else discharge if current < 0 else rest


def _lines(header, row, preamble=(), mark=","):
    body = [
        mark.join(str(field) for field in row(n, *fields))
        for n, fields in enumerate(
            zip(*(RECORD[name] for name in RECORD), STEP_TIME, strict=True), start=1
        )
    ]
    return "\n".join([*preamble, header, *body]) + "\n"


def neware_new():
    return _lines(
        "DataPoint,Cycle Index,Step Index,Step Type,Time,Cumulative Time,Current(A),Voltage(V),"
        "Capacity(Ah),Spec. Cap.(mAh/g),Date,Power(W),T1(℃)",
        lambda n, t, v, i, c, s: (
            n,
            1,
            1,
            _word(i, "CC Chg", "CC DChg", "Rest"),
            _clock(s, 0),
            _clock(t, 0),
            i,
            v,
            0,
            0.0,
            _stamp(t, "%Y-%m-%d %H:%M:%S"),
            i * v,
            c,
        ),
    )


def neware_old():
    return _lines(
        "Cycle ID,Step ID,Record ID,Step Name,Time(h:min:s.ms),Voltage(V),Current(mA),"
        "Temperature(C),Capacity(mAh),Realtime",
        lambda n, t, v, i, c, s: (
            1,
            1,
            n,
            _word(i, "CC_Chg", "CC_DChg", "Rest"),
            _clock(s),
            v,
            1000 * abs(i),
            c,
            0,
            _stamp(t, "%Y-%m-%d %H:%M:%S"),
        ),
    )


def neware_chinese():
    return _lines(
        "记录序号,工步类型,Time(h:min:s.ms),Voltage(V),Current(mA),Temperature(C),Realtime,"
        "Step Type",
        lambda n, t, v, i, c, s: (
            n,
            "x",
            _clock(s),
            v,
            1000 * abs(i),
            c,
            _stamp(t, "%Y-%m-%d %H:%M:%S"),
            _word(i, "恒流充电", "恒流放电", "静置"),
        ),
    )


def maccor_days():
    units = "\t".join(f"Aux #{n}\t Units" for n in range(1, 9))
    return _lines(
        f"Rec#\tCyc#\tStep\tTestTime\tStepTime\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time\t"
        f"{units}\tVAR1\t",
        lambda n, t, v, i, c, s: (
            n,
            0,
            2,
            f"  0d {_clock(t, 1)}",
            f"  0d {_clock(s, 1)}",
            0.0,
            0.0,
            abs(i),
            v,
            _word(i, "C", "D", "R"),
            1,
            _stamp(t, "%m/%d/%Y %H:%M:%S"),
            *[c, " C  "] * 8,
            0.0,
            "",
        ),
        preamble=(
            "Today's Date:\t14 May 2024\tDate of Test:\t13 May 2024, 09:59:30 AM",
            "Filename:\ttrial_01\tTester Channel:\t1",
            "Procedure:\ttrial.000\tDescription:\t",
        ),
        mark="\t",
    )


def maccor_seconds():
    return _lines(
        "Rec#\tCyc#\tStep\tTest (Sec)\tStep (Sec)\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\t"
        "DPt Time\tTemp 1",
        lambda n, t, v, i, c, s: (
            n,
            0,
            2,
            f"{t:.2f}",
            f"{s:.2f}",
            0.0,
            0.0,
            abs(i),
            v,
            _word(i, "C", "D", "R"),
            1,
            _stamp(t, "%m/%d/%Y %I:%M:%S %p"),
            c,
        ),
        preamble=("Today's Date 05/14/2024  Date of Test: 05/13/2024",),
        mark="\t",
    )


def maccor_md():
    return _lines(
        "Cycle P,Cycle C,Step,Test Time,Step Time,Capacity,Energy,Current,Voltage,MD,ES,DPt Time,"
        "Temp 1",
        lambda n, t, v, i, c, s: (
            0,
            0,
            1,
            f"0d {_clock(t, 2)}",
            f"0d {_clock(s, 2)}",
            0,
            0,
            abs(i),
            v,
            _word(i, "C", "D", "R"),
            1,
            _stamp(t, "%d-%b-%y %I:%M:%S %p"),
            c,
        ),
        preamble=("Today's Date,05/14/2024", "Date of Test:,05/13/2024", "Filename:,trial"),
    )


def pec():
    facts = ["Request Year:,2024", "Test:,7", "Parameter values:,64000,1.161,500"]
    facts += [f"Fact {n}:,<NONE>" for n in range(38)]
    return _lines(
        "Test,Cell,Rack,Shelf,Position,Cell ID,Step,Instruction Name,Cycle,"
        "Total Time (Hours in hh:mm:ss.xxx),Load On Time (Hours in hh:mm:ss.xxx),"
        "Step Time (Seconds),Real Time,Voltage (V),Current (A),Charge Capacity (mAh),ReasonCode,"
        "50% DoD (mV),Temp (°C),Station Temperature (°C),",
        lambda n, t, v, i, c, s: (
            7,
            1,
            "ACT4",
            "014",
            1,
            "x_1",
            0,
            _word(i, "Charge", "Discharge", "Idle"),
            0,
            _clock(t),
            "00:00:00.000",
            s,
            _stamp(t, "%m/%d/%Y %H:%M:%S"),
            v,
            i,
            0,
            30,
            "",
            c,
            "",
            "",
        ),
        preamble=facts,
    )


def bdf_hours():
    # Discharge counted as positive, against the format: the step type says so.
    return _lines(
        "Test Time / h,Current / A,Voltage / V,Protocol Name / 1,Step Type / 1,Cycle Count / 1,"
        "Surface Temperature T1 / degC",
        lambda n, t, v, i, c, s: (
            f"{t / 3600:.12g}",
            -i,
            v,
            0,
            _word(i, "charge", "discharge", "rest"),
            1,
            c,
        ),
    )


def bdf_machine_names():
    return _lines(
        "test_time_second,voltage_volt,current_ampere,unix_time_second,cycle_count,"
        "temperature_t1_celsius",
        lambda n, t, v, i, c, s: (t, v, i, 1715594370 + t, 1, c),
    )


def arbin():
    return _lines(
        "Data_Point,Date_Time,Test_Time(s),Step_Time(s),Cycle_Index,Step_Index,Current(A),"
        "Voltage(V),Charge_Capacity(Ah),Discharge_Capacity(Ah),dV/dt(V/s),Temperature (C)_1",
        lambda n, t, v, i, c, s: (
            n,
            _stamp(t, "%m/%d/%Y %H:%M:%S.%f"),
            t,
            s,
            1,
            1,
            i,
            v,
            0,
            0,
            0,
            c,
        ),
    )


def arbin_of_beep():
    return _lines(
        "data_point,test_time,datetime,step_time,step_index,cycle_index,current,voltage,"
        "charge_capacity,discharge_capacity,temperature",
        lambda n, t, v, i, c, s: (n, t, 1715594370, s, 1, 1, i, v, 0, 0, c),
        preamble=("2024-05-13_trial_CH33, Metadata",),
    )


def novonix():
    protocol = '{"Version":"2.13","Steps":[' + ",".join(["3.7,1.5,25"] * 8000) + "]}"
    return _lines(
        "Date and Time,Cycle Number,Step Type,Run Time (h),Step Time (h),Current (A),"
        "Potential (V),Capacity (Ah),Temperature (°C),Circuit Temperature (°C),Energy (Wh),"
        "dVdt (V/h),dIdt (A/h),Step Number,Step position,Power(W)",
        lambda n, t, v, i, c, s: (
            _stamp(t, "%Y-%m-%d %H:%M:%S"),
            1,
            7,
            f"{t / 3600:.9f}",
            s,
            i,
            v,
            0,
            c,
            25.3,
            0,
            0,
            0,
            1,
            1,
            i * v,
        ),
        preamble=(
            "[Summary]",
            "Novonix UHPC data file",
            "Mass (g): 1.000",
            "[End Summary]",
            "[Protocol]",
            protocol,
            "[End Protocol]",
            "[Data]",
        ),
    )


def basytec():
    text = _lines(
        "~Time[s]\tDataSet\tt-Step[s]\tt-Set[s]\tLine\tCommand\tU[V]\tI[A]\tP[W]\tAh[Ah]\tAh-Step\t"
        "T1[°C]\tR-AC\tState",
        lambda n, t, v, i, c, s: (
            t,
            n,
            s,
            t,
            3,
            _word(i, "Charge", "Discharge", "Pause"),
            v,
            i,
            i * v,
            0,
            0,
            c,
            0,
            1,
        ),
        preamble=(
            "~Resultfile from Basytec Battery Test System",
            "~Date and Time of Data Converting: 07.07.2023 10:55:58",
            "~",
            "~Testplan: plan.pln",
        ),
        mark="\t",
    )
    return text.encode("latin-1")


def biologic():
    preamble = [
        "BT-Lab ASCII FILE",
        "Nb header lines : 12",
        "",
        "Modulo Bat",
        "Run on channel : A1",
        "Ecell ctrl range : min = 0,00 V, max = 9,00 V",
        "Electrode surface area : 0,001 cm²",
        "Ns\t0\t1\t2",
        "ctrl1_val\t1,5\t2,5\t3,5",
        "t1 (h:m:s)\t0:00:0,0000\t0:00:5,0000",
        "",
    ]
    text = _lines(
        "mode\tox/red\terror\tcontrol changes\tNs changes\ttime/s\tcontrol/V/mA\tEcell/V\tI/mA\t"
        "dQ/mA.h\tTemperature/°C\tcycle number",
        lambda n, t, v, i, c, s: [
            str(x).replace(".", ",")
            for x in (1, 1, 0, 0, 0, f"{t:.9E}", 0, f"{v:.7E}", f"{1000 * i:.7E}", 0, c, 1)
        ],
        preamble=preamble,
        mark="\t",
    )
    return text.encode("cp1252")


def landt():
    facts = [f"fact {n}:" + "," * 16 for n in range(6)]
    return _lines(
        "channel_index,cycle_index,step_index,date_time_iso_string,test_time_s,step_time_s,"
        "current_A,voltage_V,discharge_capacity_Ah,charge_capacity_Ah,discharge_energy_Wh,"
        "charge_energy_Wh,Pressure_Psi,temperature_1_C,temperature_2_C,temperature_3_C,step_name",
        lambda n, t, v, i, c, s: (
            n,
            1,
            1,
            _stamp(t, "%m/%d/%Y %H:%M:%S"),
            t,
            s,
            i,
            v,
            0,
            0,
            0,
            0,
            0,
            c,
            0,
            0,
            _word(i, "charge", "discharge", "rest"),
            "",
        ),
        preamble=facts,
    )


def digatron():
    return _lines(
        "Time Stamp,Step,Status,Prog Time,Step Time,Cycle,Cycle Level,Procedure,Voltage,Current,"
        "Temperature,Capacity,WhAccu,Cnt,\n,,,,,,,,[V],[A],[C],[Ah],[Wh],[Cnt],",
        lambda n, t, v, i, c, s: (
            _stamp(t, "%m/%d/%Y %I:%M:%S %p"),
            3,
            _word(i, "CHA", "DCH", "PAU"),
            _clock(t),
            _clock(s),
            0,
            0,
            "trial",
            v,
            i,
            c,
            0,
            0,
            1,
            "",
        ),
        preamble=(
            "",
            "Measurement ID,585",
            "Battery Name,trial",
            "Start Time,5/13/2024 9:59:30 AM",
        ),
    )


def energy_hub():
    return _lines(
        "Cycle_Index,Step,Time_s,Current_A,Voltage_V,Cell_Temperature_C,Datenum_d",
        # An impedance measurement leaves its fields empty.
        lambda n, t, v, i, c, s: (1, 1, t, i, v, "" if n % 25 == 0 else c, 737791.0 + t / 86400),
    )


def kollmeyer():
    return _lines(
        "TimeStamp,Voltage,Current,Ah,Wh,Power,Battery_Temp_degC,Time,Chamber_Temp_degC",
        lambda n, t, v, i, c, s: (
            _stamp(t, "%m/%d/%Y %I:%M:%S %p"),
            v,
            i,
            COUNTED_AH[n - 1],
            0,
            i * v,
            c,
            t,
            25.0,
        ),
    )


def plain_german():
    text = _lines(
        "Zeit [s];Spannung [V];Strom [A];Temperatur [°C]",
        lambda n, t, v, i, c, s: [str(x).replace(".", ",") for x in (t, v, i, c)],
        preamble=("sep=;",),
        mark=";",
    )
    return text.encode("cp1252")


LAYOUTS = [
    neware_new, neware_old, neware_chinese, maccor_days, maccor_seconds, maccor_md, pec, bdf_hours,
    bdf_machine_names, arbin, arbin_of_beep, novonix, basytec, biologic, landt, digatron,
    energy_hub, kollmeyer, plain_german,
]  # fmt: skip


def _same(recording, *, temperature_atol=1e-6):
    np.testing.assert_allclose(recording.time_s, RECORD["time_s"], atol=1e-3)
    np.testing.assert_allclose(recording.voltage_V[:, 0], RECORD["voltage_V"], atol=1e-6)
    np.testing.assert_allclose(recording.current_A, RECORD["current_A"], atol=1e-6)
    np.testing.assert_allclose(
        recording.temperature_degC, RECORD["temperature_degC"], atol=temperature_atol
    )


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_a_layout_gives_the_record(bench, layout):
    content = layout()
    path = bench.folder / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    _same(read_recording(path), temperature_atol=2e-3 if layout is energy_hub else 1e-6)


def test_a_workbook_of_arbin_gives_the_record(bench):
    book = openpyxl.Workbook()
    book.active.title = "Info"
    for row in (["Test name", "trial"], ["Start", START], ["Channel", 7, 3.5, 4.5]):
        book.active.append(row)
    for title, rows in (("Channel_1-007", RECORD["time_s"].size), ("Statistics_1-007", 8)):
        sheet = book.create_sheet(title)
        sheet.append(
            ["Data_Point", "Test_Time(s)", "Date_Time", "Step_Time(s)", "Step_Index",
             "Cycle_Index", "Current(A)", "Voltage(V)", "Temperature (C)_1"]
        )  # fmt: skip
        for n in range(rows):
            t, v, i, c = (float(RECORD[name][n]) for name in RECORD)
            sheet.append([n, t, START + timedelta(seconds=t), t % 60, 1, 1, i, v, c])
    book.save(bench.folder / "arbin.xlsx")
    recording = read_recording(bench.folder / "arbin.xlsx")
    _same(recording)
    assert any("'Channel_1-007' is read, not Statistics_1-007" in note for note in recording.notes)


def test_a_maker_can_be_named_where_nothing_in_the_file_does(bench):
    text = _lines(
        "Rec,TestTime,Step Time,Amps,Volts,State,Temp 1",
        lambda n, t, v, i, c, s: (n, t, s, abs(i), v, _word(i, "C", "D", "R"), c),
    )
    path = bench.text(text)
    _same(read_recording(path))
    _same(read_recording(path, column_map=load_column_map("maccor")))


def test_a_file_of_neware_is_read_by_the_library_of_the_extra(bench, monkeypatch):
    path = bench.folder / "trial.ndax"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.ndc", b"binary")
    monkeypatch.setitem(sys.modules, "NewareNDA", None)
    with pytest.raises(ConfigurationError, match="needs the extra 'neware'"):
        read_recording(path)
    # The columns that the library returns: the time of the step, a status, and the date.
    words = [_word(i, "CC_Chg", "CC_DChg", "Rest") for i in RECORD["current_A"]]
    frame = pd.DataFrame(
        {
            "Index": np.arange(STEP_TIME.size),
            "Status": pd.Categorical(words),
            "Time": STEP_TIME,
            "Voltage": RECORD["voltage_V"],
            "Current(mA)": 1000.0 * RECORD["current_A"],
            "Timestamp": [START + timedelta(seconds=second) for second in RECORD["time_s"]],
            "T1": RECORD["temperature_degC"],
        }
    )
    monkeypatch.setitem(sys.modules, "NewareNDA", SimpleNamespace(read=lambda _path: frame))
    recording = read_recording(path)
    _same(recording)
    assert any("'Time' starts again and again" in note for note in recording.notes)


@pytest.mark.parametrize("ending", [".mpr", ".res", ".nda", ".mat", ".xls", ".h5"])
def test_binaries_of_makers_are_refused_with_the_export_to_make(bench, ending):
    path = bench.folder / f"trial{ending}"
    path.write_bytes(b"\x00\x01binary")
    with pytest.raises(ConfigurationError) as caught:
        read_recording(path)
    assert caught.value.hint
    assert "which is not read" in caught.value.what
