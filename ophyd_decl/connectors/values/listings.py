"""Lists of members, whose entries are known from their description: there is no value to be read or written."""

from typing import Any

from ...errors import MismatchError
from ...vocab.datatypes import Datatype, NativeType
from .parts import Conversion, Outcome, bad_value


def listing_conversion(datatype: Datatype, native: NativeType) -> Outcome:
    """Return the conversion of a channel to a list of members; over pvAccess it may turn out to be none."""
    if native.kind != "listing":
        help = "name the PV of the structure, as `PANDA:PVI`"
        return MismatchError("it says nothing of members", expected="PVI structure", found=str(native), help=help)

    def refuse(value: Any) -> Any:
        raise bad_value("a list of members is not written", value, str(datatype))

    return Conversion(lambda raw: raw, refuse, "")
