# Written by `ophyd-decl stubs` for the beamline everything: edits are lost.
# fmt: off
# ruff: noqa
"""Devices of the beamline, for editors and type checkers."""

import numpy as _np
from builtins import float as _float
from collections.abc import Iterable, Sequence
from lab_heaters import Heater
from ophyd_decl import Beamline, Command, Device as _Device, Movable, Provenance, Report, SignalR, SignalRW, SignalW, Triggerable, Vector
from typing import Any, Literal as _Literal, Never, TypeAlias, TypedDict, type_check_only

_Float64Array1D: TypeAlias = _np.ndarray[tuple[int], _np.dtype[_np.float64]]
_Uint16Array2D: TypeAlias = _np.ndarray[tuple[int, int], _np.dtype[_np.uint16]]
_Uint8Array1D: TypeAlias = _np.ndarray[tuple[int], _np.dtype[_np.uint8]]
_Uint32Array1D: TypeAlias = _np.ndarray[tuple[int], _np.dtype[_np.uint32]]
_BoolArray1D: TypeAlias = _np.ndarray[tuple[int], _np.dtype[_np.bool_]]
_Table1 = TypedDict("_Table1", {"time": _Uint32Array1D, "the label": list[str], "on": _BoolArray1D})

@type_check_only
class LabMotor(Movable[_float, _float | _Literal["in", "far out"]], _Device):
    """An axis, of which the \"doc\" has \\ and \"\"\" in it.

    And a second part.

    lab.motor; types.yaml:12
    """
    target: SignalRW[_float]
    """where to go

    {prefix}Target_RBV, written to {prefix}Target; unit mm; types.yaml:19
    """
    where: SignalR[_float]
    """{prefix}Position; unit mm; types.yaml:20"""
    done: SignalR[bool]
    """{prefix}Done; types.yaml:22"""
    halt: Command[None, None]
    """stops it

    {prefix}Stop.PROC; types.yaml:24
    """

@type_check_only
class LabMotor_2(Movable[_float, _float | _Literal["in", "far out"]], _Device):
    """An axis, of which the \"doc\" has \\ and \"\"\" in it.

    And a second part.

    lab.motor; types.yaml:12
    """
    target: SignalRW[_float]
    """where to go

    {prefix}Target_RBV, written to {prefix}Target; unit mm; types.yaml:19
    """
    where: SignalR[_float]
    """{prefix}Position; unit mm; types.yaml:20"""
    encoder: SignalR[_float]
    """{prefix}Encoder; types.yaml:21"""
    done: SignalR[bool]
    """{prefix}Done; types.yaml:22"""
    halt: Command[None, None]
    """stops it

    {prefix}Stop.PROC; types.yaml:24
    """

@type_check_only
class LabValve(Movable[_Literal["Opened", "Closed", "Moving"], _Literal["Open", "Close", "Reset"]], _Device):
    """lab.valve; types.yaml:36"""
    order: SignalRW[_Literal["Open", "Close", "Reset"], _Literal["Open", "Close", "Reset"]]
    """{prefix}Order; types.yaml:39"""
    state: SignalR[_Literal["Opened", "Closed", "Moving"]]
    """{prefix}State; types.yaml:40"""

@type_check_only
class LabChannel(_Device):
    """One channel.

    lab.channel; types.yaml:5
    """
    value: SignalR[int]
    """{prefix}Value; unit counts; types.yaml:9"""
    mode: SignalRW[_Literal["Low Energy", "High Energy"], _Literal["Low Energy", "High Energy"]]
    """{prefix}Mode; types.yaml:10"""

@type_check_only
class LabDetector(Triggerable, _Device):
    """lab.detector; types.yaml:44"""
    exposure: SignalRW[_float]
    """{prefix}Exposure; unit s; types.yaml:51"""
    busy: SignalR[bool]
    """{prefix}Busy; types.yaml:52"""
    spare: SignalRW[str]
    """{prefix}Spare; may be absent; types.yaml:53"""
    start: Command[None, None]
    """{prefix}Start.PROC; types.yaml:55"""
    motor: LabMotor
    """prefix = {prefix}M:; precise = False; labels: axes; types.yaml:57"""
    channel: Vector[_Literal[1, 2], LabChannel]
    """1: prefix = {prefix}1:; 2: prefix = {prefix}2:; types.yaml:59"""

