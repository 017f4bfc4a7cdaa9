# Written by `ophyd-decl stubs` for the beamline demo: edits are lost.
# fmt: off
# ruff: noqa
"""Devices of the beamline, for editors and type checkers."""

from collections.abc import Iterable
from ophyd_decl import Beamline, Command, Device, Movable, Provenance, Report, SignalR, SignalRW, Triggerable, Vector
from typing import Literal, Never, type_check_only

@type_check_only
class DemoMotor(Movable[float], Device):
    """One simulated axis. Its units are those of its records.

    demo.motor; types.yaml:8
    """
    user_setpoint: SignalRW[float]
    """{prefix}Setpoint; types.yaml:13"""
    user_readback: SignalR[float]
    """{prefix}Readback; types.yaml:14"""
    velocity: SignalRW[float]
    """{prefix}Velocity; types.yaml:15"""
    acceleration_time: SignalRW[float]
    """{prefix}AccelerationTime; unit s; types.yaml:16"""
    done: SignalR[bool]
    """{prefix}Done; types.yaml:17"""
    stop_: Command[None, None]
    """{prefix}Stop.PROC; types.yaml:19"""

@type_check_only
class DemoStage(Device):
    """Sample stage of two axes.

    demo.stage; types.yaml:31
    """
    x: DemoMotor
    """prefix = {prefix}X:; types.yaml:36"""
    y: DemoMotor
    """prefix = {prefix}Y:; types.yaml:37"""

@type_check_only
class DemoChannel(Device):
    """One channel of the point detector.

    demo.channel; types.yaml:39
    """
    value: SignalR[int]
    """{prefix}Value; types.yaml:44"""
    mode: SignalRW[Literal["Low Energy", "High Energy"], Literal["Low Energy", "High Energy"]]
    """{prefix}Mode; types.yaml:45"""

@type_check_only
class DemoPointDetector(Triggerable, Device):
    """Detector with some channels, whose counts depend on where the stage is.

    demo.point_detector; types.yaml:47
    """
    acquire_time: SignalRW[float]
    """{prefix}AcquireTime_RBV, written to {prefix}AcquireTime; unit s; types.yaml:53"""
    acquiring: SignalR[bool]
    """{prefix}Acquiring; types.yaml:54"""
    start: Command[None, None]
    """{prefix}Start.PROC; types.yaml:56"""
    reset: Command[None, None]
    """{prefix}Reset.PROC; types.yaml:57"""
    channel: Vector[Literal[1, 2, 3], DemoChannel]
    """1: prefix = {prefix}1:; 3: prefix = {prefix}3:; types.yaml:59"""

@type_check_only
class DemoMono(Movable[float], Device):
    """Monochromator. It is moved in energy, which moves the Bragg angle.

    demo.mono; types.yaml:63
    """
    bragg: DemoMotor
    """prefix = {prefix}BRAGG:; types.yaml:69"""
    energy: SignalRW[float]
    """= 12.39842 / (2 * spacing * sin(radians(theta))); unit keV; types.yaml:71"""

@type_check_only
class Sample(Device):
    """group; beamline.yaml:13"""
    thickness: SignalRW[float]
    """a value of this process; unit mm; beamline.yaml:16"""
    material: SignalRW[str]
    """a value of this process; beamline.yaml:17"""
    aligned: SignalRW[bool]
    """a value of this process; beamline.yaml:18"""

@type_check_only
class DemoBeamline(Beamline):
    """The beamline demo"""
    stage: DemoStage
    pdet: DemoPointDetector
    mono: DemoMono
    sample: Sample
    def __getattr__(self, name: Never) -> Never: ...  # type: ignore[override]

stage: DemoStage
"""prefix = DEMO:STAGE:; labels: motors; beamline.yaml:10"""
pdet: DemoPointDetector
"""prefix = DEMO:DET:; n = 3; protocol: pva; labels: detectors; beamline.yaml:11"""
mono: DemoMono
"""prefix = DEMO:MONO:; spacing = 3.1356; labels: motors; beamline.yaml:12"""
sample: Sample
"""beamline.yaml:13"""
beamline: DemoBeamline
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
