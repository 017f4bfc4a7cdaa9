"""`init`: a new beamline folder."""

import keyword
from pathlib import Path

import click

from ..model.files import KINDS
from .options import common_options

#: The files of a new beamline; `NAME` stands for its name.
TEMPLATE = Path(__file__).parent / "template"
#: The folder of its schemas, which the first line of each file names.
SCHEMAS = "schemas"


@click.command(
    "init",
    epilog="""\b
Example:
  ophyd-decl init beamlines/i99
""",
)
@click.argument("name", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@common_options
def command(name: Path, force: bool) -> None:
    """Make the folder NAME of a new beamline: two soft axes and a counter that validate, read and scan.

    NAME may be a path; its last part is the name of the beamline, a Python identifier. The folder `schemas` in it is
    for editors; `ophyd-decl schema NAME --output NAME/schemas --force` writes it anew.
    """
    from ..schema.beamline import beamline_schemas
    from ..schema.shipped import file_name, text_of
    from .files import refuse_existing, write

    word = name.name
    if not word.isidentifier() or keyword.iskeyword(word):
        raise click.BadParameter(
            f"{word!r} cannot be imported from Python; use letters, digits and `_`", param_hint="NAME"
        )
    if name.exists() and not name.is_dir():
        raise click.BadParameter(f"{name} is a file", param_hint="NAME")
    files = {
        name / source.name.removesuffix(".in"): source.read_text(encoding="utf-8").replace("NAME", word)
        for source in sorted(TEMPLATE.glob("*.in"))
    }
    schemas = {name / SCHEMAS / file_name(kind): kind for kind in KINDS}
    refuse_existing((*files, *schemas), force)
    for path, text in files.items():
        write(path, text)
        click.echo(f"written: {path}")
    made = beamline_schemas(name)
    for path, kind in schemas.items():
        write(path, text_of(made[kind]))
    click.echo(f"written: {name / SCHEMAS}, for editors")
    click.echo(
        f"\nNext:\n  ophyd-decl validate {name}\n  ophyd-decl tree {name}\n  ophyd-decl read {name} x counter\n"
        f"In Python:\n  from ophyd_decl import load_beamline\n  beamline = load_beamline({str(name)!r})\n"
        "  beamline.connect().or_raise()"
    )
