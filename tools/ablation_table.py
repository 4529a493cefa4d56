"""Write docs/explanation/ablation.md from two campaigns: full less each control, and each alone.

voltward run examples/ablation.toml --out out/ablation --no-report
voltward run examples/alone.toml --out out/alone --no-report
python tools/ablation_table.py out/ablation out/alone docs/explanation/ablation.md
"""

import sys
from pathlib import Path
from typing import Any

from voltward.controls.catalogue import CONTROLS
from voltward.results.run_folder import RunFolder

HEAD = """# Every control, alone and left out

Two campaigns on the reference duty, track {track}, {n} seeds a cell, first seed {seed}. *Alone*:
the factory protection and this control only, against stack `none`. *Left out*: stack `full`
without this control, against `full`. A row names the attacks whose share of goals reached (goal),
detected (seen) or blocked runs changes by more than a quarter of a run's share; a dash says that
nothing changes on this duty. A response alone has no alarm to answer, and a control that others
cover leaves no mark when it is left out: both are findings.

Reproduce:

```
voltward run examples/ablation.toml --out out/ablation --no-report
voltward run examples/alone.toml --out out/alone --no-report
python tools/ablation_table.py out/ablation out/alone docs/explanation/ablation.md
```

| control | hooks | alone | left out of full |
|---|---|---|---|
"""
MEASURES = (("goal_share", "goal"), ("detected_share", "seen"), ("blocked_share", "blocked"))
LEAST, MOST_NAMED = 0.25, 5


def effects(rows: list[dict[str, Any]], stack: str, against: str) -> str:
    """Return in words which attacks end otherwise under one stack than under another."""
    table = {(row["attack"], row["stack"]): row for row in rows}
    words = []
    for name, title in MEASURES:
        for sign, arrow in ((1.0, "up"), (-1.0, "down")):
            attacks = [
                attack
                for attack, at in table
                if at == stack
                and sign * (table[attack, stack][name] - table[attack, against][name]) >= LEAST
            ]
            if attacks:
                shown = ", ".join(attacks[:MOST_NAMED])
                more = f" and {len(attacks) - MOST_NAMED} more" if attacks[MOST_NAMED:] else ""
                words.append(f"{title} {arrow}: {shown}{more}")
    return "; ".join(words) or "–"


def main() -> None:
    """Write the page."""
    left_out, alone = (RunFolder.open(Path(name), with_report=False) for name in sys.argv[1:3])
    rows_out, rows_alone = left_out.matrix(), alone.matrix()
    lines = [
        HEAD.format(track=left_out.run["track"], n=rows_out[0]["n"], seed=left_out.run["seed"])
    ]
    for control in CONTROLS.all():
        hooks = ", ".join(hook.value for hook in control.hooks)
        single = effects(rows_alone, f"only {control.id}", "none")
        missing = effects(rows_out, f"full less {control.id}", "full")
        lines.append(f"| {control.id} | {hooks} | {single} | {missing} |\n")
    Path(sys.argv[3]).write_text("".join(lines), encoding="utf-8")
    print(f"wrote {sys.argv[3]}")


if __name__ == "__main__":
    main()
