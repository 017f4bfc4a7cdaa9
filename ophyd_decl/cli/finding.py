"""From what a user names on the command line to the signals of a beamline."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..session.beamline import Beamline


def named(beamline: "Beamline", selectors: Iterable[str], what: str = "SIGNAL") -> list[Any]:
    """Return the nodes that selectors name, each once; `HostedMember` for a hosted device and what is in one.

    :param what: argument or option that the user has given them as.
    :raises click.BadParameter: if one names nothing.
    :raises NotHostedError: if one names something in a hosted device that cannot be made.
    """
    from ..devices.python_device import NotHostedError
    from ..errors import OphydDeclError
    from ..session.hosted_member import hosted_member

    nodes: dict[int, Any] = {}
    for selector in selectors:
        try:
            found = beamline._find(selector)
        except NotHostedError:
            raise
        except OphydDeclError as error:
            raise click.BadParameter(f"{error}{_near(beamline, selector)}", param_hint=what) from None
        if not found:
            raise click.BadParameter(f"{selector!r} names nothing; {_there_are(beamline, selector)}", param_hint=what)
        nodes.update((id(node), hosted_member(node, selector)) for node in found)
    return list(nodes.values())


def readable_signals(nodes: Sequence[Any]) -> dict[str, Any]:
    """Return the signals that stand for nodes, by path: itself, where a movable is, or all that can be read below.

    Of a hosted device that cannot be made it is the device itself, whose read says why.
    """
    from ..devices.node import walk
    from ..devices.python_device import NotHostedError
    from ..devices.resolve import has_value, value_signal_of
    from ..devices.verbs import SignalR
    from ..session.hosted_member import HostedMember

    signals: dict[str, Any] = {}
    for node in nodes:
        if isinstance(node, HostedMember):
            try:
                signals.update((one.path, one) for one in node.signals())
            except NotHostedError:
                signals[node.path] = node
        elif has_value(node):
            signals[node.path] = value_signal_of(node)
        else:
            below: list[Any] = [one for one in walk(node) if isinstance(one, SignalR)]
            signals.update((one.path, one) for one in below)
    return signals


def device_name(node: Any) -> str:
    """Return the name of the device of the beamline that holds a node."""
    from ..devices.python_device import holder_of

    return holder_of(node).path


def _there_are(beamline: "Beamline", selector: str) -> str:
    """Return what a selector that may name nothing could have named."""
    from .completion import labels

    if not selector.startswith("label:"):
        return f"there are the devices {', '.join(beamline.devices)}"
    known = labels(beamline.blueprint)
    return f"there are the labels {', '.join(known)}" if known else "no device has a label"


def _near(beamline: "Beamline", selector: str) -> str:
    from difflib import get_close_matches

    from .completion import paths

    near = get_close_matches(selector, list(paths(beamline.blueprint)), n=3, cutoff=0.7)
    return f"; did you mean {' or '.join(near)}?" if near else ""
