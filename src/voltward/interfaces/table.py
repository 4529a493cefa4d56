"""What a campaign prints in a terminal: the table, the safety line, and what was written."""

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from voltward.results.columns import BASELINE_STACK, NO_ATTACK
from voltward.results.metrics import by_world, share_over_worlds

Row = Mapping[str, Any]
# Never colour alone: the marks say the same.
SEEN, STOPPED = "●", "■"
LEGEND = (
    "share that met its own goal / any goal of the catalogue, made by the defence included; "
    f"95 % Wilson intervals in matrix.csv; {STOPPED} blocked, {SEEN} detected"
)
_MOSTLY = 0.5


def print_matrix(rows: Sequence[Row], console: Console) -> None:
    """Print attack x stack: the share of runs in which the goal was reached, with marks.

    Args:
        rows: Rows of the matrix; clean duty is left out.
        console: Where to.
    """
    attacked = [row for row in rows if row["attack"] != NO_ATTACK]
    stacks = list(dict.fromkeys(row["stack"] for row in attacked))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("attack", no_wrap=True)
    for stack in stacks:
        table.add_column(stack, no_wrap=True)
    by_key = {(row["attack"], row["stack"]): row for row in reversed(attacked)}
    for attack in dict.fromkeys(row["attack"] for row in attacked):
        cells = [_cell(by_key.get((attack, stack))) for stack in stacks]
        table.add_row(Text(attack), *cells)
    console.print(table)
    tracks = ", ".join(dict.fromkeys(row["track"] for row in attacked))
    counts = sorted({int(row["n"]) for row in attacked})
    runs = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0] if counts else 0)
    console.print(
        Text(f"{LEGEND}; {runs} runs a cell, track {tracks or 'none'}", style="dim"), soft_wrap=True
    )


def matrix_table(rows: Sequence[Row], width: int = 160) -> str:
    """Return what `print_matrix` prints, as text without colour.

    Args:
        rows: Rows of the matrix.
        width: Columns of the terminal.
    """
    console = Console(file=StringIO(), width=width, color_system=None, record=True)
    print_matrix(rows, console)
    lines = console.export_text().splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _cell(row: Row | None) -> Text:
    if row is None:
        return Text("-", style="dim")
    share, any_share = float(row["goal_share"]), float(row["any_goal_share"])
    marks = STOPPED if row["blocked_share"] > _MOSTLY else " "
    marks += SEEN if row["detected_share"] > _MOSTLY else " "
    style = "green" if any_share == 0.0 else "yellow" if any_share < _MOSTLY else "red"
    return Text(f"{share:.2f}/{any_share:.2f} {marks}", style=style)


def print_safety_line(
    rows: Sequence[Row], cases: Sequence[Row], stack: str, console: Console
) -> None:
    """Print in one line what a stack saves: goals reached without and with it, and safe state.

    Args:
        rows: Rows of the matrix.
        cases: Rows of the cases table.
        stack: The stack to speak of.
        console: Where to.
    """
    parts = []
    if stack != BASELINE_STACK and any(row["stack"] == BASELINE_STACK for row in rows):
        parts.append(f"goals reached {_reached(cases, BASELINE_STACK)} -> {_reached(cases, stack)}")
    else:
        parts.append(f"goals reached {_reached(cases, stack)}")
    of_stack = [row for row in rows if row["stack"] == stack]
    parts.append(f"any goal {_reached(cases, stack, 'any_goal')}")
    parts.append(f"by the defence {_reached(cases, stack, 'defence_goal')}")
    over = {
        name: sum(row["over_voltage_s"] * row["n"] for row in rows if row["stack"] == name)
        for name in (BASELINE_STACK, stack)
    }
    parts.append(f"over-voltage {over[BASELINE_STACK]:.0f} s -> {over[stack]:.0f} s")
    safe = [row["safe_median_s"] for row in of_stack if row["safe_median_s"] is not None]
    if safe:
        parts.append(f"slowest median time to safe state {max(safe):.3g} s")
    alarms, hours = (sum(row[name] for row in of_stack) for name in ("false_alarms", "hours"))
    parts.append(f"{alarms} false alarms in {hours:.3g} h")
    draws = len({case["seed"] for case in cases if case["stack"] == stack})
    parts.append(f"intervals over {draws} draws, too narrow below about twenty")
    console.print(
        f"[bold]safety[/bold]  with stack {escape(stack)}: {'; '.join(parts)}", soft_wrap=True
    )


def _reached(cases: Sequence[Row], stack: str, flag: str = "goal_reached") -> str:
    """Return how often, with an interval over worlds, since runs of one world hang together."""
    chosen = [
        {**case, "runs": 1}
        for case in cases
        if case["stack"] == stack and case["attack"] != NO_ATTACK
    ]
    reached = sum(bool(case[flag]) for case in chosen)
    bounds = share_over_worlds(by_world(chosen, flag), by_world(chosen, "runs"))
    return f"{reached}/{len(chosen)} ({100 * bounds.low:.0f} to {100 * bounds.high:.0f} %)"


def print_written(folder: Path, files: Sequence[Path], console: Console) -> None:
    """Print what was written, folders of many files as one entry, and what to open.

    Args:
        folder: The run folder.
        files: Files in it.
        console: Where to.
    """
    names = [path.relative_to(folder) for path in files]
    shown = [name.as_posix() for name in names if len(name.parts) == 1]
    for parent in dict.fromkeys(name.parts[0] for name in names if len(name.parts) > 1):
        count = sum(name.parts[0] == parent for name in names)
        shown.append(f"{parent}/ ({count} files)")
    open_hint = " (open report.html)" if "report.html" in shown else ""
    console.print(
        f"[bold]wrote[/bold]   {escape(str(folder))}{open_hint}: {', '.join(shown)}", soft_wrap=True
    )
