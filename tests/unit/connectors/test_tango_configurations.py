"""Configurations of many attributes at once: what one is never goes for that of its neighbour."""

from typing import Any

import pytest
import tango

from ophyd_decl.connectors.tango import attributes as tango_attributes
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


def served_of(infos: list[Any]) -> list[Any]:
    return [one.served for _, one in attributes([(info.name, info) for info in infos], "host")]


@pytest.mark.parametrize("alike", [0, 1, 2, 3])
@pytest.mark.parametrize("field", FIELDS)
def test_one_that_differs_is_seen_among_others(field: str, alike: int) -> None:
    other = {field: FIELDS[field]}
    names = iter("abcdefghij")
    before = [configuration(next(names)) for _ in range(alike)]
    differing = [configuration(next(names), **other) for _ in range(2)]
    infos = [*before, *differing, *(configuration(next(names)) for _ in range(3))]
    served = served_of(infos)
    assert served == [attribute(info, (), "host").served for info in infos]
    assert served[-1] != served[alike] == served[alike + 1]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("label", ["a", "a", "a", "a", "e"]),
        ("label", ["A", "B", "C", "D", "E"]),
        ("description", ["one", "two", "three", "three", "five"]),
        ("description", ["one", "one", "one", "two", "two"]),
        ("writable_attr_name", ["None", "None", "None", "None", "d"]),
        ("writable_attr_name", ["a", "b", "c", "d", "e"]),
        ("name", ["a", "b", "C", "d", "E"]),
    ],
)
def test_those_that_differ_in_names_and_words_alone_are_alike(field: str, values: list[str]) -> None:
    infos = [configuration(name) for name in "abcde"]
    for info, value in zip(infos, values, strict=True):
        setattr(info, field, value)
    made = list(attributes(zip("abcde", infos, strict=True), "host"))
    assert [info for info, _ in made] == infos
    assert len({id(one) for _, one in made}) == 1


def test_many_that_are_alike_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def facts_of(info: Any) -> Any:
        looked.append(info.name)
        return facts(info)

    facts = tango_attributes._facts_of
    monkeypatch.setattr(tango_attributes, "_facts_of", facts_of)
    served_of([configuration(name, writable_attr_name=name, description=name) for name in "abcdefgh"])
    assert looked == ["a", "b"]


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [("enum_labels", ["Low", "High"], ["High", "Low"]), ("max_dim_x", 3, 4), ("max_dim_y", 3, 4)],
)
def test_labels_and_sizes_are_those_of_each(field: str, first: Any, second: Any) -> None:
    if field == "enum_labels":
        kind = {"data_type": tango.CmdArgType.DevEnum}
    else:
        kind = {"data_format": tango.AttrDataFormat.IMAGE}
    infos = [configuration(name, **kind, **{field: first}) for name in "abc"]
    infos.append(configuration("d", **kind, **{field: second}))
    *others, last = served_of(infos)
    assert all(one == others[0] for one in others)
    assert last != others[0]
    assert last == attribute(infos[-1], (), "host").served
