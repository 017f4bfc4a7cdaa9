"""Configurations of many attributes at once: what one is never goes for that of its neighbour."""

from typing import Any

import pytest
import tango

from ophyd_decl.connectors.tango.attributes import attribute, attributes

FIELDS: dict[str, Any] = {
    "data_type": tango.CmdArgType.DevFloat,
    "data_format": tango.AttrDataFormat.SPECTRUM,
    "writable": tango.AttrWriteType.READ,
    "unit": "um",
    "format": "%.1f",
    "min_value": "-1",
    "max_value": "1",
    "min_alarm": "-0.5",
    "max_alarm": "0.5",
    "min_warning": "-0.4",
    "max_warning": "0.4",
}


def configuration(name: str, **fields: Any) -> Any:
    info = tango.AttributeInfoEx()
    info.name = info.label = name
    info.data_type, info.data_format = tango.CmdArgType.DevDouble, tango.AttrDataFormat.SCALAR
    info.writable, info.unit, info.format = tango.AttrWriteType.READ_WRITE, "mm", "%.3f"
    info.max_dim_x = 1
    info.alarms = tango.AttributeAlarmInfo()
    for field, value in fields.items():
        setattr(info.alarms if field.endswith(("alarm", "warning")) else info, field, value)
    return info


@pytest.mark.parametrize("field", FIELDS)
def test_one_that_differs_is_seen_among_others(field: str) -> None:
    other = {field: FIELDS[field]}
    infos = [configuration("a"), configuration("b", **other), configuration("c", **other), configuration("d")]
    served = [one.served for one in attributes(infos, "host")]
    assert served == [attribute(info, (), "host").served for info in infos]
    assert served[0] == served[3] != served[1] == served[2]


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [("enum_labels", ["Low", "High"], ["High", "Low"]), ("max_dim_x", 3, 4), ("max_dim_y", 3, 4)],
)
def test_labels_and_sizes_are_those_of_each(field: str, first: Any, second: Any) -> None:
    if field == "enum_labels":
        kind = {"data_type": tango.CmdArgType.DevEnum}
    else:
        kind = {"data_format": tango.AttrDataFormat.IMAGE}
    infos = [configuration(name, **kind, **{field: value}) for name, value in (("a", first), ("b", second))]
    one, two = (made.served for made in attributes(infos, "host"))
    assert one != two
    assert two == attribute(infos[1], (), "host").served
