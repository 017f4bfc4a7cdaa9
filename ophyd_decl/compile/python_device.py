"""Devices of Python classes, as far as they are known before anything is imported."""

from collections.abc import Sequence
from typing import Any

from ..blueprint import PythonClass, Shape
from ..check.python_classes import check_arguments, check_class
from ..errors import Place
from ..model.kinds import Spot
from ..model.python_class import PYTHON_DEVICE
from ..resolve.scope import Scope, expand
from ..source import Findings, LocatedMapping
from ..source.tree import UNKNOWN

TYPE_NAME = "python"
_OWN = ("class", "args")


def read_python_device(
    body: LocatedMapping, heads: LocatedMapping, place: Place, scope: Scope, allowed: Sequence[str] | None,
    findings: Findings,
) -> tuple[dict[str, Any], PythonClass | None, LocatedMapping | None]:  # fmt: skip
    """Return the values of the keys that every device has, its class, and its arguments, whose references are open.

    :param heads: the keys that every device has, with their expressions replaced.
    :param allowed: `python_allow`; None where it is not known.
    """
    own = PYTHON_DEVICE.read(body.replaced(heads), findings, place)
    name = own.get("class")
    made = None
    if isinstance(name, str):
        check_class(name, allowed, Spot(body, "class", findings))
        made = PythonClass(name, {})
    arguments: LocatedMapping | None = None
    if isinstance(body.get("args"), LocatedMapping):
        arguments = expand(body["args"], scope)
        check_arguments(body["args"], findings)
    return {key: value for key, value in own.items() if value is not UNKNOWN and key not in _OWN}, made, arguments


def python_shape(place: Place, doc: str) -> Shape:
    """Return the shape of a device whose members nobody knows before it is made."""
    return Shape(TYPE_NAME, (), (), place, (), doc)
