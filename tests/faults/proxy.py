"""A cable between a client and a real server that can be cut, pulled, made slow and made to lie; on loopback.

The server runs on ports that no client knows. Clients search at the ports of the proxy, which hands searches on and
puts its own TCP port into the answers, so that every connection goes through it. One thread does everything; a control
takes effect before its call returns.

Source: EPICS Channel Access Protocol Specification, "CA_PROTO_SEARCH"; pvAccess Protocol Specification, "Search".
"""

import contextlib
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from ophyd_decl.sim.ports import PortClaim, Ports
from tests.servers.ioc import Ioc

#: What one direction of one connection may hold before its sender is made to wait.
HELD_BYTES = 1 << 20
_CHUNK = 65536
_CLIENTS = 16
_CA_SEARCH = 6
_PVA_SEARCH = 3
_PVA_SEARCH_REPLY = 4


@dataclass
class Way:
    """What happens to the bytes of one direction, in every connection and to searches.

    :param frozen: nothing moves; what was sent meanwhile arrives afterwards.
    :param delay_s: how much later everything arrives.
    :param left: how many bytes still pass before the connection is closed; None: all.
    :param alter: makes other bytes of those that pass; of TCP only.
    :param passed: how many bytes have passed.
    """

    frozen: bool = False
    delay_s: float = 0.0
    left: int | None = None
    alter: Callable[[bytes], bytes] | None = None
    passed: int = 0


@dataclass
class _Pipe:
    """One direction of one connection."""

    source: socket.socket
    sink: socket.socket
    way: Way
    held: deque[tuple[float, bytes]] = field(default_factory=deque)
    size: int = 0
    ended: bool = False

    def wants_to_read(self) -> bool:
        return not self.way.frozen and not self.ended and self.size < HELD_BYTES

    def due(self) -> float | None:
        """Return when there is something to write; None for never."""
        return self.held[0][0] if self.held and not self.way.frozen else None

    def read(self) -> None:
        data = self.source.recv(_CHUNK)
        if data and self.way.alter is not None:
            data = self.way.alter(data)
        if data:
            self.held.append((time.monotonic() + self.way.delay_s, data))
            self.size += len(data)
        else:
            self.ended = True

    def write(self) -> bool:
        """Hand on what is due; return whether the connection goes on."""
        way, now = self.way, time.monotonic()
        while self.held and self.held[0][0] <= now:
            due, data = self.held.popleft()
            self.size -= len(data)
            sent = self.sink.send(data if way.left is None else data[: way.left])
            way.passed += sent
            if way.left is not None:
                way.left -= sent
                if not way.left:
                    return False
            if sent < len(data):
                self.held.appendleft((due, data[sent:]))
                self.size += len(data) - sent
                break
        return bool(self.held) or not self.ended


