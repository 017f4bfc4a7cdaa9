"""`validate`: check files offline."""

import sys
from pathlib import Path

import click

from .options import beamline_options, common_options
from .outcome import code_of, end, wants_color


@click.command(
    "validate",
    epilog="""\b
Example:
  ophyd-decl validate beamlines/i99
""",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Form of the answer; github: annotations of a workflow.",
)
@beamline_options
@common_options
def command(paths: tuple[Path, ...], strict: bool, output: str, profile: str | None, overrides: dict[str, str]) -> None:
    """Check beamline folders and YAML files, and show every mistake with its place and a fix.

    Nothing is connected and nothing but YAML is read.
    """
    from ..collecting import without_collecting

    with without_collecting():  # from the first import on
        from ..compile import compile_paths

        compiled = compile_paths(paths, profile=profile, set=overrides)
    from ..source.frames import counted, render_github, render_text, to_json

    diagnostics = compiled.diagnostics
    if output == "json":
        import json

        answer = to_json(diagnostics, device_count=compiled.device_count, signal_count=compiled.signal_count)
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    elif output == "github":
        if diagnostics:
            click.echo(render_github(diagnostics))
    else:
        if diagnostics:
            click.echo(render_text(diagnostics, color=wants_color(sys.stdout)))
        if all(diagnostic.severity != "error" for diagnostic in diagnostics):
            counts = f": {counted(compiled.device_count, 'device')}, {counted(compiled.signal_count, 'signal')}"
            click.echo(f"valid{counts if compiled.device_count else ''}")
    if any(strict or diagnostic.severity == "error" for diagnostic in diagnostics):
        end(code_of(diagnostics))
