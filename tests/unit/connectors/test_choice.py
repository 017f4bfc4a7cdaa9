"""Connectors that a file names: those of the package, and those of plugins."""

import sys
from types import ModuleType
from typing import Any

import pytest

from ophyd_decl.blueprint import BeamlineBlueprint, ConnectorChoice, DeviceBlueprint
from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.connectors.soft import SoftConnector
from ophyd_decl.errors import AbsentError, NoConnectorError, OphydDeclError, PluginError
from ophyd_decl.session.beamline import Beamline
from ophyd_decl.spec import Options, PluginSpec

from ..devices.shapes import HERE, child, command, shape, soft, wire


class Slow(Options):
    delay: float = 0.0


made: list[tuple[SoftConnector, float]] = []


def make_slow(delay: float = 0.0) -> SoftConnector:
    connector = SoftConnector("ca")
    made.append((connector, delay))
    return connector


failures: list[str] = []


def fail(**_: Any) -> SoftConnector:
    failures.append("")
    raise ValueError("no licence")


SPECS = {
    "slow": PluginSpec("slow", "connector", Slow, f"{__name__}:make_slow"),  # type: ignore[arg-type]
    "failing": PluginSpec("failing", "connector", Slow, f"{__name__}:fail"),  # type: ignore[arg-type]
    "leaving": PluginSpec("leaving", "connector", Slow, "leaving_connector:make"),  # type: ignore[arg-type]
}


def find_spec(role: str, name: str) -> PluginSpec:
    if role != "connector" or name not in SPECS:
        raise PluginError(name, "ophyd_decl", f"no plugin of this name gives the role `{role}`")
    return SPECS[name]


@pytest.fixture(autouse=True)
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ophyd_decl.session.plugins.find_spec", find_spec)
    made.clear()


def beamline(*devices: DeviceBlueprint) -> Any:
    return Beamline(BeamlineBlueprint("test", "test.yaml", devices, tuple(device.path for device in devices)))


def device(name: str, *members: Any, **more: Any) -> DeviceBlueprint:
    return DeviceBlueprint(name, name, shape(name, *members), {"prefix": f"{name}:"}, HERE, **more)


SLOW = ConnectorChoice("slow", (("delay", 0.5),))


async def test_one_connector_is_made_for_each_name_and_options_and_gets_them() -> None:
    bl = beamline(
        device("a", wire("x", "X"), wire("y", "Y", connector=ConnectorChoice("slow")), connector=SLOW),
        device("b", wire("x", "X"), command("go", "GO"), soft("s", 1.0), connector=SLOW),
    )
    (await bl.aconnect()).or_raise()
    assert [delay for _, delay in made] == [0.5, 0.0]
    assert bl.a.x.open() is bl.b.x.open() is bl.b.go.open() is made[0][0]
    assert bl.a.y.open() is made[1][0]
    assert bl.b.s.open() is not made[0][0], "a value of this process needs nothing else"
    await bl.a.x.set(2.5)
    assert await bl.a.x.get_value() == 2.5
    assert bl.a.x.source == "ca://a:X"
    await bl.aclose()


async def test_the_nearest_choice_counts_and_a_child_has_its_own() -> None:
    from dataclasses import replace

    inner = shape("inner", wire("x", "X"))
    own = replace(child("own", inner), connector=ConnectorChoice("slow"))
    bl = beamline(device("a", own, child("inherits", inner), connector=SLOW))
    await bl.aconnect()
    assert {delay: bl_signal for bl_signal, delay in made} == {
        0.0: bl.a.own.x.open(),
        0.5: bl.a.inherits.x.open(),
    }
    await bl.aclose()


async def test_no_connector_is_made_in_mock_mode() -> None:
    bl = beamline(device("a", wire("x", "X"), connector=SLOW))
    assert (await bl.aconnect(mock=True)).ok
    assert not made
    assert bl.a.x.source == "mock+ca://a:X"
    await bl.aclose()


