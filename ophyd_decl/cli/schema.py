"""`schema`: JSON Schema of the files, for editors and other programs."""

from collections.abc import Mapping
from pathlib import Path

import click

from ..model.files import KINDS
from .options import common_options
from .outcome import FILES_WRONG, end


@click.command(
    "schema",
    epilog="""\b
Example:
  ophyd-decl schema --kind types
  ophyd-decl schema beamlines/i99 --output beamlines/i99/schemas --force
  ophyd-decl schema beamlines/i99 --output beamlines/i99/schemas --check
""",
)
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--kind", type=click.Choice(KINDS), help="Kind of file.  [default: beamline; in a folder: all]")
@click.option("--resolved", is_flag=True, help="For files without expressions, as `render` writes them.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE|FOLDER",
    help="Write there: one file that ends with .json, or KIND.schema.json in a folder.  [default: print]",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; show how --output differs, and exit with 1 if it does.")
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@common_options
def command(path: Path | None, kind: str | None, resolved: bool, output: Path | None, check: bool, force: bool) -> None:
    """Give the JSON Schema that editors check and complete YAML with.

    Without PATH: of the language with the shipped types and plugins. With PATH: of that beamline, with its own types,
    and with the names of its devices, services and labels as choices.
    """
    from ..schema.shipped import file_name, shipped_schemas, text_of

    if check and output is None:
        raise click.UsageError("--check compares --output, which is missing")
    if path is None:
        schemas = shipped_schemas(resolved=resolved)
    else:
        from ..schema.beamline import beamline_schemas

        schemas = beamline_schemas(path, resolved=resolved)
    texts = {name: text_of(schema) for name, schema in schemas.items()}
    if output is None or output.suffix == ".json":
        one = texts[kind or "beamline"]
        if output is None:
            click.echo(one, nl=False)
            return
        wanted = {output: one}
    else:
        wanted = {output / file_name(name): text for name, text in texts.items() if kind in (None, name)}
    if check:
        from .files import show_differences

        if show_differences(wanted, "with --force in the place of --check"):
            end(FILES_WRONG)
    else:
        _write(wanted, force)


def _write(wanted: Mapping[Path, str], force: bool) -> None:
    from .files import refuse_existing, write

    refuse_existing(wanted, force)
    for path, text in wanted.items():
        write(path, text)
        click.echo(f"written: {path}")