class Proxy:
    """Everything between a client and one server.

    :param public: ports at which clients search.
    :param server: ports at which the server listens.
    """

    def __init__(self, public: Ports, server: Ports) -> None:
        self.to_server, self.to_client = Way(), Way()
        self._public, self._server = public, server
        self._pipes: list[_Pipe] = []
        self._searchers: dict[tuple[str, int, int], socket.socket] = {}
        self._commands: deque[tuple[Callable[[], None], threading.Event]] = deque()
        self._ending = False
        self._bell, self._button = socket.socketpair()
        self._listeners = {_listen(port): target for port, target in ((public.ca, server.ca), (public.pva, server.pva))}
        self._search = {_bind(public.ca): public.ca, _bind(public.pva + 1): public.pva + 1}
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def connections(self) -> int:
        """Return how many connections go through it."""
        return len(self._pipes) // 2

    def freeze(self, *ways: Way) -> None:
        """Let nothing through, in these directions or in both, as if a cable were pulled."""
        self._set(ways, frozen=True)

    def thaw(self, *ways: Way) -> None:
        """Undo `freeze`."""
        self._set(ways, frozen=False)

    @contextlib.contextmanager
    def frozen(self, *ways: Way) -> Iterator[None]:
        """Let nothing through meanwhile."""
        self.freeze(*ways)
        try:
            yield
        finally:
            self.thaw(*ways)

    def delay(self, delay_s: float, *ways: Way) -> None:
        """Let everything arrive later from now on."""
        self._set(ways, delay_s=delay_s)

    def truncate(self, left: int | None, *ways: Way) -> None:
        """Close the connection in which that many further bytes have passed; None: let all pass."""
        self._set(ways, left=left)

    def alter(self, function: Callable[[bytes], bytes] | None, *ways: Way) -> None:
        """Pass what this function makes of the bytes; None: pass them as they are."""
        self._set(ways, alter=function)

    def drop(self) -> None:
        """Reset every connection, as a server does that was started again behind our back."""
        self._do(lambda: self._close_pipes(self._pipes))

    def reset(self) -> None:
        """Let everything pass again, as at the beginning."""
        self._set((), frozen=False, delay_s=0.0, left=None, alter=None)
        self._do(self._forget_searchers)

    def close(self) -> None:
        """End it; every connection is closed."""
        self._do(self._end)
        self._thread.join()
        self._bell.close()
        self._button.close()

    def _set(self, ways: tuple[Way, ...], **values: object) -> None:
        def change() -> None:
            for way in ways or (self.to_server, self.to_client):
                for name, value in values.items():
                    setattr(way, name, value)

        self._do(change)

    def _do(self, command: Callable[[], None]) -> None:
        done = threading.Event()
        self._commands.append((command, done))
        self._button.send(b"!")
        if not done.wait(5):
            raise RuntimeError("the proxy does not answer")

    def _run(self) -> None:
        while not self._ending:
            now = time.monotonic()
            writable: list[socket.socket] = []
            timeout_s: float | None = None
            for pipe in self._pipes:
                due = pipe.due()
                if due is not None and due <= now:
                    writable.append(pipe.sink)
                elif due is not None:
                    timeout_s = min(timeout_s or 1.0, due - now)
            readable: list[socket.socket] = [self._bell, *self._listeners]
            readable += [pipe.source for pipe in self._pipes if pipe.wants_to_read()]
            if not self.to_server.frozen:
                readable += self._search
            if not self.to_client.frozen:
                readable += self._searchers.values()
            can_read, can_write, _ = select.select(readable, writable, [], timeout_s)
            self._turn(set(can_read), set(can_write))

    def _turn(self, can_read: set[socket.socket], can_write: set[socket.socket]) -> None:
        for pipe in list(self._pipes):
            try:
                if pipe.source in can_read:
                    pipe.read()
                goes_on = pipe.write() if pipe.sink in can_write or pipe.ended else True
            except BlockingIOError:
                continue
            except OSError:
                goes_on = False
            if not goes_on:
                self._close_pipes([other for other in self._pipes if other.source in (pipe.source, pipe.sink)])
        for listener in can_read & self._listeners.keys():
            self._accept(listener)
        for public in can_read & self._search.keys():
            self._search_forward(public)
        for key, searcher in list(self._searchers.items()):
            if searcher in can_read:
                self._search_back(key, searcher)
        if self._bell in can_read:
            self._bell.recv(_CHUNK)
            while self._commands:
                command, done = self._commands.popleft()
                command()
                done.set()

    def _accept(self, listener: socket.socket) -> None:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        try:
            server = socket.create_connection(("127.0.0.1", self._listeners[listener]), timeout=1)
        except OSError:
            _reset(client)
            return
        for end in (client, server):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pipes += [_Pipe(client, server, self.to_server), _Pipe(server, client, self.to_client)]

    def _search_forward(self, public: socket.socket) -> None:
        data, client = public.recvfrom(_CHUNK)
        port = self._search[public]
        key = (*client, port)
        searcher = self._searchers.get(key)
        if searcher is None:
            if len(self._searchers) >= _CLIENTS:
                self._searchers.pop(next(iter(self._searchers))).close()
            searcher = self._searchers[key] = _bind(0)
        if port == self._public.ca:
            searcher.sendto(data, ("127.0.0.1", self._server.ca))
        else:
            back_to: int = searcher.getsockname()[1]
            data = _replace_pva_port(data, _PVA_SEARCH, 32, back_to)
            searcher.sendto(data, ("127.0.0.1", self._server.pva + 1))

    def _search_back(self, key: tuple[str, int, int], searcher: socket.socket) -> None:
        try:
            data = searcher.recv(_CHUNK)
        except OSError:  # nobody listens there
            return
        host, port, public_port = key
        if public_port == self._public.ca:
            data = _replace_ca_port(data, self._public.ca)
        else:
            data = _replace_pva_port(data, _PVA_SEARCH_REPLY, 40, self._public.pva)
        public = next(end for end, bound in self._search.items() if bound == public_port)
        public.sendto(data, (host, port))

    def _close_pipes(self, pipes: list[_Pipe]) -> None:
        for pipe in list(pipes):
            if pipe in self._pipes:
                self._pipes.remove(pipe)
            _reset(pipe.source)

    def _forget_searchers(self) -> None:
        for searcher in self._searchers.values():
            searcher.close()
        self._searchers.clear()

    def _end(self) -> None:
        self._ending = True
        self._close_pipes(self._pipes)
        self._forget_searchers()
        for end in (*self._listeners, *self._search):
            end.close()


