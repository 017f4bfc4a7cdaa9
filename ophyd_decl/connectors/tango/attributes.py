"""Attributes: their type and configuration, how a value is taken from a reading, and how one is written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ...vocab.datatypes import NativeKind, NativeType
from ...vocab.readings import INVALID, Limits
from ..link import RawUpdate, Served
from ..values import WireTraits
from . import library

#: Numbers by what Tango calls them.
NUMBERS: dict[str, tuple[NativeKind, str]] = {
    "DevBoolean": ("bool", "bool"),
    "DevUChar": ("int", "uint8"),
    "DevShort": ("int", "int16"),
    "DevUShort": ("int", "uint16"),
    "DevLong": ("int", "int32"),
    "DevULong": ("int", "uint32"),
    "DevLong64": ("int", "int64"),
    "DevULong64": ("int", "uint64"),
    "DevFloat": ("float", "float32"),
    "DevDouble": ("float", "float64"),
}
ENCODED = "DevEncoded"
#: Quality, and what is said of it; VALID is not worth a word.
_SEVERITIES = {
    "ATTR_VALID": (0, ""),
    "ATTR_CHANGING": (0, "quality CHANGING"),
    "ATTR_WARNING": (1, "quality WARNING"),
    "ATTR_ALARM": (2, "quality ALARM"),
    "ATTR_INVALID": (INVALID, "quality INVALID"),
}
#: What a server says where nothing was configured; the older words of each version.
_NOTHING = ("", "No unit", "Not specified", "No standard unit")
_DECIMALS = re.compile(r"%[-+ 0#]*\d*\.(\d+)[feEgG]")
_WHOLE = re.compile(r"%[-+ 0#]*\d*(?:\.0*)?d")


class NoValueError(Exception):
    """The reading of an attribute holds no value; its text says why."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """How values of one attribute are read and written in this generation.

    :param info: its configuration, which a write hands over so that pytango does not ask for it again.
    :param take: gives the raw value.
    :param give: gives what pytango writes for a raw value.
    """

    info: Any
    served: Served
    take: Callable[[Any], Any]
    give: Callable[[Any], Any]

    def update(self, reading: Any, setpoint: bool = False) -> RawUpdate:
        """Return raw value, timestamp, severity and alarm text of a `DeviceAttribute`.

        :param setpoint: take what was written last in the place of the value.
        :raises DevFailed: if the device gave an error in the place of a value.
        :raises NoValueError: if its quality says that there is none.
        """
        if reading.has_failed:
            raise library.DevFailed(*reading.get_err_stack())
        severity, text = _SEVERITIES.get(reading.quality.name, (INVALID, f"quality {reading.quality.name}"))
        value = reading.w_value if setpoint else reading.value
        if value is None:
            if severity == INVALID:
                raise NoValueError("the device gives no value: its quality is INVALID")
            if setpoint:
                raise NoValueError("the device does not tell what was written last")
            if self.served.native.shape is None:
                raise NoValueError("the device gives an empty value")
            value = ()
        return self.take(value), reading.time.totime(), severity, text


def attribute(info: Any, shape: tuple[int, ...], host: str) -> Attribute:
    """Return how to use an attribute.

    :param info: an `AttributeInfoEx`.
    :param shape: of its value now.
    """
    native, take, give = _type_of(info)
    precision = _precision(info.format, native.kind)
    numeric = native.kind in ("int", "float")
    alarms = info.alarms
    served = Served(
        native=native,
        traits=WireTraits(precision),
        units=None if info.unit in _NOTHING or not numeric else info.unit,
        precision=precision,
        limits=_range(info.min_value, info.max_value) if numeric else None,
        shape=shape,
        writable=info.writable.name not in ("READ", "WT_UNKNOWN"),
        host=host,
        alarm=_range(alarms.min_alarm, alarms.max_alarm) if numeric else None,
        warning=_range(alarms.min_warning, alarms.max_warning) if numeric else None,
    )
    return Attribute(info, served, take, give)


def is_array(info: Any) -> bool:
    """Return whether the size of its values is known only from one of them."""
    return info.data_format.name != "SCALAR" or library.name_of(info.data_type) == ENCODED


def shape_of(reading: Any) -> tuple[int, ...]:
    """Return the shape of the value in a reading of an array."""
    value = None if reading.has_failed else reading.value
    if value is None:
        return ()
    if isinstance(value, tuple) and len(cast(Any, value)) == 2 and isinstance(value[1], bytes):  # encoded
        return (len(value[1]),)
    return tuple(int(size) for size in np.shape(cast(Any, value)))


def _type_of(info: Any) -> tuple[NativeType, Callable[[Any], Any], Callable[[Any], Any]]:
    name = library.name_of(info.data_type)
    form = info.data_format.name
    detail = name if form == "SCALAR" else f"{name} {form.lower()}"
    shape: tuple[int | None, ...] | None = None
    if form == "SPECTRUM":
        shape = (info.max_dim_x,)
    elif form == "IMAGE":
        shape = (info.max_dim_y, info.max_dim_x)
    if name in NUMBERS:
        kind, numpy_name = NUMBERS[name]
        native = NativeType(kind, numpy_name, shape, detail=detail)
        return (native, _same, _same) if shape is None else (native, _array_of(numpy_name, len(shape)), _same)
    if name == "DevString":
        return NativeType("str", shape=shape, detail=detail), _text if shape is None else _texts, _same
    if name == "DevEnum":
        labels = tuple(info.enum_labels)
        take = int if shape is None else _numbers
        return NativeType("enum", shape=shape, choices=labels, detail=detail), take, _same
    if name == "DevState":
        native = NativeType("enum", shape=shape, choices=library.STATES, detail=detail)
        return (native, int, library.state_of) if shape is None else (native, _numbers, _states)
    if name == ENCODED and shape is None:
        return NativeType("int", "uint8", (None,), detail=detail), _bytes, _encoded
    return NativeType("unknown", detail=detail), _same, _same


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    return str(value)


def _texts(value: Any) -> list[Any]:
    return [_texts(item) if isinstance(item, list | tuple) else str(item) for item in value]


def _numbers(value: Any) -> Any:
    return np.asarray(value, np.int64)


def _states(value: Any) -> list[Any]:
    if isinstance(value, np.ndarray) and cast(Any, value).ndim > 1:
        return [_states(row) for row in cast(Any, value)]
    return [library.state_of(int(number)) for number in value]


def _array_of(numpy_name: str, dimensions: int) -> Callable[[Any], Any]:
    def take(value: Any) -> Any:
        array = np.asarray(value, numpy_name)
        return array if array.size or array.ndim == dimensions else array.reshape((0,) * dimensions)

    return take


def _bytes(value: Any) -> Any:
    data: Any = value[1]
    return np.frombuffer(data.encode("latin-1") if isinstance(data, str) else bytes(data), np.uint8)


def _encoded(raw: Any) -> tuple[str, bytes]:
    """Return bytes with a format; Tango wants a name for it, and knows none that means nothing."""
    return "", np.asarray(raw, np.uint8).tobytes()


def _precision(text: str, kind: NativeKind) -> int | None:
    """Return the decimal places that a format of printf shows, None where it does not say."""
    if kind != "float":
        return None
    found = _DECIMALS.fullmatch(text.strip())
    if found:
        return int(found[1])
    return 0 if _WHOLE.fullmatch(text.strip()) else None


def _range(low: str, high: str) -> Limits | None:
    limits = Limits(_end(low), _end(high))
    return None if limits == Limits() else limits


def _end(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
