"""`python -m benchmarks.ageing_adaptation`: does the twin follow ageing, and what can teach it?

Track matched. Time is compressed thirtyfold: the cells lose 20 % of capacity and gain 40 % of
resistance in ten days of round-the-clock cycling, as fast cycling in a laboratory does in 300, and
the twin adapts at thirty times its usual rates. The attacks meet fresh cells and the usual rates,
which is their fair clock; then the thirtyfold rates, which is not; then no guards at all.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks.ageing_loop import CELLS, DAY_S, runs_of, simulate
from voltward.cloud.adaptation import AdaptationParameters

UNGUARDED = AdaptationParameters(
    resistance_per_day=100.0,
    capacity_per_day=100.0,
    dead_band=10.0,
    resistance_jump=10.0,
    capacity_jump=10.0,
    disagreement=10.0,
    apart=10.0,
    threshold=1e9,
    hold_s=0.0,
)
SEEDS = (1, 2, 3, 4)
AGEING_DAYS, COMPRESSED = 10.0, 30.0
START_H, STOP_H, END_H = 24, 60, 108
ATTACKS: dict[str, dict[str, float]] = {
    "no attack": {},
    "voltage +20 mV, all cells": {"bias_V": 0.02},
    "voltage +20 mV, one cell": {"bias_V": 0.02, "cells": 1},
    "voltage ramp to 20 mV in 6 h, all": {"bias_V": 0.02, "ramp_s": 6 * 3600},
    "voltage ramp to 20 mV in 36 h, all": {"bias_V": 0.02, "ramp_s": 36 * 3600},
    "voltage ramp to 20 mV in 6 h, one": {"bias_V": 0.02, "ramp_s": 6 * 3600, "cells": 1},
    "current gain +2 %": {"gain": 0.02},
    "current gain -2 %": {"gain": -0.02},
    "current gain -1 %": {"gain": -0.01},
    "current gain creeps to +2 % in 36 h": {"gain": 0.02, "ramp_s": 36 * 3600},
    "current gain creeps to -2 % in 36 h": {"gain": -0.02, "ramp_s": 36 * 3600},
}


def ageing() -> list[dict[str, Any]]:
    """Return a row for the adaptive twin and one for the twin that stays as commissioned."""
    count = len(SEEDS)
    runs = runs_of(
        2 * count,
        seed=np.tile(SEEDS, 2).astype(np.uint64),
        learning=np.repeat([COMPRESSED, 0.0], count),
        fade=np.full(2 * count, 0.2),
        growth=np.full(2 * count, 0.4),
        ageing_s=np.full(2 * count, AGEING_DAYS * DAY_S),
    )
    found = simulate(runs, AdaptationParameters(), AGEING_DAYS)
    rows = []
    for name, part in (("adaptive", slice(count)), ("static", slice(count, None))):
        first_h = np.min(found["first_s"][part], axis=0) / 3600.0
        rows.append(
            {
                "twin": name,
                "hours": count * AGEING_DAYS * 24.0,
                "alarms": found["onsets"][part].sum(axis=0).astype(int).tolist(),
                "first_h": [float(h) if np.isfinite(h) else None for h in first_h],
                "resistance_error_pct": 100.0 * _off(found, "resistance", part),
                "capacity_error_pct": 100.0 * _off(found, "capacity", part),
                "soc_error_pct": 100.0 * float(found["soc_error"][:, part].max()),
            }
        )
    return rows


def _off(found: dict[str, Any], name: str, part: slice) -> float:
    ratio = found[name][:, part] / found[f"true_{name}"][:, part]
    return float(np.abs(ratio - 1.0).max())


def attacked(
    adaptation: AdaptationParameters, pace: float, stop_h: int = STOP_H, end_h: int = END_H
) -> list[dict[str, Any]]:
    """Return how far each attack moves the factors while it lasts, and what stays of it."""
    count = len(SEEDS)
    total = count * len(ATTACKS)
    usual = {"bias_V": 0.0, "ramp_s": 0.0, "gain": 0.0, "cells": float(CELLS)}
    columns = {
        name: np.repeat([float(given.get(name, value)) for given in ATTACKS.values()], count)
        for name, value in usual.items()
    }
    runs = runs_of(
        total,
        seed=np.tile(SEEDS, len(ATTACKS)).astype(np.uint64),
        learning=np.full(total, pace),
        start_s=np.full(total, START_H * 3600.0),
        stop_s=np.full(total, stop_h * 3600.0),
        **columns,
    )
    found = simulate(runs, adaptation, end_h / 24.0)
    rows = []
    for index, name in enumerate(ATTACKS):
        part = slice(index * count, (index + 1) * count)
        onsets = np.diff(found["hourly_onsets"][:, part], axis=0, prepend=0).sum(axis=2)
        row = {
            "attack": name,
            "soc_error_pct": 100.0 * float(found["soc_error"][START_H:stop_h, part].max()),
            "soc_error_end_pct": 100.0 * float(found["soc_error"][-12:, part].max()),
            "held_share": float(found["held"][START_H:stop_h, part].mean()),
            "detected": int((onsets[START_H:stop_h].sum(axis=0) > 0).sum()),
            "alarms_after_a_day": int(onsets[stop_h + 24 :].sum()),
        }
        for factor in ("resistance", "capacity"):
            moved = np.abs(found[factor][:, part] - found[factor][START_H - 1, part])
            row[f"{factor}_moved_pct"] = 100.0 * float(moved[START_H:stop_h].max())
            row[f"{factor}_left_pct"] = 100.0 * float(moved[-1].max())
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ageing_adaptation")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    document = {
        "track": "matched",
        "seeds": SEEDS,
        "ageing": ageing(),
        "guarded": attacked(AdaptationParameters(), 1.0),
        "guarded_thirtyfold": attacked(AdaptationParameters(), COMPRESSED),
        "unguarded": attacked(UNGUARDED, 1.0),
        "guarded_five_days": attacked(AdaptationParameters(), 1.0, START_H + 120, START_H + 240),
    }
    for name, rows in document.items():
        if not isinstance(rows, list):
            continue
        print(f"\n{name}")
        for row in rows:
            cells = (f"{k}={v:.2f}" if isinstance(v, float) else f"{k}={v}" for k, v in row.items())
            print("  " + "  ".join(cells))
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / "ageing_adaptation.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    print(f"written: {path}")


if __name__ == "__main__":
    main()
