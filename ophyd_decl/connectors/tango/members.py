"""The list of all attributes and commands of a Tango device, as a channel of its own: what `fill` is made of."""

from typing import Any

from ...vocab.addresses import tango_address
from ...vocab.datatypes import NativeType
from ...vocab.listing import BOTH, EXECUTE, READ, WRITE, Entry
from ..link import Served
from . import library
from .described import DescribedLink
from .session import Told

_FIELDS = {"READ": READ, "WRITE": WRITE}
_VOID = "DevVoid"


class MembersLink(DescribedLink):
    """The list of one device; its name is the TRL."""

    kind = "members"

    def subscribe(self) -> None:
        """Do nothing: a list is no value."""

    def unsubscribe(self) -> None:
        """Do nothing."""

    def describe(self, told: Told) -> None:
        """Begin a generation with what the device has."""
        self.went_up()
        self.described(Served(NativeType("listing", entries=entries_of(told, self.name)), host=told.session.host))

    def interface_changed(self, told: Told) -> None:
        """Begin a new generation if the list is another one."""
        served = self.served
        if self.phase == "ready" and served is not None and served.native.entries != entries_of(told, self.name):
            self.begin_again()
            self.describe(told)


def entries_of(told: Told, trl: str) -> tuple[Entry, ...]:
    """Return all attributes and commands of a device, in its order.

    Of an attribute and a command with the same name, as `State`, the command has the name with `_` behind it.
    """
    entries = [
        Entry(info.name, None, ((_FIELDS.get(info.writable.name, BOTH), tango_address(trl, info.name)),))
        for info in told.all_attributes
    ]
    taken = {entry.name for entry in entries}
    for info in told.all_commands:
        name = info.cmd_name
        while name in taken:
            name += "_"
        taken.add(name)
        address = tango_address(trl, info.cmd_name)
        entries.append(Entry(name, None, ((EXECUTE, address),), _type(info.in_type), _type(info.out_type)))
    return tuple(entries)


def _type(kind: Any) -> str:
    name = library.name_of(kind)
    return "" if name == _VOID else name
