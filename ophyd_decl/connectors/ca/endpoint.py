"""One channel of libca, and the question that is asked of it when it comes up.

Both live as long as their link says; what still arrives for them after that finds nothing.
"""

import ctypes
from typing import TYPE_CHECKING

from . import calls, library
from .calls import Data

if TYPE_CHECKING:
    from .link import CaLink


class Endpoint:
    """One channel of libca."""

    __slots__ = ("_number", "channel", "link", "name", "up")

    def __init__(self, link: "CaLink", name: str) -> None:
        self.link = link
        self.name = name
        self.up = False
        self._number = calls.add_endpoint(self)
        channel = ctypes.c_void_p()
        status = library.create_channel(name.encode(), calls.on_connection, self._number, 0, ctypes.byref(channel))
        self.channel: int | None = channel.value if status == library.ECA_NORMAL else None
        if self.channel is not None:
            library.replace_rights_handler(self.channel, calls.on_rights)

    def clear(self) -> None:
        """Give up the channel."""
        calls.remove_endpoint(self._number)
        if self.channel is not None:
            library.clear_channel(self.channel)
            self.channel = None

    def connection(self, up: bool) -> None:
        """Hand a change of the connection on; called in a thread of libca."""
        self.link.inbox.post(self.link.endpoint_changed, self, up)

    def rights(self, readable: bool, writable: bool) -> None:
        """Hand a change of access rights on; called in a thread of libca."""
        self.link.inbox.post(self.link.endpoint_rights, self, readable, writable)

    def put_failed(self, status: int) -> None:
        """Hand the failure of a put without callback on; called in a thread of libca."""
        self.link.inbox.post(self.link.put_failed, status)


class Question:
    """The request for metadata of one generation."""

    __slots__ = ("_number", "link")

    def __init__(self, link: "CaLink", kind: int, count: int, channel: int | None) -> None:
        self.link = link
        self._number = calls.add_target(self)
        status = library.get_callback(kind, count, channel, calls.on_reply, self._number)
        if status != library.ECA_NORMAL:
            link.inbox.post(link.answered, self, status, 0, b"")

    def clear(self) -> None:
        """Ignore the reply."""
        calls.remove_target(self._number)

    def arrived(self, member: int, status: int, count: int, data: Data) -> None:
        """Hand the reply on; called in a thread of libca."""
        del member
        self.link.inbox.post(self.link.answered, self, status, count, data)
