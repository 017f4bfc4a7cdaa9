"""What a structure of pvAccess is: its native type, its metadata, and how a raw value is taken from it and put into it.

Normative types are recognized by what they hold, not by their name alone, since servers differ in the names.
Source: EPICS 7 Normative Types Specification.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...vocab.datatypes import NativeKind, NativeType
from ...vocab.listing import FIELDS, Entry
from ...vocab.readings import INVALID, Limits
from ..link import RawUpdate, Served
from ..values import WireTraits, text_of
from .library import Value

#: Type codes of p4p for scalars, with the numpy names.
_NUMBERS = {
    "?": "bool", "b": "int8", "B": "uint8", "h": "int16", "H": "uint16", "i": "int32", "I": "uint32", "l": "int64",
    "L": "uint64", "f": "float32", "d": "float64",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Structure:
    """How values of one PV are read and written in this generation.

    :param native: what it is.
    :param request: fields of a read or a subscription.
    :param quiet: fields of a subscription that says little more than that the connection is there.
    :param take: gives the raw value.
    :param field: where a raw value is put; empty if it cannot be written.
    """

    native: NativeType
    request: str
    quiet: str
    take: Callable[[Value], Any]
    field: str
    has_alarm: bool
    has_time: bool

    @property
    def sized(self) -> bool:
        """Return whether a server may keep less of a value than it is sent, without a word."""
        return self.field == "value" and (self.native.kind in ("str", "table") or self.native.shape is not None)

    def update(self, value: Value) -> RawUpdate:
        """Return raw value, timestamp, severity and alarm text."""
        raw = self.take(value)
        timestamp = (
            value["timeStamp.secondsPastEpoch"] + value["timeStamp.nanoseconds"] * 1e-9
            if self.has_time
            else time.time()
        )
        if self.has_alarm:
            severity: int = value["alarm.severity"]
            if severity:
                return raw, timestamp, severity if severity < 3 else INVALID, text_at(value, "alarm.message")
        return raw, timestamp, 0, ""

    def served(self, value: Value) -> Served:
        """Return what the server says beside the value."""
        raw = self.take(value)
        shape: tuple[int, ...] = ()
        if self.native.shape is not None:
            shape = tuple(int(size) for size in np.shape(raw))
        known = facts(value, self.native.kind)
        return Served(self.native, WireTraits(known.get("precision")), shape=shape, **known)


def facts(value: Value, kind: NativeKind) -> dict[str, Any]:
    """Return units, precision and limits, as fields of `Served`; what the structure does not have is None."""
    if kind not in ("int", "float", "image"):
        return {}
    has_precision = kind == "float" and value.has("display.precision")
    return {
        "units": text_at(value, "display.units") if value.has("display.units") else None,
        "precision": int(value["display.precision"]) if has_precision else None,
        "limits": _limits(value, "control.limitLow", "control.limitHigh"),
        "display": _limits(value, "display.limitLow", "display.limitHigh"),
        "warning": _limits(value, "valueAlarm.lowWarningLimit", "valueAlarm.highWarningLimit"),
        "alarm": _limits(value, "valueAlarm.lowAlarmLimit", "valueAlarm.highAlarmLimit"),
    }


def text_at(value: Value, field: str) -> str:
    """Return a text beside the value, which may be Latin-1 as over Channel Access."""
    try:
        return value[field]
    except UnicodeDecodeError as error:
        return text_of(error.object)


def _limits(value: Value, low: str, high: str) -> Limits | None:
    return Limits.between(float(value[low]), float(value[high])) if value.has(low) and value.has(high) else None


def inspect(value: Value) -> Structure:
    """Return how to use a structure; one that is not understood has the native kind `unknown`."""
    identifier = value.getID()
    has_alarm = value.has("alarm.severity") and value.has("alarm.message")
    has_time = value.has("timeStamp.secondsPastEpoch") and value.has("timeStamp.nanoseconds")
    native, request, take, field = _value_of(value, identifier)
    return Structure(native, request, _quiet(value, native.kind), take, field, has_alarm, has_time)


def _quiet(value: Value, kind: NativeKind) -> str:
    """Return the fields that hardly ever change; what is not there must not be asked for, `value` might be meant."""
    if kind == "enum":
        return "field(value.choices)"
    if kind == "listing":
        return "field(value)"
    named = [name for name in ("display", "control", "valueAlarm") if value.has(name)]
    if named:
        return f"field({','.join(named)})"
    if value.has("alarm"):
        return "field(alarm)"
    return "field(labels)" if value.has("labels") else "field()"


def unreadable(reason: str) -> NativeType:
    """Return the native type of a PV that answers, but not with a structure."""
    return NativeType("unknown", detail=reason)


def _value_of(value: Value, identifier: str) -> tuple[NativeType, str, Callable[[Value], Any], str]:
    unknown = NativeType("unknown", detail=identifier), "field()", _whole, ""
    if not value.has("value"):
        return unknown
    code: Any = value.type().aspy("value")
    usual = "field(value,alarm,timeStamp)"
    if isinstance(code, str):
        name = code.removeprefix("a")
        shape = (None,) if code.startswith("a") else None
        if code == "ad" and value.has("dim") and identifier.startswith("epics:nt/NTMatrix"):
            return NativeType("float", "float64", (None, None), detail=identifier), "field()", _take_matrix, ""
        if name == "s":
            return NativeType("str", shape=shape, detail=identifier), usual, _value, "value"
        if name in _NUMBERS:
            numpy_name = _NUMBERS[name]
            return NativeType(_kind(numpy_name), numpy_name, shape, detail=identifier), usual, _value, "value"
        if value.has("dimension") and identifier.startswith("epics:nt/NTNDArray"):
            return _image(value, identifier), "field()", _take_image, ""
        return unknown
    letter, _, members = code
    fields = dict(members)
    if letter == "S" and fields.get("choices") == "as" and "index" in fields:
        choices = tuple(value["value.choices"])
        return NativeType("enum", choices=choices, detail=identifier), usual, _index, "value.index"
    if letter == "S" and identifier.startswith("epics:nt/NTTable"):
        columns = tuple((name, _column(spec)) for name, spec in fields.items())
        if all(spec for _, spec in columns):
            return NativeType("table", detail=identifier, columns=columns), "field()", _table, "value"
    if letter == "U" and value.has("dimension"):
        return _image(value, identifier), "field()", _take_image, ""
    if letter == "S" and _is_listing(fields, identifier):
        return NativeType("listing", detail=identifier, entries=entries_of(value)), "field()", entries_of, ""
    return unknown


def _is_listing(fields: dict[str, Any], identifier: str) -> bool:
    """Return whether the fields of `value` are members of a PVI structure; many servers do not name it one."""
    if identifier.startswith("epics:nt/NTPVI"):
        return True
    return bool(fields) and all(_is_member(spec) for spec in fields.values())


def _is_member(spec: Any) -> bool:
    """Return whether a field is a structure, or an array of structures, of names of PVs."""
    if isinstance(spec, str) or spec[0] not in ("S", "aS"):
        return False
    return bool(spec[2]) and all(name in FIELDS and code == "s" for name, code in spec[2])


def entries_of(value: Value) -> tuple[Entry, ...]:
    """Return the members of a PVI structure, in its order; an item of a vector that is not there is left out."""
    found: list[Entry] = []
    structure = value["value"]
    for name in structure.keys():  # noqa: SIM118  # it is no mapping, and its items are made of lists
        member = structure[name]
        if isinstance(member, list):
            items = cast("list[Value | None]", member)
            found += [Entry(name, key, _pvs(item)) for key, item in enumerate(items) if item is not None]
        elif hasattr(member, "keys"):
            found.append(Entry(name, None, _pvs(member)))
    return tuple(found)


def _pvs(member: Any) -> tuple[tuple[str, str], ...]:
    """Return fields and PVs; what a later version of the structure may say beside them is passed over."""
    pairs = [(field, member[field]) for field in member.keys() if field in FIELDS]  # noqa: SIM118
    return tuple((field, pv) for field, pv in pairs if isinstance(pv, str))


def _value(value: Value) -> Any:
    return value["value"]


def _whole(value: Value) -> Any:
    return value


def _index(value: Value) -> Any:
    return value["value.index"]


def _table(value: Value) -> dict[str, Any]:
    return dict(value["value"].items())


def _take_image(value: Value) -> NDArray[Any]:
    codec: str = value.get("codec.name", "")
    if codec:
        raise ValueError(f"the image is compressed ({codec})")
    data = _elements(value)
    sizes = [int(dimension["size"]) for dimension in value["dimension"]]
    return data.reshape(sizes[::-1]) if sizes and data.size else data


def _image(value: Value, identifier: str) -> NativeType:
    data = _elements(value)
    if not data.size:  # before the first frame nothing is known
        return NativeType("image", detail=identifier, shape=())
    dimensions = max(len(value["dimension"]), 1)
    return NativeType("image", data.dtype.name, tuple(None for _ in range(dimensions)), detail=identifier)


def _elements(value: Value) -> NDArray[Any]:
    data: Any = value["value"]
    return np.empty(0, np.uint8) if data is None else np.asarray(data)


def _take_matrix(value: Value) -> NDArray[Any]:
    data = np.asarray(value["value"])
    sizes: list[int] = [int(size) for size in value["dim"]]
    return data.reshape(sizes) if len(sizes) == 2 else data.reshape(-1, 1)


def _kind(numpy_name: str) -> NativeKind:
    if numpy_name == "bool":
        return "bool"
    return "float" if numpy_name.startswith("float") else "int"


def _column(code: Any) -> str:
    if not isinstance(code, str) or not code.startswith("a"):
        return ""
    return "str" if code == "as" else _NUMBERS.get(code[1:], "")
