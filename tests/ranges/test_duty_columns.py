"""A column map given beside a recorded profile, as `voltward plant --columns` does."""

import pytest

from voltward.core.errors import ConfigurationError
from voltward.ranges.configuration.duty import load_duty

MAP = """
name = "ours"
[columns]
time_s = { column = "clock" }
current_A = { column = "amps" }
"""


def test_a_column_map_beside_a_profile_is_used(tmp_path):
    profile, columns = tmp_path / "profile.csv", tmp_path / "ours.toml"
    rows = (f"{second},{-20 if second % 60 < 30 else 5}" for second in range(200))
    profile.write_text("clock,amps\n" + "\n".join(rows))
    columns.write_text(MAP)
    with pytest.raises(ConfigurationError, match="'time_s' is missing"):
        load_duty(str(profile), level="pack")
    duty = load_duty(str(profile), level="pack", columns=str(columns))
    assert duty.duration_s == pytest.approx(200.0, abs=1.0)


def test_a_column_map_of_a_duty_without_a_table_is_refused():
    with pytest.raises(ConfigurationError, match="not a recorded profile"):
        load_duty("commute-and-charge", columns="arbin")
