"""`stubs`: types of the devices of a beamline, for editors and type checkers."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

import click

from .options import beamline_options, common_options, path_argument
from .outcome import FILES_WRONG, end


@click.command(
    "stubs",
    epilog="""\b
Example:
  ophyd-decl stubs beamlines/i99
  ophyd-decl stubs beamlines/i99 --check
""",
)
@path_argument
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write there.  [default: __init__.pyi beside beamline.yaml]",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; show how the file differs, and exit with 1 if it does.")
@beamline_options
@common_options
def command(path: Path, output: Path | None, check: bool, profile: str | None, overrides: dict[str, str]) -> None:
    """Write the types of all devices and signals of a beamline to __init__.pyi, for editors and type checkers.

    With it they complete `from beamlines.i99 import stage`, and find a wrong attribute, label or dtype in a plan.
    A file that this command wrote is replaced; any other is left as it is. Nothing is connected.
    """
    from ..compile import compile_beamline
    from ..errors import DefinitionError
    from ..resolve.locations import BEAMLINE_NAME
    from ..source.frames import render_text
    from ..stubs.module import FILE_NAME, stub_of

    compiled = compile_beamline(path, profile=profile, set=overrides)
    blueprint = compiled.blueprint
    if blueprint is None:
        raise DefinitionError(compiled.diagnostics, render_text)
    file = Path(blueprint.file)
    if output is None:
        if file.name != BEAMLINE_NAME:
            raise click.UsageError(f"{file} cannot be imported, as it is no {BEAMLINE_NAME}; name a file with --output")
        output = file.parent / FILE_NAME
    text = stub_of(blueprint, _options(profile, overrides))
    if check:
        from .files import show_differences

        if show_differences({output: text}, "without --check"):
            end(FILES_WRONG)
        return
    _write(output, text)
    if output.name == FILE_NAME and not output.with_name("__init__.py").exists():
        click.echo(
            f"note: Python imports the devices when {output.with_name('__init__.py')} says:\n"
            "  from ophyd_decl import expose\n  expose(__name__)",
            err=True,
        )


def _options(profile: str | None, overrides: Mapping[str, str]) -> str:
    words = [] if profile is None else ["--profile", profile]
    for key, value in overrides.items():
        words.extend(("--set", f"{key}={value}"))
    return shlex.join(words)


def _write(file: Path, text: str) -> None:
    """Write a stub in the place of one that the command wrote, and of no other file.

    :raises click.UsageError: if the file is that of a person.
    """
    from ..stubs.module import MARK
    from .files import write

    if os.path.lexists(file):
        there = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""  # a link to nothing
        if there == text:
            click.echo(f"up to date: {file}")
            return
        if not there.startswith(MARK):
            raise click.UsageError(
                f"{file} was not written by this command, and is left as it is; "
                "move it away, or name another file with --output"
            )
    write(file, text)
    click.echo(f"written: {file}")
