"""Ports that a server of the demo can have to itself.

An EPICS server whose port is taken does not fail: it warns, takes another one, and clients find only one of the two.
So the ports are looked at before, and a block of them is claimed with a socket that stays open as long as the server
runs; two demos that start at the same moment get different blocks.
"""

import random
import socket
from dataclasses import dataclass

#: Above the ports of services, below the range from which the kernel hands out ephemeral ports.
FIRST_PORT, LAST_PORT = 20000, 32760
_BLOCK = 8


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one server and its clients.

    :param ca: TCP and UDP; the one above is that of the CA repeater.
    :param pva: TCP; the one above is the server's UDP port, the next that of its clients.
    """

    ca: int
    pva: int

    @property
    def tango(self) -> int:
        """Return the TCP port of a server of Tango, which has no other."""
        return self.ca


class PortClaim:
    """A block of free ports, ours until `release`.

    :raises OSError: if there is no free block.
    """

    def __init__(self) -> None:
        self._guard, first = _claim()
        self.ports = Ports(ca=first + 1, pva=first + 3)

    def release(self) -> None:
        """Give the block back."""
        self._guard.close()


def taken(ports: Ports) -> list[int]:
    """Return those ports of a server that somebody uses; clients may be there already."""
    return [port for port in (ports.ca, ports.pva, ports.pva + 1) if not is_free(port)]


def _claim() -> tuple[socket.socket, int]:
    starts = range(FIRST_PORT, LAST_PORT - _BLOCK, _BLOCK)
    offset = random.randrange(len(starts))
    for start in (*starts[offset:], *starts[:offset]):
        guard = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            guard.bind(("127.0.0.1", start))
        except OSError:
            guard.close()
            continue
        if all(is_free(port) for port in range(start + 1, start + _BLOCK)):
            return guard, start
        guard.close()
    raise OSError(f"no block of free ports between {FIRST_PORT} and {LAST_PORT}")


def is_free(port: int) -> bool:
    """Return whether nobody uses a port, over TCP and over UDP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:  # a connection that is not quite forgotten hinders nobody
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True
