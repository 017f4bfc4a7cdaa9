"""Devices: names, order of keys, formats, all-or-nothing reads, staging."""

from dataclasses import replace
from typing import Any

import pytest

from ophyd_decl.devices.mock import set_mock_value
from ophyd_decl.devices.node import walk
from ophyd_decl.errors import AbsentError, ReadError
from ophyd_decl.vocab.datatypes import Datatype

from .shapes import child, command, connect, derived, make, path, shape, soft, soft_motor, wire
from .test_roles import role
from .test_signal import protocols_of


async def test_documents_follow_file_order_and_formats() -> None:
    device = make(
        shape(
            "all",
            soft("z", 1.0, format="hinted"),
            soft("c", 2.0, format="config"),
            soft("a", 3.0, format="read"),
            soft("none", 4.0),
            soft("u", 5.0, format="hinted_uncached"),
            child("m", soft_motor()),
        )
    )
    await connect(device)
    assert list(await device.read()) == ["dev-z", "dev-a", "dev-u", "dev-m"]
    assert list(await device.describe()) == ["dev-z", "dev-a", "dev-u", "dev-m"]
    assert list(await device.read_configuration()) == ["dev-c", "dev-m-velocity"]
    assert list(await device.describe_configuration()) == ["dev-c", "dev-m-velocity"]
    assert device.hints == {"fields": ["dev-z", "dev-u", "dev-m"]}


async def test_names_and_paths() -> None:
    device = make(shape("outer", child("m", soft_motor())), name="stage")
    motor: Any = device["m"]
    assert (motor.name, motor.path, motor.parent) == ("stage-m", "stage.m", device)
    assert (motor.readback.name, motor.readback.path) == ("stage-m", "stage.m.readback")
    assert motor.velocity.name == "stage-m-velocity"
    assert repr(motor) == "stage.m <test.motor>"
    assert [node.path for node in walk(motor)] == ["stage.m"] + [
        f"stage.m.{key}" for key in ("setpoint", "readback", "velocity")
    ]


async def test_staged_reads_are_held_but_uncached_ones_are_not() -> None:
    device = make(shape("g", soft("a", 1.0, format="hinted"), soft("u", 1.0, format="uncached")))
    await connect(device)
    await device.stage()
    assert device._context.binding.held == {"dev.a": 1}
    set_mock_value(device.u, 2.0)
    assert (await device.read())["dev-u"]["value"] == 2.0
    await device.unstage()
    assert device._context.binding.idle


async def test_a_read_is_all_or_nothing_and_lists_every_failure() -> None:
    device = make(shape("g", soft("a", 1.0, format="read"), *[wire(f"x{i}", f"X{i}", format="read") for i in (1, 2)]))
    connector = device.a._context.binding.connector("soft")
    device._context.binding._connectors["ca"] = type(connector)("ca", strict=True)
    await connect(device, timeout_s=0.01)
    with pytest.raises(AbsentError) as caught:
        await device.read()
    assert isinstance(caught.value, ReadError)
    assert "dev.x1" in str(caught.value)
    assert "ca://T:X2" in str(caught.value)
    assert len(caught.value.failures) == 2
    partial = await device.read_partial()
    assert partial["dev-a"]["value"] == 1.0
    assert isinstance(partial["dev-x1"], AbsentError)


async def test_a_member_that_is_not_there_is_named() -> None:
    device = make(shape("g", soft("a", 1.0)))
    with pytest.raises(KeyError, match="dev has no member 'b'; it has a"):
        device["b"]


def test_devices_satisfy_the_protocols_of_their_roles() -> None:
    base = {"Readable", "Configurable", "Stageable", "HasHints", "HasName", "HasParent"}
    assert protocols_of(make(shape("g", soft("a", 1.0)))) == base
    movable = base | {"Movable", "NamedMovable", "Locatable", "Stoppable", "Checkable", "Subscribable"}
    assert protocols_of(make(soft_motor())) == movable
    start = role("triggerable", "start_and_wait", start=path("go"))
    assert protocols_of(make(shape("t", command("go", "GO"), roles=(start,)))) == base | {"Triggerable"}
    formula = make(
        shape("d", soft("a", 1.0), derived("b", "x", {"x": "a"}), derived("c", "x", {"x": "a"}, {"a": "value"}))
    )
    readable = {"Readable", "Stageable", "Subscribable", "HasName", "HasParent"}
    assert protocols_of(formula.b) == readable
    assert protocols_of(formula.c) == readable | {"Movable", "Checkable", "Locatable"}
    bare = make(shape("c", command("go", "GO")))
    assert protocols_of(bare.go) == {"Triggerable", "HasName", "HasParent"}


def test_devices_of_one_shape_share_a_class_and_a_nominal_class() -> None:
    from ophyd_decl.types import test as types

    first, second = make(soft_motor()), make(soft_motor())
    assert type(first) is type(second)
    assert isinstance(first, types.motor)


async def test_a_derived_signal_is_computed_from_one_snapshot_with_the_worst_severity() -> None:
    device = make(
        shape(
            "g",
            soft("a", 1.0, format="read"),
            soft("b", 2.0),
            derived("sum", "first + second", {"first": "a", "second": "b"}, format="hinted", units="mm"),
        )
    )
    await connect(device)
    connector = device.a.mock_connector
    connector.set_value(device.b.read_channel, 5.0, timestamp=20.0, alarm_severity=1)
    connector.set_value(device.a.read_channel, 1.0, timestamp=10.0, alarm_severity=-1)
    reading = (await device.read())["dev-sum"]
    assert reading == {"value": 6.0, "timestamp": 20.0, "alarm_severity": -1}
    assert (await device.describe())["dev-sum"]["source"] == "derived://dev-sum"


async def test_a_formula_without_a_value_is_a_read_error_that_shows_its_inputs() -> None:
    device = make(shape("g", soft("a", 0.0), derived("inverse", "1 / x", {"x": "a"}, format="read")))
    await connect(device)
    with pytest.raises(ReadError, match=r"1 / x.*division by zero with x = 0\.0"):
        await device.read()


async def test_the_order_of_members_does_not_depend_on_hashes() -> None:
    keys = [f"signal_{number}" for number in range(30)]
    device = make(shape("g", *[soft(key, 0.0, format="read") for key in keys]))
    await connect(device)
    assert list(await device.read()) == [f"dev-{key}" for key in keys]


async def test_the_shapes_of_arrays_and_tables_are_those_of_their_values() -> None:
    floats, sizes = Datatype("float64", (None,)), Datatype("table", columns=(("step", "int32"), ("size", "float64")))
    table = {"step": [1, 2, 3], "size": [0.5, 1.5, 2.5]}
    members = (
        replace(soft("floats", [0.5, 1.5], format="read"), datatype=floats),
        replace(soft("table", table, format="read"), datatype=sizes),
    )
    device = make(shape("g", *members))
    await connect(device)
    shapes = {name: key["shape"] for name, key in (await device.describe()).items()}
    assert shapes == {"dev-floats": [2], "dev-table": [3]}
    await device.floats.set([1.0, 2.0, 3.0])
    assert (await device.floats.describe())["dev-floats"]["shape"] == [3]
