"""The attributes of the Lab device: a table of what each is, with the value that it starts with."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tango import AttrQuality, AttrWriteType, DevState

READ, WRITE, READ_WRITE = AttrWriteType.READ, AttrWriteType.WRITE, AttrWriteType.READ_WRITE
#: How long a write of `axis` takes, in s.
MOVE_S = 0.3


@dataclass
class Kind:
    """One attribute.

    :param dtype: its type in Tango.
    :param value: at first; an array or a list makes a spectrum, one of two dimensions an image.
    :param access: what clients may do.
    :param told: further arguments of `tango.server.attribute`, such as units and limits.
    :param quality: that its readings carry.
    :param pushes: kinds of events that the server sends by itself when the value changes.
    """

    dtype: str
    value: Any
    access: AttrWriteType = READ
    told: dict[str, Any] = field(default_factory=dict[str, Any])
    quality: AttrQuality = AttrQuality.ATTR_VALID
    pushes: tuple[str, ...] = ()

    @property
    def shape(self) -> dict[str, int]:
        """Return the largest dimensions, as Tango wants them."""
        if isinstance(self.value, np.ndarray) and self.value.ndim == 2:
            return {"max_dim_x": 16, "max_dim_y": 8}
        if isinstance(self.value, list) and self.value and isinstance(self.value[0], list):
            return {"max_dim_x": 4, "max_dim_y": 4}
        return {"max_dim_x": 8} if isinstance(self.value, np.ndarray | list) else {}

    @property
    def shaped(self) -> Any:
        """Return the type with its dimensions, as Tango wants them."""
        brackets = len(self.shape)
        return self.dtype if not brackets else (self.dtype,) if brackets == 1 else ((self.dtype,),)


NUMBERS: dict[str, tuple[str, Any]] = {
    "uchar": ("DevUChar", np.uint8),
    "short": ("DevShort", np.int16),
    "ushort": ("DevUShort", np.uint16),
    "long": ("DevLong", np.int32),
    "ulong": ("DevULong", np.uint32),
    "long64": ("DevLong64", np.int64),
    "ulong64": ("DevULong64", np.uint64),
    "float": ("DevFloat", np.float32),
    "double": ("DevDouble", np.float64),
}

#: Formats of C++ streams, by the attributes that have them.
STREAM_FORMATS = {
    "stream_fixed": "fixed;setprecision(2)",
    "stream_scientific": "scientific;uppercase;setprecision(3)",
    "stream_width": "setw(10); setprecision(5); Fixed",
    "stream_twice": "fixed;setprecision(2);setprecision(4)",
    "stream_digits": "uppercase;setprecision(3)",
    "stream_bare": "fixed;showpos",
}


def attributes(labels: list[str], count: int) -> dict[str, Kind]:
    """Return the attributes by name.

    :param labels: those of `mode`, `modes` and `pushed_mode`.
    :param count: how many attributes `n0`, `n1`, ... there are besides.
    """
    return {
        **_contract(labels),
        **_values(labels),
        **_qualities(),
        **_events(labels),
        **{f"n{number}": Kind("DevDouble", float(number), READ_WRITE, {"unit": "mm"}) for number in range(count)},
    }


def _contract(labels: list[str]) -> dict[str, Kind]:
    """Return what every lab of the contract suite offers."""
    return {
        "number": Kind(
            "DevDouble",
            1.5,
            READ_WRITE,
            {"unit": "mm", "format": "%8.3f", "min_value": -50, "max_value": 50},
            pushes=("change",),
        ),
        "count": Kind("DevLong", 3, READ_WRITE, {"unit": "counts"}, pushes=("change",)),
        "flag": Kind("DevEnum", 1, READ_WRITE, {"enum_labels": ["Closed", "Open"]}, pushes=("change",)),
        "mode": Kind("DevEnum", 1, READ_WRITE, {"enum_labels": labels}, pushes=("change",)),
        "text": Kind("DevString", "hello", READ_WRITE),
        "long_text": Kind("DevString", "", READ_WRITE),
        "spectrum": Kind("DevDouble", np.array([0.5, 1.5, 2.5]), READ_WRITE, {"unit": "V"}),
        "words": Kind("DevString", ["a", "b"], READ_WRITE),
        "axis": Kind("DevDouble", 0.0, READ_WRITE),
        "arrived": Kind("DevDouble", 0.0, READ_WRITE),
        "disabled": Kind("DevDouble", 1.0, READ_WRITE),
        "guarded": Kind("DevDouble", 1.0),
    }


def _values(labels: list[str]) -> dict[str, Kind]:
    """Return attributes of every type and shape."""
    scalars = {
        f"{name}_scalar": Kind(dtype, 0.5 if name in ("float", "double") else int(np.iinfo(numpy_type).max), READ_WRITE)
        for name, (dtype, numpy_type) in NUMBERS.items()
    }
    spectra = {
        f"{name}_spectrum": Kind(dtype, np.arange(3, dtype=numpy_type), READ_WRITE)
        for name, (dtype, numpy_type) in NUMBERS.items()
    }
    images = {
        f"{name}_image": Kind(dtype, np.arange(6, dtype=numpy_type).reshape(2, 3), READ_WRITE)
        for name, (dtype, numpy_type) in NUMBERS.items()
    }
    return {
        **scalars,
        **spectra,
        **images,
        "bool_scalar": Kind("DevBoolean", True, READ_WRITE),
        "bool_spectrum": Kind("DevBoolean", np.array([True, False, True]), READ_WRITE),
        "bool_image": Kind("DevBoolean", np.array([[True, False], [False, True]]), READ_WRITE),
        "string_image": Kind("DevString", [["a", "b"], ["c", "d"]], READ_WRITE),
        "modes": Kind("DevEnum", [0, 1], READ_WRITE, {"enum_labels": labels}),
        "mode_image": Kind("DevEnum", [[0, 1, 2], [2, 1, 0]], READ_WRITE, {"enum_labels": labels}),
        "state_image": Kind("DevState", [[DevState.ON, DevState.FAULT]], READ_WRITE),
        "state_scalar": Kind("DevState", DevState.OPEN, READ_WRITE),
        "state_spectrum": Kind("DevState", [DevState.ON, DevState.FAULT], READ_WRITE),
        "encoded": Kind("DevEncoded", ("RAW", b"\x01\x02\x03"), READ_WRITE),
        "empty_spectrum": Kind("DevDouble", np.array([]), READ_WRITE),
        "write_only": Kind("DevDouble", 0.0, WRITE),
        "whole": Kind("DevDouble", 7.0, READ_WRITE, {"unit": "s", "format": "%.0f"}),
        "decimal": Kind("DevDouble", 7.0, READ_WRITE, {"format": "%d"}),
        "scientific": Kind("DevDouble", 7.0, READ_WRITE, {"format": "%5.2e"}),
        **{name: Kind("DevDouble", 7.0, READ_WRITE, {"format": format}) for name, format in STREAM_FORMATS.items()},
        "my.attr-1": Kind("DevDouble", 4.5, READ_WRITE),
        "slow": Kind("DevDouble", 1.0, READ_WRITE),
    }


def _qualities() -> dict[str, Kind]:
    """Return attributes that are in order, are not, or cannot be read at all."""
    alarms = {"min_value": -100, "max_value": 100, "min_alarm": -50, "max_alarm": 50}
    warnings = {"min_warning": -40, "max_warning": 40, "unit": "mm", "format": "%.2f"}
    return {
        "guarded_range": Kind("DevDouble", 0.0, READ_WRITE, alarms | warnings),
        "invalid": Kind("DevDouble", 1.0, quality=AttrQuality.ATTR_INVALID),
        "alarmed": Kind("DevDouble", 1.0, quality=AttrQuality.ATTR_ALARM),
        "warned": Kind("DevDouble", 1.0, quality=AttrQuality.ATTR_WARNING),
        "changing": Kind("DevDouble", 1.0, quality=AttrQuality.ATTR_CHANGING),
        "raising": Kind("DevDouble", 1.0),
    }


def _events(labels: list[str]) -> dict[str, Kind]:
    """Return attributes that the server polls, or whose events it pushes; those of no other attribute come."""
    polled = {"polling_period": 50, "abs_change": 0.5, "archive_abs_change": 0.5, "period": 100}
    return {
        "polled": Kind("DevDouble", 0.0, READ_WRITE, polled),
        "counter": Kind("DevLong", 0, READ, {"polling_period": 50, "abs_change": 1}),
        "polled_mode": Kind("DevEnum", 1, READ_WRITE, {"enum_labels": labels, "polling_period": 50}),
        "pushed": Kind("DevDouble", 0.0, READ_WRITE, pushes=("change",)),
        "pushed_mode": Kind("DevEnum", 1, READ_WRITE, {"enum_labels": labels}, pushes=("change",)),
        "pushed_spectrum": Kind("DevDouble", np.arange(3.0), READ_WRITE, pushes=("change",)),
        "archived": Kind("DevDouble", 0.0, READ_WRITE, pushes=("archive",)),
        "ready": Kind("DevDouble", 0.0, READ_WRITE, pushes=("data_ready",)),
    }
