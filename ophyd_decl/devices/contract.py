"""The contract between file and server for one signal, beyond its dtype: access, units, limits, precision.

The dtype, the shape and the labels are compared by the connector, which refuses the signal. What is compared here
leaves the signal readable (design 6).
"""

from dataclasses import dataclass
from typing import Any, Literal

from ..blueprint import CommandShape, SignalShape
from ..connectors.protocol import Description
from ..errors import PutRefusedError

#: Which of the two addresses of a signal is meant, where it has two.
Side = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between file and server.

    :param blocks_set: whether `set` raises because of it.
    :param side: the address that differs.
    :param key: of the signal that says what the server has otherwise.
    """

    severity: Literal["error", "warning"]
    code: str
    cause: str
    expected: Any
    found: Any
    help: str
    blocks_set: bool = False
    side: Side = "read"
    key: str = ""


def differences(shape: SignalShape, read: Description | None, write: Description | None) -> list[Difference]:
    """Return every difference that leaves the signal readable.

    :param read: what the server says of the address that is read, None where there is none.
    :param write: the same of the address that is written; the same object where both are one.
    """
    found: list[Difference] = []
    if write is not None and not write.writable:
        found.append(no_write(shape))
    if read is not None and not read.readable:
        found.append(
            Difference("error", "E622", "the server allows no read", f"access: {shape.access}", "no read access",
                       "ask for read access in the server's access rules", key="access")
        )  # fmt: skip
    sides: list[tuple[Side, Description]] = [] if read is None else [("read", read)]
    if write is not None and write is not read:
        sides.append(("write", write))
    for side, described in sides:
        if shape.units is not None and described.units is not None and described.units != shape.units:
            found.append(
                Difference("error", "E623", "units differ", shape.units, described.units or "no unit",
                           "mend `units:` here, or the unit on the server", blocks_set=True, side=side, key="units")
            )  # fmt: skip
    limiting = write or read
    declared = shape.limits
    served = None if declared is None or limiting is None else limiting.limits
    if declared is not None and served is not None and declared.wider_than(served):
        found.append(
            Difference("warning", "E624", "declared limits are wider than the server's; the tighter hold",
                       [declared.low, declared.high], [served.low, served.high], "narrow `limits:`",
                       side="read" if write is None else "write", key="limits")
        )  # fmt: skip
    for side, described in sides:
        if shape.precision is not None and described.precision is not None and described.precision != shape.precision:
            found.append(
                Difference("warning", "E625", "precision differs; the server's holds", shape.precision,
                           described.precision, "mend `precision:`", side=side, key="precision")
            )  # fmt: skip
        if described.exact_below is not None:
            cause = f"whole numbers from {described.exact_below} on are rounded on the way, and are errors here"
            found.append(
                Difference("warning", "E628", cause, f"dtype: {shape.datatype}", str(described.native),
                           "use pvAccess (`protocol: pva`), or declare `uint32` or `float` if that is enough",
                           side=side)
            )  # fmt: skip
    return found


def no_write(shape: SignalShape | CommandShape) -> Difference:
    """Return the difference of an address that is declared writable, and is not."""
    cause = "the server allows no write"
    declared, help = _wanted(shape)
    return Difference("error", "E621", cause, declared, "read only", help, blocks_set=True, side="write", key="access")


def refused(shape: SignalShape | CommandShape, error: PutRefusedError) -> Difference:
    """Return what the refusal of a put says about the contract; it blocks nothing, as only trying tells what holds."""
    cause = f"{error.problem}, when it was last tried"
    declared, help = _wanted(shape)
    if error.for_rights:
        return Difference("error", "E621", cause, declared, "read only", help, side="write", key="access")
    help = error.help or "look at the record; a put that is done ends this warning"
    return Difference("warning", "E627", cause, None, None, help, side="write")


def _wanted(shape: SignalShape | CommandShape) -> tuple[str, str]:
    """Return what the file says about writing, and what to do where that is not allowed."""
    ask = "ask for write access in the server's access rules"
    if isinstance(shape, CommandShape):
        return "a command", ask
    return f"access: {shape.access}", f"declare `access: r`, or {ask}"
