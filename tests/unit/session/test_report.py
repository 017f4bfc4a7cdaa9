"""The report: states, problems and times; live, also for what answers late."""

import asyncio
from typing import Any

import pytest

from ophyd_decl.blueprint import BeamlineBlueprint, DeviceBlueprint, Shape
from ophyd_decl.connectors.soft import SoftConnector
from ophyd_decl.errors import AbsentError, OphydDeclError, ReportError
from ophyd_decl.session.beamline import Beamline
from ophyd_decl.vocab.datatypes import NativeType

from ..devices.shapes import HERE, shape, wire


def beamline(connect: dict[str, Any] | None = None, **shapes: Shape) -> tuple[Any, SoftConnector]:
    """Return a beamline whose Channel Access has nothing, and that connector."""
    devices = tuple(
        DeviceBlueprint(name, name, made, {"prefix": "T:"}, HERE, connect=(connect or {}).get(name, "required"))
        for name, made in shapes.items()
    )
    bl = Beamline(BeamlineBlueprint("test", "test.yaml", devices, tuple(shapes)))
    connector = SoftConnector("ca", strict=True)
    bl._binding._connectors["ca"] = connector
    return bl, connector


FLOAT, TEXT = NativeType("float"), NativeType("str")


async def test_each_device_has_its_own_state_and_causes() -> None:
    bl, connector = beamline(
        good=shape("g", wire("a", "A")),
        gone=shape("g", wire("b", "GONE")),
        half=shape("g", wire("a", "A"), wire("b", "GONE")),
        wrong=shape("g", wire("t", "TEXT")),
        option=shape("g", wire("a", "A"), wire("b", "GONE", optional=True)),
    )
    connector.serve("T:A", FLOAT, 1.0)
    connector.serve("T:TEXT", TEXT, "x")
    report = await bl.aconnect(timeout=0.02)
    assert {device.name: device.state for device in report.devices} == {
        "good": "connected",
        "gone": "absent",
        "half": "degraded",
        "wrong": "mismatch",
        "option": "connected",
    }
    assert not report.ok
    assert (report.signals, report.connected) == (7, 4)
    (problem,) = next(device for device in report.devices if device.name == "wrong").problems
    assert (problem.code, problem.signal, problem.source) == ("E620", "wrong.t", "ca://T:TEXT")
    with pytest.raises(ReportError, match=r"3 of 5 devices of test are not usable") as caught:
        report.or_raise()
    assert caught.value.report is report
    with pytest.raises(AbsentError, match=r"half\.b"):
        await bl.half.b.get_value()
    assert await bl.half.a.get_value() == 1.0
    await bl.aclose()


async def test_a_connect_that_is_cancelled_says_how_long_it_took() -> None:
    bl, _ = beamline(gone=shape("g", wire("b", "GONE")))
    connecting = asyncio.create_task(bl.aconnect(timeout=60))
    while not bl.gone.b.channels:  # noqa: ASYNC110  # that a search is under way is told to nobody
        await asyncio.sleep(0.001)
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    assert bl.report.elapsed_s > 0
    await bl.aclose()


async def test_a_prompt_shows_what_came_of_connecting() -> None:
    bl, connector = beamline(good=shape("g", wire("a", "A")), gone=shape("g", wire("b", "GONE"), wire("c", "GONE2")))
    connector.serve("T:A", FLOAT, 1.0)
    head, *lines = repr(await bl.aconnect(timeout=0.02)).splitlines()
    assert head.startswith("test: 1 of 3 signals connected in 0.")
    assert head.endswith(" s; 1 required device not usable: gone")
    assert lines[0].startswith("  gone  test.g  absent  0/2 signals  [")
    assert [line.partition(":")[0] for line in lines[1:]] == ["    gone.b (ca", "    gone.c (ca", "    = help"]
    assert "EPICS_CA_ADDR_LIST" in lines[-1]
    connector.serve("T:GONE", FLOAT, 1.0)
    connector.serve("T:GONE2", FLOAT, 1.0)
    report = await bl.aconnect(timeout=0.02)
    assert str(report) == repr(report)
    assert str(report).endswith("; all is well")
    await bl.aclose()


async def test_only_the_device_that_waits_takes_the_time_of_the_waiting() -> None:
    bl, connector = beamline(good=shape("g", wire("a", "A")), gone=shape("g", wire("b", "GONE")))
    connector.serve("T:A", FLOAT, 1.0)
    report = await bl.aconnect(timeout=1.0)
    good, gone = report.devices
    assert good.elapsed_s < gone.elapsed_s - 0.1
    assert gone.elapsed_s >= 1.0
    await bl.aclose()


async def test_a_late_answer_makes_a_device_usable_and_its_report_good() -> None:
    bl, connector = beamline(late=shape("g", wire("a", "A")))
    assert (await bl.aconnect(timeout=0.01)).devices[0].state == "absent"
    connector.serve("T:A", FLOAT, 1.0)
    assert bl.report.ok
    assert await bl.late.a.get_value() == 1.0
    await bl.late.a.stage()
    connector.withdraw("T:A")
    assert bl.report.devices[0].state == "absent"
    await bl.aclose()
    assert bl._binding.idle


