"""A group whose commands are named in a table and imported when they are called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from voltward.core.suggestion import nearest


class LazyGroup(click.Group):
    """A group whose commands are named in a table and imported when called.

    Args:
        table: Name to where the command lives, as `module:object`, and its line in the help.
        settings: As for any group.
    """

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.table = table

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(self.table)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None when there is none of that name."""
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; an unknown name gets the nearest known one as a hint."""
        name = args[0]
        if name not in self.table and not name.startswith("-"):
            raise click.UsageError(
                f"there is no command '{name}': {nearest(name, self.table)}", ctx
            )
        return super().resolve_command(ctx, args)
