"""ophyd_decl: a beamline in YAML, checked offline and against the control system, and used from Bluesky plans.

Names are imported when they are first used, so that `ophyd-decl validate` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import plans
    from .devices.status import wait
    from .errors import OphydDeclError
    from .session.beamline import Beamline
    from .session.expose import expose
    from .session.load import load_beamline
    from .session.standalone import signal

__all__ = ["Beamline", "OphydDeclError", "expose", "load_beamline", "plans", "signal", "wait"]

_HOMES = {
    "Beamline": "session.beamline",
    "OphydDeclError": "errors",
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
