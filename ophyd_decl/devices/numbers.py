"""Numbers of any library as numbers of Python, and whether a value that was read back is the one that was sent."""

import math
from numbers import Real
from typing import Any

#: Two floats that went through a single-precision record agree to this.
RELATIVE_TOLERANCE = 1e-6


def plain(value: Any) -> Any:
    """Return a numpy scalar as what Python has for it; anything else as it is."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value


def number_in(value: Any) -> float | None:
    """Return the number that a limit applies to; None for text, booleans and arrays."""
    value = plain(value)
    return None if isinstance(value, bool) or not isinstance(value, Real) else float(value)


def agree(sent: Any, found: Any) -> bool:
    """Return whether a value that was read back is the one that was sent, as far as its precision goes."""
    sent, found = plain(sent), plain(found)
    if isinstance(sent, Real) and isinstance(found, Real):
        return sent == found or math.isclose(sent, found, rel_tol=RELATIVE_TOLERANCE)
    if hasattr(found, "shape") or isinstance(found, list | tuple):
        left, right = _items(sent), _items(found)
        return len(left) == len(right) and all(agree(one, other) for one, other in zip(left, right, strict=True))
    return bool(sent == found)


def _items(value: Any) -> list[Any]:
    values = value.tolist() if hasattr(value, "tolist") else value
    return [*values] if isinstance(values, list | tuple) else [values]
