# Written by `ophyd-decl stubs` for the beamline demo: edits are lost.
# fmt: off
# ruff: noqa
"""Devices of the beamline, for editors and type checkers."""

from collections.abc import Iterable
from ophyd_decl import Beamline, Command, Device, Flyer, Movable, Provenance, Report, SignalR, SignalRW, Triggerable, Vector
from typing import Literal, Never, type_check_only

@type_check_only
class EpicsMotor(Movable[float], Flyer, Device):
    """An EPICS motor record. Units, precision and limits are those of the record.

    epics.motor; ophyd_decl/library/epics/motor.yaml:7
    """
    user_setpoint: SignalRW[float]
    """{prefix}.VAL; ophyd_decl/library/epics/motor.yaml:12"""
    user_readback: SignalR[float]
    """{prefix}.RBV; ophyd_decl/library/epics/motor.yaml:13"""
    dial_readback: SignalR[float]
    """{prefix}.DRBV; ophyd_decl/library/epics/motor.yaml:14"""
    done_moving: SignalR[bool]
    """true when a move has ended with its retries

    {prefix}.DMOV; ophyd_decl/library/epics/motor.yaml:15
    """
    moving: SignalR[bool]
    """true while the axis moves

    {prefix}.MOVN; ophyd_decl/library/epics/motor.yaml:16
    """
    velocity: SignalRW[float]
    """{prefix}.VELO; ophyd_decl/library/epics/motor.yaml:17"""
    acceleration_time: SignalRW[float]
    """time to reach the velocity, s

    {prefix}.ACCL; ophyd_decl/library/epics/motor.yaml:18
    """
    max_velocity: SignalRW[float]
    """highest velocity; 0 is none

    {prefix}.VMAX; ophyd_decl/library/epics/motor.yaml:19
    """
    base_velocity: SignalRW[float]
    """lowest velocity

    {prefix}.VBAS; ophyd_decl/library/epics/motor.yaml:20
    """
    high_limit_travel: SignalRW[float]
    """{prefix}.HLM; ophyd_decl/library/epics/motor.yaml:21"""
    low_limit_travel: SignalRW[float]
    """{prefix}.LLM; ophyd_decl/library/epics/motor.yaml:22"""
    dial_high_limit_travel: SignalRW[float]
    """with that of the low limit 0 for no limits

    {prefix}.DHLM; ophyd_decl/library/epics/motor.yaml:23
    """
    dial_low_limit_travel: SignalRW[float]
    """{prefix}.DLLM; ophyd_decl/library/epics/motor.yaml:24"""
    beyond_limits: SignalR[bool]
    """true when the last target was refused

    {prefix}.LVIO; ophyd_decl/library/epics/motor.yaml:25
    """
    high_limit_switch: SignalR[bool]
    """{prefix}.HLS; ophyd_decl/library/epics/motor.yaml:26"""
    low_limit_switch: SignalR[bool]
    """{prefix}.LLS; ophyd_decl/library/epics/motor.yaml:27"""
    missed: SignalR[bool]
    """true when it ran out of retries

    {prefix}.MISS; ophyd_decl/library/epics/motor.yaml:28
    """
    status_bits: SignalR[float]
    """the bits of MSTA, as a whole number

    {prefix}.MSTA; ophyd_decl/library/epics/motor.yaml:30
    """
    offset: SignalRW[float]
    """{prefix}.OFF; ophyd_decl/library/epics/motor.yaml:31"""
    offset_freeze_switch: SignalRW[Literal["Variable", "Frozen"], Literal["Variable", "Frozen"]]
    """{prefix}.FOFF; ophyd_decl/library/epics/motor.yaml:32"""
    set_use_switch: SignalRW[Literal["Use", "Set"], Literal["Use", "Set"]]
    """Set: a target redefines where it is

    {prefix}.SET; ophyd_decl/library/epics/motor.yaml:33
    """
    direction: SignalRW[Literal["Pos", "Neg"], Literal["Pos", "Neg"]]
    """{prefix}.DIR; ophyd_decl/library/epics/motor.yaml:34"""
    mode: SignalRW[Literal["Stop", "Pause", "Move", "Go"], Literal["Stop", "Pause", "Move", "Go"]]
    """{prefix}.SPMG; ophyd_decl/library/epics/motor.yaml:36"""
    motor_egu: SignalRW[str]
    """{prefix}.EGU; ophyd_decl/library/epics/motor.yaml:37"""
    display_precision: SignalRW[int]
    """{prefix}.PREC; ophyd_decl/library/epics/motor.yaml:38"""
    motor_resolution: SignalRW[float]
    """{prefix}.MRES; ophyd_decl/library/epics/motor.yaml:39"""
    retry_deadband: SignalRW[float]
    """{prefix}.RDBD; ophyd_decl/library/epics/motor.yaml:40"""
    max_retries: SignalRW[int]
    """{prefix}.RTRY; ophyd_decl/library/epics/motor.yaml:41"""
    backlash_distance: SignalRW[float]
    """{prefix}.BDST; ophyd_decl/library/epics/motor.yaml:42"""
    backlash_velocity: SignalRW[float]
    """{prefix}.BVEL; ophyd_decl/library/epics/motor.yaml:43"""
    backlash_acceleration_time: SignalRW[float]
    """{prefix}.BACC; ophyd_decl/library/epics/motor.yaml:44"""
    tweak_step: SignalRW[float]
    """{prefix}.TWV; ophyd_decl/library/epics/motor.yaml:45"""
    stop_: Command[None, None]
    """stops the motor; a put that waits would wait for the end of the move

    {prefix}.STOP; ophyd_decl/library/epics/motor.yaml:47
    """
    tweak_forward: Command[None, None]
    """{prefix}.TWF; ophyd_decl/library/epics/motor.yaml:48"""
    tweak_reverse: Command[None, None]
    """{prefix}.TWR; ophyd_decl/library/epics/motor.yaml:49"""