def test_a_known_name_stands_for_its_protocol() -> None:
    bl = beamline(
        device(
            "a",
            wire("plain", "X"),
            wire("schemed", "X", protocol="ca"),
            wire("own", "Y", connector=ConnectorChoice("ca")),
            connector=ConnectorChoice("pva"),
        )
    )
    assert bl.a.plain.source == "pva://a:X"
    assert bl.a.schemed.source == "ca://a:X"
    assert bl.a.own.source == "ca://a:Y"
    ca, pva = SoftConnector("ca"), SoftConnector("pva")
    bl._binding._connectors.update(ca=ca, pva=pva)
    assert bl.a.plain.open() is pva
    assert bl.a.own.open() is bl.a.schemed.open() is ca


async def test_the_soft_connector_can_be_named_for_an_address() -> None:
    bl = beamline(device("a", wire("x", "X", connector=ConnectorChoice("soft"))))
    (await bl.aconnect()).or_raise()
    await bl.a.x.set(1.5)
    assert await bl.a.x.get_value() == 1.5
    await bl.aclose()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("failing", r"plugin `failing` of .*raised ValueError: no licence"),
        ("leaving", r"plugin `leaving` of leaving_connector.*SystemExit: 3"),
        ("unknown", r"plugin `unknown`.*no plugin of this name gives the role `connector`"),
    ],
)
async def test_a_broken_plugin_is_named_once_for_each_device_and_the_others_work(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Leaving(ModuleType):
        def __getattr__(self, attribute: str) -> Any:
            raise SystemExit(3)

    monkeypatch.setitem(sys.modules, "leaving_connector", Leaving("leaving_connector"))
    bl = beamline(
        device("broken", wire("x", "X"), wire("y", "Y"), command("go", "GO"), connector=ConnectorChoice(name)),
        device("half", wire("x", "X", connector=ConnectorChoice(name)), soft("s", 1.0)),
        device("good", soft("x", 1.0)),
    )
    report = await bl.aconnect()
    assert [entry.state for entry in report.devices] == ["absent", "degraded", "connected"]
    (problem,) = report.devices[0].problems
    assert problem.code == "E612"
    with pytest.raises(NoConnectorError, match=message) as caught:
        await bl.broken.x.get_value()
    assert caught.value.signal == "broken.x"
    assert isinstance(caught.value, AbsentError)
    with pytest.raises(NoConnectorError, match=message):
        await bl.broken.go.trigger()
    assert await bl.half.s.get_value() == 1.0
    await bl.aclose()


async def test_a_connector_that_could_not_be_made_is_tried_again_at_the_next_connect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bl = beamline(device("a", wire("x", "X"), connector=ConnectorChoice("later")))
    assert not (await bl.aconnect()).ok
    monkeypatch.setitem(SPECS, "later", SPECS["slow"])
    assert (await bl.aconnect()).ok
    await bl.aclose()


async def test_what_cannot_be_made_is_tried_once_for_all_signals() -> None:
    failures.clear()
    failing = ConnectorChoice("failing")
    bl = beamline(*(device(name, wire("x", "X"), wire("y", "Y"), connector=failing) for name in ("a", "b")))
    await bl.aconnect()
    assert len(failures) == 1
    await bl.aclose()


async def test_documents_do_without_an_optional_signal_that_nothing_can_reach() -> None:
    there = soft("s", 1.0, format="read")
    optional = wire("x", "X", format="read", optional=True, connector=ConnectorChoice("failing"))
    bl = beamline(device("a", there, optional))
    report = await bl.aconnect()
    assert report.ok
    assert list(await bl.a.read()) == list(await bl.a.describe()) == ["a-s"]
    with pytest.raises(NoConnectorError):
        await bl.a.x.get_value()
    await bl.aclose()


def test_a_connector_of_a_plugin_needs_somebody_who_finds_it() -> None:
    with pytest.raises(OphydDeclError, match="no connector is named `slow`"):
        make_connector("ca", SLOW)
