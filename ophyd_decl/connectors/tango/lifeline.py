"""A connection to a server on which nothing is said: when it ends, the server has ended.

The client library tells nobody that a connection has ended, and makes it anew with the next call. Of a server that went
and came back in between, what it had said before would be trusted, as its labels, with what another process answers.

A server closes what has been quiet for a while (omniORB: three minutes), and says so before: then, and before that
time, another connection takes over.
Source: CORBA 3.3 part 2, section 9.4.7, "CloseConnection Message"; omniORB 4.3, parameter `inConScanPeriod`.
"""

import logging
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from .reach import HEADER_SIZE, MAGIC, looked_up
from .trl import Trl

if TYPE_CHECKING:
    from .connector import TangoConnector

_log = logging.getLogger("ophyd_decl.connectors.tango")

#: How long one is used before the next takes over, and how long after a failure the next is tried, in s.
RENEW_S = 60.0
#: How long a server may take to accept it, in s.
CONNECT_S = 3.0
_CLOSE_CONNECTION = 5


class Lifeline:
    """The connection to the server of a device; lives on the loop.

    :param ended: called when the server has gone.
    :param was_still: whether the loop did not turn for a while, so that how long ago that was is not known.
    """

    def __init__(
        self, connector: "TangoConnector", trl: Trl, ended: Callable[[], None], was_still: Callable[[], bool]
    ) -> None:
        self._connector = connector
        self._trl = trl
        self._ended = ended
        self._was_still = was_still
        self._socket: socket.socket | None = None
        #: the next one, from its connection in a thread until the loop has it.
        self._made: socket.socket | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._connect()

    def close(self) -> None:
        """Do without it."""
        with self._lock:
            self._closed = True
            made, self._made = self._made, None
        if made is not None:
            made.close()
        self._drop()

    def _connect(self) -> None:
        if not self._closed:
            self._connector.workers.submit(partial(self._connecting, self._socket is None))

    def _connecting(self, is_alone: bool) -> None:
        """Connect; called in a thread."""
        gone = False
        try:
            host, port = self._connector.databases.place(self._trl)
            made = socket.create_connection((looked_up(host), port), CONNECT_S)
            with self._lock:
                if self._closed:
                    made.close()
                self._made = None if self._closed else made
        except ConnectionRefusedError:
            gone = is_alone
        except Exception as error:  # noqa: BLE001  # the pings go on
            _log.info("%s: only pings show whether its server lives: %s", self._trl.text, error)
        self._connector.inbox.post(self._connected, gone)

    def _connected(self, gone: bool) -> None:
        loop = self._connector.inbox.loop
        if self._closed or loop is None:
            return
        if gone:
            self._end()
            return
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            self._drop()
            self._socket = made
            made.setblocking(False)
            loop.add_reader(made, self.look)
        self._connector.later.call(RENEW_S, self._connect)

    def look(self) -> None:
        """Take note of what has come: nothing, a farewell, or the end."""
        used = self._socket
        if used is None:
            return
        try:
            heard = used.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if _is_farewell(heard) and not self._was_still():
            self._drop()
            self._connect()  # refused if it has gone
        elif not heard or _is_farewell(heard):
            self._end()

    def _end(self) -> None:
        if not self._closed:
            self.close()
            self._ended()

    def _drop(self) -> None:
        dropped, self._socket = self._socket, None
        if dropped is not None:
            loop = self._connector.inbox.loop
            if loop is not None and not loop.is_closed():
                loop.remove_reader(dropped)
            dropped.close()


def _is_farewell(heard: bytes) -> bool:
    return heard[:4] == MAGIC and len(heard) >= HEADER_SIZE and heard[7] == _CLOSE_CONNECTION
