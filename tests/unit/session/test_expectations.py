"""Values that the file expects: compared at connect, after a set, and when the server comes back."""

import asyncio
from typing import Any

import numpy as np
import pytest

from ophyd_decl.blueprint import BeamlineBlueprint, DeviceBlueprint, Reference
from ophyd_decl.cli.report_text import report_text
from ophyd_decl.connectors.soft import SoftConnector
from ophyd_decl.devices.numbers import equal
from ophyd_decl.errors import ReportError
from ophyd_decl.session.beamline import Beamline
from ophyd_decl.vocab.datatypes import NativeType
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

from ..devices.shapes import HERE, derived, path, shape, soft, until, wire

FLOAT, TEXT = NativeType("float", "float64"), NativeType("str")


def beamline(*devices: DeviceBlueprint) -> tuple[Any, SoftConnector]:
    """Return a beamline, and the Channel Access that it has."""
    bl = Beamline(BeamlineBlueprint("test", "test.yaml", devices, tuple(device.path for device in devices)))
    connector = SoftConnector("ca", strict=True)
    bl._binding._connectors["ca"] = connector
    return bl, connector


def device(name: str, *members: Any, prefix: str = "T:", **more: Any) -> DeviceBlueprint:
    return DeviceBlueprint(name, name, shape(name, *members), {"prefix": prefix}, HERE, **more)


def problems(bl: Any, index: int = 0) -> list[tuple[str, str, Any, Any]]:
    report = bl.report.devices[index]
    return [(problem.code, problem.signal, problem.expected, problem.found) for problem in report.problems]


async def test_another_value_makes_the_device_mismatch_and_can_still_be_read() -> None:
    bl, connector = beamline(device("d", wire("right", "A", expect=1.0), wire("port", "B", "str", expect="CAM")))
    connector.serve("T:A", FLOAT, 1.0)
    connector.serve("T:B", TEXT, "PROC")
    report = await bl.aconnect()
    (state,) = report.devices
    assert (state.state, state.signals, state.connected) == ("mismatch", 2, 2)
    assert not report.ok
    assert problems(bl) == [("E626", "d.port", "CAM", "PROC")]
    (problem,) = state.problems
    assert (problem.source, problem.line, problem.severity) == ("ca://T:B", 1, "error")
    assert await bl.d.port.get_value() == "PROC"
    assert "error[E626]: it has another value than the expected one: the file says CAM, the server PROC" in report_text(
        report
    )
    assert "    d.port (ca://T:B)  test.yaml:1:1" in report_text(report)
    with pytest.raises(ReportError, match=r"d\.port \(ca://T:B\): .*: expected CAM, found PROC"):
        report.or_raise()
    await bl.aclose()


async def test_setting_the_value_mends_it_and_a_server_that_comes_back_is_looked_at_again() -> None:
    bl, connector = beamline(device("d", wire("port", "B", "str", expect="CAM")))
    connector.serve("T:B", TEXT, "PROC")
    await bl.aconnect()
    assert not bl.report.ok
    await bl.d.port.set("CAM")
    await until(lambda: bl.report.ok)
    connector.withdraw("T:B")
    connector.serve("T:B", TEXT, "OVER")
    await until(lambda: problems(bl) == [("E626", "d.port", "CAM", "OVER")])
    connector.serve("T:B", TEXT, "CAM")
    await until(lambda: bl.report.ok)
    await bl.aclose()
    assert bl._binding.idle


async def test_a_late_answer_is_compared_too() -> None:
    bl, connector = beamline(device("d", wire("port", "B", "str", expect="CAM"), connect="optional"))
    report = await bl.aconnect(timeout=0.01)
    assert report.devices[0].state == "absent"
    assert [problem.code for problem in report.devices[0].problems] == ["E610"]
    connector.serve("T:B", TEXT, "PROC")
    await until(lambda: problems(bl) == [("E626", "d.port", "CAM", "PROC")])
    await bl.aclose()


async def test_the_value_of_another_signal_is_expected() -> None:
    bl, connector = beamline(
        device("cam", wire("port", "P", "str"), wire("same", "Q", "str", expect=path("port"))),
        device("plugin", wire("input", "IN", "str", expect=Reference("beamline", ("cam", "port")))),
    )
    for name, value in (("P", "CAM"), ("Q", "CAM"), ("IN", "ROI")):
        connector.serve(f"T:{name}", TEXT, value)
    await bl.aconnect()
    assert problems(bl, 0) == []
    assert problems(bl, 1) == [("E626", "plugin.input", "CAM", "ROI")]
    assert "cam.port" in bl.report.devices[1].problems[0].cause
    await bl.aclose()


