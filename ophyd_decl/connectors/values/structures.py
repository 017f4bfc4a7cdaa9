"""PVI structures, whose entries are known from their description: there is no value to be read or written."""

from typing import Any

from ...vocab.datatypes import Datatype, NativeType
from .parts import Conversion, Outcome, bad_value, mismatch


def structure_conversion(datatype: Datatype, native: NativeType) -> Outcome:
    """Return the conversion of a channel to a PVI structure."""
    if native.kind != "pvi":
        return mismatch(datatype, native, "it says nothing of members", "name the PV of the structure, as `PANDA:PVI`")

    def refuse(value: Any) -> Any:
        raise bad_value("a PVI structure is not written", value, str(datatype))

    return Conversion(lambda raw: raw, refuse, "")
