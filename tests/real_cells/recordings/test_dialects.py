"""The same record in any dialect is the same recording."""

import numpy as np
from hypothesis import given, settings
from tests.real_cells.recordings.dialects import dialects, record, write

from voltward.real_cells.recordings.reading import read_recording

FIELDS = ("time_s", "voltage_V", "current_A", "temperature_degC")


def _same(recording, columns):
    np.testing.assert_allclose(recording.time_s, columns["time_s"], atol=2e-3)
    np.testing.assert_allclose(recording.voltage_V[:, 0], columns["voltage_V"], atol=1e-6)
    np.testing.assert_allclose(recording.current_A, columns["current_A"], atol=1e-6)
    np.testing.assert_allclose(recording.temperature_degC, columns["temperature_degC"], atol=1e-6)


@settings(max_examples=200)
@given(dialect=dialects())
def test_any_dialect_gives_the_same_recording(tmp_path_factory, dialect):
    columns = record()
    path = write(tmp_path_factory.mktemp("dialect"), dialect, columns)
    _same(read_recording(path), columns)
