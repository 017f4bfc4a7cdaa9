"""The control systems of the demo: motors and a point detector on real Channel Access and pvAccess, or on Tango.

Each runs in a process of its own, on loopback only, and dies with the process that started it. `launch` is the side of
that process; `server` and `tango_server` are the programs. Both serve the `motors`: on EPICS each is a motor record, on
Tango a `tango_motor`. `motor_record` and `scaler_record` are what these records of EPICS do, on the fields that
`record_type` has the IOC serve. `point_detector` knows no protocol: it shows `points`, which are `records` on EPICS and
`attributes` on Tango. Nothing here imports bluesky or the rest of ophyd_decl but its errors; only `records`,
`database`, `motor_records`, `record_type` and `server` import the IOC library (extra `sim`), only `attributes`,
`tango_devices` and `tango_motor` pytango (extra `tango`).
"""

from .environment import environment
from .launch import DemoServer, TangoDemoServer
from .ports import Ports
from .process import DemoServerError

__all__ = ["DemoServer", "DemoServerError", "Ports", "TangoDemoServer", "environment"]
