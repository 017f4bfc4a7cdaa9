# ruff: noqa
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""Plans of bluesky with devices of a beamline. Its own types are incomplete, which the line above allows."""

import bluesky.plan_stubs as bps
import bluesky.plans as bp
from bluesky.plans import count, rel_scan
from bluesky.utils import MsgGenerator

from beamlines.everything import det, gate, i0, m1, mono, sample, stage, valve
from beamlines.everything import det as detector


def plan() -> MsgGenerator[None]:
    yield from bps.mv(stage, 1.5, det.channel[1].mode, "Low Energy", valve, "Open", gate, True)
    yield from bps.abs_set(mono, 12.0, wait=True)
    position: float = yield from bps.rd(stage)
    yield from bps.mvr(m1, position)
    yield from bps.trigger_and_read([detector, i0, sample, sample.thickness])
    yield from bps.monitor(i0)
    yield from bp.scan([det, i0], stage, 0, 1, 11)
    yield from bp.grid_scan([det], stage, 0, 1, 2, m1, 0, 1, 2)
    yield from count([det, i0], num=3)
    yield from rel_scan([det], m1, -1, 1, 3)
    yield from bp.count([gate])  # error: "SignalW[bool]" is incompatible with protocol "Readable[
    yield from bps.abs_set(i0, 1)  # error: "SignalR[float]" is incompatible with protocol "Movable[
    yield from bps.trigger(stage)  # error: "LabMotor" is incompatible with protocol "Triggerable"