@type_check_only
class LabChannel_2(_Device):
    """One channel.

    lab.channel; types.yaml:5
    """
    value: SignalR[int]
    """{prefix}Value; unit counts; types.yaml:9"""
    mode: SignalRW[_Literal["Slow", "Fast"], _Literal["Slow", "Fast"]]
    """{prefix}Mode; types.yaml:10"""

@type_check_only
class LabDetector_2(Triggerable, _Device):
    """lab.detector; types.yaml:44"""
    exposure: SignalRW[_float]
    """{prefix}Exposure; unit s; types.yaml:51"""
    busy: SignalR[bool]
    """{prefix}Busy; types.yaml:52"""
    spare: SignalRW[str]
    """{prefix}Spare; may be absent; types.yaml:53"""
    start: Command[None, None]
    """{prefix}Start.PROC; types.yaml:55"""
    motor: LabMotor
    """prefix = {prefix}M:; precise = False; labels: axes; types.yaml:57"""
    channel: Vector[_Literal[1, 2, 3], LabChannel_2]
    """1: prefix = {prefix}1:; 3: prefix = {prefix}3:; types.yaml:59"""

@type_check_only
class LabAxis(Movable[_float], _Device):
    """lab.axis; types.yaml:28"""
    setpoint: SignalRW[_float]
    """{prefix}.VAL; types.yaml:31"""
    velocity: SignalRW[_float]
    """{prefix}.VELO; types.yaml:32"""

@type_check_only
class LabMono(Movable[_float], _Device):
    """lab.mono; types.yaml:63"""
    bragg: LabAxis
    """prefix = {prefix}BRAGG; types.yaml:66"""
    energy: SignalRW[_float]
    """= 12.39842 / (2 * spacing * sin(radians(theta))); unit keV; types.yaml:68"""
    wavelength: SignalR[_float]
    """= 12.39842 / e; unit angstrom; types.yaml:74"""

@type_check_only
class LabGauge(_Device):
    """lab.gauge; types.yaml:78"""
    float: SignalRW[_float]
    """{prefix}P; types.yaml:82"""
    Literal: SignalRW[_Literal["it's", "a \"b\"", "c\\d"], _Literal["it's", "a \"b\"", "c\\d"]]
    """{prefix}L; types.yaml:83"""
    np: SignalRW[_Float64Array1D, _Float64Array1D | Sequence[_float]]
    """{prefix}N; shape [any]; types.yaml:84"""
    Device: SignalRW[str]
    """{prefix}D; types.yaml:85"""

@type_check_only
class LabGauges(_Device):
    """lab.gauges; types.yaml:86"""
    gauge: Vector[_Literal["p1", "my.attr-1", "class"], LabGauge]
    """p1: prefix = {prefix}p1; class: prefix = {prefix}class; types.yaml:89"""

@type_check_only
class Sample(_Device):
    """what is in the beam

    group; beamline.yaml:26
    """
    thickness: SignalRW[_float]
    """a value of this process; unit mm; beamline.yaml:30"""
    name_: SignalRW[str]
    """a value of this process; beamline.yaml:31"""
    spectrum: SignalR[_Float64Array1D]
    """pva://BL99I-EA-MCA:S; shape [1024]; beamline.yaml:32"""
    image: SignalR[_Uint16Array2D]
    """pva://BL99I-EA-CAM:I; shape [any, any]; beamline.yaml:33"""
    mask: SignalRW[_Uint8Array1D, _Uint8Array1D | Sequence[int]]
    """BL99I-EA:M_RBV, written to BL99I-EA:M; shape [any]; beamline.yaml:34"""
    small: SignalRW[_float]
    """BL99I-EA:W; beamline.yaml:35"""
    words: SignalRW[list[str]]
    """BL99I-EA:WORDS; shape [any]; beamline.yaml:36"""
    points: SignalRW[_Table1]
    """pva://BL99I-EA:T; beamline.yaml:37"""
    served: SignalRW[str]
    """BL99I-EA:E; beamline.yaml:38"""
    some: SignalRW[str, _Literal["low", "high"]]
    """BL99I-EA:SOME; beamline.yaml:39"""
    x: LabMotor
    """prefix = BL99I-MO-SAMPLE-01:X:; precise = False; beamline.yaml:41"""

