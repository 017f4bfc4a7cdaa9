"""What compiling gives: a blueprint if the files are right, and everything that was found."""

from collections.abc import Iterable
from typing import NamedTuple

from ..blueprint import BeamlineBlueprint, ChildShape, Shape, SignalShape, VectorShape
from ..errors import Diagnostic


class Compiled(NamedTuple):
    """The answer of the compiler.

    :param blueprint: None where there are errors, or where no beamline was compiled.
    :param diagnostics: errors and warnings, by file and line.
    :param device_count: devices at the top of the beamlines.
    :param signal_count: signals of all devices, at every depth.
    """

    blueprint: BeamlineBlueprint | None
    diagnostics: tuple[Diagnostic, ...]
    device_count: int = 0
    signal_count: int = 0


def count_signals(shapes: Iterable[Shape]) -> int:
    """Return how many signals devices of these shapes have; a shape that is used often is counted once."""
    known: dict[int, int] = {}
    return sum(_count(shape, known) for shape in shapes)


def _count(shape: Shape, known: dict[int, int]) -> int:
    number = known.get(id(shape))
    if number is None:
        number = 0
        for member in shape.members:
            if isinstance(member, SignalShape):
                number += 1
            elif isinstance(member, ChildShape):
                number += _count(member.shape, known)
            elif isinstance(member, VectorShape):
                number += sum(_count(item.shape, known) for item in member.items)
        known[id(shape)] = number
    return number
