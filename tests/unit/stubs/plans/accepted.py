# ruff: noqa
"""What a plan may do with devices, each with the type that it gets: pyright says nothing about this file."""

from typing import TYPE_CHECKING, Any, Literal, assert_type

import bluesky.plan_stubs as bps
import numpy as np
from bluesky.protocols import (
    Checkable,
    Configurable,
    HasHints,
    Locatable,
    NamedMovable,
    Readable,
    Stageable,
    Status,
    Stoppable,
    Triggerable,
)
from bluesky.utils import Msg, MsgGenerator
from ophyd_decl import Command, Device, Movable, Report, SignalR, SignalRW, SignalW
from ophyd_decl import Vector

import beamlines.everything as lab
from beamlines.everything import beamline, box, connect, det, gate, i0, linkam, loose, m1, mono, other, report, ring
from beamlines.everything import sample, slit, stage, table1, table2, vac, valve
from beamlines.everything import float as number
from beamlines.everything import paths

if TYPE_CHECKING:
    from beamlines.everything import LabMotor

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def plan() -> MsgGenerator[None]:
    yield from bps.stage(det)
    yield from bps.trigger(det, wait=True)
    yield from bps.trigger(det.start, wait=True)
    yield Msg("set", stage, 1.5)
    yield from bps.unstage(det)


def center(axis: "LabMotor", of: Movable[float], where: SignalR[float]) -> MsgGenerator[None]:
    status: Status = axis.set(0)
    yield Msg("wait_for", None, [status, of.set(1.5), where.name])


async def values() -> None:
    center(table2, stage, i0)
    center(table1, mono, slit.encoder)
    assert_type(await i0.get_value(), float)
    assert_type(await i0.get_value(cached=True), float)
    assert_type((await i0.read())["i0"]["value"], float)
    assert_type((await i0.describe())["i0"]["source"], str)
    assert_type(i0.get(), float)
    assert_type(number, SignalRW[int])
    assert_type(await loose.get_value(), Any)
    assert_type(await det.channel[1].mode.get_value(), Literal["Low Energy", "High Energy"])
    assert_type(await other.channel[3].mode.get_value(), Literal["Slow", "Fast"])
    assert_type([item.value for item in det.channel.values()], list[SignalR[int]])
    assert_type((await det.exposure.locate())["readback"], float)
    assert_type(await det.spare.get_value(), str)
    assert_type(det.motor, "LabMotor")
    assert_type(await stage.get_value(), float)
    assert_type(await valve.get_value(), Literal["Opened", "Closed", "Moving"])
    assert_type(await mono.get_value(), float)
    assert_type(mono.wavelength, SignalR[float])
    assert_type(await vac.gauge["my.attr-1"].float.get_value(), float)
    assert_type(await vac.gauge["class"].np.get_value(), Floats)
    assert_type((await sample.image.get_value()).shape, tuple[int, int])
    assert_type((await sample.points.get_value())["the label"], list[str])
    assert_type(await sample.words.get_value(), list[str])
    assert_type(await sample.served.get_value(), str)
    assert_type(await sample.some.get_value(), str)
    assert_type(ring.added_by_its_server, Any)
    assert_type(ring["my.attr-1"], Any)
    assert_type(await ring.load.execute(), str)
    assert_type(await ring.park.execute("In"), Literal["ON", "FAULT"])
    assert_type(await ring.reset.execute(), None)
    assert_type(await box.armed.get_value(), bool)
    assert_type(beamline.stage, "LabMotor")
    assert_type(beamline["stage.where"], Any)
    assert_type(connect(5, mock=True, only="label:motors"), Report)
    assert_type(connect(only=["det"]).or_raise(), Report)
    assert_type(report.ok, bool)
    assert_type(paths, Any)
    assert_type(lab.beamline.find("det"), list[Any])
    await linkam.heat(300)


def writes() -> None:
    stage.set(1)
    stage.set(1.5, timeout=3)
    stage.set("far out")
    stage.put("in")
    valve.set("Open")
    m1.setpoint.set(np.float64(1.5))
    det.channel[2].mode.set("High Energy")
    det.exposure.put(0.1)
    gate.set(True)
    loose.set([1, 2])
    sample.mask.set(np.zeros(3, np.uint8))
    sample.mask.set([0, 1])
    sample.some.set("low")
    sample.points.set({"time": np.zeros(1, np.uint32), "the label": ["a"], "on": np.ones(1, np.bool_)})
    vac.gauge["p1"].Literal.set("it's")
    vac.gauge["p1"].Literal.set('a "b"')
    vac.gauge["p1"].Literal.set("c\\d")
    vac.gauge["p1"].np.set(np.linspace(0, 1, 3))
    number.set(3)


def protocols() -> None:
    readable: list[Readable[Any]] = [det, stage, i0, number, sample]
    movable: list[NamedMovable[float]] = [stage, m1, mono]
    locatable: list[Locatable[float]] = [m1, mono, m1.velocity]
    checkable: list[Checkable[float]] = [m1, m1.velocity]
    stoppable: list[Stoppable] = [stage]
    configurable: list[Configurable[Any]] = [det, stage]
    stageable: list[Stageable] = [det, i0]
    triggerable: list[Triggerable] = [det, det.start]
    hinted: list[HasHints] = [det, stage]
    devices: list[Device] = [det, stage, sample, ring, box]
    writable: list[SignalW[int]] = [number]
    texts: list[SignalR[str]] = [det.channel[1].mode, sample.name_]
    commands: list[Command[None, None]] = [det.start, box.arm]
    vectors: Vector[Literal[1, 2], Device] = det.channel
    print(readable, movable, locatable, checkable, stoppable, configurable, stageable, triggerable, hinted, devices)
    print(writable, texts, commands, vectors)
