"""One signal without a file."""

from typing import Any

import pytest

from ophyd_decl.blueprint import Address, Template, Timeouts
from ophyd_decl.compile import compile_signal
from ophyd_decl.compile.signal import path_of
from ophyd_decl.errors import DefinitionError
from ophyd_decl.vocab.readings import Limits


def test_a_signal() -> None:
    device = compile_signal("random_walk:dt", name="time delta")
    (signal,) = device.shape.members
    assert (device.path, device.document_name, device.protocol, device.is_signal) == (
        "time_delta",
        "time delta",
        "ca",
        True,
    )
    assert signal.kind == "signal"
    address = Template(("random_walk:dt",))
    assert signal.origin == Address(None, address, address)
    assert (signal.access, signal.datatype.name, signal.carries_device_name) == ("rw", "any", True)


def test_keys_are_those_of_a_file() -> None:
    device = compile_signal(
        "pva://X",
        name="x",
        access="rw",
        dtype="float",
        units="mm",
        limits=[0, None],
        timeout={"read": 1},
        precision=2,
        doc="d",
    )
    (signal,) = device.shape.members
    assert signal.kind == "signal"
    assert (signal.units, signal.limits, signal.timeouts, signal.precision) == (
        "mm",
        Limits(0, None),
        Timeouts(read=1),
        2,
    )
    assert (device.protocol, device.doc) == ("pva", "d")
    assert compile_signal("X", name="x", protocol="pva").protocol == "pva"
    assert compile_signal("X", name="x", access="rw", rbv=True).shape.members[0].origin.read == Template(("X_RBV",))  # type: ignore[union-attr]
    device = compile_signal("tango://h:1/a/b/c/d#dbase=no", name="x", events="none", poll=1)
    member = device.shape.members[0]
    assert (device.protocol, member.origin.read.render(device.values)) == ("tango", "tango://h:1/a/b/c/d#dbase=no")  # type: ignore[union-attr]
    assert (member.events, member.poll_s) == ("none", 1)  # type: ignore[union-attr]
    assert compile_signal("X", name="x", dtype="float64", shape=(None, 3)).shape.members[0].datatype.shape == (None, 3)  # type: ignore[union-attr]


@pytest.mark.parametrize(("keys", "words"), [
    ({"acess": "r"}, "unknown key `acess`"), ({"dtype": "flot"}, "did you mean `float`?"),
    ({"limits": [2, 1]}, "not below"),
    ({"address": ""}, "empty"), ({"address": 3}, "expected the name of a PV"), ({"address": "$(P)x"}, "macro"),
    ({"name": ""}, "needs a name"), ({"access": "x"}, '"x" is not one of'), ({"hold": 1}, "reserved"),
    ({"address": "tango://h:1/a/b/State"}, "`tango://h:1/a/b/State` is no attribute of a Tango device: a device has"),
    ({"address": "tango://h:1/a/b/c/"}, "the name of an attribute or command"),
    ({"address": "tango://"}, "three parts"),
    ({"address": "tango://h:1/a/b/c/d", "rbv": True}, "`rbv` and `attr` exclude each other"),
    ({"suffix": "x"}, "exclude each other"), ({"choices": ["a"]}, "`choices` does not go with dtype `any`"),
])  # fmt: skip
def test_mistakes_are_said_in_one_line(keys: dict[str, Any], words: str) -> None:
    arguments: dict[str, Any] = {"address": "X", "name": "x", **keys}
    with pytest.raises(DefinitionError) as caught:
        compile_signal(arguments.pop("address"), **arguments)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(caught.value.diagnostics) == 1


@pytest.mark.parametrize(
    ("name", "path"),
    [("a", "a"), ("a b-c", "a_b_c"), ("1", "signal_1"), ("--", "signal"), ("é", "é"), ("class", "class_")],
)
def test_a_name_as_an_identifier(name: str, path: str) -> None:
    assert path_of(name) == path