@type_check_only
class Ring(_Device):
    """tango.device; beamline.yaml:42"""
    current: SignalR[_float]
    """{trl}/Current; unit mA; beamline.yaml:48"""
    load: Command[_Float64Array1D | Sequence[_float], str]
    """{trl}/Load; sends [1, 2.5] unless told otherwise; beamline.yaml:50"""
    park: Command[_Literal["In", "Out"], _Literal["ON", "FAULT"]]
    """{trl}/Park; beamline.yaml:51"""
    reset: Command[None, None]
    """{trl}/Reset; beamline.yaml:52"""
    def __getattr__(self, name: str) -> Any: ...  # what its server adds
    def __getitem__(self, key: str | int) -> Any: ...

@type_check_only
class Box(_Device):
    """pvi.device; beamline.yaml:53"""
    armed: SignalR[bool]
    """pvi://{pvi}#armed; beamline.yaml:57"""
    arm: Command[None, None]
    """pvi://{pvi}#arm; beamline.yaml:59"""

@type_check_only
class EverythingBeamline(Beamline):
    """The beamline everything; group baseline: stage, mono"""
    stage: LabMotor
    slit: LabMotor_2
    table1: LabMotor
    table2: LabMotor
    valve: LabValve
    det: LabDetector
    other: LabDetector_2
    mono: LabMono
    m1: LabAxis
    vac: LabGauges
    i0: SignalR[_float]
    gate: SignalW[bool]
    loose: SignalRW[Any]
    float: SignalRW[int]
    sample: Sample
    ring: Ring
    box: Box
    linkam: Heater
    paths: Any
    def __getattr__(self, name: Never) -> Never: ...  # type: ignore[override]

stage: LabMotor
"""prefix = BL99I-MO-STAGE-01:; precise = False; labels: motors, sample; beamline.yaml:10"""
slit: LabMotor_2
"""prefix = BL99I-MO-SLIT-01:; precise = True; connect: optional; beamline.yaml:11"""
table1: LabMotor
"""prefix = BL99I-MO-TABLE-01:; precise = False; beamline.yaml:12"""
table2: LabMotor
"""prefix = BL99I-MO-TABLE-02:; precise = False; beamline.yaml:12"""
valve: LabValve
"""prefix = BL99I-VA-01:; beamline.yaml:16"""
det: LabDetector
"""the first detector

prefix = BL99I-EA-DET-01:; of = stage; n = 2; labels_ = ['Low Energy', 'High Energy']; beamline.yaml:17
"""
other: LabDetector_2
"""prefix = BL99I-EA-DET-02:; n = 3; labels_ = ['Slow', 'Fast']; of = None; beamline.yaml:18"""
mono: LabMono
"""prefix = BL99I-MO-DCM-01:; spacing = 3.1356; beamline.yaml:19"""
m1: LabAxis
"""prefix = BL99I-MO-M1; beamline.yaml:20"""
vac: LabGauges
"""prefix = BL99I-VA-; beamline.yaml:21"""
i0: SignalR[_float]
"""ca://BL99I-EA-I0:VAL; unit A; labels: detectors; beamline.yaml:22"""
gate: SignalW[bool]
"""BL99I-EA:GATE; beamline.yaml:23"""
loose: SignalRW[Any]
"""BL99I-EA:ANY; beamline.yaml:24"""
float: SignalRW[int]
"""a value of this process; beamline.yaml:25"""
sample: Sample
"""what is in the beam

beamline.yaml:26
"""
ring: Ring
"""trl = tango://sr-db:10000/sr/d-ct/1; connect: lazy; beamline.yaml:42"""
box: Box
"""pvi = BL99I-EA-BOX-01:PVI; beamline.yaml:53"""
linkam: Heater
"""connect: optional; beamline.yaml:60"""
paths: Any
"""where files go

path.uuid; beamline.yaml:8
"""
beamline: EverythingBeamline
def connect(timeout: _float | None = None, *, mock: bool = False, only: str | Iterable[str] | None = None) -> Report: ...
provenance: Provenance
report: Report

__all__ = [
    "stage",
    "slit",
    "table1",
    "table2",
    "valve",
    "det",
    "other",
    "mono",
    "m1",
    "vac",
    "i0",
    "gate",
    "loose",
    "float",
    "sample",
    "ring",
    "box",
    "linkam",
    "paths",
    "beamline",
    "connect",
    "provenance",
    "report",
]
