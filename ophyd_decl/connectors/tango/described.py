"""What attributes, commands, and the list of them all have in common: their Tango device describes them."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal

from ..inbox import Inbox
from ..link import Link
from .session import Session, Told

if TYPE_CHECKING:
    from .connector import TangoConnector
    from .device import TangoDevice


class DescribedLink(Link):
    """Something that a Tango device describes; see `link.Link`.

    `missing` is what a device said that has no such thing, empty where it has.
    """

    #: what it is: an attribute, a command, or the list of them all.
    kind: Literal["attribute", "command", "members"]
    #: name of the attribute or command; empty for the list.
    member = ""
    missing = ""
    #: one next step where the device is not there, or does not have this.
    help = ""

    def __init__(
        self, key: object, name: str, inbox: Inbox, connector: "TangoConnector", device: "TangoDevice"
    ) -> None:
        super().__init__(key, name, inbox)
        self.connector = connector
        self.device = device

    @property
    def alive_at(self) -> float | None:
        """Return when the server was last heard."""
        server = self.device.server
        return None if self.phase != "ready" or server is None else server.heard_at

    def search_again(self) -> None:
        """Ask again for what was missing."""
        if self.missing:
            self.missing = ""
            self.device.ask_soon()

    def start(self) -> None:
        """Have the device described."""
        self.device.add(self)

    def stop(self) -> None:
        """Give up everything."""
        self.end_events()
        self.device.remove(self)

    @abstractmethod
    def describe(self, told: Told) -> None:
        """Begin a generation with what the device has told, or note that it does not have this."""

    def watch(self, session: Session) -> None:
        """Have the server tell when it describes this in another way."""
        del session

    def catch_up(self, unless_s: float) -> None:
        """Read in the place of events that cannot come, or are lost, unless the value was known within this time."""
        del unless_s

    def end_events(self) -> None:
        """Give up the events of this session."""

    def interface_changed(self, told: Told) -> None:
        """Look at this again, since the device has more or fewer attributes and commands than before.

        :param told: all that it has now.
        """
        del told
