# Written by `ophyd-decl stubs` for the beamline demo_tango: edits are lost.
# fmt: off
# ruff: noqa
"""Devices of the beamline, for editors and type checkers."""

from collections.abc import Iterable
from ophyd_decl import Beamline, Command, Device, Movable, Provenance, Report, SignalR, SignalRW, Triggerable, Vector
from typing import Literal, Never, type_check_only

@type_check_only
class DemoTangoMotor(Movable[float], Device):
    """One simulated axis, which is MOVING while it moves. Its units are those of its attributes.

    demo_tango.motor; types.yaml:8
    """
    user_readback: SignalRW[float]
    """{trl}/{position}; ophyd_decl/library/tango/motor.yaml:17"""
    velocity: SignalRW[float]
    """{trl}/{velocity}; ophyd_decl/library/tango/motor.yaml:18"""
    state: SignalR[str]
    """{trl}/State; ophyd_decl/library/tango/motor.yaml:19"""
    stop_: Command[None, None]
    """stops the motor

    {trl}/{stop}; ophyd_decl/library/tango/motor.yaml:21
    """
    acceleration_time: SignalRW[float]
    """{trl}/AccelerationTime; unit s; types.yaml:12"""

@type_check_only
class DemoTangoStage(Device):
    """Sample stage of two axes.

    demo_tango.stage; types.yaml:16
    """
    x: DemoTangoMotor
    """trl = {x_trl}; position = Position; velocity = Velocity; stop = Stop; grace = 1.0; types.yaml:22"""
    y: DemoTangoMotor
    """trl = {y_trl}; position = Position; velocity = Velocity; stop = Stop; grace = 1.0; types.yaml:23"""

@type_check_only
class DemoTangoChannel(Device):
    """One channel of the point detector.

    demo_tango.channel; types.yaml:25
    """
    value: SignalR[int]
    """{trl}/Value{number}; types.yaml:31"""
    mode: SignalRW[Literal["Low Energy", "High Energy"], Literal["Low Energy", "High Energy"]]
    """{trl}/Mode{number}; types.yaml:32"""

@type_check_only
class DemoTangoPointDetector(Triggerable, Device):
    """Detector with some channels, whose counts depend on where the stage is.

    demo_tango.point_detector; types.yaml:34
    """
    acquire_time: SignalRW[float]
    """{trl}/AcquireTime; unit s; types.yaml:40"""
    acquiring: SignalR[bool]
    """{trl}/Acquiring; types.yaml:41"""
    start: Command[None, None]
    """{trl}/Start; types.yaml:43"""
    reset: Command[None, None]
    """{trl}/Reset; types.yaml:44"""
    channel: Vector[Literal[1, 2, 3], DemoTangoChannel]
    """1: trl = {trl}, number = 1; 3: trl = {trl}, number = 3; types.yaml:46"""

@type_check_only
class DemoTangoMono(Movable[float], Device):
    """Monochromator. It is moved in energy, which moves the Bragg angle.

    demo_tango.mono; types.yaml:50
    """
    bragg: DemoTangoMotor
    """trl = {bragg_trl}; position = Position; velocity = Velocity; stop = Stop; grace = 1.0; types.yaml:56"""
    energy: SignalRW[float]
    """= 12.39842 / (2 * spacing * sin(radians(theta))); unit keV; types.yaml:58"""

@type_check_only
class Sample(Device):
    """group; beamline.yaml:20"""
    thickness: SignalRW[float]
    """a value of this process; unit mm; beamline.yaml:23"""
    material: SignalRW[str]
    """a value of this process; beamline.yaml:24"""
    aligned: SignalRW[bool]
    """a value of this process; beamline.yaml:25"""

@type_check_only
class DemoTangoBeamline(Beamline):
    """The beamline demo_tango"""
    stage: DemoTangoStage
    pdet: DemoTangoPointDetector
    mono: DemoTangoMono
    sample: Sample
    def __getattr__(self, name: Never) -> Never: ...  # type: ignore[override]

stage: DemoTangoStage
"""x_trl = tango://127.0.0.1:10000/demo/stage/x#dbase=no; y_trl = tango://127.0.0.1:10000/demo/stage/y#dbase=no; labels: motors; beamline.yaml:13"""
pdet: DemoTangoPointDetector
"""trl = tango://127.0.0.1:10000/demo/det/1#dbase=no; n = 3; labels: detectors; beamline.yaml:18"""
mono: DemoTangoMono
"""bragg_trl = tango://127.0.0.1:10000/demo/mono/bragg#dbase=no; spacing = 3.1356; labels: motors; beamline.yaml:19"""
sample: Sample
"""beamline.yaml:20"""
beamline: DemoTangoBeamline
def connect(timeout: float | None = None, *, mock: bool = False, only: str | Iterable[str] | None = None) -> Report: ...
provenance: Provenance
report: Report

__all__ = [
    "stage",
    "pdet",
    "mono",
    "sample",
    "beamline",
    "connect",
    "provenance",
    "report",
]
