"""What a server says a device consists of: the members that it has, and where each of them is.

Two kinds of servers say it. A PVI structure names the PVs of each member (EPICS 7 "NTPVI", as QSRV groups, FastCS and
PandABlocks serve it): each member of `value` is a structure whose fields `r`, `w`, `rw`, `x`, `d` name a PV; a vector
is an array of such structures with nothing at index 0, or a device whose structure has members `__1`, `__2`, …. A
Tango device lists its attributes and commands, which are `r`, `w` or `rw`, and `x`, at addresses below its own.
"""

import re
from typing import NamedTuple

#: What a channel to such a list is declared as; no dtype of the language.
LISTING = "list of members"
#: Fields of a member: read, written, both, executed; the structure of a device.
READ, WRITE, BOTH, EXECUTE, DEVICE = FIELDS = ("r", "w", "rw", "x", "d")
_ITEM = re.compile(r"__(\d+)")


class Entry(NamedTuple):
    """One member of a list.

    :param name: as the server has it; with `_` behind it where another member of the list has that name.
    :param key: of an item of a vector; None for a member that is no vector.
    :param addresses: field and PV, or address, as the server orders them.
    :param takes: of a command of Tango: what it calls the type of the argument; empty: it takes none.
    :param returns: of a command of Tango: the type of what it returns; empty: nothing.
    """

    name: str
    key: int | None
    addresses: tuple[tuple[str, str], ...]
    takes: str = ""
    returns: str = ""

    @property
    def readable(self) -> str:
        """Return the address that is read, empty if there is none."""
        return self.at(READ) or self.at(BOTH)

    @property
    def writable(self) -> str:
        """Return the address that is written, empty if there is none."""
        return self.at(WRITE) or self.at(BOTH)

    @property
    def access(self) -> str:
        """Return `r`, `w` or `rw` of a signal; empty for what is none."""
        return ("r" if self.readable else "") + ("w" if self.writable else "")

    def at(self, field: str) -> str:
        """Return the address of a field, empty if there is none."""
        return next((address for name, address in self.addresses if name == field), "")

    def __str__(self) -> str:
        """Return what it is, with its addresses."""
        kind = f"a signal ({self.access})" if self.access else ""
        kind = kind or (self._command if self.at(EXECUTE) else "a device" if self.at(DEVICE) else "nothing")
        addresses = ", ".join(dict.fromkeys(address for _, address in self.addresses if address))
        return f"{kind} at {addresses}" if addresses else kind

    @property
    def _command(self) -> str:
        types = [f"{verb} {kind}" for verb, kind in (("takes", self.takes), ("returns", self.returns)) if kind]
        return f"a command ({', '.join(types)})" if types else "a command"


def item_key(name: str) -> int | None:
    """Return the key of an item from the name that it has in the structure of its vector; None for another name.

    >>> item_key("__12"), item_key("armed")
    (12, None)
    """
    found = _ITEM.fullmatch(name)
    return int(found[1]) if found else None
