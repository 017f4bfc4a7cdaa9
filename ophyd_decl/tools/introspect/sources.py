"""Where a description can come from: one source for each scheme of an address."""

import keyword
import re
from collections.abc import Container
from typing import Any, Protocol

from ...blueprint import DeviceBlueprint, Shape
from ...devices.command import Command
from ...devices.fill import TANGO_TYPE, TRL
from ...errors import OphydDeclError
from ...model.addresses import PVI
from ...source import SourceFile
from ...vocab.addresses import pvi_problem, trl_problem
from ...vocab.datatypes import NativeType
from ...vocab.names import name_here


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

    def name(self, key: str, taken: Container[str]) -> str:
        """Return the name under which a type declares the member with this key; empty if it cannot.

        :param taken: names of other members.
        """
        ...

    def keys(self, node: Any) -> dict[str, Any]:
        """Return the keys that say where a signal or command is, in a type that has `param`."""
        ...

    def fixes_labels(self, native: NativeType) -> bool:
        """Return whether every server has these labels, so that a file need not say them."""
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

    def name(self, key: str, taken: Container[str]) -> str:
        """Return the key, which says where the member is."""
        del taken
        return "" if key.startswith("_") else key

    def keys(self, node: Any) -> dict[str, Any]:
        """Return nothing: the name of a member says where it is."""
        del node
        return {}

    def fixes_labels(self, native: NativeType) -> bool:
        """Return that none are fixed."""
        del native
        return False


class TangoSource:
    """A Tango device: members are the attributes and commands below its TRL."""

    param = TRL

    def device(self, address: str) -> DeviceBlueprint:
        """Return a device that fills itself when it connects."""
        problem = trl_problem(address)
        if problem:
            raise SourceError(f"{address!r} names no Tango device: {problem}; write tango://host:port/a/b/c")
        place = SourceFile(address, "").start
        _, _, path = address.partition("#")[0].removeprefix("tango://").partition("/")
        name = name_of(path)
        shape = Shape(TANGO_TYPE, (), (), place)
        return DeviceBlueprint(name, name, shape, {TRL: address}, place, protocol="tango", fill=True)

    def value(self, address: str) -> str:
        """Return the TRL."""
        return address

    def name(self, key: str, taken: Container[str]) -> str:
        """Return an identifier that is like the name of the attribute or command."""
        bare = re.sub(r"\W", "_", key).lstrip("_")
        name = name_here(bare if bare[:1].isalpha() else f"member_{bare}".rstrip("_"))
        while name in taken:
            name += "_"
        return name

    def keys(self, node: Any) -> dict[str, Any]:
        """Return `attr` or `cmd`."""
        name = node.source.partition("#")[0].rpartition("/")[2]
        return {"cmd" if isinstance(node, Command) else "attr": name}

    def fixes_labels(self, native: NativeType) -> bool:
        """Return whether they are the states of Tango."""
        return native.detail.startswith("DevState")


#: Sources by the scheme of the address.
SOURCES: dict[str, Source] = {"pva": PviSource(), "tango": TangoSource()}


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

    >>> name_of("pva://BL22I-EA-PANDA-01:PVI"), name_of("sr/d-ct/1")
    ('bl22i_ea_panda_01', 'sr_d_ct_1')
    """
    bare = re.sub(r":PVI$", "", address.partition("://")[2] or address)
    name = re.sub(r"\W+", "_", bare).strip("_").lower()
    if not name.isidentifier() or keyword.iskeyword(name):
        name = f"device_{name}".rstrip("_")
    return name
