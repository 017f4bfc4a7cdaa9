"""The control system of the demo: motors and a point detector on real Channel Access and pvAccess.

It runs in a process of its own, on loopback only, and dies with the process that started it. `launch` is the side of
that process; `server` is the program. Nothing here imports bluesky or the rest of ophyd_decl but its errors, and
only `records` and `server` import the IOC library (extra `sim`).
"""

from .environment import environment
from .launch import DemoServer, DemoServerError
from .ports import Ports

__all__ = ["DemoServer", "DemoServerError", "Ports", "environment"]
