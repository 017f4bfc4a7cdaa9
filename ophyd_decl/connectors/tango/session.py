"""What is held of a Tango device while it answers, and how it is asked what it has; all of this in threads."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ...collecting import without_collecting
from . import faults, proxies, reach
from .attributes import Attribute, attribute, shape_of
from .attributes import attributes as attributes_of
from .databases import IN_USE_S, Databases
from .library import DevFailed, Proxy
from .reach import ObstacleError
from .trl import Trl, parse

#: How long a device may take to give the arrays whose sizes are wanted, in s; without them sizes are not known.
SIZES_S = 1.0
_CORRECT = "is its server running, and the `trl` right?"
#: How long a device may take to answer before it is asked for events, in s: at first, and after it was busy.
ANSWER_S, LONGEST_ANSWER_S = 0.5, 3.0
#: Shortest client time-out, in ms.
_SHORTEST_MS = 10


class Session:
    """A Tango device from its connection to the loss of it: one proxy, and more only while calls are side by side.

    :param host: its server, whatever name of it the TRL has.
    :param trl: by which it was found, with host and port.
    :param databases: None: it has none.
    """

    def __init__(self, trl: Trl, main: Proxy, host: str, databases: Databases | None = None) -> None:
        self.trl = trl
        self.main = main
        self.host = host
        self._databases = databases
        self._free = [main]
        #: proxies whose last call got no answer: the next one has to connect them again.
        self._broken: set[int] = set()
        #: whether proxies share a time-out, and by when the calls under way end.
        self._shared = False
        self._deadlines: list[float] = []
        self._lock = threading.Lock()
        #: until when it is not asked for events, and how long it may then take to answer, in s.
        self._busy_until = 0.0
        self._answer_s = ANSWER_S

    @contextmanager
    def proxy(self, deadline: float) -> Generator[Proxy]:
        """Give a proxy to one call, which ends by this deadline if the server lives, else after twice that time.

        :raises SilentError: if the server does not answer, so that nothing can be asked by this deadline.
        :raises DevFailed: if another proxy is needed and cannot be made.
        """
        with self._lock:
            taken = self._free.pop() if self._free else None
        if taken is None:
            self._look(deadline)
            taken = self._another()
        with self._lock:
            self._deadlines.append(deadline)
            ends_at = max(self._deadlines) if self._shared else deadline
        try:
            if id(taken) in self._broken or (self._shared and self._broken):
                self._look(deadline)
                taken.ping()  # connects; setting a time-out would do that too, and hold the interpreter meanwhile
                self._broken.difference_update(set(self._broken) if self._shared else {id(taken)})
            taken.set_timeout_millis(max(int((ends_at - time.monotonic()) * 1000), _SHORTEST_MS))
            yield taken
        except DevFailed as error:
            if faults.is_timeout(error) or faults.is_closed(error):
                self._broken.add(id(taken))
            raise
        finally:
            with self._lock:
                self._free.append(taken)
                self._deadlines.remove(deadline)

    def _look(self, deadline: float) -> None:
        """See whether the server answers at all, before Tango is asked, which takes seconds to find that out.

        :raises SilentError: if it does not.
        """
        if self._databases is not None:  # only Tango knows where the server is
            return
        left_s = max(deadline - time.monotonic(), _SHORTEST_MS / 1000)
        silence = reach.silence(self.trl.host, self.trl.port)
        if reach.obstacle(self.trl.host, self.trl.port, self.trl.device, left_s) == silence:
            raise faults.SilentError(silence)

    def look_whether_busy(self) -> None:
        """See whether the device answers now; one that is in a command answers a ping, but no other command.

        :raises BusyError: if it does not, or was seen not to a moment ago.
        :raises DevFailed: if the device is not there.
        """
        if time.monotonic() < self._busy_until:
            raise faults.BusyError("the device was busy a moment ago")
        try:
            with self.proxy(time.monotonic() + self._answer_s) as proxy:
                proxy.command_inout("State")
        except (DevFailed, faults.SilentError) as error:
            if faults.is_busy(error):
                self.is_busy()
                raise faults.BusyError("the device does not answer") from error
            raise
        self._answer_s = ANSWER_S

    def is_busy(self) -> None:
        """Ask for no events for a while, and then have more patience: it may be slow by nature."""
        self._answer_s = min(2 * self._answer_s, LONGEST_ANSWER_S)
        self._busy_until = time.monotonic() + self._answer_s

    def obstacle(self) -> str:
        """Return why nothing can be asked now that needs the database; empty if it can, or there is none."""
        if self._databases is None:
            return ""
        return self._databases.obstacle(self.trl.host, self.trl.port, IN_USE_S)

    def _another(self) -> Proxy:
        """Return one more proxy. A device goes on when its database is away: then it is a copy."""
        if not self.obstacle():
            try:
                return proxies.make(self.trl)
            except DevFailed:
                if self._databases is None:
                    raise
        with self._lock:
            self._shared = True
        return proxies.copy_of(self.main)


@dataclass
class Told:
    """What a device said about itself.

    :param attributes: configuration by name in small letters; only where all were asked for, or one was not found.
    :param commands: by name in small letters.
    :param usable: how to use those that were asked for, by name as it was asked for; made in the thread that asks,
        while other devices are still waited for.
    :param names: of all attributes and commands; only where one was not found.
    :param all_attributes: the configuration of each, in the order of the device; only where all are wanted.
    :param all_commands: likewise.
    """

    session: Session
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    commands: dict[str, Any] = field(default_factory=dict[str, Any])
    usable: dict[str, tuple[Any, Attribute]] = field(default_factory=dict[str, tuple[Any, Attribute]])
    names: tuple[str, ...] = ()
    all_attributes: tuple[Any, ...] = ()
    all_commands: tuple[Any, ...] = ()


def begin(trl: Trl, databases: Databases, looks: reach.Looks, timeout_s: float, tell: Callable[[str], None]) -> Session:
    """Connect to a device.

    :param looks: at servers without a database.
    :param tell: called with what is asked now, for those who wait in vain.
    :raises ObstacleError: if there is no such device now.
    :raises DevFailed: if Tango says so.
    """
    if not trl.has_database:
        tell(trl.place)
        obstacle = looks.obstacle(trl.host, trl.port, trl.device, timeout_s)
        if obstacle:
            raise ObstacleError(obstacle, _CORRECT)
        try:
            proxy = proxies.make(trl)
        except DevFailed as error:
            obstacle = reach.obstacle(trl.host, trl.port, trl.device, timeout_s)  # it may be another that was there
            if obstacle:
                raise ObstacleError(obstacle, _CORRECT) from error
            raise
        return Session(trl, proxy, looks.whereabouts(trl.host, trl.port))
    host, port = databases.find(trl, timeout_s, tell)
    tell(f"the server of the device, which the database at {host}:{port} names,")
    found = parse(f"tango://{host}:{port}/{trl.device}")
    try:
        proxy = proxies.make(found)
        proxy.set_timeout_millis(int(timeout_s * 1000))
        info = proxy.info()
    except DevFailed as error:
        raise databases.why(error, trl, host, port) from error
    return Session(found, proxy, f"{info.server_host}/{info.server_id}", databases)


def told_all(session: Session, attributes: Iterable[Any], commands: Iterable[Any]) -> Told:
    """Return what a device said that told all that it has.

    :param attributes: their configurations.
    """
    told = Told(session, all_attributes=tuple(attributes), all_commands=tuple(commands))
    told.attributes = {info.name.lower(): info for info in told.all_attributes}
    told.commands = {info.cmd_name.lower(): info for info in told.all_commands}
    told.names = (*(info.name for info in told.all_attributes), *(info.cmd_name for info in told.all_commands))
    return told


def describe(
    session: Session, attributes: Sequence[str], commands: bool, timeout_s: float, *, whole: bool = False
) -> Told:
    """Ask a device for the configuration of these attributes, in one call, and for its commands if they are wanted.

    :param whole: whether everything that it has is wanted.
    :raises DevFailed: if the device does not answer.
    """
    if whole:
        with session.proxy(time.monotonic() + timeout_s) as proxy:
            told = told_all(session, proxy.attribute_list_query_ex(), proxy.command_list_query())
        _prepare(told, *_those(attributes, told.attributes))
        return told
    told = Told(session)
    infos: Sequence[Any] = ()
    commands = commands or not attributes
    with session.proxy(time.monotonic() + timeout_s) as proxy:
        if attributes:
            try:
                infos = proxy.get_attribute_config_ex(attributes)  # in the order of the names
            except DevFailed as error:
                if faults.reason(error) != faults.NO_ATTRIBUTE:
                    raise
                everything = proxy.attribute_list_query_ex()
                told.attributes = {info.name.lower(): info for info in everything}
                told.names += tuple(info.name for info in everything)
                attributes, infos = _those(attributes, told.attributes)
        if commands:
            known = proxy.command_list_query()
            told.commands = {info.cmd_name.lower(): info for info in known}
            told.names += tuple(info.cmd_name for info in known)
    _prepare(told, attributes, infos)
    return told


def _those(names: Sequence[str], known: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[Any]]:
    """Return those of the names that a device has, and their configurations.

    :param known: by name in small letters.
    """
    there = [name for name in names if name.lower() in known]
    return there, [known[name.lower()] for name in there]


def _prepare(told: Told, names: Sequence[str], infos: Sequence[Any]) -> None:
    """Note how to use attributes, and the shape that arrays have now; that a device cannot give it is no fault.

    :param infos: the configuration of each name.
    """
    host, usable = told.session.host, told.usable
    with without_collecting():
        usable.update(zip(names, attributes_of(zip(names, infos, strict=True), host), strict=True))
    arrays = [(name, info) for name, (info, one) in usable.items() if one.served.native.shape is not None]
    if not arrays:
        return
    try:
        with told.session.proxy(time.monotonic() + SIZES_S) as proxy:
            readings = proxy.read_attributes([name for name, _ in arrays])
    except DevFailed:
        return
    for (name, info), reading in zip(arrays, readings, strict=True):
        usable[name] = info, attribute(info, shape_of(reading), host)
