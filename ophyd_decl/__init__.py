"""ophyd_decl: a beamline in YAML, checked offline and against the control system, and used from Bluesky plans.

Names are imported when they are first used, so that `ophyd-decl validate` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import plans
    from .connectors.values.encoded import Encoded
    from .devices.command import Command
    from .devices.device import Device, Vector
    from .devices.flyer import Flyer
    from .devices.roles import Movable, Triggerable
    from .devices.status import wait
    from .devices.verbs import SignalR, SignalRW, SignalW
    from .errors import OphydDeclError
    from .logic.motor_fly import FlyMotorInfo
    from .session.beamline import Beamline
    from .session.expose import expose
    from .session.load import load_beamline
    from .session.provenance import Provenance
    from .session.report import Report
    from .session.standalone import signal

__all__ = [
    "Beamline",
    "Command",
    "Device",
    "Encoded",
    "FlyMotorInfo",
    "Flyer",
    "Movable",
    "OphydDeclError",
    "Provenance",
    "Report",
    "SignalR",
    "SignalRW",
    "SignalW",
    "Triggerable",
    "Vector",
    "expose",
    "load_beamline",
    "plans",
    "signal",
    "wait",
]

_HOMES = {
    "Beamline": "session.beamline",
    "Command": "devices.command",
    "Device": "devices.device",
    "Encoded": "connectors.values.encoded",
    "FlyMotorInfo": "logic.motor_fly",
    "Flyer": "devices.flyer",
    "Movable": "devices.roles",
    "OphydDeclError": "errors",
    "Provenance": "session.provenance",
    "Report": "session.report",
    "SignalR": "devices.verbs",
    "SignalRW": "devices.verbs",
    "SignalW": "devices.verbs",
    "Triggerable": "devices.roles",
    "Vector": "devices.device",
    "expose": "session.expose",
    "load_beamline": "session.load",
    "signal": "session.standalone",
    "wait": "devices.status",
}


def __getattr__(name: str) -> Any:
    if name == "plans":
        return import_module(".plans", __name__)
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
