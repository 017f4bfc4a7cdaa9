"""`tree`: what a beamline consists of, offline."""

import json
from pathlib import Path
from typing import Any

import click

from .options import beamline_options, common_options, format_option, path_argument


@click.command(
    "tree",
    epilog="""\b
Example:
  ophyd-decl tree beamlines/i99 --format json
""",
)
@path_argument
@format_option
@beamline_options
@common_options
def command(path: Path, output: str, profile: str | None, overrides: dict[str, str]) -> None:
    """List every device, signal and command with its name, type, source, unit and data key.

    Nothing is connected: what only a server can say, such as labels that the file leaves to it, is not here.
    """
    from ..session.load import load_beamline
    from .manifest import manifest
    from .running import run

    beamline = load_beamline(path, profile=profile, set=overrides)
    nodes = run(lambda: manifest(beamline))
    if output == "json":
        click.echo(json.dumps({"schema": 1, "nodes": nodes}, indent=2, ensure_ascii=False))
    elif nodes:
        click.echo("\n".join(_lines(nodes)))


def _lines(nodes: list[dict[str, Any]]) -> list[str]:
    """Return one line for each node, indented by its depth, in columns."""
    rows = [_cells(node) for node in nodes]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cells(node: dict[str, Any]) -> tuple[str, ...]:
    from ..session.selectors import parse_path

    elements = parse_path(node["path"])
    labels = f"[{', '.join(node['labels'])}]" if node["labels"] else ""
    return (
        "  " * (len(elements) - 1) + str(elements[-1]),
        node["type"],
        node["access"] or "",
        "" if node["format"] in (None, "none", "child") else node["format"],
        node["source"] or labels,
        node["units"] or "",
    )