async def test_lazy_optional_and_mocked_devices() -> None:
    bl, connector = beamline(
        {"lazy": "lazy", "optional": "optional", "mock": "mock"},
        lazy=shape("g", wire("a", "A")),
        optional=shape("g", wire("b", "GONE")),
        mock=shape("g", wire("c", "GONE")),
    )
    connector.serve("T:A", FLOAT, 1.0)
    report = await bl.aconnect(timeout=0.01)
    assert [device.state for device in report.devices] == ["lazy", "absent", "mocked"]
    assert report.ok
    assert await bl.lazy.a.get_value() == 1.0
    assert bl.report.devices[0].state == "connected"
    await bl.aclose()


async def test_a_lazy_device_is_used_by_nobody_before_it_is_connected() -> None:
    bl, connector = beamline({"lazy": "lazy"}, lazy=shape("g", wire("a", "A")))
    first = asyncio.ensure_future(bl.lazy.a.get_value())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = asyncio.ensure_future(bl.lazy.a.get_value())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    assert not second.done()
    connector.serve("T:A", FLOAT, 1.0)
    assert await asyncio.wait_for(second, 1) == 1.0
    await bl.aclose()


async def test_what_has_answered_is_used_while_the_rest_of_its_device_is_searched() -> None:
    bl, connector = beamline(a=shape("g", wire("a", "A"), wire("b", "B"), wire("gone", "GONE")))
    connecting = asyncio.ensure_future(bl.aconnect(timeout=60))
    await asyncio.sleep(0)
    reads = [asyncio.ensure_future(signal.get_value()) for signal in (bl.a.a, bl.a.b, bl.a.gone)]
    connector.serve("T:B", FLOAT, 2.0)
    assert await asyncio.wait_for(reads[1], 1) == 2.0
    assert not reads[0].done()
    connector.serve("T:A", FLOAT, 1.0)
    assert await asyncio.wait_for(reads[0], 1) == 1.0
    await asyncio.wait_for(bl.a.a.set(3.0), 1)
    assert await asyncio.wait_for(bl.a.a.get_value(), 1) == 3.0
    assert not connecting.done()
    assert not reads[2].done()
    connecting.cancel()
    with pytest.raises(AbsentError):
        await asyncio.wait_for(reads[2], 1)
    await bl.aclose()


async def test_a_cancelled_connect_leaves_devices_that_answer_later() -> None:
    bl, connector = beamline(a=shape("g", wire("a", "A")))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await bl.aconnect(timeout=60)
    assert bl._binding.idle
    with pytest.raises(AbsentError):
        await bl.a.a.get_value()
    connector.serve("T:A", FLOAT, 1.0)
    assert await bl.a.a.get_value() == 1.0
    await bl.aclose()


async def test_a_closed_beamline_holds_nothing_and_connects_again() -> None:
    bl, connector = beamline(a=shape("g", wire("a", "A", format="read")))
    connector.serve("T:A", FLOAT, 1.0)
    (await bl.aconnect()).or_raise()
    await bl.a.stage()
    await bl.a.a.stage()
    bl.a.a.subscribe(lambda value, **_: None)
    await bl.aclose()
    assert bl._binding.idle
    connector.serve("T:A", FLOAT, 2.0)
    (await bl.aconnect()).or_raise()
    assert await bl.a.a.get_value() == 2.0
    await bl.a.unstage()
    await bl.aclose()


async def test_mock_mode_is_chosen_before_connecting() -> None:
    bl, _ = beamline(a=shape("g", wire("a", "A")))
    assert (await bl.aconnect(mock=True)).devices[0].state == "mocked"
    assert bl.a.a.source == "mock+ca://T:A"
    await bl.aclose()
    real, connector = beamline(a=shape("g", wire("a", "A")))
    connector.serve("T:A", FLOAT, 1.0)
    await real.aconnect()
    with pytest.raises(OphydDeclError, match="load it again"):
        await real.aconnect(mock=True)
    await real.aclose()


async def test_an_optional_signal_that_answers_late_joins_the_documents_at_the_next_connect() -> None:
    optional = wire("b", "GONE", optional=True, format="read")
    bl, connector = beamline(option=shape("g", wire("a", "A", format="read"), optional))
    connector.serve("T:A", FLOAT, 1.0)
    assert (await bl.aconnect(timeout=0.02)).ok
    assert list(await bl.option.read()) == list(await bl.option.describe()) == ["option-a"]
    connector.serve("T:GONE", FLOAT, 2.0)
    assert await bl.option.b.get_value() == 2.0
    assert list(await bl.option.read()) == ["option-a"], "a key in the middle of a run would not fit its descriptor"
    await bl.aconnect(timeout=0.02)
    assert list(await bl.option.read()) == list(await bl.option.describe()) == ["option-a", "option-b"]
    await bl.aclose()
