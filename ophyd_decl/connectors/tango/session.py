"""What is held of a Tango device while it answers, and how it is asked what it has; all of this in threads."""

import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from . import faults, library, reach
from .attributes import is_array, shape_of
from .library import DevFailed, Proxy
from .trl import Trl

#: How long a device may take to give the arrays whose sizes are wanted, in s; without them sizes are not known.
SIZES_S = 1.0
#: Shortest client time-out, in ms.
_SHORTEST_MS = 10


class ObstacleError(Exception):
    """The device cannot be reached; its text says why."""


class Session:
    """A Tango device from its connection to the loss of it: one proxy, and more only while calls are side by side.

    :param host: name of its server.
    """

    def __init__(self, trl: Trl, main: Proxy, host: str) -> None:
        self.trl = trl
        self.main = main
        self.host = host
        self._free = [main]
        self._lock = threading.Lock()

    @contextmanager
    def proxy(self, deadline: float) -> Generator[Proxy]:
        """Give a proxy to one call, which ends by this deadline, or a second after it if the server hangs.

        :raises DevFailed: if another proxy is needed and cannot be made.
        """
        with self._lock:
            taken = self._free.pop() if self._free else None
        taken = taken or library.make_proxy(self.trl.text)
        try:
            taken.set_timeout_millis(max(int((deadline - time.monotonic()) * 1000), _SHORTEST_MS))
            yield taken
        finally:
            with self._lock:
                self._free.append(taken)


@dataclass
class Told:
    """What a device said about itself.

    :param attributes: configuration by name in small letters; of those that were asked for, as far as they are there.
    :param commands: by name in small letters.
    :param sizes: of arrays now, by name in small letters.
    :param names: of all attributes and commands; only where one was not found.
    """

    session: Session
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    commands: dict[str, Any] = field(default_factory=dict[str, Any])
    sizes: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    names: tuple[str, ...] = ()


def begin(trl: Trl, timeout_s: float) -> Session:
    """Connect to a device.

    :raises ObstacleError: if there is no such device now.
    :raises DevFailed: if Tango says so.
    """
    if not trl.has_database:
        obstacle = reach.obstacle(trl.host, trl.port, trl.device, timeout_s)
        if obstacle:
            raise ObstacleError(obstacle)
    proxy = library.make_proxy(trl.text)
    proxy.set_timeout_millis(int(timeout_s * 1000))
    if not trl.has_database:
        return Session(trl, proxy, trl.place)
    info = proxy.info()
    return Session(trl, proxy, f"{info.server_host}/{info.server_id}")


def describe(session: Session, attributes: Sequence[str], commands: bool, timeout_s: float) -> Told:
    """Ask a device for the configuration of these attributes, in one call, and for its commands if they are wanted.

    :raises DevFailed: if the device does not answer.
    """
    told = Told(session)
    with session.proxy(time.monotonic() + timeout_s) as proxy:
        if attributes:
            try:
                infos = proxy.get_attribute_config_ex(attributes)
            except DevFailed as error:
                if faults.reason(error) != faults.NO_ATTRIBUTE:
                    raise
                wanted = {name.lower() for name in attributes}
                everything = proxy.attribute_list_query_ex()
                infos = [info for info in everything if info.name.lower() in wanted]
                told.names += tuple(info.name for info in everything)
            told.attributes = {info.name.lower(): info for info in infos}
        if commands or not attributes:
            infos = proxy.command_list_query()
            told.commands = {info.cmd_name.lower(): info for info in infos}
            told.names += tuple(info.cmd_name for info in infos)
    _measure(session, told)
    return told


def _measure(session: Session, told: Told) -> None:
    """Note the sizes of arrays; a device that cannot give them now does not fail because of that."""
    names = [info.name for info in told.attributes.values() if is_array(info)]
    if not names:
        return
    try:
        with session.proxy(time.monotonic() + SIZES_S) as proxy:
            readings = proxy.read_attributes(names)
    except DevFailed:
        return
    for name, reading in zip(names, readings, strict=True):
        told.sizes[name.lower()] = shape_of(reading)
