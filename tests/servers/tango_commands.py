"""The commands of the Lab device: every kind of argument and result, and those that are slow or fail."""

import time
from typing import Any

from tango import DevState, Except
from tango.server import Device, command

#: Types of arguments and results by the name of the command that returns what it gets.
ECHOES = {
    "Boolean": "DevBoolean",
    "UChar": "DevUChar",
    "Short": "DevShort",
    "UShort": "DevUShort",
    "Long": "DevLong",
    "ULong": "DevULong",
    "Long64": "DevLong64",
    "ULong64": "DevULong64",
    "Float": "DevFloat",
    "Double": "DevDouble",
    "String": "DevString",
    "State": "DevState",
    "Enum": "DevEnum",
    "Encoded": "DevEncoded",
    "Booleans": "DevVarBooleanArray",
    "UChars": "DevVarCharArray",
    "Shorts": "DevVarShortArray",
    "UShorts": "DevVarUShortArray",
    "Longs": "DevVarLongArray",
    "ULongs": "DevVarULongArray",
    "Long64s": "DevVarLong64Array",
    "ULong64s": "DevVarULong64Array",
    "Floats": "DevVarFloatArray",
    "Doubles": "DevVarDoubleArray",
    "Strings": "DevVarStringArray",
    "LongStrings": "DevVarLongStringArray",
    "DoubleStrings": "DevVarDoubleStringArray",
}


def echo_command(name: str, kind: str) -> Any:
    """Return a command that returns its argument."""

    def echo(_device: Device, argument: Any) -> Any:
        return argument

    echo.__name__ = name
    return command(f=echo, dtype_in=kind, dtype_out=kind)


#: A device with the commands `EchoBoolean` and so on.
Echoes: Any = type(Device)(
    "Echoes", (Device,), {f"Echo{name}": echo_command(f"Echo{name}", kind) for name, kind in ECHOES.items()}
)


class Commands(Echoes):
    """What the device does."""

    def init_device(self) -> None:
        """Begin without calls."""
        super().init_device()
        self.calls = 0
        self.slept = 0
        self.sleeping = False

    @command
    def Nothing(self) -> None:  # noqa: N802
        """Count the call, which `Calls` tells."""
        self.calls += 1

    @command(dtype_out="DevLong")
    def Calls(self) -> int:  # noqa: N802
        """Return how often `Nothing` was called."""
        return self.calls

    @command(dtype_in="DevDouble", dtype_out="DevString")
    def Describe(self, value: float) -> str:  # noqa: N802
        """Return a text for a number."""
        return f"{value:.3f}"

    @command(dtype_out="DevVarLongStringArray")
    def LongTable(self) -> Any:  # noqa: N802
        """Return whole numbers with their names."""
        return [[1, 2, 3], ["one", "two", "three"]]

    @command(dtype_out="DevVarDoubleStringArray")
    def DoubleTable(self) -> Any:  # noqa: N802
        """Return numbers with their names."""
        return [[0.5, 1.5], ["half", "one and a half"]]

    @command(dtype_in="DevDouble", dtype_out="DevDouble")
    def Slow(self, seconds: float) -> float:  # noqa: N802
        """Sleep; return how long."""
        self.sleeping = True
        time.sleep(seconds)
        self.sleeping = False
        self.slept += 1
        return seconds

    @command
    def Boom(self) -> None:  # noqa: N802
        """Fail, as Python does."""
        raise RuntimeError("boom, says the lab")

    @command
    def Refuse(self) -> None:  # noqa: N802
        """Fail, as a device of Tango does."""
        Except.throw_exception("Lab_Refused", "not now, says the lab", "Lab.Refuse")

    @command
    def Fault(self) -> None:  # noqa: N802
        """Be out of order."""
        self.set_state(DevState.FAULT)
        self.set_status("out of order, says the lab")
