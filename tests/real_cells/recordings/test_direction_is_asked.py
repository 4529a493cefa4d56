"""A direction that a file does not say is asked: unknown words, magnitudes without words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.column_map import load_column_map
from voltward.real_cells.recordings.reading import read_recording
from voltward.real_cells.recordings.state_words import (
    CHARGE,
    DISCHARGE,
    REST,
    UNKNOWN,
    meaning_of,
)

# A discharge with rests, then a charge: a cell of 3 Ah with a resistance of 50 mohm.
SIGNED_A = np.tile(np.repeat([0.0, -2.5, 0.0, 2.0], [30, 300, 30, 300]), 4)
TIME_S = np.arange(float(SIGNED_A.size))


def voltage_of(current_A, step_s=1.0):
    return 3.2 + 0.9 * (1.0 + np.cumsum(current_A) * step_s / 10800.0) + 0.05 * current_A


def written(folder, current_A, words=None, *, true_A=SIGNED_A, time_s=TIME_S, head=None):
    step_s = float(time_s[1] - time_s[0])
    columns = [time_s, voltage_of(true_A, step_s), current_A, np.full(time_s.size, 25.0)]
    fields = [[f"{value:.6g}" for value in column] for column in columns]
    if words is not None:
        fields.append(words)
    names = head or "Time(s),Voltage(V),Current(A),Temp(C)" + (",Status" if words else "")
    path = folder / "file.csv"
    path.write_text("\n".join([names, *map(",".join, zip(*fields, strict=True))]) + "\n")
    return path


def said(triple, current_A=SIGNED_A):
    charge, discharge, rest = triple
    return [charge if i > 0.0 else discharge if i < 0.0 else rest for i in current_A]


KNOWN = [
    ("Charge", "Décharge", "Repos"),
    ("Laden", "Ontladen", "Rust"),
    ("CHG", "DSCHG", "REST"),
    ("CC Chg", "CC D-Chg", "Rest"),
    ("Charge", "Uncharge", "Idle"),
    ("charge", "decharge", "rest"),
    ("CCCV_Chg", "CP_DChg", "OCV"),
    ("Aufladen", "Entladen", "Ruhe"),
    ("Carga", "Descarga", "Reposo"),
    ("CC Charge 1", "CC dis-charge 2", "open circuit"),
]
NOT_KNOWN = [
    ("Charge", "Load", "Idle"),
    ("LAD", "ELA", "PAU"),
    ("Заряд", "Разряд", "Пауза"),
    ("Laddning", "Urladdning", "Vila"),
    ("CCC", "CCD", "R"),
    ("C", "DC", "OC"),
    ("charging", "not charging", "rest"),
    ("up", "down", "wait"),
]


@pytest.mark.parametrize("triple", KNOWN, ids=str)
def test_known_words_give_a_magnitude_its_sign(tmp_path, triple):
    path = written(tmp_path, abs(SIGNED_A), said(triple))
    assert np.array_equal(read_recording(path).current_A + 0.0, SIGNED_A + 0.0)


@pytest.mark.parametrize("triple", NOT_KNOWN, ids=str)
def test_unknown_words_of_a_magnitude_are_asked(tmp_path, triple):
    path = written(tmp_path, abs(SIGNED_A), said(triple))
    with pytest.raises(ConfigurationError, match="neither charge nor discharge") as error:
        read_recording(path)
    assert triple[1] in str(error.value)
    assert "direction = {" in error.value.hint
    assert "sign = -1" not in error.value.hint


@pytest.mark.parametrize("triple", NOT_KNOWN, ids=str)
def test_a_signed_current_keeps_its_sign_whatever_the_words(tmp_path, triple):
    read = read_recording(written(tmp_path, SIGNED_A, said(triple)))
    assert np.array_equal(read.current_A, SIGNED_A)
    assert any("neither charge nor discharge" in note for note in read.notes)


def test_one_unknown_row_is_enough_to_ask(tmp_path):
    words = said(("Charge", "Discharge", "Rest"))
    words[100] = "Pulse"
    with pytest.raises(ConfigurationError, match="'Pulse'"):
        read_recording(written(tmp_path, abs(SIGNED_A), words))


@pytest.mark.parametrize(
    "word", ["not charging", "Fully charged", "charger disconnected", "discharge enabled", "D", "C"]
)
def test_a_part_of_a_word_says_nothing(word):
    assert meaning_of(word) == UNKNOWN


@given(
    mode=st.sampled_from(["", "CC ", "CC_", "cccv-", "CP ", "constant current ", "3: "]),
    word=st.sampled_from(["charge", "chg", "laden"]),
    junk=st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=9),
)
def test_only_whole_words_are_known(mode, word, junk):
    assert meaning_of(mode + word.upper()) == CHARGE
    assert meaning_of(f"{mode}dis{word}") == (UNKNOWN if word == "laden" else DISCHARGE)
    assert meaning_of(f"{mode}{word}{junk}") == UNKNOWN
    assert meaning_of("Pause") == REST


HPPC_A = np.tile(np.repeat([0.0, -5.0, 0.0, 4.0, 0.0, -1.0], [40, 10, 40, 10, 40, 200]), 5)


@pytest.mark.parametrize("every", [1, 10, 60])
@pytest.mark.parametrize("true_A", [SIGNED_A, HPPC_A], ids=["cycles", "pulses"])
def test_a_magnitude_without_words_is_asked_at_every_rate(tmp_path, every, true_A):
    long_A = np.repeat(true_A, every)[:: max(1, every // 10)]
    step_s = float(max(1, every // 10))
    time_s = np.arange(long_A.size) * step_s
    at = np.arange(0, long_A.size, every)
    if at.size < 10:
        at = np.arange(0, long_A.size, 10)
    volts = voltage_of(long_A, step_s)[at]
    path = tmp_path / "file.csv"
    rows = np.column_stack([time_s[at], volts, abs(long_A[at]), np.full(at.size, 25.0)])
    np.savetxt(
        path, rows, delimiter=",", header="Time(s),Voltage(V),Current(A),Temp(C)", comments=""
    )
    with pytest.raises(ConfigurationError, match="never negative") as error:
        read_recording(path)
    assert "sign = -1" not in error.value.hint


def test_a_clear_charge_without_words_is_read(tmp_path):
    charge_A = np.concatenate([np.zeros(30), np.full(1800, 2.0), np.zeros(30)])
    path = written(tmp_path, charge_A, true_A=charge_A, time_s=np.arange(1860.0))
    assert np.array_equal(read_recording(path).current_A, charge_A)


MACCOR = "Rec#,TestTime,Volts,Amps,State,Temp 1"


@pytest.mark.parametrize("triple", [("C", "D", "R"), ("F", "F", "R")], ids=str)
def test_a_makers_map_keeps_the_signs_of_a_signed_column(tmp_path, triple):
    fields = zip(TIME_S, voltage_of(SIGNED_A), SIGNED_A, said(triple), strict=True)
    rows = [f"1,{t},{v:.5f},{i},{word},25" for t, v, i, word in fields]
    path = tmp_path / "file.csv"
    path.write_text("\n".join([MACCOR, *rows]) + "\n")
    read = read_recording(path, column_map=load_column_map("maccor"))
    assert np.array_equal(read.current_A, SIGNED_A)
    assert any("both signs" in note for note in read.notes)
