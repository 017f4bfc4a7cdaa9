"""The contract between file and server for one signal, beyond its dtype: access, units, limits, precision.

The dtype, the shape and the labels are compared by the connector, which refuses the signal. What is compared here
leaves the signal readable (design 6).
"""

from dataclasses import dataclass
from typing import Any, Literal

from ..blueprint import SignalShape
from ..connectors.protocol import Description


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between file and server.

    :param blocks_set: whether `set` raises because of it.
    """

    severity: Literal["error", "warning"]
    code: str
    cause: str
    expected: Any
    found: Any
    help: str
    blocks_set: bool = False


def differences(shape: SignalShape, read: Description | None, write: Description | None) -> list[Difference]:
    """Return every difference that leaves the signal readable.

    :param read: what the server says of the address that is read, None where there is none.
    :param write: the same of the address that is written.
    """
    found: list[Difference] = []
    if write is not None and not write.writable:
        found.append(
            Difference("error", "E621", "the server allows no write", f"access: {shape.access}", "read only",
                       "declare `access: r`, or ask for write access in the server's access rules", blocks_set=True)
        )  # fmt: skip
    if read is not None and not read.readable:
        found.append(
            Difference("error", "E622", "the server allows no read", f"access: {shape.access}", "no read access",
                       "ask for read access in the server's access rules")
        )  # fmt: skip
    described = read or write
    if described is None:
        return found
    if shape.units is not None and described.units is not None and described.units != shape.units:
        found.append(
            Difference("error", "E623", "units differ", shape.units, described.units or "no unit",
                       "mend `units:` here, or the unit on the server", blocks_set=True)
        )  # fmt: skip
    declared, served = shape.limits, (write or described).limits
    if declared is not None and served is not None and declared.wider_than(served):
        found.append(
            Difference("warning", "E624", "declared limits are wider than the server's; the tighter hold",
                       [declared.low, declared.high], [served.low, served.high], "narrow `limits:`")
        )  # fmt: skip
    if shape.precision is not None and described.precision is not None and described.precision != shape.precision:
        found.append(
            Difference("warning", "E625", "precision differs; the server's holds", shape.precision,
                       described.precision, "mend `precision:`")
        )  # fmt: skip
    return found
