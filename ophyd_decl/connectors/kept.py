"""Whether a server has kept what was put: a text, an array, a table. It says nothing of what it has cut off.

Another value than the one that was sent may have come from another client, or be what the record made of it, so of a
text or an array only a beginning is an error. A table is put as one, and nothing makes something else of it: there any
other value is.
"""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from ..errors import NotTakenError
from .linked_channel import LinkedChannel

_SHORTEN = "shorten it"


def same(sent: Any, found: Any) -> bool:
    """Return whether a server has all of a raw value that was sent."""
    if isinstance(sent, Mapping):
        return all(same(column, found[name]) for name, column in cast(Mapping[str, Any], sent).items())
    if isinstance(sent, str | list):
        return sent == found
    if found is None or len(sent) != len(found):
        return False
    return bool(np.array_equal(sent, found, equal_nan=np.asarray(found).dtype.kind == "f"))


def not_taken(channel: LinkedChannel, sent: Any, found: Any) -> NotTakenError | None:
    """Return the error of a value that the server has not kept; None if it may have.

    :param sent: raw value that was put.
    :param found: raw value of the server; None, or a column that is None: something else, that cannot be read.
    """
    problem, help = _table(sent, found) if isinstance(sent, Mapping) else _less(sent, found)
    return NotTakenError(problem, source=channel.source, help=help) if problem else None


def _table(columns: Any, found: Any) -> tuple[str, str]:
    for name, sent in columns.items():
        problem, help = _less(sent, found[name])
        if not problem and not same(sent, found[name]):
            problem = "the server kept other values than those sent"
            help = "does it write this column at all? A group of QSRV writes those with a `+putorder`"
        if problem:
            return f"{problem}, in column `{name}`", help
    return "", ""


def _less(sent: Any, found: Any) -> tuple[str, str]:
    """Return what to say of a value of which the beginning is there only, and what to do."""
    if found is None:
        return "", ""
    if isinstance(sent, str):
        return (f"the server kept {_beginning(sent, found)}", _SHORTEN) if _is_less(sent, found) else ("", "")
    if isinstance(sent, list):
        sent = cast(list[str], sent)
        for number, (text, kept) in enumerate(zip(sent, found, strict=False)):
            if _is_less(text, kept):
                return f"the server kept {_beginning(text, kept)} of element {number}", _SHORTEN
    if len(found) >= len(sent) or not same(sent[: len(found)], found):
        return "", ""
    return f"the server kept the first {len(found)} of {len(sent)} elements", "declare the size in `shape`"


def _is_less(sent: str, kept: str) -> bool:
    return len(kept) < len(sent) and sent.startswith(kept)


def _beginning(sent: str, kept: str) -> str:
    return f"the first {len(kept)} of {len(sent)} characters"
