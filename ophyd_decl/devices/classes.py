"""The Python class of a device: one for each type and shape, below one importable nominal class for each type.

A nominal class can be had with `from ophyd_decl.types import epics`; `isinstance(m, epics.motor)` then holds for every
shape of the type, and for types that extend it.
"""

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from ..blueprint import ChildShape, CommandShape, Shape, SignalShape, VectorShape
from .device import Device
from .flyer import Flyer
from .roles import Movable, Role, Triggerable

ROLES: dict[str, type[Role]] = {"movable": Movable, "triggerable": Triggerable, "flyer": Flyer}

_nominal: dict[str, type[Device]] = {}
_by_signature: dict[Any, type[Device]] = {}
#: as long as a beamline has the shape: who loads a file again and again keeps the last one.
_by_shape: WeakKeyDictionary[Shape, type[Device]] = WeakKeyDictionary()


def nominal_class(type_name: str) -> type[Device]:
    """Return the class that stands for a type, whatever its shapes.

    It can be had before any file is read, so it says nothing of what the type extends: the classes of shapes inherit
    from the nominal class of their type and from those of all types that it extends.
    """
    known = _nominal.get(type_name)
    if known is None:
        namespace, _, short = type_name.rpartition(".")
        module = f"ophyd_decl.types.{namespace}" if namespace else "ophyd_decl.types"
        known = type(short, (Device,), {"__module__": module, "_type_name": type_name})
        _nominal[type_name] = known
    return known


def class_of(shape: Shape) -> type[Device]:
    """Return the class of a shape; shapes that differ in numbers and addresses only share it."""
    cached = _by_shape.get(shape)
    if cached is not None:
        return cached
    signature = (shape.type, shape.bases, tuple(_signature(shape)))
    made = _by_signature.get(signature)
    if made is None:
        nominal = nominal_class(shape.type)
        mixins = [ROLES[role.role] for role in shape.roles]
        parents = (*mixins, nominal, *map(nominal_class, shape.bases))
        namespace = {"__module__": nominal.__module__, "__doc__": shape.doc or None, "_type_name": shape.type}
        made = type(nominal.__name__, parents, namespace) if len(parents) > 1 else nominal
        _by_signature[signature] = made
    _by_shape[shape] = made
    return made


def _signature(shape: Shape) -> Iterator[Any]:
    for member in shape.members:
        match member:
            case SignalShape():
                yield "signal", member.key, member.datatype.name, member.access, member.format
            case CommandShape():
                yield "command", member.key
            case ChildShape():
                yield "child", member.key, class_of(member.shape), member.format
            case VectorShape():
                yield "vector", member.key, tuple((item.key, class_of(item.shape)) for item in member.items)
    for role in shape.roles:
        yield "role", role.role, role.plugin
