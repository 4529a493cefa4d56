"""Commands that import what does their work when they run, and whose help ends with examples."""

from collections.abc import Callable
from importlib import import_module
from inspect import cleandoc
from typing import Any

import click

from voltward.core.suggestion import nearest

_ROOM = "voltward.interfaces.cli."
# A command keeps the first names that it is given, so each has them, also without its group.
_HELP_NAMES = {"help_option_names": ["-h", "--help"]}


class CommandWithExamples(click.Command):
    """A command whose help ends with the examples that end its docstring.

    Attributes:
        examples: Complete command lines.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.context_settings = {**_HELP_NAMES, **self.context_settings}
        self.help, _, examples = cleandoc(self.help or "").partition("\n\nExamples:\n")
        self.examples = tuple(line.strip() for line in examples.splitlines())

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        if self.examples:
            with formatter.section("Examples"):
                indent = " " * formatter.current_indent
                formatter.write("".join(f"{indent}{example}\n" for example in self.examples))


class DeferredCommand(CommandWithExamples):
    """A command whose work is imported when it runs.

    Args:
        work: The function that does the work, as `module:name` below `voltward.interfaces.cli`;
            it is called with the options by their names.
        settings: As for any command.
    """

    def __init__(self, *args: Any, work: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._place = work

    def work(self) -> Callable[..., Any]:
        """Import and return the function that does the work."""
        module, _, name = self._place.partition(":")
        function: Callable[..., Any] = getattr(import_module(_ROOM + module), name)
        return function

    def invoke(self, ctx: click.Context) -> Any:
        """Import the function that does the work and call it."""
        return ctx.invoke(self.work(), **ctx.params)


class CommandGroup(CommandWithExamples, click.Group):
    """A group of deferred commands, listed in the order in which they are defined."""

    command_class = DeferredCommand

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names in the order of definition."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; an unknown name gets the nearest known one as a hint."""
        name, known = args[0], self.commands
        if name not in known and not name.startswith("-"):
            raise click.UsageError(f"there is no command '{name}': {nearest(name, known)}", ctx)
        return super().resolve_command(ctx, args)
