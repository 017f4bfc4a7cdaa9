"""`explain`: what a code means."""

import json
import re
import shutil
import sys

import click

from .options import common_options, format_option


@click.command(
    "explain",
    epilog="""\b
Example:
  ophyd-decl explain E110
""",
)
@click.argument("code", required=False)
@format_option
@common_options
def command(code: str | None, output: str) -> None:
    """Say what CODE means, with an example and its mend; without CODE, list all codes."""
    from ..errors.codes import FAMILIES, codes, page, title
    from ..source.suggest import suggest
    from .page_text import page_text

    if code is None:
        if output == "json":
            click.echo(json.dumps({"schema": 1, "codes": [{"code": c, "title": title(c)} for c in codes()]}))
            return
        for family, meaning in FAMILIES.items():
            click.echo(f"{family}xx  {meaning}")
            for known in (known for known in codes() if known.startswith(family)):
                click.echo(f"  {known}  {title(known)}")
        return
    found = re.search(r"E\d+", code, re.IGNORECASE)  # also in `error[E110]:`, as it is printed
    wanted = (found[0] if found else code).upper()
    if wanted not in codes():
        near = suggest(wanted, [known for known in codes() if known[:2] == wanted[:2]])
        help_text = f"{near} " if near else ""
        raise click.BadParameter(
            f"there is no code {code!r}; {help_text}`ophyd-decl explain` lists all", param_hint="CODE"
        )
    if output == "json":
        click.echo(json.dumps({"schema": 1, "code": wanted, "title": title(wanted), "page": page(wanted)}))
        return
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo(page_text(page(wanted), columns))
