"""From what a user names on the command line to the signals of a beamline."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..session.beamline import Beamline


def named(beamline: "Beamline", selectors: Iterable[str]) -> list[Any]:
    """Return the nodes that selectors name, each once.

    :raises click.BadParameter: if one names nothing.
    """
    from ..errors import OphydDeclError

    nodes: dict[int, Any] = {}
    for selector in selectors:
        try:
            found = beamline.find(selector)
        except OphydDeclError as error:
            raise click.BadParameter(f"{error}{_near(beamline, selector)}", param_hint="SIGNAL") from None
        if not found:
            raise click.BadParameter(f"{selector!r} names nothing", param_hint="SIGNAL")
        nodes.update((id(node), node) for node in found)
    return list(nodes.values())


def readable_signals(node: Any) -> list[Any]:
    """Return the signals that stand for a node: itself, the readback of a movable, or all that can be read below it."""
    from ..devices.node import walk
    from ..devices.resolve import value_signal_of
    from ..devices.verbs import SignalR

    if isinstance(node, SignalR) or hasattr(node, "readback_signal"):
        return [value_signal_of(node)]
    return [below for below in walk(node) if isinstance(below, SignalR)]


def device_name(node: Any) -> str:
    """Return the name of the device of the beamline that holds a node."""
    while node.parent is not None:
        node = node.parent
    return node.path


def _near(beamline: "Beamline", selector: str) -> str:
    from difflib import get_close_matches

    from .completion import paths

    near = get_close_matches(selector, list(paths(beamline.blueprint)), n=3, cutoff=0.7)
    return f"; did you mean {' or '.join(near)}?" if near else ""