class HiddenIoc(Ioc):
    """An IOC that is reached through a proxy only; `proxy` is there after the first start."""

    proxy: Proxy

    def start(self) -> Self:
        """Start it on ports of its own, with the proxy on those that clients know."""
        if not hasattr(self, "_claim"):
            self._claim = PortClaim()
            self._public, self.ports = self.ports, self._claim.ports
            self.proxy = Proxy(self._public, self.ports)
        return super().start()

    def close(self) -> None:
        """End the proxy and the IOC."""
        if hasattr(self, "_claim"):
            self.proxy.close()
            self._claim.release()
        self.stop()
        self.ports = getattr(self, "_public", self.ports)
        super().close()


def hidden_ioc(folder: Path, prefix: str, database: Path | str, access: str | None = None) -> HiddenIoc:
    """Return an IOC that was started behind a proxy."""
    ioc = HiddenIoc(folder, prefix, database, access=access)
    try:
        ioc.start()
    except BaseException:
        ioc.close()
        raise
    return ioc


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    listener.setblocking(False)
    return listener


def _bind(port: int) -> socket.socket:
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.bind(("127.0.0.1", port))
    return end


def _reset(end: socket.socket) -> None:
    """Close a connection at once, so that its other side is told."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


def _replace_ca_port(data: bytes, port: int) -> bytes:
    """Put a TCP port into every search reply of a datagram of Channel Access."""
    changed, at = bytearray(data), 0
    while at + 16 <= len(data):
        command, size = struct.unpack_from(">HH", data, at)
        if command == _CA_SEARCH:
            struct.pack_into(">H", changed, at + 4, port)
        at += 16 + size
    return bytes(changed)


def _replace_pva_port(data: bytes, command: int, offset: int, port: int) -> bytes:
    """Put a port into every message of one kind in a datagram of pvAccess."""
    changed, at = bytearray(data), 0
    while at + 8 <= len(data) and data[at] == 0xCA:
        order = ">" if data[at + 2] & 0x80 else "<"
        (size,) = struct.unpack_from(f"{order}I", data, at + 4)
        if data[at + 3] == command and at + offset + 2 <= len(data):
            struct.pack_into(f"{order}H", changed, at + offset, port)
        at += 8 + (0 if data[at + 2] & 1 else size)
    return bytes(changed)
