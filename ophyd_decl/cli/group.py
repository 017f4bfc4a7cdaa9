"""The group of commands: finds a command by name, and imports its file only then."""

import importlib
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

import click

from .options import version_option
from .outcome import ReaderGoneError, end_soon_after_interrupt, guard

#: Name of a command, and the file that holds it as `command`.
COMMANDS: dict[str, str] = {
    "connect": "connect",
    "demo": "demo",
    "doctor": "doctor",
    "explain": "explain",
    "init": "init_beamline",
    "introspect": "introspect",
    "read": "read",
    "render": "render",
    "schema": "schema",
    "set": "set_values",
    "settings": "settings",
    "stubs": "stubs",
    "tree": "tree",
    "validate": "validate",
    "watch": "watch",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of `--help`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, or None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f"{__package__}.{COMMANDS[cmd_name]}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command does, in full."""
        said = [(name, (self.get_command(ctx, name) or self).help or "") for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, " ".join(text.partition("\n\n")[0].split())) for name, text in said])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name; propose a near one for a typing error."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            if near and "did you mean" not in error.message.lower():  # newer versions of click say so themselves
                raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from None
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGoneError from None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; with `standalone_mode` end the process with the exit code of design 4."""
        given = list(sys.argv[1:] if args is None else args)

        def call() -> Any:
            return super(LazyGroup, self).main(given, prog_name, complete_var, False, **extra)

        if not standalone_mode:
            return call()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, end_soon_after_interrupt)
        sys.exit(guard(call, debug="--debug" in given))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  ophyd-decl demo
  ophyd-decl init beamlines/i99
  ophyd-decl validate beamlines/i99
  ophyd-decl connect --help

Exit codes: 0 fine, 1 the files are wrong or a comparison found a difference, 2 the call is wrong, 3 the control system
disagrees, refuses or is absent, 130 Ctrl-C.
""",
)
@version_option
def main() -> None:
    """Check, connect and use Bluesky devices that are defined in YAML.

    PATH is a beamline folder, or one YAML file.
    """
