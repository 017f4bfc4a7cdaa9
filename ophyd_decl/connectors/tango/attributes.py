"""Attributes: their type and configuration, how a value is taken from a reading, and how one is written."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, cast

import numpy as np

from ...vocab.datatypes import NativeKind, NativeType
from ...vocab.readings import INVALID, Limits
from ..link import RawUpdate, Served
from ..values import Encoded, WireTraits
from ..values.encoded import format_of
from . import library
from .formats import decimal_places

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
    library.QUALITIES["VALID"]: (0, ""),
    library.QUALITIES["CHANGING"]: (0, "quality CHANGING"),
    library.QUALITIES["WARNING"]: (1, "quality WARNING"),
    library.QUALITIES["ALARM"]: (2, "quality ALARM"),
    library.QUALITIES["INVALID"]: (INVALID, "quality INVALID"),
}
#: What a server says where nothing was configured; the older words of each version.
_NOTHING = ("", "No unit", "Not specified", "No standard unit")

#: What a server gives as written last of a text that nobody has written since it started; of many texts it gives one of
#: these, and of numbers 0, which may have been written.
#: Source: cppTango, `WAttribute::init_data`, `InitialisedStr`.
_NEVER_WRITTEN = "Not initialised"


class NoValueError(Exception):
    """The reading of an attribute holds no value; its text says why."""


class Attribute(NamedTuple):
    """How values of an attribute are read and written, and of all others that are alike.

    :param take: gives the raw value.
    :param give: gives what pytango writes for a raw value.
    """

    served: Served
    take: Callable[[Any], Any]
    give: Callable[[Any], Any]

    def is_like(self, other: "Attribute") -> bool:
        """Return whether values that were taken for the other are values of this one."""
        return self.served is other.served or self.served == other.served

    def update(self, reading: Any, setpoint: bool = False) -> RawUpdate:
        """Return raw value, timestamp, severity and alarm text of a `DeviceAttribute`.

        :param setpoint: take what was written last in the place of the value.
        :raises DevFailed: if the device gave an error in the place of a value.
        :raises NoValueError: if its quality says that there is none.
        """
        if reading.has_failed:
            raise library.DevFailed(*reading.get_err_stack())
        quality = reading.quality
        severity, text = _SEVERITIES.get(quality) or (INVALID, f"quality {quality.name}")
        value = reading.w_value if setpoint else reading.value
        if setpoint and _was_never_written(value):
            value = reading.value
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
    return _used(info, _facts_of(info), shape, host)


def attributes(named: Iterable[tuple[str, Any]], host: str) -> Iterator[tuple[Any, Attribute]]:
    """Yield the configurations of many attributes, and how to use each, without the shapes of arrays.

    :param named: the name of each as it was asked for, and its `AttributeInfoEx`.
    """
    before = used = last = twin = None
    for name, info in named:
        # Many have what the one before has, and a comparison in C++ is sooner made than eight facts are fetched.
        if used is None or twin is None or not twin.is_of(name, info):
            facts = _facts_of(info)
            if used is not None and facts == before:
                twin = _Twin(name, info, last)
            else:
                used, twin = _used(info, facts, (), host), None
                before = facts if _is_plain(facts) else None
            last = info
        yield info, used


class _Twin:
    """A configuration that takes the names and words of others, to see whether all else is the same.

    :param before: the one of another attribute that is alike.
    """

    def __init__(self, name: str, info: Any, before: Any) -> None:
        self._own = library.copy_of_configuration(info)
        self._is_written = info.writable_attr_name == name  # else it is written under that of another, or not at all
        self._has_label = info.label != name  # else the server has made it of the name
        self._is_described = info.description != before.description

    def is_of(self, name: str, info: Any) -> bool:
        own = self._own
        own.name = name
        own.label = info.label if self._has_label else name
        if self._is_written:
            own.writable_attr_name = name
        if self._is_described:
            own.description = info.description
        return own == info


def _used(info: Any, facts: tuple[Any, ...], shape: tuple[int, ...], host: str) -> Attribute:
    size = () if facts[1] is library.SCALAR else (info.max_dim_x, info.max_dim_y)
    labels = tuple(info.enum_labels) if facts[0] == library.ENUM else ()
    return _use(facts[:-1], _alarms_of(facts[-1]), size, labels, shape, host)


def _is_plain(facts: tuple[Any, ...]) -> bool:
    """Return whether these facts say all: no sizes, and no labels."""
    return facts[1] is library.SCALAR and facts[0] != library.ENUM


#: What counts of a configuration: each has to be fetched from C++, and a thousand are asked for at once.
_facts_of = attrgetter("data_type", "data_format", "writable", "unit", "format", "min_value", "max_value", "alarms")
_alarms_of = attrgetter("min_alarm", "max_alarm", "min_warning", "max_warning")


class Kind(NamedTuple):
    """The type of an attribute.

    :param name: what Tango calls it.
    :param form: SCALAR, SPECTRUM or IMAGE.
    :param size: its largest dimensions; empty for a scalar.
    :param labels: of an enum.
    """

    name: str
    form: str
    size: tuple[int, ...]
    labels: tuple[str, ...]


@lru_cache(1024)
def _use(
    facts: tuple[Any, ...],
    alarms: tuple[str, str, str, str],
    largest: tuple[int, ...],
    labels: tuple[str, ...],
    shape: tuple[int, ...],
    host: str,
) -> Attribute:
    """Return what is served, and how values are taken and given; the same for all attributes that are alike."""
    data_type, data_format, writable, unit, format, low, high = facts
    low_alarm, high_alarm, low_warning, high_warning = alarms
    form = data_format.name
    size = largest[:1] if form == "SPECTRUM" else largest[::-1]  # of an image, rows come first here
    native, take, give = _type_of(Kind(library.name_of(data_type), form, size, labels))
    precision = decimal_places(format) if native.kind == "float" else None
    numeric = native.kind in ("int", "float")
    served = Served(
        native=native,
        traits=WireTraits(precision),
        units=None if unit in _NOTHING or not numeric else unit,
        precision=precision,
        limits=_range(low, high) if numeric else None,
        shape=shape,
        writable=writable.name in ("WRITE", "READ_WRITE"),  # READ_WITH_WRITE names another one to write
        host=host,
        alarm=_range(low_alarm, high_alarm) if numeric else None,
        warning=_range(low_warning, high_warning) if numeric else None,
    )
    return Attribute(served, take, give)


def differ(before: RawUpdate, after: RawUpdate) -> bool:
    """Return whether value, severity or alarm text of two updates differ; their times may."""
    if before[2:] != after[2:]:
        return True
    try:
        return not np.array_equal(before[0], after[0]) or format_of(before[0]) != format_of(after[0])
    except Exception:  # noqa: BLE001  # what cannot be compared is given once more
        return True


def shape_of(reading: Any) -> tuple[int, ...]:
    """Return the shape of the value in a reading of an array."""
    value = None if reading.has_failed else reading.value
    if value is None:
        return ()
    if isinstance(value, tuple) and len(cast(Any, value)) == 2 and isinstance(value[1], bytes):  # encoded
        return (len(value[1]),)
    return tuple(int(size) for size in np.shape(cast(Any, value)))


def _type_of(kind: Kind) -> tuple[NativeType, Callable[[Any], Any], Callable[[Any], Any]]:
    name, form = kind.name, kind.form
    detail = name if form == "SCALAR" else f"{name} {form.lower()}"
    shape: tuple[int | None, ...] | None = kind.size or None
    if name in NUMBERS:
        native_kind, numpy_name = NUMBERS[name]
        native = NativeType(native_kind, numpy_name, shape, detail=detail)
        return (native, _same, _same) if shape is None else (native, _array_of(numpy_name, len(shape)), _same)
    if name == "DevString":
        return NativeType("str", shape=shape, detail=detail), _text if shape is None else _texts, _same
    if name == "DevEnum":
        take = int if shape is None else _numbers
        return NativeType("enum", shape=shape, choices=kind.labels, detail=detail), take, _same
    if name == "DevState":
        native = NativeType("enum", shape=shape, choices=library.STATES, detail=detail)
        return (native, int, library.state_of) if shape is None else (native, _numbers, _states)
    if name == ENCODED and shape is None:
        return NativeType("encoded", "uint8", (None,), detail=detail), encoded, decoded
    return NativeType("unknown", detail=detail), _same, _same


def _was_never_written(told: Any) -> bool:
    """Return whether what a server gives as written last says that nobody has written it."""
    while isinstance(told, list | tuple) and len(cast(Any, told)) == 1:
        told = cast(Any, told)[0]
    return isinstance(told, str) and told == _NEVER_WRITTEN


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


def encoded(value: Any) -> Encoded:
    """Return what pytango reads as a pair of format and bytes."""
    format, data = value
    return Encoded(data.encode("latin-1") if isinstance(data, str) else bytes(data), format=str(format))


def decoded(raw: Encoded) -> tuple[str, bytes]:
    """Return bytes with their format, as pytango writes them."""
    return raw.format, raw.tobytes()


def _range(low: str, high: str) -> Limits | None:
    limits = Limits(_end(low), _end(high))
    return None if limits == Limits() else limits


def _end(text: str) -> float | None:
    if text in _NOTHING:
        return None
    try:
        return float(text)
    except ValueError:
        return None
