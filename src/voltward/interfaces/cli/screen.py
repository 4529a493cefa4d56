"""What is drawn with rich, which is loaded only when something is drawn."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

# Tables in a pipe or a file: wide enough for six stacks.
WIDTH = 160


def output_console(*, plain: bool) -> Console:
    """Return standard output for tables; without a terminal it is wide and has no colour."""
    if not sys.stdout.isatty():
        return Console(width=WIDTH, no_color=True, color_system=None)
    return Console(no_color=plain)


class _BarOrRemark(ProgressColumn):
    """The bar of a stage; while nothing of the stage is done, its remark in place of the bar."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = BarColumn()

    def render(self, task: Task) -> RenderableType:
        if task.fields["remark"] and not task.completed:
            return str(task.fields["remark"])
        return self._bar.render(task)


@contextmanager
def drawn_bar(*, plain: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function (stage, done, total) that moves a bar for each stage on standard error.

    What follows ": " in a stage is a remark that may change from call to call.
    """
    shown = (
        TextColumn(" {task.description:<10}"),
        _BarOrRemark(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*shown, console=Console(stderr=True, no_color=plain)) as bar:
        tasks: dict[str, TaskID] = {}

        def advance(stage: str, done: int, total: int) -> None:
            name, _, remark = stage.partition(": ")
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total, remark=remark)
            described = stage if done else name
            bar.update(
                tasks[name], completed=done, total=total, description=described, remark=remark
            )

        yield advance
