"""Where callbacks of libca arrive, in its threads: they copy the data, hand it on, and never let an exception go.

Each request carries a number. What it belongs to is looked up here, so a callback for something that is gone finds
nothing and does nothing. The upper bits of a number name the group of a bulk request, the lower ones its member.
"""

import ctypes
import itertools
import logging
from typing import Any, Protocol

from . import library
from .decoding import HEADER_SIZE, VALUE_SIZE

_log = logging.getLogger("ophyd_decl.connectors.ca")

MEMBER_BITS = 24
_MEMBER_MASK = (1 << MEMBER_BITS) - 1

Data = bytes | bytearray


class Target(Protocol):
    """Something that replies belong to."""

    def arrived(self, member: int, status: int, count: int, data: Data) -> None:
        """Take a reply; called in a thread of libca."""
        ...


class Endpoint(Protocol):
    """Something that a channel of libca belongs to; called in a thread of libca."""

    def connection(self, up: bool) -> None:
        """Take a change of the connection."""
        ...

    def rights(self, readable: bool, writable: bool) -> None:
        """Take a change of access rights."""
        ...

    def put_failed(self, status: int) -> None:
        """Take the failure of a put without callback."""
        ...


class Outgoing:
    """What may wait in libca to be sent.

    :ivar waiting: whether there may be anything.
    :ivar at_once: whether the next is not to wait for others: a request was answered since something was sent.
    """

    waiting = True
    at_once = False


_numbers = itertools.count(1)
_targets: dict[int, Target] = {}
_endpoints: dict[int, Endpoint] = {}


def add_target(target: Target) -> int:
    """Return the number of a new target; member m of it is `number + m`."""
    Outgoing.waiting = True
    group = next(_numbers)
    _targets[group] = target
    return group << MEMBER_BITS


def remove_target(number: int) -> None:
    """Ignore what still arrives for this target."""
    _targets.pop(number >> MEMBER_BITS, None)


def add_endpoint(endpoint: Endpoint) -> int:
    """Return the number of a new endpoint."""
    Outgoing.waiting = True
    number = next(_numbers)
    _endpoints[number] = endpoint
    return number


def remove_endpoint(number: int) -> None:
    """Ignore what still happens to this endpoint."""
    Outgoing.waiting = True
    _endpoints.pop(number, None)


def _on_reply(arguments: Any) -> None:
    try:
        number: int = arguments.token
        target = _targets.get(number >> MEMBER_BITS)
        if target is None:
            return
        status: int = arguments.status
        address: int | None = arguments.data
        if status != library.ECA_NORMAL or not address:
            target.arrived(number & _MEMBER_MASK, status, 0, b"")
            return
        kind: int = arguments.type
        count: int = arguments.count
        size = HEADER_SIZE[kind] + count * VALUE_SIZE[kind]
        if count == 1:
            data: Data = ctypes.string_at(address, size)
        else:  # an array of its own, that its reader may change
            data = bytearray((ctypes.c_char * size).from_address(address))
        target.arrived(number & _MEMBER_MASK, status, count, data)
    except Exception:  # noqa: BLE001  # nothing may get back into libca
        _log.exception("in a reply of libca")


def _on_connection(arguments: Any) -> None:
    try:
        endpoint = _endpoints.get(library.user_of(arguments.channel))
        if endpoint is not None:
            endpoint.connection(arguments.operation == library.CONNECTION_UP)
    except Exception:  # noqa: BLE001  # nothing may get back into libca
        _log.exception("in a connection callback of libca")


def _on_rights(arguments: Any) -> None:
    try:
        endpoint = _endpoints.get(library.user_of(arguments.channel))
        if endpoint is not None:
            endpoint.rights(bool(arguments.rights & 1), bool(arguments.rights & 2))
    except Exception:  # noqa: BLE001  # nothing may get back into libca
        _log.exception("in an access rights callback of libca")


def _on_exception(arguments: Any) -> None:
    try:
        channel: int | None = arguments.channel
        status: int = arguments.status
        if channel and arguments.operation == library.OPERATION_PUT:
            endpoint = _endpoints.get(library.user_of(channel))
            if endpoint is not None:
                endpoint.put_failed(status)
                return
        text: bytes = arguments.text or b""
        level = logging.INFO if status == library.ECA_DISCONN else logging.WARNING
        _log.log(level, "libca: %s (%s)", library.message(status), text.decode(errors="replace"))
    except Exception:  # noqa: BLE001  # nothing may get back into libca
        _log.exception("in an exception callback of libca")


on_reply = library.EventHandler(_on_reply)
on_connection = library.ConnectionHandler(_on_connection)
on_rights = library.RightsHandler(_on_rights)
on_exception = library.ExceptionHandler(_on_exception)
