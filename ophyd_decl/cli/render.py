"""`render`: a beamline with everything put together, and which layer gives one of its values."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import beamline_options, common_options, format_option, path_argument

if TYPE_CHECKING:
    from ..compile.explained import Explanation, Layer
    from ..compile.reading import Reading


@click.command(
    "render",
    epilog="""\b
Example:
  ophyd-decl render beamlines/i99
  ophyd-decl render beamlines/i99 --explain x.setpoint.timeout
""",
)
@path_argument
@click.option("--explain", metavar="PATH.TO.KEY", help="Say which file and line gives one value, and what it beats.")
@format_option
@beamline_options
@common_options
def command(path: Path, explain: str | None, output: str, profile: str | None, overrides: dict[str, str]) -> None:
    """Print the resolved YAML of a beamline: includes, expressions, repeats, profile and settings worked out.

    Types stay in the files that `use` names. With --explain: one key, such as `defaults.timeout`, `stage.prefix` or
    `stage.x.user_setpoint.limits`, with every layer that gives it a value; the first one wins.
    """
    from ..collecting import without_collecting
    from ..compile.beamline import reading_of
    from ..compile.rendered import rendered
    from ..errors import DefinitionError
    from ..source.emit import yaml_text
    from ..source.frames import render_text, shown_file

    with without_collecting():
        reading, findings = reading_of(path, profile=profile, set=overrides)
        if reading is None or reading.compiled().blueprint is None:
            raise DefinitionError(findings.sorted(), render_text)
    if explain is not None:
        _explain(reading, explain, output)
        return
    resolved = rendered(reading)
    if output == "json":
        click.echo(json.dumps(resolved, indent=2, ensure_ascii=False))
    else:
        origin = shown_file(reading.file.name) + (f", profile {profile}" if profile else "")
        click.echo(f"# resolved from {origin}\n{yaml_text(resolved)}", nl=False)


def _explain(reading: "Reading", text: str, output: str) -> None:
    from ..check.paths import PathError, parse_path
    from ..compile.explained import NoSuchKeyError, explain

    try:
        found = explain(reading, parse_path(text))
    except PathError as error:
        raise click.BadParameter(f"{error}; write names with dots between them", param_hint="--explain") from None
    except NoSuchKeyError as error:
        raise click.BadParameter(str(error), param_hint="--explain") from None
    click.echo(
        json.dumps(_as_json(text, found), indent=2, ensure_ascii=False) if output == "json" else _text(text, found)
    )


def _text(path: str, found: "Explanation") -> str:
    """Return the value, and below it one line for each layer that gives one."""
    rows = [(layer.name, _place(layer), _short(layer.value)) for layer in found.layers]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [
        f"{'->' if index == 0 else '  '} {name:{widths[0]}}  {place:{widths[1]}}  {value}".rstrip()
        for index, (name, place, value) in enumerate(rows)
    ]
    return "\n".join([f"{path} = {_short(found.value)}", *lines])


def _place(layer: "Layer") -> str:
    from ..source.frames import shown_place

    return "" if layer.place is None else shown_place(layer.place)


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_json(path: str, found: "Explanation") -> dict[str, Any]:
    from ..source.frames import shown_file

    layers: list[dict[str, Any]] = []
    for layer in found.layers:
        place = layer.place
        layers.append(
            {
                "layer": layer.name,
                "value": layer.value,
                "file": None if place is None else shown_file(place.file),
                "line": None if place is None else place.line,
                "column": None if place is None else place.column,
            }
        )
    return {"schema": 1, "path": path, "value": found.value, "layers": layers}
