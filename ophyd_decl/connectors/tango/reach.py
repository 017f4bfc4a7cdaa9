"""Whether a server is there at all, before Tango is asked: in a time of ours, and with an answer that says why not.

A proxy of a device without a database takes three seconds to find out that nothing answers, whatever time-out is
wanted, and then says no more than that. So its server is asked first whether it has the object: one message of GIOP,
which every server of CORBA answers by itself, however busy its devices are.
Source: CORBA 3.3 part 2, section 9.4.5, "LocateRequest Message"; a server of Tango without a database has its devices
under their names in small letters.
"""

import math
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

#: How each message begins, and how long its head is, in bytes; the eighth says of which kind it is.
MAGIC = b"GIOP"
HEADER_SIZE = 12
_REQUEST, _REPLY = 3, 4
_UNKNOWN_OBJECT = 0
_IIOP = 0
_THIS_MACHINE = "127.0.0.1"
#: After so long without an answer, in s, the end of the request is shown: a server of texts has waited for it.
SHOW_END_S = 0.5
#: How long a server counts as there that has answered, in s.
KNOWN_S = 0.2


class ObstacleError(Exception):
    """The device cannot be reached; its text says why.

    :param help: one next step for the reader; empty where the text says enough.
    """

    def __init__(self, text: str, help: str = "") -> None:
        super().__init__(text)
        self.help = help


def obstacle(host: str, port: int, device: str, timeout_s: float) -> str:
    """Return why no device of this name can be used at this place now; empty if nothing is in the way.

    :param timeout_s: how long to wait for the connection, and then for the answer.
    """
    place = f"{host}:{port}"
    key = device.lower().encode()
    body = struct.pack("<II", 1, len(key)) + key
    request = MAGIC + bytes((1, 0, 1, _REQUEST)) + struct.pack("<I", len(body)) + body
    try:
        with socket.create_connection((looked_up(host), port), timeout_s) as connection:
            connection.sendall(request)
            answer = _receive(connection, timeout_s)
    except TimeoutError:
        return silence(host, port)
    except ConnectionRefusedError:
        return f"no server listens at {place}"
    except OSError as error:
        return f"{place} cannot be reached: {error.strerror or error}"
    if not answer:
        return f"{place} has closed the connection at the first word: is it a Tango server?"
    if answer[:4] != MAGIC:
        return f"what listens at {place} is no Tango server"
    status = struct.unpack("<I" if answer[6] & 1 else ">I", answer[16:20])[0] if len(answer) >= 20 else None
    if answer[7] == _REPLY and status == _UNKNOWN_OBJECT:
        return has_no(host, port, device)
    return ""


def place_in(reference: str) -> tuple[str, int]:
    """Return host and port of the server in the text of a reference to one of its objects.

    Source: CORBA 3.3 part 2, sections 7.6.2 "Interoperable Object References: IORs" and 7.6.9, "Stringified Object
    References"; 9.7.2, "IIOP IOR Profiles".

    :param reference: `IOR:` and hexadecimal digits.
    :raises ValueError: if it has none.
    """
    try:
        whole = _Encapsulated(bytes.fromhex(reference.removeprefix("IOR:")))
        whole.text()  # which kind of object
        for _ in range(whole.number()):
            tag, profile = whole.number(), whole.text()
            if tag == _IIOP:
                part = _Encapsulated(profile)
                part.skip(2)  # its version
                return part.text().rstrip(b"\0").decode("ascii"), part.short()
    except (struct.error, ValueError) as error:
        raise ValueError("the reference is damaged") from error
    raise ValueError("the reference has no place")


class _Encapsulated:
    """Values one behind the other, each at a multiple of its size; the first byte says in which order theirs are."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order = "<" if data[:1] == b"\1" else ">"
        self._at = 1

    def skip(self, size: int) -> None:
        self._at += size

    def number(self) -> int:
        return self._take("I", 4)

    def short(self) -> int:
        return self._take("H", 2)

    def text(self) -> bytes:
        size = self.number()
        begin, self._at = self._at, self._at + size
        return self._data[begin : self._at]

    def _take(self, kind: str, size: int) -> int:
        self._at += -self._at % size
        (value,) = struct.unpack_from(self._order + kind, self._data, self._at)
        self._at += size
        return value


class Looks:
    """What looks at servers have found: of the devices of one server that are wanted at once, one is looked for.

    Called in threads. That a server has answered is enough for the others; Tango itself is quick to say that it does
    not have one of them.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, int], Place] = {}
        self._lock = threading.Lock()

    def obstacle(self, host: str, port: int, device: str, timeout_s: float) -> str:
        """Return why no device of this server can be used now, or not this one; empty if nothing is in the way.

        What is in the way counts for those who have waited for this look; who comes later looks again.
        """
        came_at = time.monotonic()
        with self._lock:
            place = self._places.setdefault((host, port), Place())
        with place.lock:
            recent = time.monotonic() - place.looked_at < KNOWN_S and not place.obstacle
            if recent or place.looked_at >= came_at:
                return place.obstacle
            found = obstacle(host, port, device, timeout_s)
            place.obstacle = "" if found == has_no(host, port, device) else found
            place.whereabouts = "" if place.obstacle else whereabouts(host, port)
            place.looked_at = time.monotonic()
            return found

    def whereabouts(self, host: str, port: int) -> str:
        """Return address and port of a server in whose way nothing was; see the function."""
        with self._lock:
            place = self._places.get((host, port))
        return (place.whereabouts if place is not None else "") or whereabouts(host, port)


@dataclass(slots=True)
class Place:
    """What is known of one server or database, and since when; who looks has the lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    looked_at: float = -math.inf
    obstacle: str = ""
    whereabouts: str = ""


def looked_up(host: str) -> Any:
    """Return a name as it is looked up; a text would have Python load its tables of other alphabets first."""
    return host.encode() if host.isascii() else host


def whereabouts(host: str, port: int) -> str:
    """Return address and port of a server, by which it is the same whatever name it is given.

    All addresses of this machine are 127.0.0.1; nothing is sent.
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(looked_up(host), port, type=socket.SOCK_DGRAM)[0]
        found = str(address[0])
        with socket.socket(family, kind, number) as probe:
            probe.connect(address)  # that of a datagram says only from where it would be sent
            is_here = ip_address(found).is_loopback or probe.getsockname()[0] == found
    except OSError:  # who connects to it says why
        return f"{host}:{port}"
    return f"{_THIS_MACHINE if is_here else found}:{port}"


def silence(host: str, port: int) -> str:
    """Return what is said of a server that does not answer."""
    return f"{host}:{port} does not answer"


def has_no(host: str, port: int, device: str) -> str:
    """Return what is said of a server that does not have a device."""
    return f"the server at {host}:{port} has no device `{device}`"


def _receive(connection: socket.socket, timeout_s: float) -> bytes:
    """Return a whole reply, or what came before it was clear that it is none.

    :raises TimeoutError: if nothing of use comes in this time.
    """
    deadline = time.monotonic() + timeout_s
    answer = b""
    ended = False
    while len(answer) < HEADER_SIZE + 8:
        left_s = max(deadline - time.monotonic(), 0.0)
        if not select.select([connection], [], [], left_s if ended else min(left_s, SHOW_END_S))[0]:
            if ended or left_s <= SHOW_END_S:
                raise TimeoutError
            ended = True
            connection.shutdown(socket.SHUT_WR)
            continue
        chunk = connection.recv(4096)
        if not chunk:
            break
        answer += chunk
        if answer[:4] != MAGIC[: len(answer)]:
            break
    return answer
