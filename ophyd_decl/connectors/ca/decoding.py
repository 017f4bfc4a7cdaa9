"""The memory layout of what libca delivers, and what is made of it: raw values, alarms, times, metadata.

Nothing here decides what a signal is used as.
Source: db_access.h of EPICS base; alarm texts from alarmString.h.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...vocab.readings import INVALID, Limits
from ..link import RawUpdate
from ..values import text_of

STRING, SHORT, FLOAT, ENUM, CHAR, LONG, DOUBLE = range(7)
TIME = 14
CONTROL = 28
TEXT_SIZE = 40

NAMES = ("DBR_STRING", "DBR_SHORT", "DBR_FLOAT", "DBR_ENUM", "DBR_CHAR", "DBR_LONG", "DBR_DOUBLE")
NUMPY = ("", "int16", "float32", "uint16", "uint8", "int32", "float64")
#: struct code of one value.
CODES = ("40s", "h", "f", "H", "B", "i", "d")
_SIZES = (TEXT_SIZE, 2, 4, 2, 1, 4, 8)
_TIME_PADS = ("", "2x", "", "2x", "3x", "", "4x")
_TIME_HEADER = "=hhII"
_ALARM = struct.Struct("=hh")
_CONTROL_HEADERS = ("", "=hh8s8h", "=hhhh8s8f", "=hhh416s", "=hh8s8Bx", "=hh8s8i", "=hhhh8s8d")

#: Bytes before the first value, and of each value, for each DBR type that is asked for.
HEADER_SIZE: dict[int, int] = {}
VALUE_SIZE: dict[int, int] = {}
for _kind in range(7):
    HEADER_SIZE[_kind] = 0
    HEADER_SIZE[_kind + TIME] = struct.calcsize(_TIME_HEADER + _TIME_PADS[_kind])
    HEADER_SIZE[_kind + CONTROL] = struct.calcsize(_CONTROL_HEADERS[_kind] or "=")
    for _offset in (0, TIME, CONTROL):
        VALUE_SIZE[_kind + _offset] = _SIZES[_kind]

#: Severity INVALID of EPICS.
EPICS_INVALID = 3
#: Seconds from 1970 to 1990, where EPICS time begins.
EPICS_EPOCH = 631152000

_ALARMS = (
    "", "READ", "WRITE", "HIHI", "HIGH", "LOLO", "LOW", "STATE", "COS", "COMM", "TIMEOUT", "HWLIMIT", "CALC", "SCAN",
    "LINK", "SOFT", "BAD_SUB", "UDF", "DISABLE", "SIMM", "READ_ACCESS", "WRITE_ACCESS",
)  # fmt: skip

Decoder = Callable[[bytes | bytearray, int], RawUpdate]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a CTRL reply says beside the value."""

    units: str | None = None
    precision: int | None = None
    limits: Limits | None = None
    display: Limits | None = None
    warning: Limits | None = None
    alarm: Limits | None = None
    labels: tuple[str, ...] = ()


def severity_of(severity: int) -> int:
    """Return the severity of a reading; EPICS has 3 for invalid."""
    return severity if severity < 3 else INVALID


def alarm_text(status: int) -> str:
    """Return the name of an alarm status, empty for none."""
    return _ALARMS[status] if 0 <= status < len(_ALARMS) else f"alarm {status}"


def alarm_of(data: bytes | bytearray) -> tuple[int, int]:
    """Return alarm status and severity of a TIME reply, as numbers of EPICS."""
    status, severity = _ALARM.unpack_from(data)
    return status, severity


def scalar_decoder(kind: int) -> Decoder:
    """Return the decoder of a scalar TIME reply."""
    unpack = struct.Struct(_TIME_HEADER + _TIME_PADS[kind] + CODES[kind]).unpack_from

    def decode(data: bytes | bytearray, count: int) -> RawUpdate:
        del count
        status, severity, seconds, nanoseconds, value = unpack(data)
        if status or severity:
            return (
                value,
                seconds + EPICS_EPOCH + nanoseconds * 1e-9,
                severity if severity < 3 else INVALID,
                alarm_text(status),
            )
        return value, seconds + EPICS_EPOCH + nanoseconds * 1e-9, 0, ""

    if kind != STRING:
        return decode

    def decode_text(data: bytes | bytearray, count: int) -> RawUpdate:
        value, timestamp, severity, message = decode(data, count)
        return text_of(value), timestamp, severity, message

    return decode_text


def array_decoder(kind: int) -> Decoder:
    """Return the decoder of an array TIME reply; arrays are views of the reply, which is theirs."""
    offset = HEADER_SIZE[kind + TIME]
    header = struct.Struct(_TIME_HEADER).unpack_from
    dtype = None if kind == STRING else np.dtype(NUMPY[kind])

    def decode(data: bytes | bytearray, count: int) -> RawUpdate:
        status, severity, seconds, nanoseconds = header(data)
        value: Any
        if dtype is None:
            value = [
                text_of(bytes(data[at : at + TEXT_SIZE])) for at in range(offset, offset + count * TEXT_SIZE, TEXT_SIZE)
            ]
        else:
            value = np.frombuffer(data if isinstance(data, bytearray) else bytearray(data), dtype, count, offset)
        return value, seconds + EPICS_EPOCH + nanoseconds * 1e-9, severity_of(severity), alarm_text(status)

    return decode


def characters_decoder() -> Decoder:
    """Return the decoder of a long string, served as an array of characters."""
    offset = HEADER_SIZE[CHAR + TIME]
    header = struct.Struct(_TIME_HEADER).unpack_from

    def decode(data: bytes | bytearray, count: int) -> RawUpdate:
        status, severity, seconds, nanoseconds = header(data)
        value = text_of(bytes(data[offset : offset + count]))
        return value, seconds + EPICS_EPOCH + nanoseconds * 1e-9, severity_of(severity), alarm_text(status)

    return decode


def kept_texts(data: bytes | bytearray, count: int) -> list[str]:
    """Return the texts of a TIME reply that are compared with what was put; one may be cut off within a letter."""
    offset = HEADER_SIZE[STRING + TIME]
    items = (bytes(data[at : at + TEXT_SIZE]) for at in range(offset, offset + count * TEXT_SIZE, TEXT_SIZE))
    return [item.split(b"\0", 1)[0].decode(errors="ignore") for item in items]


def metadata(kind: int, data: bytes | bytearray) -> Metadata:
    """Return units, precision, limits and labels of a CTRL reply."""
    if kind == STRING:
        return Metadata()
    fields = struct.unpack_from(_CONTROL_HEADERS[kind], data)
    if kind == ENUM:
        labels: bytes = fields[3]
        return Metadata(
            labels=tuple(text_of(labels[at * 26 : at * 26 + 26]) for at in range(max(0, min(fields[2], 16))))
        )
    floating = kind in (FLOAT, DOUBLE)
    units: bytes = fields[4 if floating else 2]
    top, bottom, high_alarm, high, low, low_alarm, most, least = map(float, fields[-8:])
    return Metadata(
        units=text_of(units),
        precision=int(fields[2]) if floating else None,
        limits=Limits.between(least, most),
        display=Limits.between(bottom, top),
        warning=Limits.between(low, high),
        alarm=Limits.between(low_alarm, high_alarm),
    )
