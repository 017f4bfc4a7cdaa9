"""Data keys of event descriptors, from what a server said about a signal."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..blueprint import SignalShape
from ..connectors.protocol import Description

if TYPE_CHECKING:
    from event_model.documents.event_descriptor import DataKey

_DTYPE_OF_KIND = {"b": "boolean", "i": "integer", "u": "integer", "f": "number", "S": "string", "U": "string"}


def data_key(source: str, shape: SignalShape, description: Description) -> "DataKey":
    """Return the data key of one signal.

    :param source: with its scheme.
    :param shape: what the file declares; its units and precision are taken where the server gives none.
    Source: event-model 1.24, schema of `DataKey`; `limits` as ophyd-async gives them.
    """
    scalar = not description.shape
    kind = description.dtype_numpy[1] if isinstance(description.dtype_numpy, str) else "V"
    key: Any = {
        "source": source,
        "dtype": _DTYPE_OF_KIND.get(kind, "array") if scalar else "array",
        "shape": list(description.shape),
        "dtype_numpy": description.dtype_numpy,
    }
    units = description.units if description.units is not None else shape.units
    numeric = kind in "iuf"
    if units is not None and numeric:
        key["units"] = units
    precision = description.precision if description.precision is not None else shape.precision
    if precision is not None and kind == "f":
        key["precision"] = precision
    if description.choices:
        key["choices"] = list(description.choices)
    ranges = {
        "control": effective_limits(shape, description),
        "display": description.display,
        "warning": description.warning,
        "alarm": description.alarm,
    }
    limits = {name: {"low": both.low, "high": both.high} for name, both in ranges.items() if both is not None}
    if limits and numeric:
        key["limits"] = limits
    return key


def has_length(shape: SignalShape, description: Description) -> bool:
    """Return whether the shape of the value may be another one than when it was described."""
    declared = shape.datatype.shape
    return isinstance(description.dtype_numpy, list) or (
        bool(description.shape) and (declared is None or None in declared)
    )


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of an array, or of a table: the number of its rows."""
    if isinstance(value, Mapping):
        columns = list(cast(Mapping[str, Any], value).values())
        return (len(columns[0]) if columns else 0,)
    return tuple(int(size) for size in np.shape(value))


def effective_limits(shape: SignalShape, description: Description) -> Any:
    """Return the tighter of declared and served limits, or None where there are none."""
    if shape.limits is None:
        return description.limits
    if description.limits is None:
        return shape.limits
    return shape.limits.tighter(description.limits)
