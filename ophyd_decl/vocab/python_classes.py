"""Names of Python classes, `module:Name`, and the patterns that say which may be loaded."""

from collections.abc import Sequence
from fnmatch import fnmatchcase


def is_allowed(name: str, patterns: Sequence[str]) -> bool:
    """Return whether a class may be loaded; `*` in a pattern also crosses dots.

    >>> is_allowed("dodal.devices.linkam3:Linkam3", ["dodal.devices.*"])
    True
    """
    return any(fnmatchcase(name.replace(":", "."), pattern) for pattern in patterns)