@type_check_only
class DemoStage(Device):
    """Sample stage of two motor records.

    demo.stage; types.yaml:8
    """
    x: EpicsMotor
    """prefix = {prefix}X; types.yaml:13"""
    y: EpicsMotor
    """prefix = {prefix}Y; types.yaml:14"""

@type_check_only
class DemoChannel(Device):
    """One channel of the point detector.

    demo.channel; types.yaml:16
    """
    value: SignalR[int]
    """{prefix}Value; types.yaml:21"""
    mode: SignalRW[Literal["Low Energy", "High Energy"], Literal["Low Energy", "High Energy"]]
    """{prefix}Mode; types.yaml:22"""

@type_check_only
class DemoPointDetector(Triggerable, Device):
    """Detector with some channels, whose counts depend on where the stage is.

    demo.point_detector; types.yaml:24
    """
    acquire_time: SignalRW[float]
    """{prefix}AcquireTime_RBV, written to {prefix}AcquireTime; unit s; types.yaml:30"""
    acquiring: SignalR[bool]
    """{prefix}Acquiring; types.yaml:31"""
    start: Command[None, None]
    """{prefix}Start.PROC; types.yaml:33"""
    reset: Command[None, None]
    """{prefix}Reset.PROC; types.yaml:34"""
    channel: Vector[Literal[1, 2, 3], DemoChannel]
    """1: prefix = {prefix}1:; 3: prefix = {prefix}3:; types.yaml:36"""

@type_check_only
class DemoMono(Movable[float], Device):
    """Monochromator. It is moved in energy, which moves the Bragg angle.

    demo.mono; types.yaml:40
    """
    bragg: EpicsMotor
    """prefix = {prefix}BRAGG; types.yaml:46"""
    energy: SignalRW[float]
    """= 12.39842 / (2 * spacing * sin(radians(theta))); unit keV; types.yaml:48"""

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
