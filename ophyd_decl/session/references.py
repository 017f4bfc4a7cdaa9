"""Which devices of a beamline refer to which: inputs of derived signals, params, expected values, options of logic."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, cast

from ..blueprint import DeviceBlueprint, Reference, Shape


def with_referred(devices: Sequence[DeviceBlueprint], names: Iterable[str]) -> list[str]:
    """Return the devices with these names and those that they refer to, however far, in file order."""
    blueprints = {device.path: device for device in devices}
    of_shapes: dict[Shape, frozenset[str]] = {}
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in wanted and name in blueprints:  # else it is a service
            wanted.add(name)
            pending.extend(_referred(blueprints[name], of_shapes))
    return [name for name in blueprints if name in wanted]


def _referred(device: DeviceBlueprint, of_shapes: dict[Shape, frozenset[str]]) -> Iterator[str]:
    """Yield the devices that a device refers to, directly; what shapes refer to is kept in `of_shapes`."""
    found = of_shapes.get(device.shape)
    if found is None:
        found = of_shapes[device.shape] = frozenset(_named_in(device.shape))
    yield from found
    yield from _named_in(device.values)
    yield from _named_in(device.python)


def _named_in(data: Any) -> Iterator[str]:
    """Yield the devices that references from the root lead to, at any depth."""
    pending: list[Any] = [data]
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if isinstance(item, Reference):
            if item.base == "beamline":
                yield str(item.path[0])
        elif id(item) not in seen:
            seen.add(id(item))
            if isinstance(item, Mapping):
                pending.extend(cast(Mapping[Any, Any], item).values())
            elif isinstance(item, tuple | list):
                pending.extend(cast(Iterable[Any], item))
            elif is_dataclass(item):
                pending.extend(getattr(item, field.name) for field in fields(item))
