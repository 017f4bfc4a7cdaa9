"""`introspect`: the YAML of a device that runs."""

from pathlib import Path

import click

from .options import common_options, timeout_option_of
from .outcome import CONTROL_SYSTEM, end, show_stack
from .running import run

#: Longest time to wait where nothing is said, in s.
TIMEOUT_S = 10.0


@click.command(
    "introspect",
    epilog="""\b
Example:
  ophyd-decl introspect pva://BL99I-EA-PANDA-01:PVI
  ophyd-decl introspect pva://BL99I-EA-PANDA-01:PVI --name box --output box.yaml
  ophyd-decl introspect "tango://localhost:8888/sr/d-ct/1#dbase=no" --name ring
""",
)
@click.argument("source")
@click.option("--name", metavar="NAME", help="Namespace of its types, an identifier.  [default: from the address]")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write there.  [default: print]",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@timeout_option_of(f"{TIMEOUT_S:g}")
@common_options
def command(source: str, name: str | None, output: Path | None, force: bool, timeout: float | None) -> None:
    """Write down a running device as types: its signals with dtypes, labels, units and access, commands, sub-devices.

    SOURCE is pva://PREFIX:PVI, the PVI structure of a device, or tango://host:port/a/b/c, a Tango device, with
    #dbase=no behind it where it has no database. What is written is what `connect` then compares the
    server with; nothing is written to the server. What cannot be declared is named in a comment, and so is, at its
    line, what of a member cannot.
    """
    from ..errors import ReportError
    from ..tools.introspect import SourceError, introspect, source_of, write
    from .files import refuse_existing
    from .files import write as write_file

    if name is not None and not name.isidentifier():
        raise click.BadParameter(f"{name!r} is no identifier", param_hint="--name")
    if output is not None:
        refuse_existing([output], force)
    try:
        asked = source_of(source)
        found = run(lambda: introspect(asked, source, TIMEOUT_S if timeout is None else timeout))
    except SourceError as error:
        show_stack(error)
        raise click.BadParameter(str(error), param_hint="SOURCE") from None
    except ReportError as error:
        show_stack(error)
        problem = error.report.devices[0].problems[0]
        click.echo(f"error: {source}: {problem.cause}", err=True)
        if problem.help:
            click.echo(f"  = help: {problem.help}", err=True)
        end(CONTROL_SYSTEM)
    written = write(found, asked, source, name or found.name, "FILE" if output is None else output.name)
    if output is None:
        click.echo(written.text, nl=False)
        return
    write_file(output, written.text)
    left = f", {written.left_out} members left out" if written.left_out else ""
    in_part = f", {written.in_part} declared in part: see its comments" if written.in_part else ""
    click.echo(f"written: {output}, {written.types} types{left}{in_part}")
