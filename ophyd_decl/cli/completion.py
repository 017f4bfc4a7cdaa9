"""Shell completion of device and signal paths, from the files alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..blueprint import BeamlineBlueprint, Member, Shape


def complete_signal(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the paths that begin like this; none where the files are wrong."""
    blueprint = _blueprint(context)
    return [] if blueprint is None else [known for known in paths(blueprint) if known.startswith(incomplete)]


def complete_selector(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the paths and labels that begin like this; none where the files are wrong."""
    blueprint = _blueprint(context)
    if blueprint is None:
        return []
    selectors = [*(f"label:{label}" for label in labels(blueprint)), *paths(blueprint)]
    return [known for known in selectors if known.startswith(incomplete)]


def complete_assignment(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the paths that begin like this, ready for a value."""
    return [f"{path}=" for path in complete_signal(context, parameter, incomplete)]


def _blueprint(context: click.Context) -> "BeamlineBlueprint | None":
    """Return the beamline of the command line so far, with its profile and settings."""
    from ..compile import compile_beamline

    given = context.params
    # Where the value of an option is being written, click has not assigned the arguments.
    path = given.get("path") or next(iter(context.args), None)
    if path is None:
        return None
    return compile_beamline(path, profile=given.get("profile"), set=given.get("overrides")).blueprint


def labels(blueprint: "BeamlineBlueprint") -> list[str]:
    """Return every label of a device or sub-device, sorted."""
    found: set[str] = set()
    shapes: dict[Shape, None] = {}
    for device in blueprint.devices:
        found.update(device.labels)
        shapes[device.shape] = None
    pending = list(shapes)
    while pending:
        for member in pending.pop().members:
            items = (member,) if member.kind == "child" else member.items if member.kind == "vector" else ()
            for item in items:
                found.update(item.labels)
                if item.shape not in shapes:
                    shapes[item.shape] = None
                    pending.append(item.shape)
    return sorted(found)


def paths(blueprint: "BeamlineBlueprint") -> Iterator[str]:
    """Yield the path of every device, signal and command, in file order."""
    for device in blueprint.devices:
        yield device.path
        if not device.is_signal:
            yield from _below(device.path, device.shape)


def _below(path: str, shape: "Shape") -> Iterator[str]:
    for member in shape.members:
        yield from _member(path, member)


def _member(path: str, member: "Member") -> Iterator[str]:
    own = joined(path, member.key)
    yield own
    if member.kind == "child":
        yield from _below(own, member.shape)
    elif member.kind == "vector":
        for item in member.items:
            yield from _member(own, item)


def joined(path: str, key: str | int) -> str:
    """Return the path of a member."""
    if isinstance(key, int) or key.isidentifier():
        return f"{path}.{key}"
    quote = "'" if '"' in key else '"'
    return f"{path}[{quote}{key}{quote}]"
