"""The pieces that every conversion is made of: its shape as data, and the two errors it may give.

It must not decide anything about types; that is done by the modules beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import BadValueError, ConversionError, MismatchError
from ...vocab.datatypes import Datatype, NativeType


@dataclass(frozen=True, slots=True)
class WireTraits:
    """What the protocol, or the server, adds to a native type.

    :param precision: decimal places that the server shows; a float with none of them may be declared `int`.
    :param text_bytes: longest text that can be sent, in bytes of UTF-8; None: any length.
    :param carried: declared numpy width, and the width that the protocol carries it as (CA has no unsigned short).
    """

    precision: int | None = None
    text_bytes: int | None = None
    carried: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Conversion:
    """How values of one signal are turned into the declared dtype, and back.

    :param to_python: raw value to value; raises `ConversionError`.
    :param to_native: value to raw value; raises `BadValueError`, so that nothing is sent.
    :param dtype_numpy: numpy type of one element, for data keys; for a table one pair for each column.
    :param choices: labels in use here, in order; empty where there are none.
    """

    to_python: Callable[[Any], Any]
    to_native: Callable[[Any], Any]
    dtype_numpy: Any
    choices: tuple[str, ...] = ()


Outcome = Conversion | MismatchError


def mismatch(datatype: Datatype, native: NativeType, problem: str, help: str | None = None) -> MismatchError:
    """Return the error that names both sides."""
    return MismatchError(problem, expected=str(datatype), found=str(native), help=help)


def bad_value(problem: str, value: Any, expected: str) -> BadValueError:
    """Return the error of a value that must not be sent."""
    shown = repr(value)
    return BadValueError(problem, expected=expected, found=shown if len(shown) <= 80 else shown[:77] + "...")


def unreadable(problem: str, value: Any, expected: str) -> ConversionError:
    """Return the error of a value that the server sent and that the declared dtype cannot hold."""
    shown = repr(value)
    return ConversionError(problem, expected=expected, found=shown if len(shown) <= 80 else shown[:77] + "...")
