"""Where a description can come from: one source for each scheme of an address."""

import keyword
import re
from typing import Any, Protocol

from ...blueprint import DeviceBlueprint, Shape
from ...errors import OphydDeclError
from ...model.addresses import PVI
from ...source import SourceFile
from ...vocab.addresses import pvi_problem


class SourceError(OphydDeclError):
    """An address does not say what can be asked."""


class Source(Protocol):
    """How a device of one control system is asked what it consists of.

    `param` is the param of a type of such devices that takes the address.
    """

    param: str

    def device(self, address: str) -> DeviceBlueprint:
        """Return a device that fills itself when it connects.

        :param address: as given, with its scheme.
        :raises SourceError: if it is none.
        """
        ...

    def value(self, address: str) -> str:
        """Return what an instance gives for `param`."""
        ...

    def keys(self, node: Any) -> dict[str, Any]:
        """Return the keys that say where a signal or command is, in a type that has `param`."""
        ...


class PviSource:
    """A PVI device, over pvAccess: members are where the structure says, by their names."""

    param = PVI

    def device(self, address: str) -> DeviceBlueprint:
        """Return a device that fills itself when it connects."""
        problem = pvi_problem(address)
        if problem:
            raise SourceError(f"{address!r} names no PVI structure: {problem}; write pva://PREFIX:PVI")
        place = SourceFile(address, "").start
        name = name_of(address)
        shape = Shape("pvi.device", (), (), place)
        return DeviceBlueprint(name, name, shape, {PVI: self.value(address)}, place, protocol="pva", fill=True)

    def value(self, address: str) -> str:
        """Return the PV of the structure."""
        return address.removeprefix("pva://")

    def keys(self, node: Any) -> dict[str, Any]:
        """Return nothing: the name of a member says where it is."""
        del node
        return {}


#: Sources by the scheme of the address.
SOURCES: dict[str, Source] = {"pva": PviSource()}


def source_of(address: str) -> Source:
    """Return what an address is asked by.

    :raises SourceError: if its scheme is not known.
    """
    scheme, separator, _ = address.partition("://")
    if not separator or scheme not in SOURCES:
        known = ", ".join(f"{name}://" for name in SOURCES)
        raise SourceError(f"{address!r} begins with none of {known}")
    return SOURCES[scheme]


def name_of(address: str) -> str:
    """Return a name for what is at an address.

    >>> name_of("pva://BL22I-EA-PANDA-01:PVI")
    'bl22i_ea_panda_01'
    """
    bare = re.sub(r":PVI$", "", address.partition("://")[2] or address)
    name = re.sub(r"\W+", "_", bare).strip("_").lower()
    if not name.isidentifier() or keyword.iskeyword(name):
        name = f"device_{name}".rstrip("_")
    return name
