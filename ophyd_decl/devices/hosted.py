"""Objects of other libraries: which library made one, what it has inside, and what it calls its children.

Neither ophyd nor ophyd-async is imported here: an object can only be of a library that is loaded already.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Library = Literal["ophyd", "ophyd-async", "other"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A signal of a hosted device.

    :param path: below the device, `stage.x`; empty if the device is the signal.
    :param signal: itself.
    :param source: its address, empty where the library does not tell it.
    :param connected: what the library says now; None where it does not say it.
    """

    path: str
    signal: Any
    source: str
    connected: bool | None


def library_of(kind: type) -> Library:
    """Return the library whose device or signal a class is."""
    for module, base, library in _BASES:
        found = getattr(sys.modules.get(module), base, None)
        if isinstance(found, type) and issubclass(kind, found):
            return library
    return "other"


_BASES: tuple[tuple[str, str, Library], ...] = (
    ("ophyd_async.core", "Device", "ophyd-async"),
    ("ophyd.ophydobj", "OphydObject", "ophyd"),
)


def leaves_of(made: Any, library: Library) -> list[Leaf]:
    """Return the signals of a hosted device, in its own order; those that ophyd makes at first use are left out."""
    if library == "ophyd":
        return list(_of_ophyd(made))
    return list(_of_ophyd_async(made, "")) if library == "ophyd-async" else []


def _of_ophyd(made: Any) -> Iterator[Leaf]:
    if not hasattr(made, "walk_signals"):
        yield _ophyd_signal(made, "")
        return
    for walked in made.walk_signals(include_lazy=False):
        yield _ophyd_signal(walked.item, walked.dotted_name)


def _ophyd_signal(signal: Any, path: str) -> Leaf:
    pv = getattr(signal, "pvname", None)
    return Leaf(path, signal, f"ca://{pv}" if pv else "", bool(getattr(signal, "connected", True)))


def _of_ophyd_async(node: Any, path: str) -> Iterator[Leaf]:
    children = list(node.children())
    if not children and hasattr(node, "source"):
        yield Leaf(path, node, str(node.source), None)
    for name, child in children:
        yield from _of_ophyd_async(child, f"{path}.{name}" if path else str(name))


def member_of(made: Any, key: str | int) -> Any:
    """Return what a hosted device has under a key: an attribute, or an item of a vector.

    :raises KeyError: if it has none.
    """
    try:
        return made[key] if isinstance(key, int) else getattr(made, key)
    except (AttributeError, TypeError, LookupError) as error:
        raise KeyError(f"{getattr(made, 'name', made)!r} has no {key!r}") from error


def said(error: BaseException) -> str:
    """Return what an error of another library says, with its kind."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
