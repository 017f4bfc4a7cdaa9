"""Tango databases: which of them knows a device, and whether it answers, before the client library asks it.

The client library asks a database that hangs again and again, for ever; whoever asks another one waits meanwhile; and
of a TANGO_HOST that is missing it complains on standard output. So each database is looked at first, in a time of ours.

Source: Tango documentation, "Environment variables"; cppTango 10, `CALL_DB_SERVER` and `ApiUtil::get_db_ind`.
"""

import threading
import time
from collections.abc import Callable
from difflib import get_close_matches

from ...vocab.addresses import tango_hosts
from . import faults, library, reach
from .reach import ObstacleError, Place
from .trl import Trl

#: Name by which a database is found at its port.
OBJECT = "database"
#: How long it counts as known whether a database answers, in s.
KNOWN_S = 0.5
#: How long one may take to answer while its devices are in use, in s.
IN_USE_S = 1.0
_UNDEFINED = frozenset(("DB_DeviceNotDefined", "DB_AliasNotDefined", "API_DeviceNotDefined"))
_CORRECT = "is the database running, and TANGO_HOST or the `trl` right? One without a database ends with `#dbase=no`"


class Databases:
    """The databases that one connector asks; called in threads."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, int], Place] = {}
        self._lock = threading.Lock()

    def find(self, trl: Trl, timeout_s: float, tell: Callable[[str], None]) -> tuple[str, int]:
        """Return host and port of the first database that answers, of those that may know the device.

        :param timeout_s: how long one of them may take to answer.
        :param tell: called with what is asked now.
        :raises ObstacleError: if none does.
        """
        obstacles: list[str] = []
        for host, port in self._hosts(trl):
            tell(f"the Tango database at {host}:{port}")
            obstacle = self.obstacle(host, port, timeout_s)
            if not obstacle:
                return host, port
            obstacles.append(obstacle)
        raise ObstacleError(f"no Tango database answers: {'; '.join(obstacles)}", _CORRECT)

    def obstacle(self, host: str, port: int, timeout_s: float) -> str:
        """Return why a database cannot be asked now; empty if it can. One look will do for all who want to know."""
        with self._lock:
            place = self._places.setdefault((host, port), Place())
        with place.lock:
            if time.monotonic() - place.looked_at >= KNOWN_S:
                place.obstacle = reach.obstacle(host, port, OBJECT, timeout_s)
                if place.obstacle == reach.has_no(host, port, OBJECT):
                    place.obstacle = f"the server at {host}:{port} is none"
                place.looked_at = time.monotonic()
            return place.obstacle

    def place(self, trl: Trl) -> tuple[str, int]:
        """Return host and port of the server of a device, whose `trl` has those of its database if it has one.

        :raises ObstacleError: if the database does not answer.
        :raises DevFailed: if it does not know the device.
        :raises ValueError: if it does not know where the server is.
        """
        if not trl.has_database:
            return trl.host, trl.port
        obstacle = self.obstacle(trl.host, trl.port, IN_USE_S)
        if obstacle:
            raise ObstacleError(obstacle)
        return reach.place_in(library.reference_of(trl.host, trl.port, trl.device))

    def why(self, error: Exception, trl: Trl, host: str, port: int) -> Exception:
        """Return why a device could not be connected, as its database knows it."""
        where = f"the database at {host}:{port}"
        given = {reason for reason, _ in library.reasons(error)}
        if given & _UNDEFINED:
            kind = "device" if "/" in trl.device else "alias"
            return ObstacleError(f"{where} has no {kind} `{trl.device}`", _nearest(trl, host, port))
        if faults.is_timeout(error) or not faults.is_closed(error):
            return error
        try:
            server = library.server_of(host, port, trl.device)
        except library.DevFailed:
            return error
        return ObstacleError(
            f"the server of the device does not run: {where} has it in `{server}`", f"start the server `{server}`"
        )

    def _hosts(self, trl: Trl) -> list[tuple[str, int]]:
        if trl.host:
            return [(trl.host, trl.port)]
        text = library.tango_host()
        if not text:
            raise ObstacleError(
                f"TANGO_HOST is not set, and `{trl.device}` does not say where its database is",
                "set TANGO_HOST=host:port, in the shell or in `environment` of the beamline, "
                f"or write `tango://host:port/{trl.device}`",
            )
        found = tango_hosts(text)
        if isinstance(found, str):
            raise ObstacleError(f"TANGO_HOST={text} names no database: {found}", "set TANGO_HOST=host:port")
        return found


def _nearest(trl: Trl, host: str, port: int) -> str:
    """Return what to do about a name that the database does not have."""
    other = "compare it with what the database has; a `trl` without a database ends with `#dbase=no`"
    try:
        names = library.names_like(host, port, trl.device)
    except library.DevFailed:
        return other
    near = get_close_matches(trl.device.lower(), [name.lower() for name in names], 1, 0.7)
    return f"did you mean `{near[0]}`?" if near else other
