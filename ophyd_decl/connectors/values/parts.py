"""The pieces that every conversion is made of: its shape as data, and the two errors it may give.

It must not decide anything about types; that is done by the modules beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import BadValueError, ConversionError, MismatchError, PrecisionLostError
from ...vocab.datatypes import Datatype, NativeType


@dataclass(frozen=True, slots=True)
class WireTraits:
    """What the protocol, or the server, adds to a native type.

    :param precision: decimal places that the server shows; a float with none of them may be declared `int`.
    :param text_bytes: longest text that can be sent, in bytes of UTF-8; None: any length.
    :param carried: declared dtype, and the width that the protocol carries it as (CA has no unsigned short).
    """

    precision: int | None = None
    text_bytes: int | None = None
    carried: Mapping[str, str] = field(default_factory=dict[str, str])

    def hides_sign(self, native: NativeType) -> bool:
        """Return whether the protocol shows bytes with a sign and without one as the same."""
        return native.numpy == "uint8" and self.carried.get("int8") == "uint8"


@dataclass(frozen=True, slots=True)
class Conversion:
    """How values of one signal are turned into the declared dtype, and back.

    :param to_python: raw value to value; raises `ConversionError`.
    :param to_native: value to raw value; raises `BadValueError`, so that nothing is sent.
    :param dtype_numpy: numpy type of one element, for data keys; for a table one pair for each column.
    :param choices: labels in use here, in order; empty where there are none.
    :param exact_below: whole numbers from this one on are rounded by the protocol, so they are errors; None where it
        carries all that the dtype holds.
    """

    to_python: Callable[[Any], Any]
    to_native: Callable[[Any], Any]
    dtype_numpy: Any
    choices: tuple[str, ...] = ()
    exact_below: int | None = None


Outcome = Conversion | MismatchError


def mismatch(datatype: Datatype, native: NativeType, problem: str, help: str | None = None) -> MismatchError:
    """Return the error that names both sides."""
    return MismatchError(problem, expected=str(datatype), found=str(native), help=help)


def bad_value(problem: str, value: Any, expected: str) -> BadValueError:
    """Return the error of a value that must not be sent."""
    return BadValueError(problem, expected=expected, found=_shown(value))


def unreadable(problem: str, value: Any, expected: str, help: str | None = None) -> ConversionError:
    """Return the error of a value that the server sent and that the declared dtype cannot hold."""
    return ConversionError(problem, expected=expected, found=_shown(value), help=help)


def rounded(value: Any, expected: str, help: str | None = None) -> PrecisionLostError:
    """Return the error of a whole number that a float on the way would round, or has rounded."""
    problem = "too large to be exact as a float, which is how it is carried"
    return PrecisionLostError(problem, expected=expected, found=_shown(value), help=help)


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."
