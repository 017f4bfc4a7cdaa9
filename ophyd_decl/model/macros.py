"""Finds EPICS macros that were left in a value: nobody expands them here, so the address would never be found."""

import re
from typing import Any

from .kinds import Failed, Spot

_MACRO = re.compile(r"\$\([^()]*\)?|\$\{(?!\{)[^{}]*\}?")


def report_macro(text: str, spot: Spot) -> Failed | None:
    """Report the first macro in a text; None if there is none."""
    if "$(" not in text and "${" not in text:
        return None
    found = _MACRO.search(text)
    if found is None:
        return None
    name = found[0].strip("$(){}").partition("=")[0] or "name"
    place = spot.holder.part_place(spot.key, found[0])
    help_text = f'write the value, or an expression: "${{{{ {name.lower()} }}}}"'
    spot.findings.error("E305", f"the EPICS macro `{found[0]}` was left in the value", place, help_text)
    return Failed()


def has_macro(value: Any) -> bool:
    """Return whether a value is a text that may hold a macro; fast, for the many that do not."""
    return isinstance(value, str) and "$" in value and ("$(" in value or "${" in value)
