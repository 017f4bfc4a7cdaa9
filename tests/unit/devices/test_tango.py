"""Devices of Tango whose server is away: they are built, listed, mocked, and harm nobody."""

from dataclasses import replace
from typing import Any

import pytest

from ophyd_decl.blueprint import Address, BeamlineBlueprint, CommandShape, DeviceBlueprint, SignalShape, Template
from ophyd_decl.cli.manifest import manifest
from ophyd_decl.errors import AbsentError, BadValueError
from ophyd_decl.session.beamline import Beamline
from ophyd_decl.vocab.addresses import source_of
from ophyd_decl.vocab.datatypes import Datatype

from .shapes import HERE, shape, soft

TRL = "tango://sr-db:10000/sr/d-ct/1"


def attribute(key: str, address: str, dtype: str = "float", access: Any = "r") -> SignalShape:
    read = Template((address,))
    origin = Address("tango", read, read if access == "rw" else None)
    return SignalShape(key, origin, Datatype(dtype), access, "hinted", HERE, units="mA")


def ring(**more: Any) -> DeviceBlueprint:
    members = (
        attribute("current", f"{TRL}/Current"),
        attribute("alone", "tango://pc:8888/a/b/c/State#dbase=no", "int", "rw"),
        attribute("short", "sr/d-ct/1/Lifetime"),
        CommandShape("reset", Address("tango", None, Template((f"{TRL}/Reset",))), 1, HERE),
        CommandShape(
            "ramp", Address("tango", None, Template((f"{TRL}/Ramp",))), None, HERE,
            argument=Datatype("float"), returns=Datatype("int"),
        ),
    )  # fmt: skip
    made = replace(shape("device", *members), type="tango.device")
    return DeviceBlueprint(
        "ring", "ring", made, {"trl": "tango://sr-db:10000/sr/d-ct/1"}, HERE, protocol="tango", fill=True, **more
    )


def beamline(device: DeviceBlueprint) -> Any:
    good = DeviceBlueprint("good", "good", shape("good", soft("x", 1.0)), {}, HERE)
    return Beamline(BeamlineBlueprint("test", "test.yaml", (device, good), ("ring", "good")))


async def test_the_manifest_has_the_sources_as_they_are_written() -> None:
    nodes = {node["path"]: node for node in await manifest(beamline(ring()))}
    assert {path: node["source"] for path, node in nodes.items() if path.startswith("ring.")} == {
        "ring.current": "tango://sr-db:10000/sr/d-ct/1/Current",
        "ring.alone": "tango://pc:8888/a/b/c/State#dbase=no",
        "ring.short": "tango://sr/d-ct/1/Lifetime",
        "ring.reset": "tango://sr-db:10000/sr/d-ct/1/Reset",
        "ring.ramp": "tango://sr-db:10000/sr/d-ct/1/Ramp",
    }
    assert (nodes["ring.current"]["units"], nodes["ring"]["type"]) == ("mA", "tango.device")


async def test_it_works_in_mock_mode() -> None:
    bl = beamline(ring())
    assert (await bl.aconnect(mock=True)).ok
    await bl.ring.alone.set(3)
    assert await bl.ring.read() == await bl.ring.read()
    assert await bl.ring.alone.get_value() == 3
    await bl.ring.reset.trigger()
    assert await bl.ring.reset.execute() is None
    assert await bl.ring.ramp.execute(2.5) == 0
    for wrong in (
        lambda: bl.ring.ramp.trigger(),
        lambda: bl.ring.ramp.execute("fast"),
        lambda: bl.ring.reset.execute(1.0),
    ):
        with pytest.raises(BadValueError, match=r"ring\.(ramp|reset)"):
            await wrong()
    await bl.aclose()


@pytest.mark.parametrize("policy", ["required", "optional", "lazy"])
async def test_a_server_that_is_away_harms_nobody(policy: Any) -> None:
    address = "tango://127.0.0.1:1/sr/d-ct/1/Current#dbase=no"
    members = (
        attribute("current", address),
        CommandShape("reset", Address("tango", None, Template((address.replace("Current", "Reset"),))), None, HERE),
    )
    made = replace(shape("device", *members), type="tango.device")
    bl = beamline(DeviceBlueprint("ring", "ring", made, {}, HERE, protocol="tango", connect=policy))
    report = await bl.aconnect(timeout=0.5)
    assert report.ok is (policy != "required")
    if policy == "lazy":
        assert report.devices[0].state == "lazy"
    else:
        assert [device.state for device in report.devices] == ["absent", "connected"]
        first, second = report.devices[0].problems
        assert (first.code, first.source, second.code) == ("E610", address, "E610")
        assert first.cause == "no server listens at 127.0.0.1:1"
        for use in (bl.ring.current.get_value, bl.ring.reset.execute, bl.ring.read, bl.ring.describe):
            with pytest.raises(AbsentError, match=r"ring\.(current|reset)"):
                await use()
    assert await bl.good.x.get_value() == 1.0
    await bl.aclose()


def test_a_source_has_one_scheme() -> None:
    assert source_of("tango", TRL) == TRL
