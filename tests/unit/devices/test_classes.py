"""The classes of devices: a type that extends others is an instance of all of them."""

import pickle
from dataclasses import replace
from typing import Any

from ophyd_decl.blueprint import BeamlineBlueprint, DeviceBlueprint, Shape
from ophyd_decl.devices.roles import Movable
from ophyd_decl.session.beamline import Beamline

from .shapes import HERE, make, shape, soft, soft_motor


def extending(name: str, *bases: str, of: Shape | None = None) -> Shape:
    made = of or shape(name, soft("value", 1.0))
    return replace(made, type=f"family.{name}", bases=tuple(f"family.{base}" for base in bases))


def test_a_device_is_an_instance_of_every_type_that_its_type_extends() -> None:
    from ophyd_decl.types import family

    named_before = family.grandparent
    device = make(extending("child", "parent", "grandparent"))
    parent = make(extending("parent", "grandparent"))
    grandparent = make(extending("grandparent"))
    assert isinstance(device, named_before)
    assert isinstance(device, family.child)
    assert isinstance(device, family.parent)
    assert isinstance(parent, family.parent)
    assert isinstance(parent, named_before)
    assert not isinstance(parent, family.child)
    assert isinstance(grandparent, named_before)
    assert not isinstance(grandparent, family.parent)


def test_a_base_that_was_built_before_it_was_extended_is_a_base_too() -> None:
    from ophyd_decl.types import family

    make(extending("early"))
    assert isinstance(make(extending("later", "early")), family.early)


def test_the_order_of_the_bases_is_that_of_the_file_and_roles_come_first() -> None:
    motor = extending("axis", "left", "right", "root", of=soft_motor())
    names = [kind.__name__ for kind in type(make(motor)).__mro__]
    assert names[:6] == ["axis", "Movable", "Role", "axis", "left", "right"]
    assert names[6] == "root"
    assert issubclass(type(make(motor)), Movable)


def test_two_files_may_give_a_type_of_one_name_different_bases() -> None:
    from ophyd_decl.types import family

    first = make(extending("twofold", "one"))
    second = make(extending("twofold", "other"))
    assert isinstance(first, family.one)
    assert not isinstance(first, family.other)
    assert isinstance(second, family.other)
    assert isinstance(first, family.twofold)
    assert isinstance(second, family.twofold)


_kept: dict[str, Any] = {}


def restored(node: str) -> Any:
    return _kept["beamline"][node]


def test_pickling_gives_the_device_back() -> None:
    blueprint = DeviceBlueprint("d", "d", extending("pickled", "parent"), {}, HERE)
    bl: Any = Beamline(BeamlineBlueprint("test", "test.yaml", (blueprint,), ("d",)), (restored, ()))
    _kept["beamline"] = bl
    assert pickle.loads(pickle.dumps(bl.d)) is bl.d
    _kept.clear()
