"""Shell completion of device and signal paths, from the files alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..blueprint import BeamlineBlueprint, Member, Shape


def complete_signal(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the paths that begin like this; none where the files are wrong."""
    from ..compile import compile_beamline

    path = context.params.get("path")
    if path is None:
        return []
    blueprint = compile_beamline(path, profile=context.params.get("profile")).blueprint
    return [] if blueprint is None else [known for known in paths(blueprint) if known.startswith(incomplete)]


def complete_assignment(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the paths that begin like this, ready for a value."""
    return [f"{path}=" for path in complete_signal(context, parameter, incomplete)]


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
    return f"{path}.{key}" if isinstance(key, int) or key.isidentifier() else f'{path}["{key}"]'
