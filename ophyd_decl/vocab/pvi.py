"""What a PVI structure says: which members a device has, and at which PVs.

Source: EPICS 7 "NTPVI", as QSRV groups, FastCS and PandABlocks serve it: each member of `value` is a structure whose
fields `r`, `w`, `rw`, `x`, `d` name a PV; a vector is an array of such structures with nothing at index 0, or a device
whose structure has members `__1`, `__2`, ….
"""

import re
from typing import NamedTuple

#: What a channel to a PVI structure is declared as; no dtype of the language.
STRUCTURE = "PVI structure"
#: Fields of a member: read, written, both, executed; the structure of a device.
READ, WRITE, BOTH, EXECUTE, DEVICE = FIELDS = ("r", "w", "rw", "x", "d")
_ITEM = re.compile(r"__(\d+)")


class Entry(NamedTuple):
    """One member of a structure.

    :param name: as the server has it.
    :param key: of an item of a vector; None for a member that is no vector.
    :param pvs: field and PV, as the server orders them.
    """

    name: str
    key: int | None
    pvs: tuple[tuple[str, str], ...]

    @property
    def readable(self) -> str:
        """Return the PV that is read, empty if there is none."""
        return self.pv(READ) or self.pv(BOTH)

    @property
    def writable(self) -> str:
        """Return the PV that is written, empty if there is none."""
        return self.pv(WRITE) or self.pv(BOTH)

    @property
    def access(self) -> str:
        """Return `r`, `w` or `rw` of a signal; empty for what is none."""
        return ("r" if self.readable else "") + ("w" if self.writable else "")

    def pv(self, field: str) -> str:
        """Return the PV of a field, empty if there is none."""
        return next((pv for name, pv in self.pvs if name == field), "")

    def __str__(self) -> str:
        """Return what it is, with its PVs."""
        kind = f"a signal ({self.access})" if self.access else ""
        kind = kind or ("a command" if self.pv(EXECUTE) else "a device" if self.pv(DEVICE) else "nothing")
        pvs = ", ".join(dict.fromkeys(pv for _, pv in self.pvs if pv))
        return f"{kind} at {pvs}" if pvs else kind


def item_key(name: str) -> int | None:
    """Return the key of an item from the name that it has in the structure of its vector; None for another name.

    >>> item_key("__12"), item_key("armed")
    (12, None)
    """
    found = _ITEM.fullmatch(name)
    return int(found[1]) if found else None
