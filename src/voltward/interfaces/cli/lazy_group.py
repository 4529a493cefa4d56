"""A group whose commands are named in a table and imported when they are called."""

from collections.abc import Mapping
from typing import Any

import click

from voltward.interfaces.cli.commands.deferred import CommandGroup, imported


class LazyGroup(CommandGroup):
    """A group whose commands are named in a table and imported when called.

    Args:
        table: Name to where the command is defined, as `module:object`, and its line in the help.
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
        command: click.Command = imported(self.table[cmd_name][0])
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])
