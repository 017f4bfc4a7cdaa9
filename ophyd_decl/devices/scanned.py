"""What a plan moves below a device that it reads: an axis must not be missing in the data.

Where a plan names a device and a member of it, bluesky reads the device alone, and takes for granted that its documents
contain the member (`bluesky.utils.separate_devices`). So the documents of a staged device contain what a plan has set
below it before they were asked for the first time. They cannot grow after that: all events of a stream have the same
keys. A move that comes later is none of a scan, or a plan has read the device before, as a baseline does; the log says
what will be missing then.

What the logic of a device sets is not meant: only what is set from outside of any verb of ours.
"""

import logging
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextvars import Context

    from .node import Node
    from .verbs import SignalR

_log = logging.getLogger("ophyd_decl.devices")
_inside: ContextVar[bool] = ContextVar("inside a verb", default=False)


class Scanned:
    """What was set below one device since it was staged, and what it does not read itself.

    :param path: of the device, for the log.
    :param read: what it reads by itself.

    :ivar signals: what its documents contain in addition.
    :ivar hinted: names of those that plots show.
    """

    def __init__(self, path: str, read: "list[SignalR]") -> None:
        self.signals: list[SignalR] = []
        self.hinted: list[str] = []
        self._path = path
        self._read = read
        self._told = False
        self._missing: set[str] = set()

    def told(self) -> "list[SignalR]":
        """Return what to add to its documents, whose keys are settled by that."""
        self._told = True
        return self.signals

    def add(self, node: Any) -> None:
        """Note that a plan sets a member."""
        signals, hinted = node._as_axis()
        lacking = [signal for signal in signals if signal not in self._read and signal not in self.signals]
        if not lacking:
            return
        if not self._told:
            self.signals += lacking
            self.hinted += hinted
        elif node.path not in self._missing:
            self._missing.add(node.path)
            _log.warning(
                "%s was read before %s was moved for the first time, so its events will not say where that is; "
                "if it is the axis of a scan, give it a `format` that is read, or scan it without %s as a detector",
                self._path,
                node.path,
                self._path,
            )


def note_set(node: "Node") -> None:
    """Tell the staged devices above a node that a plan sets it."""
    above: Any = node.parent
    if above is None or _inside.get():
        return
    while above is not None:
        scanned: Scanned | None = getattr(above, "_scanned", None)
        if scanned is not None:
            scanned.add(node)
        above = above.parent


def inside() -> "Context":
    """Return a context for the work of a verb: what is set there is set by the logic of a device."""
    context = copy_context()
    context.run(_inside.set, True)
    return context
