"""What must stand at the end of a path."""

from typing import NamedTuple

_NOUNS = {"value": "signal or movable device", "movable": "movable device", "any": "device, signal or service"}


class Requirement(NamedTuple):
    """What is wanted of a reference.

    :param kind: `signal`, `command`, `device`, `value` (a signal or a movable), `any`, or a role such as `movable`.
    """

    kind: str
    readable: bool = False
    writable: bool = False

    @property
    def words(self) -> str:
        """Return what is wanted, for messages."""
        rights = "readable and writable " if self.readable and self.writable else ""
        rights = rights or ("readable " if self.readable else "writable " if self.writable else "")
        noun = _NOUNS.get(self.kind, self.kind)
        if self.kind in ("triggerable", "detector", "flyer"):
            noun = f"device with the role `{self.kind}`"
        return f"a {rights}{noun}"
