"""A channel on a value of this process; it takes what its own kind of declaration made."""

from dataclasses import replace

from ...errors import MismatchError
from ...vocab.datatypes import COMMAND, Datatype, NativeType
from ..linked_channel import LinkedChannel
from ..values import Conversion, any_conversion, make_conversion, native_of


class SoftChannel(LinkedChannel):
    """One use of a soft value; see `protocol.Channel`."""

    __slots__ = ()

    def convert(self, native: NativeType) -> Conversion | MismatchError:
        """Return the conversion; without choices an enum is open, and `any` may change its type."""
        datatype = self.datatype
        held = self.link.served
        if datatype.name in ("any", COMMAND) and held is not None and held.native.kind == "unknown":
            served = make_conversion(datatype, native)
            if isinstance(served, MismatchError):
                return served
            return replace(any_conversion(), dtype_numpy=served.dtype_numpy)
        if native == native_of(datatype) and datatype.name == "enum" and datatype.choices is None:
            return make_conversion(Datatype("str", datatype.shape), native)
        return super().convert(native)
