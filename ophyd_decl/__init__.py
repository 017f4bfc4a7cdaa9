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
    from .devices.mock import (
        callback_on_mock_execute,
        callback_on_mock_put,
        get_mock,
        get_mock_execute,
        get_mock_put,
        mock_puts_blocked,
        set_mock_precision,
        set_mock_put_proceeds,
        set_mock_units,
        set_mock_value,
        set_mock_values,
    )
    from .devices.observing import observe_signals_value, observe_value
    from .devices.roles import Movable, Triggerable
    from .devices.status import AsyncStatus, WatchableAsyncStatus, WatcherUpdate, wait
    from .devices.verbs import SignalR, SignalRW, SignalW
    from .devices.waiting import set_and_wait_for_other_value, set_and_wait_for_value, wait_for_value
    from .devices.walking import walk_config_signals, walk_devices, walk_rw_signals, walk_signal_sources
    from .errors import OphydDeclError
    from .logic.motor_fly import FlyMotorInfo
    from .session.beamline import Beamline
    from .session.expose import expose
    from .session.load import load_beamline
    from .session.provenance import Provenance
    from .session.report import Report
    from .session.standalone import signal

__all__ = [
    "AsyncStatus",
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
    "WatchableAsyncStatus",
    "WatcherUpdate",
    "callback_on_mock_execute",
    "callback_on_mock_put",
    "expose",
    "get_mock",
    "get_mock_execute",
    "get_mock_put",
    "load_beamline",
    "mock_puts_blocked",
    "observe_signals_value",
    "observe_value",
    "plans",
    "set_and_wait_for_other_value",
    "set_and_wait_for_value",
    "set_mock_precision",
    "set_mock_put_proceeds",
    "set_mock_units",
    "set_mock_value",
    "set_mock_values",
    "signal",
    "wait",
    "wait_for_value",
    "walk_config_signals",
    "walk_devices",
    "walk_rw_signals",
    "walk_signal_sources",
]

_HOMES = {
    "AsyncStatus": "devices.status",
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
    "WatchableAsyncStatus": "devices.status",
    "WatcherUpdate": "devices.status",
    "callback_on_mock_execute": "devices.mock",
    "callback_on_mock_put": "devices.mock",
    "expose": "session.expose",
    "get_mock": "devices.mock",
    "get_mock_execute": "devices.mock",
    "get_mock_put": "devices.mock",
    "load_beamline": "session.load",
    "mock_puts_blocked": "devices.mock",
    "observe_signals_value": "devices.observing",
    "observe_value": "devices.observing",
    "set_and_wait_for_other_value": "devices.waiting",
    "set_and_wait_for_value": "devices.waiting",
    "set_mock_precision": "devices.mock",
    "set_mock_put_proceeds": "devices.mock",
    "set_mock_units": "devices.mock",
    "set_mock_value": "devices.mock",
    "set_mock_values": "devices.mock",
    "signal": "session.standalone",
    "wait": "devices.status",
    "wait_for_value": "devices.waiting",
    "walk_config_signals": "devices.walking",
    "walk_devices": "devices.walking",
    "walk_rw_signals": "devices.walking",
    "walk_signal_sources": "devices.walking",
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
