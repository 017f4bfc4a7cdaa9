"""The manifest of a beamline: one entry for each node, from a copy of it that is connected in mock mode."""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..blueprint import ChildShape, CommandShape, DeviceBlueprint, SignalShape, VectorShape
from ..source.frames import shown_file

if TYPE_CHECKING:
    from ..session.beamline import Beamline

Declared = SignalShape | CommandShape | ChildShape | VectorShape | DeviceBlueprint

#: bluesky's protocols that say what can be done with a node.
PROTOCOLS = (
    "Readable", "Configurable", "Stageable", "Subscribable", "Movable", "Locatable", "Stoppable", "Checkable",
    "Triggerable", "Preparable", "Flyable", "Collectable", "Pausable",
)  # fmt: skip
_MOCK = "mock+"


async def manifest(beamline: "Beamline") -> list[dict[str, Any]]:
    """Return the nodes of `tree --format json`, in file order; connects the beamline in mock mode."""
    beamline._shared.makes_python = False
    await beamline.aconnect(mock=True)
    known: dict[type, list[str]] = {}
    try:
        return [
            await _entry(node, declared, known)
            for device in beamline.blueprint.devices
            for node, declared in _walk(beamline._nodes[device.path], device)
        ]
    finally:
        await beamline.aclose()


def _walk(node: Any, declared: Declared) -> Iterator[tuple[Any, Declared]]:
    """Yield a node with what the blueprint says about it, and everything below it, in file order."""
    if isinstance(declared, DeviceBlueprint) and declared.is_signal:
        yield node, declared
        return
    yield node, declared
    if isinstance(declared, SignalShape | CommandShape):
        return
    members = declared.items if isinstance(declared, VectorShape) else declared.shape.members
    for (_, child), member in zip(node.children(), members, strict=True):
        yield from _walk(child, member)


async def _entry(node: Any, declared: Declared, known: dict[type, list[str]]) -> dict[str, Any]:
    member = declared.shape.members[0] if isinstance(declared, DeviceBlueprint) and declared.is_signal else declared
    data_key: dict[str, Any] = {}
    if isinstance(member, SignalShape) and "r" in member.access:
        (data_key,) = (await node.describe()).values()
    source = data_key.get("source") or getattr(node, "source", None)
    limits = data_key.get("limits", {}).get("control")
    kind, kind_of_type = _kinds(member)
    return {
        "path": node.path,
        "name": node.name,
        "kind": kind,
        "type": kind_of_type,
        "dtype": data_key.get("dtype"),
        "shape": data_key.get("shape"),
        "dtype_numpy": data_key.get("dtype_numpy"),
        "choices": data_key.get("choices"),
        "access": getattr(member, "access", None),
        "format": getattr(member, "format", None),
        "source": source.removeprefix(_MOCK) if source else None,
        "units": data_key.get("units", getattr(member, "units", None)),
        "limits": [limits["low"], limits["high"]] if limits else None,
        "labels": list(getattr(declared, "labels", ())),
        "protocols": _protocols(node, known),
        "file": shown_file(declared.place.file),
        "line": declared.place.line,
        "column": declared.place.column,
        "doc": _doc(member),
    }


def _kinds(declared: Any) -> tuple[str, str]:
    """Return `kind` and `type` of a node."""
    match declared:
        case SignalShape():
            return "signal", str(declared.datatype)
        case CommandShape():
            return "command", "command"
        case VectorShape():
            return "device", "vector"
        case _:
            return "device", declared.shape.type


def _doc(declared: Any) -> str:
    own = getattr(declared, "doc", "")
    return own or (declared.shape.doc if isinstance(declared, ChildShape | DeviceBlueprint) else "")


def _protocols(node: Any, known: dict[type, list[str]]) -> list[str]:
    """Return the protocols that a node keeps, as every other node of its class does.

    :param known: those of the classes that were asked for before: asking takes long.
    """
    kind: type = node.__class__
    found = known.get(kind)
    if found is None:
        protocols: Any = import_module("bluesky.protocols")
        found = known[kind] = [name for name in PROTOCOLS if isinstance(node, getattr(protocols, name))]
    return list(found)
