"""Options that commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from .outcome import note_debug, set_verbosity

Function = TypeVar("Function", bound=Callable[..., Any])


def _show_version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"ophyd-decl {version('ophyd-decl')}")
    except PackageNotFoundError:
        click.echo("ophyd-decl, from a checkout that is not installed")
    context.exit()


version_option = click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
path_argument = click.argument("path", type=click.Path(path_type=Path))


def timeout_option_of(default: str) -> Callable[[Function], Function]:
    """Return the option of how long to wait, whose help says what holds without it."""
    return click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="S",
        help=f"Longest time to wait for the control system, in s.  [default: {default}]",
    )


timeout_option = timeout_option_of("as the files say")
format_option = click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the answer.",
)


_READ_ONLY = "ophyd_decl.read_only"
#: What `--read-only` sets; the strongest of all settings.
READ_ONLY = {"read_only": "true"}


def read_only_option(function: Function) -> Function:
    """Add `--read-only` to a command with `beamline_options` that reaches the control system."""
    option = click.option(
        "--read-only",
        is_flag=True,
        is_eager=True,  # before `--set`, to which it belongs
        expose_value=False,
        callback=_note_read_only,
        help="Refuse whatever would write, before anything is sent; also OPHYD_DECL_READ_ONLY=1.",
    )
    return option(function)


def common_options(function: Function) -> Function:
    """Add what every command takes: `--version`, `-v`, `--debug`."""
    for option in (
        click.option(
            "--debug", is_flag=True, expose_value=False, callback=_debug, help="Show the stack of whatever failed."
        ),
        click.option(
            "-v", "--verbose", count=True, expose_value=False, callback=_verbose, help="Log more; twice for all."
        ),
        version_option,
    ):
        function = option(function)
    return function


def beamline_options(function: Function) -> Function:
    """Add what every command about a beamline takes: `--profile`, `--set`."""
    for option in (
        click.option(
            "--set",
            "overrides",
            multiple=True,
            metavar="PATH=VALUE",
            callback=_pairs,
            help="Set a value of the files for this call, for instance vars.bl=BL22I.",
        ),
        click.option("--profile", envvar="OPHYD_DECL_PROFILE", metavar="NAME", help="Profile of the beamline."),
    ):
        function = option(function)
    return function


def _debug(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    note_debug(context, wanted)


def _verbose(context: click.Context, parameter: click.Parameter, value: int) -> None:
    set_verbosity(value)


def _pairs(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = dict(pair(value, parameter) for value in values)
    return pairs | READ_ONLY if context.meta.get(_READ_ONLY) else pairs


def _note_read_only(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    context.meta[_READ_ONLY] = wanted


def pair(text: str, parameter: click.Parameter | None = None, form: str = "PATH=VALUE") -> tuple[str, str]:
    """Split `PATH=VALUE`.

    :param form: what the help calls it.
    :raises click.BadParameter: if there is no `=`, or nothing left of it.
    """
    key, equals, value = text.partition("=")
    if not key.strip() or not equals:
        raise click.BadParameter(f"{text!r} is not {form}", param=parameter)
    return key.strip(), value