async def test_what_cannot_be_compared_is_a_warning_where_the_other_signal_is_the_cause() -> None:
    bl, connector = beamline(
        device("cam", wire("port", "P", "str"), connect="optional"),
        device("plugin", wire("input", "IN", "str", expect=Reference("beamline", ("cam", "port")))),
    )
    connector.serve("T:IN", TEXT, "ROI")
    report = await bl.aconnect(timeout=0.01)
    assert report.ok
    assert [(problem.severity, problem.code) for problem in report.devices[1].problems] == [("warning", "E626")]
    await bl.aclose()


async def test_nothing_is_compared_in_mock_mode_nor_where_the_signal_is_refused_or_left_out() -> None:
    bl, _ = beamline(device("d", wire("port", "B", "str", expect="CAM")))
    assert (await bl.aconnect(mock=True)).devices[0].problems == ()
    await bl.aclose()
    bl, connector = beamline(
        device("d", wire("number", "B", expect=1.0), wire("gone", "GONE", expect=1.0, optional=True))
    )
    connector.serve("T:B", TEXT, "PROC")
    report = await bl.aconnect(timeout=0.01)
    assert [problem.code for problem in report.devices[0].problems] == ["E620"]
    await bl.aclose()


async def test_derived_and_soft_signals_and_lazy_devices_are_compared() -> None:
    half = derived("half", "x / 2", {"x": "x"}, expect=2.0)
    bl, _ = beamline(
        device("d", soft("x", 3.0, expect=4.0), half),
        device("lazy", soft("x", 3.0, expect=4.0), connect="lazy"),
    )
    await bl.aconnect()
    assert problems(bl) == [("E626", "d.x", 4.0, 3.0), ("E626", "d.half", 2.0, 1.5)]
    assert bl.report.devices[1].state == "lazy"
    await bl.lazy.x.get_value()
    assert problems(bl, 1) == [("E626", "lazy.x", 4.0, 3.0)]
    await bl.aclose()


@pytest.mark.parametrize(
    ("expected", "found", "float_type", "same"),
    [
        (0.1, float(np.float32(0.1)), "float32", True),
        (0.1, float(np.float32(0.1)), "float64", False),
        (3, 3.0, "float64", True),
        (3, 4, "float64", False),
        (True, True, "float64", True),
        ("a", "b", "float64", False),
        ([0.1, 0.2], np.array([0.1, 0.2], "f4"), "float32", True),
        ([0.1, 0.2], np.array([0.1, 0.3], "f4"), "float32", False),
        ([1, 2], np.array([1, 2, 3]), "float64", False),
        (["a", "b"], ["a", "b"], "float64", True),
        ({"a": [1, 2]}, {"a": np.array([1, 2])}, "float64", True),
        ({"b": [1, 2]}, {"a": np.array([1, 2])}, "float64", False),
    ],
)
def test_values_are_the_same_when_the_server_cannot_tell_them_apart(
    expected: Any, found: Any, float_type: str, same: bool
) -> None:
    assert equal(expected, found, float_type) is same


async def test_a_server_is_asked_over_both_protocols_at_once(ioc: Ioc) -> None:
    prefix = ioc.pv("")
    bl: Any = Beamline(
        BeamlineBlueprint(
            "test",
            "test.yaml",
            (
                device("good", wire("n", "longout", "int", expect=3), prefix=prefix),
                device(
                    "bad",
                    wire("n", "longout", "int", protocol="pva", expect=4),
                    wire("text", "stringout", "str", access="r", expect=Reference("beamline", ("bad", "label"))),
                    wire("label", "stringout", "str", access="r", protocol="pva"),
                    wire("mode", "bo", "enum", access="r", choices=("Closed", "Open"), expect="Open"),
                    prefix=prefix,
                ),
            ),
            ("good", "bad"),
        )
    )
    await bl.aconnect()
    assert problems(bl, 0) == []
    assert problems(bl, 1) == [("E626", "bad.n", 4, 3), ("E626", "bad.mode", "Open", "Closed")]
    await bl.aclose()


async def test_a_server_that_was_started_again_is_looked_at_without_a_call(ioc_factory: IocFactory) -> None:
    server = ioc_factory('record(longout, "$(P)n") { field(VAL, "3") field(PINI, "YES") }')
    blueprint = device("d", wire("n", "n", "int", expect=3), prefix=server.pv(""))
    bl: Any = Beamline(BeamlineBlueprint("test", "test.yaml", (blueprint,), ("d",)))
    (await bl.aconnect()).or_raise()
    server.put("n", 5)
    assert bl.report.ok, "a value that changes later is not watched"
    await bl.aconnect()
    assert problems(bl) == [("E626", "d.n", 3, 5)]
    await asyncio.to_thread(server.restart)
    async with asyncio.timeout(20):
        while not bl.report.ok:  # noqa: ASYNC110  # the report tells nobody when it changes
            await asyncio.sleep(0.05)
    assert await bl.d.n.get_value() == 3
    await bl.aclose()
