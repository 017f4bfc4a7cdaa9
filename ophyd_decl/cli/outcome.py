"""Exit codes, and what is printed when a command fails (design 4).

0 fine, 1 the files are wrong or a check differs, 2 usage, 3 the control system disagrees, refuses or is absent,
130 Ctrl-C. The stack of what failed is shown with `--debug` only, also of what a command tells in its answer.
"""

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn, TextIO

import click

from ..errors import AbsentError, DefinitionError, Diagnostic, NoConnectorError, OphydDeclError, PluginError

FINE = 0
FILES_WRONG = 1
USAGE = 2
CONTROL_SYSTEM = 3
INTERRUPTED = 130

_DEBUG = "ophyd_decl.debug"
#: After Ctrl-C a command has this long to tidy up, in s, counted in parts; then the process ends whatever still hangs.
GRACE_AFTER_INTERRUPT_S, GRACE_PARTS = 1.5, 5


class ReaderGoneError(Exception):
    """Nobody reads the output any more; a `BrokenPipeError` that click does not answer with an exit code of its own."""


def end(code: int) -> NoReturn:
    """End the command with an exit code; everything was said already."""
    raise click.exceptions.Exit(code)


def guard(call: Callable[[], object], debug: bool) -> int:
    """Run a command and return its exit code; print what went wrong on standard error.

    :param call: the command; it may raise anything.
    :param debug: show the traceback of an error.
    """
    try:
        code = call()  # click gives the code of `Exit` here, and None where a command ran to its end
        flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        # Python remembers an interrupt that came while it ran code from a text, as modules do when they are imported,
        # and ends by the signal in the place of the exit code (`unhandled_keyboard_interrupt` of 3.11). So it forgets.
        exec("")  # noqa: S102
        return INTERRUPTED
    except (ReaderGoneError, BrokenPipeError):
        # Keeps Python from complaining at its end that nobody reads (`| head`), which is no fault of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except Exception as error:  # noqa: BLE001  # the last border: nobody above could answer it
        return _failed(error, debug)
    return code if isinstance(code, int) else FINE


def flush() -> None:
    """Write out what was said; a process may have been started without these streams."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _failed(error: BaseException, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    error = our_error(error) or error
    if isinstance(error, DefinitionError):
        show_diagnostics(error)
        return code_of(error.diagnostics)
    if isinstance(error, PluginError):
        click.echo(f"error: {error}", err=True)
        return FILES_WRONG
    if isinstance(error, OphydDeclError):
        show_errors([error])
        return CONTROL_SYSTEM
    if isinstance(error, OSError):
        named = f": {error.filename}" if error.filename else ""
        click.echo(f"error: {error.strerror or error}{named}", err=True)
        return FILES_WRONG
    if not debug:
        click.echo(
            f"error: ophyd-decl failed by a fault of its own: {type(error).__name__}: {error}\n"
            "       run the command again with --debug and report what it prints",
            err=True,
        )
    return FILES_WRONG


def note_debug(context: click.Context, wanted: bool) -> None:
    """Take note of whether the stack of what fails is wanted."""
    context.meta[_DEBUG] = wanted


def show_stack(error: BaseException | None) -> None:
    """Print the stack of an error, and of its causes, on standard error, if the command was called with `--debug`.

    This is for errors that a command tells itself; `guard` does it for one that ends the command.
    """
    if error is not None and click.get_current_context().meta.get(_DEBUG):
        traceback.print_exception(error)


def show_failures(errors: Sequence[OphydDeclError]) -> None:
    """Print what a command tells in its answer beside values, with the stacks if they are wanted."""
    for error in errors:
        show_stack(error)
    show_errors(errors)


def show_errors(errors: Sequence[OphydDeclError]) -> None:
    """Print what the control system did on standard error; where names are searched is said once."""
    helps: dict[str, None] = {}
    for error in errors:
        click.echo(f"error: {error}", err=True)
        if isinstance(error, AbsentError) and not isinstance(error, NoConnectorError) and not error.help:
            from ..session.report import help_of_absent

            helps[help_of_absent(error.source)] = None
    for help in helps:
        click.echo(f"  = help: {help}", err=True)


def wants_color(stream: TextIO) -> bool:
    """Return whether a stream is a terminal that shows colours, and whoever looks at it wants them.

    Source: no-color.org; terminfo(5), where `dumb` is a terminal without any abilities.
    """
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def show_diagnostics(error: DefinitionError) -> None:
    """Print the diagnostics of files on standard error, with colours on a terminal."""
    from ..source.frames import render_text

    click.echo(render_text(error.diagnostics, color=wants_color(sys.stderr)), err=True)


def code_of(diagnostics: Sequence[Diagnostic]) -> int:
    """Return the exit code of mistakes: that of a wrong call, if no file has one."""
    mistakes = [one for one in diagnostics if one.severity == "error"] or diagnostics
    return USAGE if all(one.place.in_call for one in mistakes) else FILES_WRONG


def our_error(error: BaseException) -> OphydDeclError | None:
    """Return the error of ours that caused this one, or None; a RunEngine wraps what a device had to say."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        if isinstance(current, OphydDeclError):
            return current
        seen.add(id(current))
        current = current.__cause__ or current.__context__
    return None


def end_now(code: int) -> NoReturn:
    """End the process at once, whatever still hangs."""
    flush()
    os._exit(code)


def limit_time_after_interrupt() -> None:
    """End the process when tidying up after Ctrl-C takes too long; a library that hangs cannot keep it.

    The time is counted in parts, so that a machine that stands still for a moment does not cut off what is to be said.
    """

    def end() -> None:
        for _ in range(GRACE_PARTS):
            time.sleep(GRACE_AFTER_INTERRUPT_S / GRACE_PARTS)
        os._exit(INTERRUPTED)

    threading.Thread(target=end, name="ophyd_decl interrupted", daemon=True).start()


def end_soon_after_interrupt(signal_number: int, frame: FrameType | None) -> None:
    """Handle Ctrl-C: interrupt the command, which then has little time to tidy up."""
    limit_time_after_interrupt()
    raise KeyboardInterrupt


def set_verbosity(verbose: int) -> None:
    """Log to standard error: warnings, with `-v` what is done, with `-vv` every detail, also of bluesky."""
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("ophyd_decl").setLevel(level)
    # bluesky logs the traceback of every plan that fails; why it failed is said at the end of the command.
    logging.getLogger("bluesky").setLevel(logging.INFO if verbose > 1 else logging.CRITICAL)
